"""Canned replies: named values from a fixed list, put in once; everything else is plain text."""

import pytest

from cases import canned
from cases.models import CannedReply, Queue
from desk.services import help_desk_facts


def test_every_placeholder_is_filled(case, agnes):
    text = "\n".join(f"{name}={{{name}}}" for name in canned.PLACEHOLDERS)
    facts = help_desk_facts()
    assert canned.fill(text, case=case, agent=agnes).split("\n") == [
        "provider_first_name=Paula",
        "provider_last_name=Prince",
        "provider_organization=Riverside Clinic",
        f"case_id={case.case_id}",
        "request_type=Vaccine inventory",
        "agent_name=Agnes Archer",
        f"help_desk_phone={facts.phone_number}",
        "help_desk_hours=M-F: 7 am – 7 pm, Sa-Su: 10 am – 6 pm, Eastern Time",
    ]


def test_preview_knows_the_same_placeholders(sven):
    text = "".join(f"{{{name}}}" for name in canned.PLACEHOLDERS)
    shown = canned.preview(text, agent=sven)
    assert "{" not in shown
    assert "CS0001234" in shown
    assert "Sven Stone" in shown


def test_agent_is_the_person_who_answers(case, agnes, second_agent):
    case.assigned_agent = second_agent
    assert canned.fill("{agent_name}", case=case, agent=agnes) == "Agnes Archer"


def test_value_with_braces_is_not_read_again(case, agnes):
    case.provider.first_name = "{agent_name}"
    case.organization_name = "{{case_id}} {0} %s \\1"
    filled = canned.fill("{provider_first_name} of {provider_organization}", case=case, agent=agnes)
    assert filled == "{agent_name} of {{case_id}} {0} %s \\1"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("{case_id} and {agent_name}", []),
        ("{case_number}", ["case_number"]),
        ("{b} {a} {b} {case_id}", ["b", "a"]),
        ("{CASE_ID}", ["CASE_ID"]),
        ("{ case_id }", [" case_id "]),
        ("{provider.password}", ["provider.password"]),
        ("{0}", ["0"]),
        ("{число}", ["число"]),
        ("{{case_id}}", []),
        ("{{nothing}}", ["nothing"]),
        ("lone }{ and {} and {\ncase_id}", []),
        ("lone } or {, and {case_id", []),
        ("} {", []),
        ('{"a": 1}', []),
        ("{case_id!r} {case_id:>9} {% now %} %(case_id)s $case_id", []),
    ],
)
def test_unknown(text, names):
    assert canned.unknown(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "lone {, } and {}",
        "{nothing} {provider.password} {case_id!r} {case_id.__class__}",
        "{% load x %}{# y #}",
        "{" * 5000,
        "\0{\ud800}",
    ],
)
def test_what_is_no_placeholder_stays_as_it_is(text, case, agnes):
    assert canned.fill(text, case=case, agent=agnes) == text


def test_braces_around_a_placeholder_stay(case, agnes):
    assert canned.fill("{{case_id}}", case=case, agent=agnes) == f"{{{case.case_id}}}"


def test_seeded_replies_have_known_placeholders_only(db):
    bodies = list(CannedReply.objects.values_list("body", flat=True))
    assert len(bodies) == 3
    assert [canned.unknown(body) for body in bodies] == [[], [], []]
    assert all("{provider_first_name}" in body for body in bodies)


def test_reply_is_offered_in_its_queue_or_in_every_one(case):
    other = Queue.objects.create(name="Other")
    for name, queue in (("own", case.queue), ("other", other), ("every", None)):
        CannedReply.objects.create(name=name, queue=queue, body="x")
    CannedReply.objects.create(name="off", body="x", is_active=False)
    names = set(CannedReply.objects.offered_on(case).values_list("name", flat=True))
    assert {"own", "every"} <= names
    assert not {"other", "off"} & names
