"""What people and organizations are found by, and in which orders their lists come."""

from __future__ import annotations

import pytest

from accounts import services
from accounts.models import Organization, User
from accounts.people_search import find_organizations, find_people
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"


def found(text: str) -> list[str]:
    return sorted(find_people(User.objects.all(), text).values_list("username", flat=True))


@pytest.fixture
def _people(paula, rosa):
    make_person("pauline.oneil")
    User.objects.filter(username="pauline.oneil").update(last_name="O'Neil-Smith", email="po@north-clinic.example.net")


@pytest.mark.usefixtures("_people")
@pytest.mark.parametrize(
    ("text", "usernames"),
    [
        ("paul", ["paula.prince", "pauline.oneil"]),
        ("PAUL prin", ["paula.prince"]),
        ("paula.prince", ["paula.prince"]),
        ("paula.prince@clinic.example.org", ["paula.prince"]),
        ("o'neil", ["pauline.oneil"]),
        ("smith", ["pauline.oneil"]),
        ("north-clinic", ["pauline.oneil"]),
        ("paula smith", []),
        ("xylophone", []),
        ("   ", ["paula.prince", "pauline.oneil", "rosa.reed"]),
    ],
)
def test_people_are_found_by_the_beginnings_of_words(text, usernames):
    assert found(text) == usernames


@pytest.mark.parametrize("text", ["'", "a'b", "!", "&|", "<->", ":*", "\\", "%", "_", "(", "é"])
def test_signs_are_no_commands(paula, text):
    assert found(text) == []


def test_organizations_are_found_by_the_beginnings_of_words(organization, rosa):
    services.remember_organization(user=rosa, name="St. Mary's Clinic", kind="primary")
    names = find_organizations(Organization.objects.all(), "mary cli").values_list("name", flat=True)
    assert list(names) == ["St. Mary's Clinic"]
    assert set(find_organizations(Organization.objects.all(), "clin").values_list("name", flat=True)) == {
        "Riverside Clinic",
        "St. Mary's Clinic",
    }


def test_an_address_sorts_by_what_a_heading_offers_alone(client_for, sven, paula, rosa):
    def shown(query: str) -> list[str]:
        rows = client_for(sven).get(f"{USERS}?is_staff__exact=0{query}").context["cl"].result_list
        return [user.username for user in rows]

    assert shown("") == ["paula.prince", "rosa.reed"]
    assert shown("&o=-2") == ["rosa.reed", "paula.prince"]
    # The day of registration has no index: the list comes in its own order, whatever was asked.
    assert shown("&o=-5") == ["paula.prince", "rosa.reed"]
