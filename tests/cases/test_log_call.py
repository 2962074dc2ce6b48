"""/admin/cases/case/log-call/: from a voice on the phone to a case ID."""

import re

import pytest
from django.db import IntegrityError

from accounts import drafts
from accounts.models import Draft, NotificationPreference, TermsAcceptance, User
from accounts.services import block_account
from cases import services
from cases.call_page import spell
from cases.callers import MOST_FOUND, find_callers
from cases.models import Case, CaseEvent, RequestType, Submission
from cases.request_types import forget_request_types
from mail.models import OutboxEvent
from tests.accounts.letters import temporary_password_in, user_id_in
from tests.cases.pages import hidden
from tests.conftest import PASSWORD, make_person

pytestmark = pytest.mark.django_db

URL = "/admin/cases/case/log-call/"
CALLER = {"first_name": "Carla", "last_name": "Caller", "email": "carla@hill.example.org"}


@pytest.fixture
def browser(client_for, agnes):
    return client_for(agnes)


@pytest.fixture
def call(request_type):
    """Return a function that opens the form and gives what its browser would post."""

    def fill_out(browser, provider="new", **typed) -> dict:
        html = browser.get(URL, {"provider": getattr(provider, "pk", provider)}).text
        form = {name: hidden(html, name) for name in ("key", "stamp", "drafts", "provider")}
        form |= {
            "contact_phone": "919 555 0100",
            "organization_kind": "primary",
            "secondary_name": "",
            "request_type": str(request_type.pk),
            "description": "She counts two vials less.",
            "priority": "",
            "note": "",
        }
        if provider == "new":
            form |= CALLER
        if 'name="primary_name"' in html:
            form["primary_name"] = "Hill Pharmacy"
        return form | typed

    return fill_out


def shown(response) -> str:
    """Return a page's words without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


# --- A provider who has an account ------------------------------------------------------------


def test_case_is_filed_in_the_providers_name(browser, call, paula, organization, agnes, request_type):
    response = browser.post(URL, call(browser, paula))
    case = Case.objects.get()
    assert response["Location"] == f"/admin/cases/case/{case.pk}/logged/"
    assert (case.provider, case.channel, case.status) == (paula, "phone", "new")
    assert (case.organization, case.organization_name) == (organization, "Riverside Clinic")
    assert case.description == "She counts two vials less."
    assert case.contact_phone == "919 555 0100"
    assert (case.priority, case.queue, case.assigned_agent) == (
        request_type.default_priority,
        request_type.queue,
        None,
    )
    (event,) = case.events.all()
    assert (event.kind, event.by) == (CaseEvent.Kind.CASE_FILED, agnes)
    paula.refresh_from_db()
    assert paula.phone == "919 555 0100", "it is not asked for twice"


def test_page_after_it_is_read_aloud(browser, call, paula, organization):
    response = browser.post(URL, call(browser, paula), follow=True)
    case = Case.objects.get()
    words = shown(response)
    assert case.case_id in words
    assert spell(case.case_id) in words
    assert paula.email in words
    assert f'href="/admin/cases/case/{case.pk}/change/"' in response.text
    assert f'href="{URL}"' in response.text


@pytest.mark.parametrize(
    ("case_id", "spelled"),
    [
        ("CS0001234", "C S, 0 0 0, 1 2 3 4"),
        ("CS12345678", "C S, 1, 2 3 4, 5 6 7 8"),
        ("CS0000001", "C S, 0 0 0, 0 0 0 1"),
    ],
)
def test_case_id_is_spelled_in_groups(case_id, spelled):
    assert spell(case_id) == spelled


def test_provider_and_queue_hear_of_it(browser, call, paula, agnes, second_agent, queue, mailbox):
    queue.members.set([agnes, second_agent])
    browser.post(URL, call(browser, paula))
    receipt, word = sorted(mailbox(), key=lambda letter: letter.to != [paula.email])
    assert receipt.to == [paula.email]
    assert "an agent has filed this case for you" in receipt.body
    assert "an agent has filed this case for you" in receipt.alternatives[0][0]
    assert word.to == [second_agent.email], "never the one who acted"
    assert "vials" not in receipt.body + word.body


def test_provider_sees_it_in_my_lists_and_as_a_phone_case(browser, call, paula, client_for):
    browser.post(URL, call(browser, paula))
    case = Case.objects.get()
    provider = client_for(paula)
    assert case.case_id in provider.get("/my-lists/").text
    page = provider.get(f"/cases/{case.case_id}/").text
    assert "Filed by phone" in page
    assert "She counts two vials less." in page
    assert "Agnes" not in page


def test_case_of_the_portal_is_no_phone_case(case, client_for, paula):
    assert "Filed by phone" not in client_for(paula).get(f"/cases/{case.case_id}/").text


def test_demo_case_is_the_demo_providers(agnes, paula, organization, request_type):
    User.objects.filter(pk=paula.pk).update(is_demo=True)
    paula.refresh_from_db()
    filing = services.Filing(request_type, "x", organization_name=organization.name)
    assert services.log_call(by=agnes, provider=paula, filing=filing, key="k" * 20).is_demo


def test_note_is_internal(browser, call, paula, client_for, agnes):
    browser.post(URL, call(browser, paula, note="She sounded hurried."))
    case = Case.objects.get()
    (note,) = case.messages.all()
    assert (note.kind, note.body, note.author) == ("internal", "She sounded hurried.", agnes)
    assert "hurried" not in client_for(paula).get(f"/cases/{case.case_id}/").text


def test_agent_takes_it_with_the_same_click(browser, call, paula, agnes):
    browser.post(URL, call(browser, paula, take="on"))
    case = Case.objects.get()
    assert (case.assigned_agent, case.status) == (agnes, "open")


def test_chosen_priority_wins_over_the_request_types(browser, call, paula):
    browser.post(URL, call(browser, paula, priority="1"))
    assert Case.objects.get().priority == 1


def test_secondary_organization_is_remembered(browser, call, paula, organization):
    browser.post(URL, call(browser, paula, organization_kind="secondary", secondary_name="Hill Pharmacy"))
    case = Case.objects.get()
    assert (case.organization_name, case.organization_kind) == ("Hill Pharmacy", "secondary")
    assert paula.memberships.get(kind="primary").organization == organization


def test_receipt_that_is_switched_off_is_not_promised(browser, call, paula, mailbox):
    NotificationPreference.objects.create(user=paula, event="case_filed", delivery="off")
    response = browser.post(URL, call(browser, paula), follow=True)
    assert "No email with the case ID" in shown(response)
    assert paula.email not in [to for letter in mailbox() for to in letter.to]


# --- A provider who has none -------------------------------------------------------------------


def test_new_provider_gets_an_account_and_the_case(browser, call, mailbox, log_in_with):
    response = browser.post(URL, call(browser), follow=True)
    case = Case.objects.get()
    carla = case.provider
    assert (carla.username, carla.email, carla.is_provider) == ("carla.caller", CALLER["email"], True)
    assert carla.phone == "919 555 0100"
    assert carla.memberships.get(kind="primary").organization.name == "Hill Pharmacy"
    words = shown(response)
    assert case.case_id in words
    assert "carla.caller" in words
    assert "temporary password" in words
    letters = {letter.subject: letter for letter in mailbox() if letter.to == [CALLER["email"]]}
    assert len(letters) == 2
    (welcome,) = [letter for letter in letters.values() if "temporary password" in letter.subject]
    provider = log_in_with(user_id_in(welcome), temporary_password_in(welcome))
    assert 'name="terms"' in provider.get("/set-password/").text
    typed = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert provider.post("/set-password/", typed).status_code == 200
    assert not TermsAcceptance.objects.filter(user=carla).exists()
    provider.post("/set-password/", typed | {"terms": "on"})
    assert TermsAcceptance.objects.filter(user=carla).exists()
    assert case.case_id in provider.get("/my-lists/").text


@pytest.fixture
def log_in_with(client_for):
    def log_in(user_id: str, password: str):
        browser = client_for()
        response = browser.post("/login/", {"username": user_id, "password": password})
        assert response.status_code == 302
        return browser

    return log_in


def test_caller_without_an_email_address_is_refused_in_words(browser, call):
    response = browser.post(URL, call(browser, email="", description="Where is my order?"))
    words = shown(response)
    assert "Ask for a business email address." in words
    assert "Where is my order?" in response.text
    assert 'value="Carla"' in response.text
    assert not Case.objects.exists()
    assert not User.objects.filter(first_name="Carla").exists()


def test_account_and_case_are_made_together_or_not_at_all(agnes, request_type, monkeypatch):
    def fail(*args, **kwargs):
        raise IntegrityError("no row")

    monkeypatch.setattr("cases.services.calls.file_case", fail)
    filing = services.Filing(request_type, "x", organization_name="Hill Pharmacy", primary_name="Hill Pharmacy")
    with pytest.raises(IntegrityError):
        services.log_call(by=agnes, provider=services.NewProvider(**CALLER), filing=filing, key="k" * 20)
    assert not User.objects.filter(email=CALLER["email"]).exists()
    assert not OutboxEvent.objects.exists()


def test_address_of_a_provider_leads_to_that_account_with_everything_typed(browser, call, paula):
    typed = call(browser, email=paula.email.upper(), note="Second call.")
    response = browser.post(URL, typed)
    assert "Paula Prince (paula.prince) has an account with this address." in shown(response)
    assert not Case.objects.exists()
    assert f'name="switch" value="{paula.pk}"' in " ".join(response.text.split())
    html = browser.post(URL, typed | {"switch": str(paula.pk)}).text
    assert "She counts two vials less." in html
    assert "Second call." in html
    assert 'value="Hill Pharmacy"' in html
    assert hidden(html, "provider") == str(paula.pk)
    assert hidden(html, "key") != typed["key"]
    assert not Case.objects.exists(), "switching files nothing"


@pytest.mark.parametrize("case_of", ["staff", "blocked"])
def test_address_of_staff_and_of_a_blocked_provider_is_refused_in_words(case_of, browser, call, rosa, vera, sven):
    block_account(account=rosa, by=sven)
    account, sentence = {
        "staff": (vera, "This is the address of one of the Help Desk's own staff."),
        "blocked": (rosa, "The account of Rosa Reed is blocked"),
    }[case_of]
    response = browser.post(URL, call(browser, email=account.email))
    assert sentence in shown(response).replace("&#x27;", "'")
    assert "She counts two vials less." in response.text
    assert 'name="switch"' not in response.text
    assert not Case.objects.exists()


def test_blocked_provider_can_not_be_chosen(browser, rosa, sven, call):
    typed = call(browser, rosa)
    block_account(account=rosa, by=sven)
    for response in (browser.get(URL, {"provider": rosa.pk}), browser.post(URL, typed)):
        assert "The account of Rosa Reed is blocked" in shown(response)
    assert not Case.objects.exists()
    assert f"?provider={rosa.pk}" not in browser.get(URL, {"q": "rosa"}).text


# --- One click, one case -----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["known", "new"])
def test_sent_twice_it_is_one_case_and_one_account(who, browser, call, rosa, mailbox):
    typed = call(browser, rosa if who == "known" else "new", primary_name="Hill Pharmacy", note="Once.", take="on")
    first, second = browser.post(URL, typed), browser.post(URL, typed)
    assert first["Location"] == second["Location"]
    case = Case.objects.get()
    assert case.messages.count() == 1
    assert User.objects.filter(email=CALLER["email"]).count() == (who == "new")
    assert Submission.objects.count() == 1
    assert len([letter for letter in mailbox() if "has received your case" in letter.subject]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Three vials."},
        {"note": "Another note."},
        {"priority": "1"},
        {"email": "other@hill.example.org"},
    ],
)
def test_same_form_with_another_content_asks_first(change, browser, call):
    typed = call(browser, note="Once.")
    browser.post(URL, typed)
    case = Case.objects.get()
    response = browser.post(URL, typed | change)
    assert f"You already filed {case.case_id} from this form." in shown(response)
    assert next(iter(change.values())) in response.text
    assert Case.objects.count() == 1
    assert not User.objects.filter(email="other@hill.example.org").exists()
    assert case.messages.get().body == "Once."


def test_renewed_form_files_another_case(browser, call, paula):
    typed = call(browser, paula)
    browser.post(URL, typed)
    html = browser.post(URL, typed | {"description": "Another matter."}).text
    browser.post(URL, typed | {"description": "Another matter.", "key": hidden(html, "key")})
    assert Case.objects.count() == 2


def test_two_agents_with_the_same_new_caller_make_one_account(browser, call, client_for, second_agent):
    other = client_for(second_agent)
    mine, theirs = call(browser), call(other)
    browser.post(URL, mine)
    response = other.post(URL, theirs)
    assert "has an account with this address" in shown(response)
    assert Case.objects.count() == 1


# --- Nothing typed is lost ---------------------------------------------------------------------


def test_session_that_ended_keeps_the_call(browser, call, client_for, agnes, paula):
    typed = call(browser, paula, note="Kept note.", priority="2", take="on")
    response = client_for().post(URL, typed)
    assert response["Location"].startswith("/login/")
    assert not Case.objects.exists()
    response = browser.get(URL)
    assert "It has not been filed." in shown(response)
    html = response.text
    assert "She counts two vials less." in html
    assert "Kept note." in html
    assert paula.email in html
    assert re.search(r'<option value="2"\s+selected', html)
    resent = typed | {name: hidden(html, name) for name in ("key", "stamp", "drafts", "provider")}
    assert browser.post(URL, resent).status_code == 302
    assert not Draft.objects.exists()


def test_kept_call_can_be_left_or_discarded(browser, call, client_for):
    client_for().post(URL, call(browser))
    html = browser.get(URL).text
    assert "Who calls?" in browser.get(URL, {"q": ""}).text
    key = re.search(r'name="discard"\s+value="([^"]+)"', html)[1]
    browser.post(URL, {"discard": key})
    assert not Draft.objects.exists()
    assert "Who calls?" in browser.get(URL).text


def test_kept_call_that_did_arrive_is_not_offered_again(browser, call, paula, agnes):
    typed = call(browser, paula)
    browser.post(URL, typed)
    drafts.save_draft(agnes, services.CALL_DRAFT, typed["key"], typed)
    words = shown(browser.get(URL))
    assert f"was filed as {Case.objects.get().case_id}" in words
    assert "Who calls?" in words


def test_kept_call_is_nobody_elses(browser, call, client_for, second_agent):
    client_for().post(URL, call(browser))
    assert "Who calls?" in client_for(second_agent).get(URL).text


def test_errors_stand_beside_their_fields_and_typed_text_stays(browser, call, paula):
    response = browser.post(URL, call(browser, paula, request_type="", description="Only this."))
    assert response.status_code == 200
    assert "Nothing was filed." in response.text
    assert re.search(
        r'aria-invalid="true"[^>]*id="id_request_type"|id="id_request_type"[^>]*aria-invalid="true"', response.text
    )
    assert "Only this." in response.text


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("description", "vials\0missing"),
        ("request_type", "\0"),
        ("request_type", "9" * 40),
        ("priority", "9"),
        ("priority", "junk"),
        ("note", "a\x1b"),
        ("note", "n" * 20_001),
        ("organization_kind", "tertiary"),
        ("first_name", "www.evil.example"),
        ("email", "nonsense"),
        ("contact_phone", "1\n2"),
        ("primary_name", "Generic Vaccine Provider"),
    ],
)
def test_bad_input_files_nothing(field, bad, browser, call):
    response = browser.post(URL, call(browser, **{field: bad}))
    assert response.status_code == 200
    assert "Nothing was filed." in response.text
    assert not Case.objects.exists()


@pytest.mark.parametrize("provider", ["", "0", "9" * 30, "\0", "-1", "²", "999999"])
def test_unknown_providers_are_404_and_take_no_text_away(provider, browser, call):
    typed = call(browser)
    assert browser.get(URL, {"provider": provider}).status_code == 404
    for field in ("provider", "switch"):
        answer = browser.post(URL, typed | {field: provider})
        assert "The account that you chose is no provider" in answer.text
        assert typed["description"] in answer.text
    assert not Case.objects.exists()


def test_staff_are_no_callers(browser, vera):
    assert browser.get(URL, {"provider": vera.pk}).status_code == 404


# --- Who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "led_to"),
    [("paula", "/admin/login/"), ("vera", "/admin/login/"), ("nadia", "/set-password/"), (None, "/login/")],
)
def test_only_agents_log_calls(person, led_to, request, browser, call, rosa, client_for):
    typed = call(browser, rosa, stamp="")
    other = client_for(request.getfixturevalue(person) if person else None)
    for response in (other.get(URL), other.post(URL, typed)):
        assert response["Location"].startswith(led_to)
    assert not Case.objects.exists()


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_service_refuses_everybody_but_agents(person, request, rosa, request_type):
    filing = services.Filing(request_type, "x", organization_name="Hill Pharmacy", primary_name="Hill Pharmacy")
    by = request.getfixturevalue(person)
    for provider in (rosa, services.NewProvider(**CALLER)):
        with pytest.raises(services.NotAllowed):
            services.log_call(by=by, provider=provider, filing=filing, key="k" * 20)
    with pytest.raises(services.NotAllowed):
        services.file_case(by=by, provider=rosa, filing=filing, key="k" * 20)
    assert not Case.objects.exists()


def test_no_case_is_filed_for_staff(agnes, vera, request_type):
    filing = services.Filing(request_type, "x", organization_name="Hill Pharmacy", primary_name="Hill Pharmacy")
    with pytest.raises(services.NotAllowed):
        services.log_call(by=agnes, provider=vera, filing=filing, key="k" * 20)


def test_only_phone_cases_have_a_page_to_read_aloud(browser, case, client_for, paula):
    page = f"/admin/cases/case/{case.pk}/change/"
    assert browser.get(f"/admin/cases/case/{case.pk}/logged/")["Location"] == page
    assert browser.get("/admin/cases/case/999999/logged/").status_code == 404
    Case.objects.filter(pk=case.pk).update(channel="phone")
    assert browser.get(f"/admin/cases/case/{case.pk}/logged/").status_code == 200
    assert browser.post(f"/admin/cases/case/{case.pk}/logged/").status_code == 405
    assert client_for(paula).get(f"/admin/cases/case/{case.pk}/logged/").status_code == 302


# --- Who calls ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["paula.prince", "PAULA.PRINCE@clinic.example.org", "prince paula", "riverside", "pau"]
)
def test_provider_is_found_by_what_a_caller_can_say(said, browser, paula, rosa, organization):
    response = browser.get(URL, {"q": said})
    words = shown(response)
    assert f"?provider={paula.pk}" in response.text
    assert f"?provider={rosa.pk}" not in response.text
    for fact in ("Paula Prince", "paula.prince", paula.email, "Riverside Clinic"):
        assert fact in words


def test_case_id_finds_its_provider_first_and_leads_to_the_case(browser, case, paula, rosa):
    for said in (case.case_id, case.case_id.lower(), str(case.pk), f"cs {case.pk}"):
        response = browser.get(URL, {"q": said})
        assert f"?provider={paula.pk}" in response.text, said
        assert f'href="/admin/cases/case/{case.pk}/change/"' in response.text


def test_exact_email_comes_first(agnes, paula):
    longer = make_person("paula.princeton")
    User.objects.filter(pk=longer.pk).update(last_name="Abel", first_name="Ann", email=f"{paula.email}.net")
    assert [each.pk for each in find_callers(paula.email, by=agnes).providers] == [paula.pk, longer.pk]


def test_results_are_capped(agnes, statements):
    for number in range(3):
        make_person(f"provider{number}.pratt")
    few = statements(lambda: find_callers("pratt", by=agnes))
    for number in range(3, MOST_FOUND + 2):
        make_person(f"provider{number}.pratt")
    found = find_callers("pratt", by=agnes)
    assert (len(found.providers), found.has_more) == (MOST_FOUND, True)
    assert statements(lambda: find_callers("pratt", by=agnes)) == few == 2


def test_staff_are_not_found(browser, vera, agnes):
    assert "Nobody like that has an account." in shown(browser.get(URL, {"q": "vera"}))


@pytest.mark.parametrize("said", ["\0", "%", "9" * 400, "'; --", "CS99999999999999999999", "\ud800"])
def test_junk_finds_nobody(said, browser, rosa):
    assert browser.get(URL, {"q": said.encode("utf-8", "surrogatepass")}).status_code == 200


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("carla@hill.example.org", {"email": "carla@hill.example.org"}),
        ("Carla Caller", {"first_name": "Carla", "last_name": "Caller"}),
        ("CS12", {}),
    ],
)
def test_what_was_searched_for_is_not_asked_again(said, expected, browser):
    assert "provider=new&amp;q=" in browser.get(URL, {"q": said}).text
    html = browser.get(URL, {"provider": "new", "q": said}).text
    for name in ("first_name", "last_name", "email"):
        tag = next(tag for tag in html.split("<input") if f'name="{name}"' in tag)
        assert f'value="{expected[name]}"' in tag if name in expected else "value=" not in tag


def test_remembered_phone_and_organization_are_prefilled(browser, paula, organization):
    User.objects.filter(pk=paula.pk).update(phone="919 555 0142")
    html = browser.get(URL, {"provider": paula.pk}).text
    assert 'value="919 555 0142"' in html
    assert 'name="primary_name"' not in html
    assert "Riverside Clinic" in html
    assert "patient data" in html


def test_retired_request_type_is_named(browser, call, paula):
    training = RequestType.objects.get(name="Training")
    typed = call(browser, paula, request_type=str(training.pk))
    RequestType.objects.filter(pk=training.pk).update(is_active=False)
    forget_request_types()
    assert "“Training” is not offered any more." in shown(browser.post(URL, typed))


@pytest.mark.parametrize("field", ["switch", "provider"])
@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": True}])
def test_caller_for_whom_nobody_can_file_takes_no_text_away(field, change, client_for, agnes, paula):
    client = client_for(agnes)
    html = client.get(f"{URL}?provider={paula.pk}").text
    User.objects.filter(pk=paula.pk).update(**change)
    posted = {name: hidden(html, name) for name in ("key", "stamp")} | {field: paula.pk}
    answer = client.post(URL, posted | {"description": "Everything that the caller said."})
    assert answer.status_code == 200
    assert "Everything that the caller said." in answer.text
    assert 'role="alert"' in answer.text
    assert not Case.objects.exists()
