"""Agents say until when they are away; supervisors say so for others."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts import services
from accounts.models import User

PAGE = "/account/away/"


@pytest.fixture
def today(monkeypatch) -> date:
    """It is half past eleven in the evening of November 20 in the help desk's zone, the 21st in UTC."""
    now = timezone.datetime(2026, 11, 21, 4, 30, tzinfo=timezone.get_fixed_timezone(0))
    monkeypatch.setattr(timezone, "now", lambda: now)
    return date(2026, 11, 20)


def admin_page(user: User, act: str = "away") -> str:
    return f"/admin/accounts/user/{user.pk}/{act}/"


def until(user: User) -> date | None:
    return User.objects.get(pk=user.pk).away_until


def test_last_day_counts_and_the_next_does_not(today, agnes):
    agnes.away_until = today
    assert (agnes.is_away, agnes.away_note) == (True, "(away until Nov 20)")
    agnes.away_until = today - timedelta(days=1)
    assert (agnes.is_away, agnes.away_note) == (False, "")
    agnes.away_until = date(2027, 1, 3)
    assert agnes.away_note == "(away until Jan 3, 2027)"
    assert agnes.name_with_absence == "Agnes Archer (away until Jan 3, 2027)"
    agnes.away_until = None
    assert (agnes.is_away, agnes.away_note) == (False, "")
    assert agnes.name_with_absence == "Agnes Archer"


def test_agent_goes_and_comes_back(agnes, client_for):
    browser = client_for(agnes)
    assert f'href="{PAGE}"' in browser.get("/account/").content.decode()
    day = timezone.localdate() + timedelta(days=9)
    answer = browser.post(PAGE, {"until": day.isoformat()}, follow=True)
    assert "You are marked as away." in answer.content.decode()
    assert until(agnes) == day
    assert f'value="{day.isoformat()}"' in browser.get(PAGE).content.decode()
    answer = browser.post(PAGE, {"back": "1"}, follow=True)
    assert "You are back at work." in answer.content.decode()
    assert until(agnes) is None


def test_today_is_taken_and_yesterday_is_not(agnes, client_for):
    today = timezone.localdate()
    yesterday = (today - timedelta(days=1)).isoformat()
    answer = client_for(agnes).post(PAGE, {"until": yesterday})
    assert (answer.status_code, "This day is over." in answer.content.decode()) == (200, True)
    assert f'value="{yesterday}"' in answer.content.decode(), "what was typed is kept"
    with pytest.raises(services.DayIsPast):
        services.mark_away(account=agnes, until=today - timedelta(days=1), by=agnes)
    assert until(agnes) is None
    assert client_for(agnes).post(PAGE, {"until": today.isoformat()}).status_code == 302
    assert until(agnes) == today


@pytest.mark.parametrize("typed", ["", "soon", "\x00", "0000-00-00", "99999-01-01", "9" * 400])
def test_nonsense_is_explained(typed, agnes, sven, client_for):
    assert client_for(agnes).post(PAGE, {"until": typed}).status_code == 200
    assert client_for(sven).post(admin_page(agnes), {"until": typed}).status_code == 200
    assert until(agnes) is None


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_there_is_no_such_page_for_who_works_no_cases(person, request, client_for):
    browser = client_for(request.getfixturevalue(person))
    assert PAGE not in browser.get("/account/").content.decode()
    assert browser.get(PAGE).status_code == 404
    assert browser.post(PAGE, {"until": "2099-01-01"}).status_code == 404


def test_strangers_log_in_first(client_for, db):
    assert client_for().get(PAGE)["Location"] == f"/login/?next={PAGE}"


def test_supervisor_marks_an_agent_away_and_back(sven, agnes, client_for):
    browser = client_for(sven)
    day = timezone.localdate() + timedelta(days=3)
    assert browser.post(admin_page(agnes), {"until": day.isoformat()})["Location"] == admin_page(agnes, "change")
    assert until(agnes) == day
    shown = browser.get(admin_page(agnes, "change")).content.decode()
    assert "Until and including " in shown
    assert admin_page(agnes, "back-at-work") in shown
    browser.post(admin_page(agnes, "back-at-work"))
    assert until(agnes) is None
    assert admin_page(agnes, "back-at-work") not in browser.get(admin_page(agnes, "change")).content.decode()


def test_agent_marks_nobody_else(agnes, sven, client_for):
    assert client_for(agnes).post(admin_page(sven), {"until": "2099-01-01"}).status_code == 403
    assert client_for(agnes).post(admin_page(sven, "back-at-work")).status_code == 403
    with pytest.raises(PermissionDenied):
        services.mark_away(account=sven, until=None, by=agnes)


@pytest.mark.parametrize("whose", ["paula", "vera"])
def test_who_works_no_cases_is_not_away(whose, sven, request, client_for):
    account = request.getfixturevalue(whose)
    assert client_for(sven).post(admin_page(account), {"until": "2099-01-01"}).status_code == 403
    assert until(account) is None
