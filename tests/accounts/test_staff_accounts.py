"""Accounts in admin: made, blocked, given a new temporary password; each by whom it may be."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied

from accounts import services, signals
from accounts.models import Membership, Organization, User
from mail.models import OutboxEvent
from tests.accounts.letters import temporary_password_in, user_id_in
from tests.conftest import make_person

ADD = "/admin/accounts/user/add/"
NEW = {"first_name": "Anna", "last_name": "Agent", "email": "anna@desk.example.org", "role": "Agents"}


@pytest.fixture
def ada(db) -> User:
    """The administrator."""
    user = make_person("ada.admin", group="Supervisors")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    return User.objects.get(pk=user.pk)


def page(user: User, act: str = "change") -> str:
    return f"/admin/accounts/user/{user.pk}/{act}/"


# --- Making staff accounts --------------------------------------------------------------------


def test_supervisor_makes_an_agent_who_logs_in_with_the_mailed_password(sven, client_for, mailbox, log_in):
    response = client_for(sven).post(ADD, NEW)
    assert (response.status_code, response["Location"]) == (302, page(User.objects.get(email=NEW["email"])))
    anna = User.objects.get(email="anna@desk.example.org")
    assert (anna.username, anna.is_staff, anna.is_superuser, anna.must_change_password) == (
        "anna.agent",
        True,
        False,
        True,
    )
    assert [group.name for group in anna.groups.all()] == ["Agents"]
    assert anna.is_agent
    [letter] = mailbox()
    assert letter.to == ["anna@desk.example.org"]
    answer = log_in(user_id_in(letter), temporary_password_in(letter))
    assert answer.status_code == 302
    assert answer.client.get("/admin/")["Location"] == "/set-password/", "promise 5 holds for staff"


@pytest.mark.parametrize("role", ["Viewers", "Agents"])
def test_supervisor_gives_the_roles_below(role, sven, client_for):
    assert client_for(sven).post(ADD, NEW | {"role": role}).status_code == 302
    assert User.objects.get(email="anna@desk.example.org").groups.get().name == role


def test_supervisor_cannot_make_a_supervisor(sven, client_for, ada):
    browser = client_for(sven)
    assert "Supervisors" not in browser.get(ADD).content.decode()
    response = browser.post(ADD, NEW | {"role": "Supervisors"})
    assert response.status_code == 200
    assert "Select a valid choice." in response.content.decode()
    assert 'value="Anna"' in response.content.decode()
    with pytest.raises(PermissionDenied):
        services.create_staff(**NEW | {"role": "Supervisors"}, by=sven)
    assert not User.objects.filter(email="anna@desk.example.org").exists()
    assert client_for(ada).post(ADD, NEW | {"role": "Supervisors"}).status_code == 302
    assert User.objects.get(email="anna@desk.example.org").is_supervisor


@pytest.mark.parametrize("person", ["agnes", "vera", "paula"])
def test_nobody_else_makes_accounts(person, request, client_for, db):
    by = request.getfixturevalue(person)
    browser = client_for(by)
    assert browser.get(ADD).status_code in {302, 403}
    assert browser.post(ADD, NEW).status_code in {302, 403}
    with pytest.raises(PermissionDenied):
        services.create_staff(**NEW, by=by)
    assert not User.objects.filter(email="anna@desk.example.org").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", ""),
        ("email", "nonsense"),
        ("email", "PAULA.PRINCE@clinic.example.org"),
        ("role", "Gods"),
        ("last_name", "a\nb"),
    ],
)
def test_bad_input_is_explained(field, value, sven, paula, client_for):
    response = client_for(sven).post(ADD, NEW | {field: value})
    assert response.status_code == 200
    assert "errornote" in response.content.decode()
    assert not User.objects.filter(first_name="Anna").exists()


@pytest.mark.parametrize("smuggled", ["is_superuser", "is_staff", "username", "password", "must_change_password"])
def test_only_the_fields_of_the_form_are_taken(smuggled, sven, client_for):
    client_for(sven).post(ADD, NEW | {"role": "Viewers", smuggled: "1"})
    made = User.objects.get(email="anna@desk.example.org")
    assert (made.is_superuser, made.username, made.must_change_password) == (False, "anna.agent", True)
    assert not made.has_usable_password()


# --- Looking and changing ---------------------------------------------------------------------


def test_agent_looks_and_changes_nothing(agnes, paula, client_for):
    browser = client_for(agnes)
    shown = browser.get(page(paula)).content.decode()
    assert paula.email in shown
    for act in ("block", "unblock", "send-temporary-password"):
        assert page(paula, act) not in shown
        assert browser.post(page(paula, act)).status_code == 403
    assert browser.post(page(paula), {"first_name": "X"}).status_code == 403
    assert browser.post(page(paula, "delete"), {"post": "yes"}).status_code == 403
    paula.refresh_from_db()
    assert (paula.is_active, paula.first_name) == (True, "Paula")
    assert not OutboxEvent.objects.exists()


@pytest.mark.parametrize("person", ["ada", "sven"])
def test_nobody_deletes_or_edits_an_account(person, paula, request, client_for):
    browser = client_for(request.getfixturevalue(person))
    assert browser.post(page(paula, "delete"), {"post": "yes"}).status_code == 403
    assert browser.post(page(paula), {"first_name": "X"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [paula.pk], "post": "yes"}
    browser.post("/admin/accounts/user/", chosen)
    assert User.objects.get(pk=paula.pk).first_name == "Paula"


def test_no_page_shows_a_hash(ada, paula, client_for):
    for path in ("/admin/accounts/user/", page(paula), page(paula, "history")):
        shown = client_for(ada).get(path).content.decode()
        assert "paula.prince" in shown
        assert paula.password not in shown
        assert paula.password.split("$")[-1] not in shown


# --- Blocking ---------------------------------------------------------------------------------


def test_blocking_ends_sessions_and_tells_the_other_apps(sven, agnes, client_for, log_in):
    heard = []

    def hear(sender, account, by, **kwargs):
        heard.append((account, by, account.is_active))

    browser = client_for(agnes)
    assert browser.get("/admin/").status_code == 200
    signals.account_blocked.connect(hear)
    try:
        response = client_for(sven).post(page(agnes, "block"))
    finally:
        signals.account_blocked.disconnect(hear)
    assert response["Location"] == page(agnes)
    assert heard == [(agnes, sven, False)]
    assert browser.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert log_in("agnes.archer").status_code == 200
    entry = LogEntry.objects.get(object_id=str(agnes.pk))
    assert (entry.user, "blocked" in entry.change_message) == (sven, True)
    assert client_for(sven).post(page(agnes, "unblock")).status_code == 302
    assert log_in("agnes.archer").status_code == 302


@pytest.mark.parametrize("act", ["block", "unblock", "send-temporary-password"])
@pytest.mark.parametrize("whose", ["other supervisor", "blocked supervisor", "administrator", "own"])
def test_supervisor_manages_nobody_on_or_above_the_own_rank(whose, act, sven, ada, client_for):
    stella = make_person("stella.stern", group="Supervisors")
    if whose == "blocked supervisor":
        services.block_account(account=stella, by=ada)
    account = {"administrator": ada, "own": sven}.get(whose, stella)
    browser = client_for(sven)
    before = User.objects.filter(pk=account.pk).values().get()
    assert page(account, act) not in browser.get(page(account)).content.decode()
    assert browser.post(page(account, act)).status_code == 403
    assert User.objects.filter(pk=account.pk).values().get() == before


def test_administrator_manages_supervisors_and_not_himself(ada, sven, client_for):
    browser = client_for(ada)
    assert browser.post(page(sven, "block")).status_code == 302
    assert not User.objects.get(pk=sven.pk).is_active
    assert browser.post(page(ada, "block")).status_code == 403


def test_acts_are_posts_with_a_token(sven, paula, client_for):
    assert client_for(sven).get(page(paula, "block")).status_code == 405
    assert client_for(sven, enforce_csrf_checks=True).post(page(paula, "block")).status_code == 403
    assert client_for(sven).post("/admin/accounts/user/999999/block/").status_code == 404
    paula.refresh_from_db()
    assert paula.is_active


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_who_works_no_cases_reaches_no_act(person, rosa, request, client_for):
    browser = client_for(request.getfixturevalue(person))
    for act in ("block", "send-temporary-password", "memberships/1/verify"):
        assert browser.post(page(rosa, act)).status_code == 302
    rosa.refresh_from_db()
    assert rosa.is_active


def test_supervisor_sends_a_new_temporary_password(sven, paula, client_for, mailbox, log_in):
    response = client_for(sven).post(page(paula, "send-temporary-password"))
    assert response["Location"] == page(paula)
    assert log_in("paula.prince").status_code == 200, "the one before is dead at once"
    [letter] = mailbox()
    assert log_in("paula.prince", temporary_password_in(letter)).status_code == 302


# --- Memberships and organizations ------------------------------------------------------------


def test_agent_verifies_a_membership_on_the_page(agnes, paula, organization, client_for):
    browser = client_for(agnes)
    membership = Membership.objects.get(user=paula)
    assert "Verify: works for Riverside Clinic" in browser.get(page(paula)).content.decode()
    said = {"organization": organization.pk}
    assert f'name="organization" value="{organization.pk}"' in browser.get(page(paula)).text
    assert browser.post(page(paula, f"memberships/{membership.pk}/verify"), said)["Location"] == page(paula)
    membership.refresh_from_db()
    assert membership.verified_by == agnes
    assert "Withdraw verification for Riverside Clinic" in browser.get(page(paula)).content.decode()
    browser.post(page(paula, f"memberships/{membership.pk}/withdraw-verification"))
    membership.refresh_from_db()
    assert membership.verified_at is None


def test_verify_confirms_what_the_page_said_and_nothing_else(agnes, paula, organization, client_for):
    """A merge has moved the membership to another organization since the page was opened."""
    membership = Membership.objects.get(user=paula)
    answer = client_for(agnes).post(
        page(paula, f"memberships/{membership.pk}/verify"), {"organization": organization.pk + 1}, follow=True
    )
    assert "The organization of this membership has changed." in answer.text
    membership.refresh_from_db()
    assert membership.verified_at is None


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 40])
def test_membership_that_nobody_has_is_unknown(number, agnes, paula, client_for):
    assert client_for(agnes).post(page(paula, f"memberships/{number}/verify")).status_code == 404


def test_membership_of_somebody_else_is_unknown(agnes, paula, rosa, organization, client_for):
    membership = Membership.objects.get(user=paula)
    assert client_for(agnes).post(page(rosa, f"memberships/{membership.pk}/verify")).status_code == 404
    membership.refresh_from_db()
    assert membership.verified_at is None


@pytest.mark.parametrize("lookup", ["password__startswith", "password__regex", "groups__name", "memberships__kind"])
def test_list_obeys_no_lookup_typed_into_the_address(lookup, sven, paula, client_for):
    response = client_for(sven).get(f"/admin/accounts/user/?{lookup}=m")
    assert response.status_code == 400


def test_supervisor_renames_an_organization_and_agents_do_not(sven, agnes, organization, client_for):
    path = f"/admin/accounts/organization/{organization.pk}/change/"
    assert client_for(agnes).post(path, {"name": "Stolen"}).status_code == 403
    assert client_for(sven).post(path, {"name": "Riverside Health"}).status_code == 302
    organization.refresh_from_db()
    assert (organization.name, organization.name_key) == ("Riverside Health", "riverside health")


def test_two_organizations_never_get_one_name(sven, rosa, organization, client_for):
    services.remember_organization(user=rosa, name="Lakeside Clinic")
    path = f"/admin/accounts/organization/{organization.pk}/change/"
    for name in ("lakeside  CLINIC", "Generic Vaccine Provider", "", "a\nb"):
        response = client_for(sven).post(path, {"name": name})
        assert response.status_code == 200, name
        assert "errornote" in response.content.decode()


def test_placeholder_is_nobodys_to_rename(ada, client_for):
    placeholder = Organization.objects.placeholder()
    assert (
        client_for(ada).post(f"/admin/accounts/organization/{placeholder.pk}/change/", {"name": "X"}).status_code
        == 403
    )


@pytest.mark.parametrize("path", ["/admin/accounts/user/", "/admin/accounts/organization/"])
@pytest.mark.parametrize("query", ["q=%00", "q=%F0%9F%99%82", "q=%ff", "o=99.x", "p=x", "e=1", "q=" + "x" * 3000])
def test_strange_searches_are_no_fault(path, query, sven, client_for):
    assert client_for(sven).get(f"{path}?{query}").status_code in {200, 302}


def test_list_costs_the_same_with_one_and_three(sven, client_for, statements):
    browser = client_for(sven)
    browser.get("/admin/accounts/user/")
    one = statements(lambda: browser.get("/admin/accounts/user/"))
    make_person("one.more")
    make_person("two.more")
    assert statements(lambda: browser.get("/admin/accounts/user/")) == one


def test_address_in_use_is_said_beside_its_field(sven, paula, client_for):
    answer = client_for(sven).post(ADD, NEW | {"email": paula.email})
    assert answer.status_code == 200
    assert "An account with this email address exists already." in answer.content.decode()
