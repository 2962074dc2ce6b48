"""Supervisors keep the help desk's facts; agents may not, and nonsense is refused with a reason."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from desk.models import OpeningHours, PhoneLine, Resource, TermsVersion

HOURS = {"weekday": 0, "opens_at": "19:00", "closes_at": "20:00"}


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        ({"opens_at": "18:00"}, "These hours overlap with others on the same day."),
        ({"opens_at": "06:00", "closes_at": "07:01"}, "These hours overlap with others on the same day."),
        ({"opens_at": "21:00"}, "The closing time must be after the opening time."),
        ({"opens_at": "20:00"}, "The closing time must be after the opening time."),
    ],
)
def test_impossible_hours_are_refused(client_for, sven, hours, reason):
    response = client_for(sven).post("/admin/desk/openinghours/add/", HOURS | hours)
    assert reason in response.content.decode()
    assert OpeningHours.objects.count() == 7


def test_hours_that_touch_are_not_an_overlap(client_for, sven):
    client_for(sven).post("/admin/desk/openinghours/add/", HOURS)
    assert OpeningHours.objects.filter(weekday=0, opens_at=time(19)).exists()


def test_the_database_itself_refuses_closing_before_opening(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        OpeningHours.objects.create(weekday=0, opens_at=time(20), closes_at=time(19, 30))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://example.org/", "data:text/html,x", "www.example.org", "//example.org"]
)
def test_only_web_addresses_are_links(client_for, sven, url):
    data = {"title": "Guide", "position": 1, "url": url, "is_active": "on"}
    response = client_for(sven).post("/admin/desk/resource/add/", data)
    assert "Enter a web address that begins with https:// or http://." in response.content.decode()
    assert not Resource.objects.filter(title="Guide").exists()


@pytest.mark.parametrize("number", ["call us", "1-877", "javascript:1"])
def test_phone_number_must_be_one(number):
    with pytest.raises(ValidationError):
        PhoneLine(heading="h", name="n", number=number).full_clean()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/desk/openinghours/add/",
        "/admin/desk/holiday/add/",
        "/admin/desk/announcement/add/",
        "/admin/desk/resource/add/",
        "/admin/desk/termsversion/add/",
    ],
)
def test_agent_may_not_and_supervisor_may(client_for, agnes, sven, address):
    assert client_for(agnes).get(address).status_code == 403
    assert client_for(sven).get(address).status_code == 200


def test_there_is_one_phone_line_and_it_stays_whoever_asks(client_for, sven):
    sven.is_superuser = True
    sven.save(update_fields=["is_superuser"])
    line = PhoneLine.objects.get()
    assert client_for(sven).get("/admin/desk/phoneline/add/").status_code == 403
    assert client_for(sven).get(f"/admin/desk/phoneline/{line.pk}/delete/").status_code == 403
    assert client_for(sven).get(f"/admin/desk/phoneline/{line.pk}/change/").status_code == 200


def test_terms_in_force_are_never_rewritten(client_for, sven):
    in_force = TermsVersion.objects.current()
    data = {"version": "1.0", "text": "Changed.", "published_at_0": "2026-11-01", "published_at_1": "00:00:00"}
    address = f"/admin/desk/termsversion/{in_force.pk}/change/"
    assert client_for(sven).post(address, data).status_code == 403
    in_force.refresh_from_db()
    assert "Changed." not in in_force.text


def test_terms_in_force_get_their_translation_once_and_nothing_else(client_for, sven):
    version = TermsVersion.objects.create(version="2.0", text="Be kind.")
    address = f"/admin/desk/termsversion/{version.pk}/change/"
    typed = {"version": "3.0", "text": "Changed.", "published_at_0": "2030-01-01", "published_at_1": "00:00:00"}
    assert 'name="text_es"' in client_for(sven).get(address).content.decode()
    assert client_for(sven).post(address, typed | {"text_es": "Sea amable."}).status_code == 302
    kept = TermsVersion.objects.get(pk=version.pk)
    assert (kept.version, kept.text, kept.text_es) == ("2.0", "Be kind.", "Sea amable.")
    assert kept.published_at == version.published_at
    assert client_for(sven).post(address, typed | {"text_es": "Otra."}).status_code == 403


def test_terms_of_tomorrow_may_still_be_edited(client_for, sven):
    draft = TermsVersion.objects.create(version="2.0", text="Draft.", published_at=timezone.now() + timedelta(days=1))
    assert client_for(sven).get(f"/admin/desk/termsversion/{draft.pk}/change/").status_code == 200
