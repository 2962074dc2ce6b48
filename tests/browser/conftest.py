"""A whole portal in processes of its own, a mail server, and a real browser.

The suite's own DATABASE_URL and CELERY_BROKER_URL decide what is started: with the embedded
default one process like `make run`; on PostgreSQL and Redis the three lines of the Procfile.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADMINISTRATOR = ("amy.admin", "copper window orchard 71")
PASSWORD = "velvet harbor tractor 59"
START_TIMEOUT = 60
# Two journeys share one machine with the portals' own processes.
expect.set_options(timeout=15_000)
MAIL_TIMEOUT = 30


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postbox:
    """What a mail server has taken, as its readers see it."""

    def __init__(self):
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def wait_for(self, address: str, subject: str, seconds: float = MAIL_TIMEOUT) -> str:
        """Return the text of the newest mail to an address whose subject contains the words."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for mail in reversed(self.mails):
                if address in mail["To"] and subject in mail["Subject"]:
                    return mail.get_body(("plain",)).get_content()
            time.sleep(0.1)
        arrived = [(mail["To"], mail["Subject"]) for mail in self.mails]
        raise AssertionError(f"No mail “{subject}” to {address} within {seconds} s: {arrived}")


class Gate:
    """A door in front of a real server on 127.0.0.1: open it, shut it, or let nothing come through.

    Shutting it looks to the portal as if the server went down: living connections break off, new
    ones are refused.
    """

    def __init__(self, target: int):
        self.target = target
        self.port = free_port()
        self._silent = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._server: socket.socket | None = None
        self.open()

    def in_front_of(self, url: str) -> str:
        """Return the server's URL with this door's address in place of its own."""
        return re.sub(
            r"@?(127\.0\.0\.1|localhost)(:\d+)?/", lambda m: f"{'@' if '@' in m[0] else ''}127.0.0.1:{self.port}/", url
        )

    def open(self) -> None:
        self._silent = False
        if self._server is None:
            self._server = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def shut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        self._break_off()

    def silence(self) -> None:
        """Take connections and bytes, and answer nothing."""
        self._silent = True
        self._break_off()

    def _break_off(self) -> None:
        pairs, self._pairs = self._pairs, []
        for end in (end for pair in pairs for end in pair):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                near, _address = server.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._silent:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@dataclass
class Portal:
    """A running portal: its address, its mail, and the environment of its processes."""

    url: str
    postbox: Postbox
    environment: dict[str, str]
    log: Path
    gates: dict[str, Gate] = field(default_factory=dict)
    processes: list[subprocess.Popen] = field(default_factory=list)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *command: str) -> None:
        environment = self.environment | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        with self.log.open("a") as log:
            self.processes.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as response:  # noqa: S310
                    if response.status == 200:
                        return
            except (URLError, OSError):
                time.sleep(0.2)
        raise AssertionError(f"The portal was not ready within {START_TIMEOUT} s:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> list[int]:
        """End every process as Ctrl-C does; return their exit codes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        codes = []
        for process in self.processes:
            try:
                codes.append(process.wait(timeout=20))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                codes.append(process.wait())
        return codes


def _new_database(url: str) -> str:
    name = f"journey_{os.getpid()}_{free_port()}"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    return re.sub(r"/[^/]*$", f"/{name}", url)


def _new_broker(url: str) -> str:
    """Return the URL of an empty Redis database that no other test process uses: queues are not shared."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15 + 1
    own = re.sub(r"/[^/]*$", f"/{number}", url)
    with closing(redis.Redis.from_url(own)) as client:
        client.flushdb()
    return own


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portal")
    postbox = Postbox()
    smtp = Controller(postbox, hostname="127.0.0.1", port=free_port())
    smtp.start()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    embedded = os.environ["CELERY_BROKER_URL"].startswith("memory:")
    gates = {"mail": Gate(smtp.port)}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PORT": str(port),
        "DATA_DIR": str(folder / "data"),
        "EMAIL_URL": f"smtp://127.0.0.1:{gates['mail'].port}",
        "EMAIL_TIMEOUT": "5",
        "SITE_URL": url,
    }
    if embedded:
        environment |= {"DEMO": "1"}
    else:
        database, broker = _new_database(os.environ["DATABASE_URL"]), _new_broker(os.environ["CELERY_BROKER_URL"])
        gates |= {"database": Gate(urlsplit(database).port or 5432), "broker": Gate(urlsplit(broker).port or 6379)}
        environment |= {
            "DATABASE_URL": gates["database"].in_front_of(database),
            "CELERY_BROKER_URL": gates["broker"].in_front_of(broker),
            "SECRET_KEY": "a-key-for-journeys-only-0123456789-abcdefghijklmnopqrstuvwxyz",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DEFAULT_FROM_EMAIL": "Provider Help Desk <helpdesk@example.org>",
            "REPLY_TO_EMAIL": "helpdesk@example.org",
        }
    portal = Portal(url, postbox, environment, folder / "log", gates)
    try:
        if embedded:
            portal.manage("prepare_demo")
        else:
            portal.manage("migrate", "--verbosity=0")
            portal.manage("collectstatic", "--noinput", "--verbosity=0")
        _make_administrator(portal)
        lines = (ROOT / "Procfile").read_text().splitlines()
        for line in lines[:1] if embedded else lines:
            portal.start(*shlex.split(line.partition(":")[2]))
        portal.wait_until_ready()
        yield portal
    finally:
        codes = portal.stop()
        for gate in gates.values():
            gate.shut()
        smtp.stop()
    assert all(code in (0, -signal.SIGTERM) for code in codes), (codes, portal.log.read_text()[-4000:])


def _make_administrator(portal: Portal) -> None:
    user_id, password = ADMINISTRATOR
    portal.environment |= {
        "DJANGO_SUPERUSER_USERNAME": user_id,
        "DJANGO_SUPERUSER_PASSWORD": password,
        "DJANGO_SUPERUSER_EMAIL": "amy@helpdesk.example.org",
        "DJANGO_SUPERUSER_FIRST_NAME": "Amy",
        "DJANGO_SUPERUSER_LAST_NAME": "Admin",
    }
    portal.manage("createsuperuser", "--noinput")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a Chromium. Playwright's event loop must be gone before Django touches its database again."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "No Chromium on PATH; `make test` says how to install it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=CHROMIUM_FLAGS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser():
    """One Chromium a module."""
    with chromium() as browser:
        yield browser


@contextmanager
def open_pages(browser: Browser, portal: Portal) -> Iterator[Callable[..., Page]]:
    """Give a function that opens the portal in a browser of its own, with or without script."""
    contexts = []
    complaints: list[str] = []

    def listen(message) -> None:
        # An error without an address is axe's own: it copies imported style sheets, and CSP stops that.
        if message.type == "error" and message.location["url"]:
            complaints.append(message.text)

    def open_page(*, script: bool = True, width: int = 1280) -> Page:
        context = browser.new_context(
            base_url=portal.url,
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",  # a color that fades would be measured on its way
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    unexpected = [text for text in complaints if not re.search("status of (4|503)", text)]
    assert not unexpected, unexpected


@pytest.fixture
def new_page(browser, portal):
    """Return a function that opens the portal in a browser of the test's own."""
    with open_pages(browser, portal) as open_page:
        yield open_page


def assert_accessible(page: Page) -> None:
    """axe finds nothing against WCAG 2.2 AA, and the page does not scroll sideways at 320 px."""
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(size)
    assert wide <= 320, f"{page.url} is {wide} px wide at 320 px"


def log_in(page: Page, user_id: str, password: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="LOGIN", exact=True).click()
    page.get_by_label("Help Desk User ID").fill(user_id)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="LOGIN").click()
    # A test that went on to another page at once would break the login off.
    expect(page.get_by_role("button", name="LOGOUT")).to_be_visible()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="LOGOUT").click()
    expect(page.get_by_role("link", name="LOGIN", exact=True)).to_be_visible()


def credentials_in(mail: str) -> tuple[str, str]:
    """Return the Help Desk User ID and the temporary password that a mail carries."""
    return (
        re.search(r"Help Desk User ID: (\S+)", mail)[1],
        re.search(r"Temporary password: (\S+)", mail)[1],
    )


def set_permanent_password(page: Page, password: str) -> None:
    expect(page.get_by_role("heading", name="Set a permanent password")).to_be_visible()
    page.get_by_label("Permanent password", exact=True).fill(password)
    page.get_by_label("Permanent password again", exact=True).fill(password)
    terms = page.get_by_label("I accept the Terms & Conditions")
    if terms.count():
        terms.check()
    page.get_by_role("button", name="SAVE PASSWORD").click()
    expect(page.get_by_text("Your permanent password is set")).to_be_visible()


def new_provider(new_page, portal: Portal, first_name: str, password: str) -> Page:
    """Register somebody, set a permanent password, and return the signed-in page."""
    email = f"{first_name.lower()}@clinic.example.org"
    page = new_page()
    page.goto("/register/")
    page.get_by_label("First name").fill(first_name)
    page.get_by_label("Last name").fill("Tester")
    page.get_by_label("Business email").fill(email)
    page.get_by_label("I accept the Terms & Conditions").check()
    page.get_by_role("button", name="REGISTER").click()
    log_in(page, *credentials_in(portal.postbox.wait_for(email, "temporary password")))
    set_permanent_password(page, password)
    expect(page.get_by_text("Your permanent password is set")).to_be_visible()
    return page


def fill_intake(page: Page, description: str) -> None:
    """Fill the intake form without sending it."""
    page.goto("/cases/new/")
    primary = page.get_by_label("Name of your primary Provider Organization")
    if primary.count():
        primary.fill("Riverside Clinic")
    page.get_by_label("REQUEST TYPE").select_option(label="Vaccine inventory")
    page.get_by_label("DESCRIPTION OF REQUEST").fill(description)


def inspect(page: Page, heading: str | re.Pattern = "") -> None:
    """Hold the page against WCAG in both color schemes; `heading` proves that it is the page meant."""
    if heading:
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page)


def has_focus(control: Locator) -> bool:
    return control.evaluate("element => element === document.activeElement")


def tab_to(page: Page, control: Locator, stops: int = 40) -> None:
    """Press Tab until the control has the focus; each stop on the way must be seen to have it."""
    for _stop in range(stops):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
                const element = document.activeElement;
                const style = getComputedStyle(element);
                const box = element.getBoundingClientRect();
                return {
                    element: element.outerHTML.slice(0, 200),
                    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
                    visible: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
                };
            }"""
        )
        assert focus["outline"] > 0, focus
        assert focus["visible"], focus
        if has_focus(control):
            return
    raise AssertionError(f"Tab does not reach {control}")


def file_case(page: Page, description: str) -> str:
    """File a case and return its case ID."""
    fill_intake(page, description)
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(re.compile(r"/cases/CS\d{7}/filed/$"))
    return re.search(r"CS\d{7}", page.url)[0]


def new_staff(administrator: Page, new_page, portal: Portal, first_name: str, role: str, password: str) -> Page:
    """An administrator makes a staff account; return its signed-in page."""
    email = f"{first_name.lower()}@helpdesk.example.org"
    administrator.goto("/admin/accounts/user/add/")
    administrator.get_by_label("First name").fill(first_name)
    administrator.get_by_label("Last name").fill("Tester")
    administrator.get_by_label("Business email").fill(email)
    administrator.get_by_label("Role").select_option(role)
    administrator.get_by_role("button", name="Save", exact=True).click()
    page = new_page()
    log_in(page, *credentials_in(portal.postbox.wait_for(email, "temporary password")))
    set_permanent_password(page, password)
    return page
