"""Providers with browsers: they look at lists, type, file cases, and send a form again that broke off."""

from __future__ import annotations

import http.client
import re
import secrets
import threading
import time
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

# Requests a second of one provider, at most.
PACE = 6
# No answer, or one that breaks off; and what a proxy says that has none.
BROKEN_OFF = 0
BROKEN = {BROKEN_OFF, 502, 503, 504}
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_FILED = re.compile(r"/cases/(CS\d+)/filed/")
_FILE = re.compile(r'href="(/cases/CS\d+/files/\d+/[\w.]+)"')


@dataclass(frozen=True)
class Asked:
    """One request and how it was answered; times of time.monotonic()."""

    method: str
    path: str
    status: int
    began: float
    ended: float


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class Traffic:
    """What all browsers have asked so far, and what they wait for."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._waiting = 0
        self._changed = threading.Condition()

    def begin(self, method: str) -> None:
        with self._changed:
            self._waiting += method == "POST"
            self._changed.notify_all()

    def end(self, asked: Asked) -> None:
        with self._changed:
            self._waiting -= asked.method == "POST"
            self.asked.append(asked)

    def wait_for_posts(self, number: int, *, seconds: float) -> None:
        """Return as soon as so many POSTs are on their way, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting >= number, timeout=seconds)


class Browser:
    """Cookies, and one address at a time: it may be told to talk to another machine."""

    def __init__(self, port: int, traffic: Traffic) -> None:
        self.port, self._traffic = port, traffic
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, str], files: dict[str, bytes] | None = None) -> Answer:
        if not files:
            return self._ask("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded")
        edge = secrets.token_hex(16)
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        parts += [
            f'name="files"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode() + content
            for name, content in files.items()
        ]
        head = f"--{edge}\r\nContent-Disposition: form-data; ".encode()
        body = b"".join(head + part + b"\r\n" for part in parts) + f"--{edge}--\r\n".encode()
        return self._ask("POST", path, body, f"multipart/form-data; boundary={edge}")

    def _ask(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if content_type:
            headers["Content-Type"] = content_type
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=70)
        self._traffic.begin(method)
        began = time.monotonic()
        try:
            line.request(method, path, body=body or None, headers=headers)
            response = line.getresponse()
            answer = Answer(response.status, response.headers.get("Location", ""), response.read())
            for cookie in response.headers.get_all("Set-Cookie", []):
                self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        except (OSError, http.client.HTTPException):
            answer = Answer(BROKEN_OFF, "", b"")
        finally:
            line.close()
        self._traffic.end(Asked(method, path, answer.status, began, time.monotonic()))
        return answer

    def log_in(self, user_id: str, password: str) -> Answer:
        token = hidden_fields(self.get("/login/").text).get("csrfmiddlewaretoken", "")
        return self.post("/login/", {"csrfmiddlewaretoken": token, "username": user_id, "password": password})


def hidden_fields(html: str) -> dict[str, str]:
    """Return the hidden inputs of a page by name; of two with one name the last."""
    found = {}
    for tag in _HIDDEN.findall(html):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found[name[1]] = unescape(value[1]) if value else ""
    return found


def intake(html: str, text: str, *, request_type: int) -> dict[str, str]:
    """Return what the browser of somebody who fills out the intake form would send."""
    hidden = hidden_fields(html)
    return {
        name: hidden.get(name, "") for name in ("csrfmiddlewaretoken", "key", "stamp", "drafts", "follow_up_to")
    } | {
        "contact_phone": "919 555 0100",
        "primary_name": "Riverside Clinic",
        "organization_kind": "primary",
        "secondary_name": "",
        "request_type": str(request_type),
        "description": text,
    }


class Provider(threading.Thread):
    """Files one case after the other until told to stop.

    `filed` is the case ID by what was typed, for each form whose answer said that it is filed; `again` how many forms
    were sent again because the line broke; `wrong` what nobody should have seen.
    """

    def __init__(self, browser: Browser, user_id: str, request_type: int, stop: threading.Event) -> None:
        super().__init__(name=user_id, daemon=True)
        self.browser = browser
        self.filed: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.again = 0
        self.wrong: list[str] = []
        self._request_type, self._stop_filing = request_type, stop

    def run(self) -> None:
        number = 0
        while not self._stop_filing.is_set():
            number += 1
            self._look("/my-lists/", "My Lists")
            self._file_one(number)

    def _pause(self) -> None:
        self._stop_filing.wait(1 / PACE)

    def _look(self, path: str, says: str) -> Answer:
        self._pause()
        answer = self.browser.get(path)
        while answer.status in BROKEN:
            self._pause()
            answer = self.browser.get(path)
        if answer.status != 200 or says not in answer.text:
            self.wrong.append(f"GET {path}: {answer.status}")
        return answer

    def _file_one(self, number: int) -> None:
        text = f"{self.name} reports number {number}."
        form = intake(self._look("/cases/new/", "csrfmiddlewaretoken").text, text, request_type=self._request_type)
        self._pause()
        kept = self.browser.post("/drafts/", form).status
        if kept != 204 and kept not in BROKEN:
            self.wrong.append(f"POST /drafts/: {kept}")
        files = {f"count {number}.csv": f"vial,{text}\n".encode()} if number % 3 == 0 else {}
        self._pause()
        answer = self.browser.post("/cases/new/", form, files)
        while answer.status in BROKEN:
            # What a person does who sees that the page did not come; never told to stop before it is known.
            self.again += 1
            time.sleep(1 / PACE)
            answer = self.browser.post("/cases/new/", form, files)
        case = _FILED.search(answer.location)
        if answer.status != 302 or not case:
            self.wrong.append(f"POST /cases/new/: {answer.status} {answer.location}")
            return
        self.filed[text] = case[1]
        if files:
            self.files[case[1]] = next(iter(files.values()))

    def files_that_differ(self) -> list[str]:
        """Return the cases whose file does not come back as it was sent."""
        found = []
        for case, content in self.files.items():
            address = _FILE.search(self.browser.get(f"/cases/{case}/").text)
            if address is None or self.browser.get(address[1]).body != content:
                found.append(case)
        return found
