"""Every page and mail of a provider in Spanish: nothing English is left over."""

import re
from pathlib import Path

import pytest
from django.conf import settings as portal
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from cases import services
from cases.models import RequestType
from desk.models import TermsVersion
from desk.services import forget_facts
from mail.services import drain
from tests.conftest import PASSWORD
from tests.mail.every_mail import send_every_mail
from tests.spanish import english_on, is_english, words_of

pytestmark = pytest.mark.django_db
NAMES = ("Generic Vaccine Provider", "Riverside Clinic", "English", "CVMS Provider Portal 202", "Provider Help Desk <")
# The style guide is for those who work on the portal.
FOR_STAFF = ("agent_", "_agent", "_digest", "_reason", "styleguide")


@pytest.fixture(autouse=True)
def _fresh_facts():
    forget_facts()


def spanish(user: User | None = None, **kwargs) -> Client:
    browser = Client(headers={"accept-language": "es-US,es;q=0.9"}, **kwargs)
    if user is not None:
        browser.force_login(user, backend="accounts.backends.PortalBackend")
    return browser


def assert_spanish(response, status: int = 200) -> None:
    html = response.content.decode()
    assert response.status_code == status
    assert '<html lang="es"' in html
    assert "Portal de la Mesa de Ayuda" in html
    assert english_on(html, names=NAMES) == []


# --- Pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/", "/terms/", "/resources/", "/register/", "/register/done/", "/login/", "/forgot/", "/forgot/done/",
        "/accessibility/", "/logout/done/",
    ],
)  # fmt: skip
def test_pages_of_everybody(address):
    assert_spanish(spanish().get(address))


@pytest.mark.parametrize("address", ["/register/", "/login/", "/forgot/"])
def test_errors_of_empty_forms(address):
    assert_spanish(spanish().post(address))


def test_errors_of_wrong_forms(paula):
    browser = spanish()
    wrong = {"first_name": "www.evil.example", "last_name": "a" * 101, "email": "nobody", "terms": ""}
    assert_spanish(browser.post("/register/", wrong))
    assert_spanish(browser.post("/login/", {"username": "nobody", "password": "wrong"}))
    for _attempt in range(11):
        refused = browser.post("/login/", {"username": "nobody", "password": "wrong"})
    assert_spanish(refused, 429)


@pytest.mark.parametrize(
    "address",
    [
        "/", "/my-lists/", "/my-lists/?tab=all&q=nothing", "/cases/new/", "/account/", "/account/details/",
        "/account/organization/", "/account/notifications/", "/account/email/", "/account/email/confirm/",
        "/account/password/", "/no/such/page",
    ],
)  # fmt: skip
def test_pages_of_a_newcomer(paula, address):
    assert_spanish(spanish(paula).get(address), 404 if "no/such" in address else 200)


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/cases/new/", {}),
        ("/cases/new/", {"description": "a" * 20_001, "organization_kind": "primary", "secondary_name": "Otra"}),
        ("/cases/new/", {"organization_kind": "secondary", "primary_name": "Generic Vaccine Provider"}),
        ("/account/details/", {"first_name": "", "last_name": "a\u202eb"}),
        ("/account/organization/", {"name": "Generic Vaccine Provider"}),
        ("/account/email/", {"new_email": "no", "current_password": "wrong"}),
        ("/account/email/confirm/", {"code": "wrong"}),
        ("/account/password/", {"current_password": "wrong", "new_password1": "a", "new_password2": "b"}),
    ],
)
def test_errors_of_a_providers_forms(paula, address, form):
    accounts.request_email_change(user=paula, new_email="paula.new@clinic.example.org")
    assert_spanish(spanish(paula).post(address, form))


@pytest.mark.parametrize(
    "password",
    ["short", "a" * 300, "aaaaaaaaaaaaaaaaaaaa", "helpdesk helpdesk 2", "paula.prince paula", PASSWORD],
)
def test_reasons_against_a_password(paula, password):
    form = {"current_password": PASSWORD, "new_password1": password, "new_password2": password}
    response = spanish(paula).post("/account/password/", form)
    assert_spanish(response)
    assert "error-summary" in response.text


def test_first_steps(nadia):
    assert_spanish(spanish(nadia).get("/set-password/"))
    assert_spanish(spanish().get("/set-password/MQ/no-such-token/"))


@pytest.fixture
def file(paula):
    def file_one():
        names = {"organization_name": "Riverside Clinic", "primary_name": "Riverside Clinic"}
        filing = services.Filing(
            request_type=RequestType.objects.get(name="Vaccine inventory"), description="Faltan dos viales.", **names
        )
        return services.file_case(by=paula, filing=filing, key=f"a-key-of-this-test-{timezone.now().timestamp()}")

    return file_one


def test_a_case_in_every_status(paula, agnes, file):
    browser, case = spanish(paula), file()
    address = f"/cases/{case.case_id}/"
    for page in (address, f"{address}filed/", f"{address}withdraw/", "/my-lists/?tab=all", "/", "/cases/new/"):
        assert_spanish(browser.get(page))
    assert "Inventario de vacunas" in browser.get(address).text
    assert_spanish(browser.post(f"{address}add-information/", {"body": ""}))
    for status in ("awaiting", "open", "resolved", "closed"):
        case.refresh_from_db()
        changes = services.Changes(status=status)
        if status == "awaiting":
            services.add_reply(by=agnes, case=case, body="¿Cuál lote?", changes=changes)
        else:
            services.change_case(by=agnes, case=case, changes=changes)
        for page in (address, "/my-lists/?tab=all", "/", f"{address}withdraw/"):
            assert_spanish(browser.get(page))
    assert_spanish(browser.get(f"/cases/new/?follow_up={case.case_id}"))


def test_withdrawn_and_merged_and_redacted(paula, agnes, sven, file):
    browser, kept, gone, withdrawn = spanish(paula), file(), file(), file()
    services.change_case(
        by=agnes, case=kept, changes=services.Changes(request_type=RequestType.objects.get(name="Training"))
    )
    services.merge_case(by=sven, case=gone, into=kept)
    answer = browser.post(f"/cases/{withdrawn.case_id}/withdraw/", follow=True)
    assert_spanish(answer)
    for page in (f"/cases/{kept.case_id}/", f"/cases/{withdrawn.case_id}/"):
        assert_spanish(browser.get(page))
    assert_spanish(browser.get(f"/cases/{gone.case_id}/", follow=True))


def test_what_is_kept_of_a_form(paula, file):
    browser = spanish(paula)
    page = browser.get("/cases/new/").text
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)[1]
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    form = {"stamp": stamp, "key": key, "description": "Faltan viales."}
    assert browser.post("/drafts/", form).status_code == 204
    assert_spanish(browser.get("/cases/new/"))
    rescued = spanish().post("/cases/new/", form, follow=True)
    assert_spanish(rescued)


def test_a_colleagues_case(paula, quinn, file):
    case = file()
    assert_spanish(spanish(quinn).get(f"/cases/{case.case_id}/"))


def test_lists_of_staff(agnes, vera):
    RequestType.objects.filter(name="Training").update(name_es="")
    for person in (agnes, vera):
        page = spanish(person).get("/my-lists/")
        assert_spanish(page)
        options = re.findall(r"<option[^>]*>([^<]+)</option>", page.text)
        assert "Inventario de vacunas" in options
        assert "Training" in options


@pytest.mark.urls("tests.helpdesk.urls")
@pytest.mark.parametrize(("kind", "status"), [("400", 400), ("403", 403), ("404", 404), ("500", 500), ("503", 503)])
def test_error_pages(kind, status):
    assert_spanish(spanish(raise_request_exception=False).get(f"/fail/{kind}/"), status)


def test_error_pages_of_middleware(paula, settings):
    assert_spanish(spanish(enforce_csrf_checks=True).post("/login/", {"username": "x"}), 403)
    assert_spanish(spanish(paula).get("/account/sessions/end/"), 405)
    settings.BODY_LIMIT = 10
    assert_spanish(spanish().post("/login/", {"username": "x" * 100}), 413)


def test_what_a_supervisor_typed_in_english_alone_says_so(paula):
    RequestType.objects.filter(name="Training").update(name="Training of the staff", name_es="", help_text="For you.")
    page = spanish(paula).get("/cases/new/").text
    assert re.search(r'<option [^>]*lang="en"[^>]*>Training of the staff<', page)
    assert '<span lang="en">For you.</span>' in page


def test_terms_are_a_translation_beside_the_text_that_binds():
    page = spanish().get("/terms/").text
    assert "Esta es una traducción para su información. El texto en inglés es el que obliga legalmente." in page
    assert "<h2>Sin información de pacientes</h2>" in page
    assert "<h2>No patient information</h2>" in re.search(r'<div lang="en">.*?</div>', page, re.DOTALL)[0]


def test_terms_without_a_translation_are_english_and_say_so():
    TermsVersion.objects.update(text_es="")
    page = spanish().get("/terms/").text
    assert "Estos términos todavía no están traducidos." in page
    assert re.search(r'<div lang="en">.*?<h2>No patient information</h2>', page, re.DOTALL)


# --- Labels of the guide ----------------------------------------------------------------------


def test_labels_of_the_guide_stand_beside_their_translation(paula):
    def labels(html: str) -> set[str]:
        return set(re.findall(r'([^<>"]+) <span class="guide-label" lang="en">\(([^)]+)\)</span>', html))

    home, register = spanish().get("/").text, spanish().get("/register/").text
    assert labels(home) >= {
        ("INICIO", "HOME"),
        ("MIS LISTAS", "MY LISTS"),
        ("RECURSOS", "RESOURCES"),
        ("REGISTRARSE", "REGISTER"),
        ("INICIAR SESIÓN", "LOGIN"),
        ("PROVEEDOR DE VACUNAS", "VACCINE PROVIDER"),
    }
    assert ("Registro de clientes", "Customer Registration") in labels(register)
    assert {english for _spanish, english in labels(spanish(paula).get("/cases/new/").text)} >= {
        "Provider Organization",
        "REQUEST TYPE",
        "DESCRIPTION OF REQUEST",
        "SUBMIT",
    }
    assert "Generic Vaccine Provider" in spanish(paula).get("/cases/new/").text
    assert 'value="ENVIAR (SUBMIT)"' in spanish(paula).get("/cases/new/").text


def test_english_pages_say_the_labels_once():
    page = Client().get("/").text
    assert "guide-label" not in page
    assert re.search(r">HOME</a>", page)


# --- Mails ------------------------------------------------------------------------------------


def test_every_mail_to_a_provider_is_spanish_and_every_mail_to_staff_english():
    letters = send_every_mail("es")
    templates = {path.name.split(".")[0] for path in (Path(portal.BASE_DIR) / "templates/emails").glob("[a-z]*.html")}
    assert set(letters) == templates - {"base"}
    typed = (*NAMES, "Riverside Clinic")
    for name, letter in letters.items():
        email = letter.email
        if name.startswith("agent_"):
            assert email.extra_headers["Content-Language"] == "en", name
            assert '<html lang="en"' in letter.html, name
            continue
        assert email.extra_headers["Content-Language"] == "es", name
        assert '<html lang="es"' in letter.html, name
        quoted = re.compile(r"Which shipment number.*?<today>\.", re.DOTALL)
        assert [line for line in quoted.sub("", email.body).splitlines() if is_english(line, names=typed)] == [], name
        assert not is_english(email.subject), name
        assert "hora del este" in email.body.lower(), name
    assert letters["case_filed"].email.subject.endswith("La Mesa de Ayuda recibió su caso")


def test_mail_follows_a_choice_made_after_it_was_owed(paula):
    accounts.request_password_reset(identifier=paula.username)
    accounts.choose_language(user=paula, language="es")
    django_mail.outbox = []
    drain(seconds=30)
    assert django_mail.outbox[0].subject.startswith("Su ID de usuario")


def test_mail_to_staff_is_english_whatever_they_chose(agnes):
    accounts.choose_language(user=agnes, language="es")
    accounts.request_password_reset(identifier=agnes.username)
    django_mail.outbox = []
    drain(seconds=30)
    assert django_mail.outbox[0].subject.startswith("Your Help Desk User ID")


def test_one_mail_does_not_color_the_next(paula, rosa):
    accounts.choose_language(user=paula, language="es")
    for person in (paula, rosa):
        accounts.request_password_reset(identifier=person.username)
    django_mail.outbox = []
    drain(seconds=30)
    assert {each.to[0]: each.extra_headers["Content-Language"] for each in django_mail.outbox} == {
        paula.email: "es",
        rosa.email: "en",
    }


# --- Templates --------------------------------------------------------------------------------

FOR_PROVIDERS = [
    path
    for path in sorted((portal.BASE_DIR / "templates").rglob("*.html"))
    + sorted((portal.BASE_DIR / "templates").rglob("*.txt"))
    if "admin" not in path.relative_to(portal.BASE_DIR).parts and not path.name.startswith(FOR_STAFF)
]
TRANSLATED = re.compile(
    "|".join(
        (
            r"{% comment %}.*?{% endcomment %}",
            r"{% blocktrans(?:late)?\b.*?{% endblocktrans(?:late)? %}",
            r"{#.*?#}|{%.*?%}|{{.*?}}",
            r"<style.*?</style>|<!--.*?-->",
        )
    ),
    re.DOTALL,
)
# Names and addresses are the same in every language.
SAME = re.compile(r"HTML|[\w.]+\.gov/\w*")


def bare_words(source: str) -> list[str]:
    """Return what a template says without gettext."""
    source = TRANSLATED.sub("\x00", source)
    said = re.findall(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"', source)
    said += re.split(r"\x00|\n", re.sub(r"<[^>]*>", "\n", source))
    return [
        text.strip()
        for text in said
        if re.search(r"[A-Za-z]{2}", re.sub(r"&\w+;", "", text)) and not SAME.fullmatch(text.strip())
    ]


@pytest.mark.parametrize("path", FOR_PROVIDERS, ids=lambda path: str(path.relative_to(portal.BASE_DIR / "templates")))
def test_template_says_nothing_but_through_gettext(path):
    assert bare_words(path.read_text(encoding="utf-8")) == []


def test_bare_words_are_seen():
    assert bare_words('<p title="Bare title">{% translate "Fine" %} bare text {{ name }}</p>') == [
        "Bare title",
        "bare text",
    ]


def test_english_is_seen():
    page = '<p>Su caso</p><p>Page not found</p><p lang="en">Page not found</p><input type="submit" value="Go, please">'
    assert english_on(page) == ["Page not found", "Go, please"]
    assert list(words_of("<p>Uno <b>dos</b></p><textarea>three</textarea>")) == ["Uno", "dos"]
