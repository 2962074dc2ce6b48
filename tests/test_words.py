"""What every page of a provider says: a title, one heading, a way back, and words that grade 8 reads with ease."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from html import unescape

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from accounts import services as accounts
from accounts import throttles
from accounts.models import Membership
from cases import services
from cases.models import Case, RequestType
from desk.services import forget_facts
from tests.conftest import PASSWORD, TEMPORARY_PASSWORD, make_person
from tests.reading import grade, sentences_of, syllables

# Without a test that asks for the database there is none for the pages either.
pytestmark = pytest.mark.django_db

GRADE = 8.0
# Flesch and Kincaid measured running text: a page with a few sentences is judged with all the others together.
ENOUGH_WORDS = 30
LONGEST_SENTENCE = 25


def file_case(provider, text: str = "Two vials are missing.", **others) -> Case:
    filing = services.Filing(
        request_type=RequestType.objects.get(name="Vaccine inventory"),
        description=text,
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
        **others,
    )
    return services.file_case(by=provider, filing=filing, key=f"key-{Case.objects.count():020d}")


def in_each_status(paula, agnes) -> dict[str, Case]:
    found = {"new": file_case(paula)}
    for status in ("open", "awaiting", "resolved"):
        found[status] = case = file_case(paula)
        changes = services.Changes() if status == "open" else services.Changes(status=status)
        services.add_reply(by=agnes, case=case, body="Here it is.", changes=changes)
    found["closed"] = case = file_case(paula)
    services.add_reply(by=agnes, case=case, body="Here it is.", changes=services.Changes(status="resolved"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="closed"))
    found["cancelled"] = case = file_case(paula)
    services.withdraw_case(by=paula, case=case)
    return found


def of_strangers() -> dict[str, HttpResponse]:
    browser = Client(raise_request_exception=False)
    wrong = {"username": "nobody.here", "password": "wrong wrong wrong"}
    return {
        "home": browser.get("/"),
        "register": browser.get("/register/"),
        "register, errors": browser.post("/register/", {"first_name": "www.example.org", "email": "jane"}),
        "register, done": browser.get("/register/done/"),
        "login": browser.get("/login/"),
        "login, on the way": browser.get("/my-lists/", follow=True),
        "login, ended": browser.get("/login/?next=/my-lists/&ended=yes"),
        "login, errors": browser.post("/login/", wrong),
        "forgot": browser.get("/forgot/"),
        "forgot, errors": browser.post("/forgot/", {}),
        "forgot, done": browser.get("/forgot/done/"),
        "link, dead": browser.get("/set-password/MQ/no-such-token/"),
        "resources": browser.get("/resources/"),
        **{f"error {kind}": browser.get(f"/fail/{kind}/") for kind in ("400", "403", "404", "500", "503")},
        "error 405": browser.put("/terms/"),
        "error 413": browser.post("/login/", {"username": "x" * 4_200_000}),
        "error 503, sent": browser.post("/fail/503/", {"text": "My text."}),
        "error CSRF": Client(enforce_csrf_checks=True).post("/login/", {}),
    }


def refused_for_now(patch) -> dict[str, HttpResponse]:
    patch.setattr(throttles, "retry_after", lambda *counted: 900)
    person = {"first_name": "Jane", "last_name": "Doe", "email": "jane@example.org", "terms": "on"}
    return {
        "register, throttled": Client().post("/register/", person),
        "forgot, throttled": Client().post("/forgot/", {"identifier": "jane.doe"}),
    }


def of_nadia(nadia) -> dict[str, HttpResponse]:
    browser = Client()
    browser.post("/login/", {"username": nadia.username, "password": TEMPORARY_PASSWORD})
    return {
        "set-password": browser.get("/set-password/"),
        "set-password, errors": browser.post("/set-password/", {"new_password1": "short", "new_password2": "other"}),
    }


def of_a_beginner(rosa) -> dict[str, HttpResponse]:
    browser = Client()
    browser.force_login(rosa, backend="accounts.backends.PortalBackend")
    return {
        "home, first": browser.get("/"),
        "intake, first": browser.get("/cases/new/"),
        "intake, errors": browser.post("/cases/new/", {}),
        **{
            f"my-lists, {tab}, none": browser.get(f"/my-lists/?tab={tab}")
            for tab in ("awaiting", "open", "resolved", "all")
        },
        "my-lists, no match": browser.get("/my-lists/?tab=all&q=nothing"),
        "account": browser.get("/account/"),
        **{
            f"account, {name}": browser.get(f"/account/{name}/")
            for name in ("details", "email", "email/confirm", "organization", "password", "notifications")
        },
        "account, details, errors": browser.post("/account/details/", {}),
        "account, email, errors": browser.post("/account/email/", {"new_email": rosa.email, "current_password": "x"}),
        "account, organization, errors": browser.post("/account/organization/", {"name": "Generic Vaccine Provider"}),
        "account, password, errors": browser.post(
            "/account/password/",
            {"current_password": PASSWORD, "new_password1": "aaaaaaaaaaaaaaa", "new_password2": "b"},
        ),
    }


def of_paula(paula, quinn, agnes) -> dict[str, HttpResponse]:
    browser, colleague = Client(), Client()
    browser.force_login(paula, backend="accounts.backends.PortalBackend")
    colleague.force_login(quinn, backend="accounts.backends.PortalBackend")
    pages = {}
    for status, case in in_each_status(paula, agnes).items():
        pages[f"case, {status}"] = browser.get(f"/cases/{case.case_id}/")
        pages[f"withdraw, {status}"] = browser.get(f"/cases/{case.case_id}/withdraw/")
    case = Case.objects.filed_by(paula).earliest("pk")
    finished = Case.objects.filter(status="closed").latest("pk")
    return pages | {
        "home, cases": browser.get("/"),
        "my-lists": browser.get("/my-lists/"),
        "intake": browser.get("/cases/new/"),
        "intake, follow-up": browser.get(f"/cases/new/?follow_up={finished.case_id}"),
        "intake, sent twice": browser.post("/cases/new/", twice(browser)),
        "confirmation": browser.get(f"/cases/{case.case_id}/filed/"),
        "case, of a colleague": colleague.get(f"/cases/{case.case_id}/"),
        "case, errors": browser.post(f"/cases/{case.case_id}/add-information/", {}),
    }


def twice(browser: Client) -> dict[str, str]:
    """Send the intake form once, and return it with another text."""
    form = browser.get("/cases/new/").context["form"]
    sent = {
        "key": form["key"].value(),
        "stamp": form["stamp"].value(),
        "organization_kind": "primary",
        "request_type": str(RequestType.objects.first().pk),
        "description": "We count forty doses.",
    }
    assert browser.post("/cases/new/", sent).status_code == 302
    return sent | {"description": "We count forty-one doses."}


@contextmanager
def a_world_of_its_own(blocker):
    """Give a module-wide fixture a database, the failing addresses and a silent broker; leave nothing behind."""
    with (
        blocker.unblock(),
        transaction.atomic(),
        override_settings(ROOT_URLCONF="tests.helpdesk.urls"),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("mail.wake.ring", lambda: None)
        forget_facts()
        yield patch
        transaction.set_rollback(True)
    forget_facts()


@pytest.fixture(scope="module")
def pages(django_db_setup, django_db_blocker) -> dict[str, str]:
    """Return all pages, by what they are; made once, since no test changes them."""
    with a_world_of_its_own(django_db_blocker) as patch:
        paula, quinn, rosa = (make_person(name) for name in ("paula.prince", "quinn.quill", "rosa.reed"))
        agnes, nadia = make_person("agnes.archer", group="Agents"), make_person("nadia.noble", temporary=True)
        nadia.temporary_expires_at = timezone.now() + timedelta(hours=24)
        nadia.save(update_fields=["temporary_expires_at"])
        for colleague in (paula, quinn):
            accounts.remember_organization(user=colleague, name="Riverside Clinic", kind="primary")
            accounts.verify_membership(membership=Membership.objects.get(user=colleague), by=agnes)
        answers = of_paula(paula, quinn, agnes) | of_a_beginner(rosa) | of_nadia(nadia) | of_strangers()
        answers |= refused_for_now(patch)
    away = {name: answer.status_code for name, answer in answers.items() if answer.status_code in {301, 302, 303}}
    assert away == {}
    return {name: answer.content.decode() for name, answer in answers.items()}


def test_every_page_has_a_title_of_its_own_and_one_heading(pages):
    wrong = {}
    for name, page in pages.items():
        title = " ".join(unescape(re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]).split())
        headings = len(re.findall(r"<h1\b", page))
        if not re.fullmatch(r"(?:Error: )?[A-Z].{3,80} – Provider Help Desk Portal", title) or headings != 1:
            wrong[name] = (title, headings)
    assert wrong == {}


def test_every_page_leads_on(pages):
    """A link or a button inside <main>: no page is a dead end."""
    stuck = [
        name
        for name, page in pages.items()
        if not re.search(r"<main.*?<(?:a href|a class|button|input type=\"submit)", page, re.DOTALL)
    ]
    assert stuck == []


@pytest.mark.parametrize("name", ["register, done", "forgot, done", "confirmation"])
def test_where_something_was_sent_it_says_what_happens_next(pages, name):
    assert "<h2>What happens next</h2>" in pages[name]


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("intake", ("/", "Back to HOME")),
        ("case, open", ("/my-lists/", "Back to MY LISTS")),
        ("account, email", ("/account/", "Back to your account")),
        ("account, notifications", ("/account/", "Back to your account")),
        ("forgot", ("/login/", "Back to LOGIN")),
    ],
)
def test_a_page_leads_back(pages, name, way):
    assert '<a href="{}">{}</a>'.format(*way) in pages[name]


def test_login_says_why_it_is_asked_for(pages):
    reason = "Then you go on to the page that you asked for."
    assert reason in pages["login, on the way"]
    assert reason not in pages["login"]
    assert "You were logged out." in pages["login, ended"]
    assert reason not in pages["login, ended"]


@pytest.mark.parametrize("name", ["register, throttled", "forgot, throttled"])
def test_who_came_too_often_reads_how_long_to_wait(pages, name):
    assert "Wait 15 minutes and try again, or call the help desk." in pages[name]


def test_no_sentence_is_too_long(pages):
    long = {
        sentence
        for page in pages.values()
        for sentence in sentences_of(page)
        if len(sentence.split()) > LONGEST_SENTENCE
    }
    assert long == set()


def test_every_page_is_read_with_ease(pages):
    hard = {}
    for name, page in pages.items():
        sentences = sentences_of(page)
        if len(" ".join(sentences).split()) >= ENOUGH_WORDS and grade(sentences) > GRADE:
            hard[name] = round(grade(sentences), 1)
    assert hard == {}


def test_all_pages_together_are_read_with_ease(pages):
    every = list({sentence: None for page in pages.values() for sentence in sentences_of(page)})
    assert len(every) > 120
    assert grade(every) <= GRADE


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("a", 1),
        ("case", 1),
        ("cases", 2),
        ("filed", 1),
        ("needed", 2),
        ("table", 2),
        ("create", 2),
        ("period", 3),
        ("password", 2),
        ("management", 3),
        ("temporary", 4),
        ("information", 4),
        ("organization", 5),
        ("don't", 1),
    ],
)
def test_syllables_are_counted(word, count):
    assert syllables(word) == count


def test_hard_words_are_seen():
    assert grade(["The cat sat on the mat.", "It was a red mat."]) < 2
    hard = "Notwithstanding aforementioned considerations, organizational administrators necessitate authorization."
    assert grade([hard]) > 20


def test_text_is_read_as_sentences():
    page = (
        "<title>No</title><main><h1>Send it <em>now</em>, please do.</h1><p>One is short. Two is a little longer.</p>"
    )
    page += "<label>Name of your organization</label><script>let it be four words.</script></main>"
    page += "<p>This is outside of it.</p>"
    assert sentences_of(page) == ["Send it now, please do.", "Two is a little longer."]
