"""Sessions end: those of an account by a supervisor, all but the present one by their owner."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied

from accounts import services
from accounts.models import User
from tests.conftest import make_person

END_OTHERS = "/account/sessions/end/"


def page(user: User) -> str:
    return f"/admin/accounts/user/{user.pk}/end-sessions/"


def is_in(browser) -> bool:
    return browser.get("/account/").status_code == 200


def test_supervisor_ends_every_session_and_the_password_stays(sven, paula, client_for, log_in):
    browsers = [client_for(paula), client_for(paula)]
    assert all(map(is_in, browsers))
    response = client_for(sven).post(page(paula))
    assert response["Location"] == f"/admin/accounts/user/{paula.pk}/change/"
    assert not any(map(is_in, browsers))
    assert browsers[0].get("/account/")["Location"] == "/login/?next=/account/"
    assert log_in("paula.prince").status_code == 302
    assert "sessions" in LogEntry.objects.get(object_id=str(paula.pk)).change_message


def test_only_the_sessions_of_that_account_end(sven, paula, quinn, client_for):
    browser = client_for(quinn)
    supervisors = client_for(sven)
    supervisors.post(page(paula))
    assert is_in(browser)
    assert is_in(supervisors)


@pytest.mark.parametrize("person", ["agnes", "vera", "paula", "rosa"])
def test_nobody_else_ends_the_sessions_of_others(person, quinn, request, client_for):
    by = request.getfixturevalue(person)
    browser = client_for(quinn)
    assert client_for(by).post(page(quinn)).status_code in {302, 403, 404}
    with pytest.raises(PermissionDenied):
        services.end_sessions(account=quinn, by=by)
    assert is_in(browser)


def test_supervisor_does_not_end_those_of_another_supervisor(sven, client_for):
    stella = make_person("stella.stern", group="Supervisors")
    browser = client_for(stella)
    assert client_for(sven).post(page(stella)).status_code == 403
    assert is_in(browser)


def test_sessions_from_before_a_block_stay_ended(sven, paula, client_for):
    browser = client_for(paula)
    services.block_account(account=paula, by=sven)
    services.unblock_account(account=paula, by=sven)
    assert not is_in(browser)


def test_button_is_there_for_who_may(sven, agnes, paula, client_for):
    address = f"/admin/accounts/user/{paula.pk}/change/"
    assert page(paula) in client_for(sven).get(address).content.decode()
    assert page(paula) not in client_for(agnes).get(address).content.decode()


def test_owner_logs_out_everywhere_else(paula, client_for):
    here, elsewhere = client_for(paula), client_for(paula)
    assert END_OTHERS in here.get("/account/").content.decode()
    answer = here.post(END_OTHERS, follow=True)
    assert "You are logged out everywhere else." in answer.content.decode()
    assert is_in(here)
    assert not is_in(elsewhere)
    here.post(END_OTHERS)
    assert is_in(here), "a second time too"


def test_ending_is_a_post_with_a_token(paula, sven, client_for):
    browser = client_for(paula)
    assert browser.get(END_OTHERS).status_code == 405
    assert client_for(paula, enforce_csrf_checks=True).post(END_OTHERS).status_code == 403
    assert client_for(sven).get(page(paula)).status_code == 405
    assert client_for().post(END_OTHERS)["Location"].startswith("/login/")
    assert is_in(browser)
