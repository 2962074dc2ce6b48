"""A query that is written once answers each time for the values of that time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from desk.models import Announcement
from desk.prepared import Prepared, Slot

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def announced() -> list[Announcement]:
    return [Announcement.objects.create(text=f"Outage {n}", starts_at=NOON + timedelta(hours=n)) for n in range(3)]


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def later_than(written) -> Prepared:
    def build():
        written.append("once")
        since = Slot("since", Announcement._meta.get_field("starts_at"))
        rows = Announcement.objects.filter(starts_at__gt=since, severity="info").order_by("starts_at")
        return rows.values_list("pk", "starts_at", "text")

    return Prepared(build)


def test_each_value_has_its_rows(announced, later_than, written):
    assert [pk for pk, *_rest in later_than.rows(since=NOON)] == [announced[1].pk, announced[2].pk]
    assert later_than.rows(since=NOON + timedelta(hours=9)) == []
    third = announced[2]
    assert later_than.rows(since=NOON + timedelta(hours=1)) == [(third.pk, third.starts_at, "Outage 2")]
    assert written == ["once"]


def test_one_statement_each_time(announced, later_than, django_assert_num_queries):
    later_than.rows(since=NOON)
    with django_assert_num_queries(1):
        later_than.rows(since=NOON)


def test_a_value_that_is_not_given_is_no_null(later_than):
    with pytest.raises(KeyError, match="since"):
        later_than.rows(until=NOON)


def test_percent_signs_are_those_of_the_query(announced):
    at = Slot("at", Announcement._meta.get_field("starts_at"))
    ours = Prepared(lambda: Announcement.objects.filter(starts_at=at, text__contains="%").values_list("pk", F("text")))
    assert ours.rows(at=NOON) == []
    announced[0].text = "100 % are down"
    announced[0].save()
    assert ours.rows(at=NOON) == [(announced[0].pk, "100 % are down")]
