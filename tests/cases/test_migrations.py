"""What a new database holds: request types, a queue, and groups with what they may do."""

import pytest
from django.contrib.auth.models import Group

from cases.models import Queue, RequestType

pytestmark = pytest.mark.django_db


def permissions(group: str) -> set[str]:
    rows = Group.objects.get(name=group).permissions.values_list("content_type__app_label", "codename")
    return {".".join(row) for row in rows}


def test_request_types_in_the_order_of_the_design():
    assert list(RequestType.objects.offered().values_list("name", flat=True)) == [
        "Account or login help",
        "Provider enrollment",
        "Vaccine inventory",
        "Vaccine shipment or transfer",
        "Storage or temperature excursion",
        "Vaccine wastage or expiry",
        "Recipient record correction",
        "Dose administration record",
        "Scheduling or location listing",
        "Reports and data",
        "Training",
        "Other",
    ]
    assert Queue.objects.get().is_default


def test_viewers_have_no_permission_at_all():
    assert permissions("Viewers") == set()


def test_agents_work_cases_and_supervisors_more():
    assert "cases.change_case" in permissions("Agents")
    assert "mail.change_outboxmessage" in permissions("Agents")
    assert "cases.reassign_case" not in permissions("Agents")
    assert "cases.change_requesttype" not in permissions("Agents")
    assert permissions("Agents") < permissions("Supervisors")
    assert {"cases.reassign_case", "cases.change_queue", "desk.change_resource"} <= permissions("Supervisors")


@pytest.mark.parametrize("group", ["Agents", "Supervisors"])
def test_nobody_deletes_or_adds_cases_messages_and_events(group):
    for model in ("case", "message", "caseevent", "submission"):
        assert not permissions(group) & {f"cases.add_{model}", f"cases.delete_{model}"}
