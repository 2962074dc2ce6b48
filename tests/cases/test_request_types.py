"""Request types: what supervisors change about them, and what that does to forms and cases."""

import re
import time

import pytest

from accounts import drafts
from accounts.models import Draft
from cases import services
from cases.models import Case, Queue, RequestType
from cases.request_types import forget_request_types, request_types
from desk.copies import COPY_SECONDS
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db

LIST = "/admin/cases/requesttype/"
ADD = LIST + "add/"


def page(request_type: RequestType) -> str:
    return f"{LIST}{request_type.pk}/change/"


@pytest.fixture
def supervisor(client_for, sven):
    return client_for(sven)


@pytest.fixture
def filled(supervisor):
    """Return a function that opens the page of a request type and gives what its browser would post."""

    def fill_out(request_type: RequestType, **typed) -> dict:
        form = {
            "name": request_type.name,
            "help_text": request_type.help_text,
            "queue": str(request_type.queue_id),
            "default_priority": str(request_type.default_priority),
            "position": str(request_type.position),
            "shown_values": hidden(supervisor.get(page(request_type)).text, "shown_values"),
        }
        if request_type.is_active:
            form["is_active"] = "on"
        form |= typed
        return {name: value for name, value in form.items() if value is not None}

    return fill_out


def options(html: str) -> list[str]:
    """Return the names that the form offers."""
    select = html[html.index('<select name="request_type"') :]
    return re.findall(r"<option[^>]*>([^<]*)</option>", select[: select.index("</select>")])[1:]


def change_elsewhere(request_type: RequestType, **changes) -> None:
    """Change a type in another process, a minute ago."""
    RequestType.objects.filter(pk=request_type.pk).update(**changes)
    forget_request_types()


# --- What the intake form makes of them --------------------------------------------------------


def test_hint_is_told_below_the_list(client_for, paula, request_type):
    assert "What the types mean" not in client_for(paula).get("/cases/new/").text
    change_elsewhere(request_type, help_text="Counts that differ from the <shelf>.")
    html = client_for(paula).get("/cases/new/").text
    details = html[html.index("<details") : html.index("</details>")]
    assert "What the types mean" in details
    assert "Vaccine inventory" in details
    assert "Counts that differ from the &lt;shelf&gt;." in details
    assert "Training" not in details, "only types with a hint are explained"


def test_order_and_activity_are_what_supervisors_say(client_for, paula):
    RequestType.objects.filter(name="Other").update(position=1)
    RequestType.objects.filter(name="Training").update(is_active=False)
    offered = options(client_for(paula).get("/cases/new/").text)
    assert offered[0] == "Other"
    assert "Training" not in offered
    assert len(offered) == 11


def test_queue_and_priority_of_a_new_case_come_from_its_type(client_for, paula, intake, request_type):
    team = Queue.objects.create(name="Inventory team")
    RequestType.objects.filter(pk=request_type.pk).update(queue=team, default_priority=1)
    client = client_for(paula)
    client.post("/cases/new/", intake(client))
    case = Case.objects.get()
    assert (case.queue, case.priority) == (team, 1)


def test_type_switched_off_while_the_form_was_open_is_named(client_for, paula, intake, request_type):
    client = client_for(paula)
    typed = intake(client)
    change_elsewhere(request_type, is_active=False)
    html = client.post("/cases/new/", typed).text
    assert "“Vaccine inventory” is not offered any more. Choose another request type." in html
    assert "Two vials are missing." in html
    assert not Case.objects.exists()


def test_kept_text_with_a_type_that_is_switched_off_says_so(client_for, paula, intake, request_type):
    client = client_for(paula)
    typed = intake(client)
    drafts.save_draft(paula, services.INTAKE_DRAFT, typed["key"], typed)
    assert "not offered any more" not in client.get("/cases/new/").text
    change_elsewhere(request_type, is_active=False)
    html = client.get("/cases/new/").text
    assert "“Vaccine inventory” is not offered any more." in html
    assert "Two vials are missing." in html


@pytest.mark.parametrize("junk", ["\x00", "9" * 40, "-1", "x", "0"])
def test_kept_text_with_a_junk_type_opens(junk, client_for, paula):
    Draft.objects.create(
        owner=paula,
        kind=services.INTAKE_DRAFT,
        key="k" * 20,
        data={"request_type": junk.strip("\0"), "description": "x"},
    )
    assert client_for(paula).get("/cases/new/").status_code == 200


def test_case_of_a_type_that_is_switched_off_stays_readable(case, client_for, paula, agnes, request_type):
    change_elsewhere(request_type, is_active=False)
    assert "Vaccine inventory" in client_for(paula).get(f"/cases/{case.case_id}/").text
    agent = client_for(agnes)
    assert "Vaccine inventory" in agent.get(f"/admin/cases/case/{case.pk}/change/").text
    for address in (
        f"/admin/cases/case/?list=all&type={request_type.pk}",
        f"/my-lists/?tab=all&type={request_type.pk}",
    ):
        html = agent.get(address).text
        assert case.case_id in html
        assert "Vaccine inventory (no longer offered)" in html


# --- What supervisors do -----------------------------------------------------------------------


def test_supervisor_changes_everything_about_a_type(supervisor, filled, request_type):
    team = Queue.objects.create(name="Inventory team")
    typed = filled(
        request_type,
        name="Inventory",
        help_text="Counts that differ.",
        queue=str(team.pk),
        default_priority="2",
        position="5",
        is_active=None,
    )
    assert supervisor.post(page(request_type), typed)["Location"] == LIST
    request_type.refresh_from_db()
    assert (request_type.name, request_type.help_text, request_type.queue) == (
        "Inventory",
        "Counts that differ.",
        team,
    )
    assert (request_type.default_priority, request_type.position, request_type.is_active) == (2, 5, False)


def test_moving_a_type_leaves_filed_cases_where_they_are(supervisor, filled, request_type, case, queue):
    team = Queue.objects.create(name="Inventory team")
    supervisor.post(page(request_type), filled(request_type, queue=str(team.pk), default_priority="1"))
    case.refresh_from_db()
    assert (case.queue, case.priority) == (queue, 3)


def test_supervisor_adds_a_type_and_it_begins_in_the_default_queue(supervisor, queue, client_for, paula):
    Queue.objects.create(name="A team before all others")
    html = supervisor.get(ADD).text
    assert re.search(rf'<option value="{queue.pk}"\s+selected', html)
    typed = {
        "name": "Recall",
        "help_text": "",
        "queue": queue.pk,
        "default_priority": "1",
        "position": "1",
        "is_active": "on",
    }
    supervisor.post(ADD, typed)
    assert options(client_for(paula).get("/cases/new/").text)[0] == "Recall"


def test_last_type_can_not_be_switched_off(supervisor, filled, request_type):
    RequestType.objects.exclude(pk=request_type.pk).update(is_active=False)
    html = supervisor.post(page(request_type), filled(request_type, is_active=None)).text
    assert "This is the last request type that is offered" in html
    request_type.refresh_from_db()
    assert request_type.is_active


def test_stale_save_is_refused_and_the_next_one_goes_through(supervisor, filled, request_type):
    typed = filled(request_type, name="Mine")
    RequestType.objects.filter(pk=request_type.pk).update(name="Theirs")
    html = supervisor.post(page(request_type), typed).text
    assert "Somebody else has changed this" in html
    assert "Now: Theirs" in html
    assert 'value="Mine"' in html
    supervisor.post(page(request_type), typed | {"shown_values": hidden(html, "shown_values")})
    request_type.refresh_from_db()
    assert request_type.name == "Mine"


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("name", ""),
        ("name", "Training"),
        ("name", "a\0b"),
        ("name", "a\nb"),
        ("help_text", "h" * 201),
        ("queue", "999999"),
        ("queue", "\0"),
        ("default_priority", "9"),
        ("position", "-1"),
        ("position", "9" * 30),
    ],
)
def test_bad_input_is_explained_and_changes_nothing(field, bad, supervisor, filled, request_type):
    response = supervisor.post(page(request_type), filled(request_type, **{field: bad}))
    assert response.status_code == 200
    assert "errornote" in response.text
    assert RequestType.objects.filter(name="Vaccine inventory", position=request_type.position).exists()


def test_agents_look_and_change_nothing(client_for, agnes, request_type, filled):
    agent = client_for(agnes)
    assert "Vaccine inventory" in agent.get(LIST).text
    assert "Vaccine inventory" in agent.get(page(request_type)).text
    assert agent.post(page(request_type), filled(request_type, name="Mine")).status_code == 403
    assert agent.get(ADD).status_code == 403
    request_type.refresh_from_db()
    assert request_type.name == "Vaccine inventory"


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_others_see_none_of_it(person, request, client_for, request_type):
    browser = client_for(request.getfixturevalue(person))
    assert browser.get(page(request_type))["Location"].startswith("/admin/login/")


def test_nobody_deletes_a_type(supervisor, request_type):
    assert supervisor.post(f"{LIST}{request_type.pk}/delete/", {"post": "yes"}).status_code == 403
    assert RequestType.objects.filter(pk=request_type.pk).exists()


def test_list_costs_the_same_with_few_and_many(supervisor, statements, queue):
    few = statements(lambda: supervisor.get(LIST))
    RequestType.objects.bulk_create(RequestType(name=f"Type {n}", queue=queue) for n in range(30))
    assert statements(lambda: supervisor.get(LIST)) == few <= 14


# --- The copy that each process keeps ----------------------------------------------------------


def test_pages_ask_for_no_types(client_for, paula, django_assert_num_queries):
    request_types()
    with django_assert_num_queries(0):
        assert "Training" in [each.name for each in request_types().values()]


def test_a_change_elsewhere_shows_within_a_minute(db, request_type, monkeypatch):
    request_types()
    RequestType.objects.filter(pk=request_type.pk).update(name="Doses")
    assert request_types()[request_type.pk].name == "Vaccine inventory"
    later = time.monotonic() + COPY_SECONDS
    monkeypatch.setattr("desk.copies.time.monotonic", lambda: later)
    assert request_types()[request_type.pk].name == "Doses"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_change_here_shows_at_once(sven, request_type):
    request_types()
    request_type.name = "Doses"
    services.save_request_type(by=sven, request_type=request_type)
    assert request_types()[request_type.pk].name == "Doses"


def test_a_case_of_a_type_younger_than_the_copy_is_listed(client_for, paula, file, queue):
    client = client_for(paula)
    client.get("/my-lists/")
    young = RequestType.objects.create(name="Freezers", queue=queue)
    case = file(paula)
    Case.objects.filter(pk=case.pk).update(request_type=young)
    assert "Freezers" in client.get("/my-lists/?tab=all").text


def test_a_type_younger_than_the_copy_can_be_chosen(client_for, paula, intake, queue):
    client = client_for(paula)
    typed = intake(client)
    young = RequestType.objects.create(name="Freezers", queue=queue)
    client.post("/cases/new/", typed | {"request_type": str(young.pk)})
    assert Case.objects.get().request_type == young
