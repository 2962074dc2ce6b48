"""A staff account gets another role: by whom, which, and what follows."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied

from accounts import services
from accounts.models import User
from cases.models import CaseEvent
from tests.conftest import make_person


@pytest.fixture
def ada(db) -> User:
    """The administrator."""
    user = make_person("ada.admin", group="Supervisors")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def alan(ada) -> User:
    """Another administrator."""
    user = make_person("alan.admin", group="Supervisors")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def stella(db) -> User:
    return make_person("stella.stern", group="Supervisors")


def page(user: User) -> str:
    return f"/admin/accounts/user/{user.pk}/role/"


def role_of(user: User) -> list[str]:
    return list(User.objects.get(pk=user.pk).groups.values_list("name", flat=True))


def test_agent_becomes_a_viewer_and_sessions_end(sven, agnes, client_for):
    browser = client_for(agnes)
    supervisors = client_for(sven)
    shown = supervisors.get(page(agnes)).content.decode()
    assert '<option value="Agents" selected>' in shown
    assert 'value="Supervisors"' not in shown
    answer = supervisors.post(page(agnes), {"role": "Viewers"}, follow=True)
    assert "The role is now: Viewers." in answer.content.decode()
    assert role_of(agnes) == ["Viewers"]
    assert browser.get("/account/")["Location"] == "/login/?next=/account/&ended=yes"
    assert client_for(User.objects.get(pk=agnes.pk)).get("/admin/", follow=True).redirect_chain[-1][0] == "/my-lists/"


def test_cases_go_back_and_queues_are_left(sven, agnes):
    from cases import services as case_services
    from cases.models import Case, Queue, RequestType

    case_services.join_default_queue(agent=agnes)
    paula = make_person("paula.prince")
    filing = case_services.Filing(
        request_type=RequestType.objects.first(),
        description="Two vials.",
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
    )
    case = case_services.file_case(by=paula, filing=filing, key="k" * 20)
    case_services.take_case(by=agnes, case=case)
    services.change_role(account=agnes, role="Viewers", by=sven)
    case.refresh_from_db()
    assert case.assigned_agent is None
    event = CaseEvent.objects.filter(case=case, kind=CaseEvent.Kind.AGENT_ASSIGNED).latest("pk")
    assert (event.by, event.from_value) == (sven, str(agnes.pk))
    assert not Queue.objects.filter(members=agnes).exists()
    services.change_role(account=agnes, role="Agents", by=sven)
    assert list(Queue.objects.filter(members=agnes)) == [Queue.objects.get(is_default=True)]
    assert Case.objects.get().assigned_agent is None


def test_agent_who_becomes_a_supervisor_keeps_the_cases(ada, agnes, client_for):
    assert client_for(ada).post(page(agnes), {"role": "Supervisors"}).status_code == 302
    assert User.objects.get(pk=agnes.pk).is_supervisor


def test_same_role_changes_nothing(sven, agnes, client_for):
    browser = client_for(agnes)
    services.change_role(account=agnes, role="Agents", by=sven)
    assert browser.get("/admin/").status_code == 200


def test_rights_given_by_hand_go_with_the_role(sven, agnes):
    agnes.user_permissions.add(Permission.objects.get(codename="change_case"))
    services.change_role(account=agnes, role="Viewers", by=sven)
    assert not User.objects.get(pk=agnes.pk).is_agent


@pytest.mark.parametrize(
    ("by", "whose", "role"),
    [
        ("sven", "agnes", "Supervisors"),
        ("sven", "stella", "Agents"),
        ("sven", "sven", "Agents"),
        ("sven", "ada", "Agents"),
        ("sven", "paula", "Agents"),
        ("agnes", "vera", "Agents"),
        ("agnes", "agnes", "Supervisors"),
        ("vera", "vera", "Agents"),
        ("paula", "paula", "Agents"),
        ("ada", "ada", "Agents"),
        ("ada", "alan", "Agents"),
        ("ada", "paula", "Agents"),
    ],
)
def test_who_may_not(by, whose, role, request, client_for):
    by, account = request.getfixturevalue(by), request.getfixturevalue(whose)
    before = role_of(account)
    assert client_for(by).post(page(account), {"role": role}).status_code in {200, 302, 403}
    with pytest.raises(PermissionDenied):
        services.change_role(account=account, role=role, by=by)
    assert role_of(account) == before
    assert User.objects.get(pk=account.pk).session_generation == 0


def test_administrator_makes_a_supervisor_an_agent(ada, stella, client_for):
    assert client_for(ada).post(page(stella), {"role": "Agents"}).status_code == 302
    assert role_of(stella) == ["Agents"]


@pytest.mark.parametrize("role", ["", "Gods", "\x00", "Supervisors"])
def test_bad_roles_are_explained(role, sven, agnes, client_for):
    answer = client_for(sven).post(page(agnes), {"role": role})
    assert (answer.status_code, "errornote" in answer.content.decode()) == (200, True)
    assert role_of(agnes) == ["Agents"]


@pytest.mark.parametrize("smuggled", ["is_superuser", "groups", "is_staff", "user_permissions"])
def test_only_the_role_is_taken(smuggled, sven, agnes, client_for):
    client_for(sven).post(page(agnes), {"role": "Viewers", smuggled: "1"})
    account = User.objects.get(pk=agnes.pk)
    assert (role_of(agnes), account.is_superuser, account.user_permissions.count()) == (["Viewers"], False, 0)


def test_unknown_account(sven, client_for):
    assert client_for(sven).get("/admin/accounts/user/999999/role/").status_code == 404


# --- A mistyped name --------------------------------------------------------------------------


def name_page(user: User) -> str:
    return f"/admin/accounts/user/{user.pk}/name/"


def test_supervisor_corrects_a_name(sven, paula, client_for):
    browser = client_for(sven)
    assert 'value="Paula"' in browser.get(name_page(paula)).content.decode()
    browser.post(name_page(paula), {"first_name": "Paola", "last_name": "Prinz", "username": "x", "email": "x@y.org"})
    account = User.objects.get(pk=paula.pk)
    assert (account.display_name, account.username, account.email) == ("Paola Prinz", "paula.prince", paula.email)


@pytest.mark.parametrize("typed", ["", "a\nb", "\x00", "see www.example.org", "x" * 101])
def test_nonsense_is_no_name(typed, sven, paula, client_for):
    answer = client_for(sven).post(name_page(paula), {"first_name": typed, "last_name": "Prinz"})
    assert (answer.status_code, 'value="Prinz"' in answer.content.decode()) == (200, True)
    assert User.objects.get(pk=paula.pk).first_name == "Paula"


@pytest.mark.parametrize(("by", "whose"), [("agnes", "paula"), ("sven", "stella"), ("sven", "sven")])
def test_name_is_the_supervisors_to_correct(by, whose, request, client_for):
    by, account = request.getfixturevalue(by), request.getfixturevalue(whose)
    names = {"first_name": "New", "last_name": "Name"}
    assert client_for(by).post(name_page(account), names).status_code == 403
    with pytest.raises(PermissionDenied):
        services.correct_name(account=account, **names, by=by)
    assert User.objects.get(pk=account.pk).first_name != "New"


def test_same_role_ends_nothing(agnes, sven, client_for):
    assert not services.change_role(account=agnes, role="Agents", by=sven)
    answer = client_for(sven).post(f"/admin/accounts/user/{agnes.pk}/role/", {"role": "Agents"}, follow=True)
    assert "The role is Agents already." in answer.text
    assert User.objects.get(pk=agnes.pk).session_generation == 0
