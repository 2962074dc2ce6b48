"""What is found by which words, by whom; and that the index follows every write by itself."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from django.db import connection

from accounts.models import User
from accounts.services import change_details
from cases import search_index, services
from cases.apps import let_tables_change, make_search_index
from cases.models import Case, Message
from cases.search import search_cases, search_for_agents

pytestmark = pytest.mark.django_db


def found_by_agents(text: str) -> list[int]:
    return sorted(search_for_agents(Case.objects.all(), text).values_list("pk", flat=True))


def found_by_providers(text: str) -> list[int]:
    return sorted(search_cases(Case.objects.all(), text).values_list("pk", flat=True))


def found_by_viewers(text: str) -> list[int]:
    return sorted(search_cases(Case.objects.all(), text, names=True).values_list("pk", flat=True))


@pytest.fixture(params=["few", "many"], autouse=True)
def _few_or_many(request, monkeypatch):
    """What is found is the same whether its numbers are looked up first or asked for with the page."""
    monkeypatch.setattr(search_index, "FEW", 1000 if request.param == "few" else -1)


@pytest.fixture
def case(file, paula) -> Case:
    return file(paula, description="The cooler logged 9 degrees; O'Brien saw it.")


def test_words_are_found_from_their_beginning_without_regard_to_case(case):
    for text in ("cooler", "COOL", "cooler degrees", "degr cool", "O'Brien", "riverside"):
        assert found_by_providers(text) == [case.pk], text
    assert found_by_providers("cooler zebra") == []
    assert found_by_providers("ooler") == []


def test_all_words_may_stand_in_different_texts_of_a_case(case, paula, agnes):
    services.add_information(by=paula, case=case, body="The probe was calibrated in May.")
    services.add_reply(by=agnes, case=case, body="Send the certificate.")
    assert found_by_providers("cooler calibrated certificate riverside") == [case.pk]


def test_an_internal_note_is_found_by_agents_alone(case, agnes):
    services.add_note(by=agnes, case=case, body="Second complaint about this carrier.")
    assert found_by_agents("complaint") == [case.pk]
    assert found_by_agents("complaint cooler") == [case.pk]
    assert found_by_providers("complaint") == []
    assert found_by_viewers("complaint") == []


def test_a_provider_is_found_by_name_by_staff_and_by_address_by_agents(case, paula):
    assert found_by_viewers(paula.last_name) == found_by_agents(paula.last_name) == [case.pk]
    assert found_by_providers(paula.last_name) == []
    for text in (paula.email, paula.email[:6], paula.username, paula.username.upper()):
        assert found_by_agents(text) == [case.pk], text
    assert found_by_viewers(paula.email) == []


def test_a_new_name_is_found_and_the_old_one_is_not(case, paula):
    change_details(user=paula, first_name="Paula", last_name="Zimmermann", phone="")
    assert found_by_agents("Zimmermann") == [case.pk]
    assert found_by_viewers("Prince") == []


def test_what_was_removed_is_not_found(case, paula, agnes):
    message = services.add_information(by=paula, case=case, body="It was Jane Doe.")
    assert found_by_agents("jane") == [case.pk]
    services.redact(by=agnes, case=case, message=message, passage="Jane Doe", reason="patient data")
    assert found_by_agents("jane") == []
    services.redact(by=agnes, case=case, message=None, passage="O'Brien", reason="patient data")
    assert found_by_agents("Brien") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM cases_search")
        assert "brien" not in str(cursor.fetchall()).lower()


def test_what_moved_with_a_merge_is_found_in_the_case_that_stays(file, paula, agnes, case):
    other = file(paula, description="The same cooler again, on Tuesday.")
    services.add_information(by=paula, case=other, body="Its door was ajar.")
    services.merge_case(by=agnes, case=other, into=case)
    found = search_for_agents(Case.objects.unmerged(), "ajar tuesday")
    assert [each.pk for each in found] == [case.pk]


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        "\\",
        "'\\",
        ":*",
        "a:*b",
        "(",
        ")(",
        "& | !",
        "<->",
        "* -",
        "{text}",
        "NOT",
        "AND OR",
        "%",
        "_",
        "🧪",
        "ñ",
        "שלום",
    ],
)
def test_signs_are_no_commands(case, text):
    assert found_by_agents(text) in ([], [case.pk])
    assert found_by_providers(f"{text} cooler") in ([], [case.pk])
    assert found_by_viewers(text) == found_by_providers(text)


def test_a_very_long_case_can_be_written_on_and_found(case, paula, agnes):
    Message.objects.bulk_create(
        Message(case=case, author=paula, kind="provider", body=f"lot{n} " * 2000, created_at=case.filed_at)
        for n in range(100)
    )
    services.add_reply(by=agnes, case=case, body="The newest word is quokka.")
    assert found_by_agents("quokka") == [case.pk]


def test_the_index_can_be_made_again(case):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE cases_search")
    search_index.make_index(connection)
    search_index.make_index(connection)
    assert found_by_providers("cooler") == [case.pk]
    services.add_information(by=User.objects.get(pk=case.provider_id), case=case, body="Found again.")
    assert found_by_providers("cooler again") == [case.pk]


def migrate_descriptions(text: str) -> None:
    """What migrations that change rows come to: on SQLite they run without the triggers of the index."""
    let_tables_change(using="default", plan=["a migration"])
    Case.objects.update(description=text)


def test_what_migrations_change_is_found(case):
    migrate_descriptions("A quokka has the fridge.")
    make_search_index(using="default", plan=["a migration"])
    assert found_by_providers("quokka") == [case.pk]
    assert found_by_providers("cooler") == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's triggers stay")
def test_an_index_that_could_not_be_filled_is_filled_the_next_time(case, monkeypatch):
    migrate_descriptions("A quokka has the fridge.")
    with monkeypatch.context() as patched:
        patched.setattr(search_index, "fill", Mock(side_effect=OSError("The disk is full.")))
        with pytest.raises(OSError, match="full"):
            make_search_index(using="default", plan=["a migration"])
    make_search_index(using="default", plan=[])
    assert found_by_providers("quokka") == [case.pk]
