"""Supervisors keep canned replies: known placeholders only, and what a provider would read before it is saved."""

import re
from html import unescape

import pytest

from cases import canned
from cases.models import CannedReply, Queue
from tests.cases.pages import hidden

LIST = "/admin/cases/cannedreply/"
ADD = "/admin/cases/cannedreply/add/"
BODY = "Hello {provider_first_name},\n\n{case_id} is done."


@pytest.fixture
def reply(db) -> CannedReply:
    return CannedReply.objects.create(name="Done", body=BODY)


@pytest.fixture
def fields(queue):
    """Return a function that gives what the form of a canned reply posts."""

    def fill_out(**typed) -> dict:
        return {"name": "Done", "queue": str(queue.pk), "body": BODY, "is_active": "on"} | typed

    return fill_out


def address(reply: CannedReply) -> str:
    return f"{LIST}{reply.pk}/change/"


def preview_in(html: str) -> str | None:
    found = re.search(r'id="preview".*?<div class="message__body">(.*?)</div>', html, re.DOTALL)
    return unescape(found[1]) if found else None


def errors_of(html: str, name: str) -> str:
    row = re.search(rf'<div class="form-row[^"]*field-{name}">(.*?)<label', html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(row[1])).split())


def test_supervisor_adds_one(sven, client_for, fields, queue):
    response = client_for(sven).post(ADD, fields())
    assert (response.status_code, response["Location"]) == (302, LIST)
    reply = CannedReply.objects.get(name="Done")
    assert (reply.body, reply.queue, reply.is_active) == (BODY, queue, True)


def test_supervisor_changes_and_switches_off(reply, sven, client_for, fields):
    browser = client_for(sven)
    shown = hidden(browser.get(address(reply)).text, "shown_values")
    sent = fields(body="Bye {provider_first_name}.", queue="", shown_values=shown)
    del sent["is_active"]
    assert browser.post(address(reply), sent).status_code == 302
    reply.refresh_from_db()
    assert (reply.body, reply.queue, reply.is_active) == ("Bye {provider_first_name}.", None, False)


def test_crlf_of_a_browser_is_stored_as_lf(sven, client_for, fields):
    client_for(sven).post(ADD, fields(body="one\r\n\r\n  two  \r\n"))
    assert CannedReply.objects.get(name="Done").body == "one\n\n  two  \n"


def test_unknown_placeholder_is_refused_beside_the_text(sven, client_for, fields):
    text = "Hello {provider_frist_name}, {case_id} {<b>} {nothing}"
    response = client_for(sven).post(ADD, fields(body=text))
    assert response.status_code == 200
    assert not CannedReply.objects.filter(name="Done").exists()
    said = errors_of(response.text, "body")
    assert said.startswith("This is no placeholder: {provider_frist_name}, {nothing}. You can use: ")
    assert all(f"{{{name}}}" in said for name in canned.PLACEHOLDERS)
    assert text in unescape(response.text), "what was typed is kept"
    assert errors_of(response.text, "name") == ""


def test_unknown_placeholder_is_refused_when_changing(reply, sven, client_for, fields):
    response = client_for(sven).post(address(reply), fields(body="{cases_id}"))
    assert "This is no placeholder: {cases_id}." in errors_of(response.text, "body")
    reply.refresh_from_db()
    assert reply.body == BODY


def test_placeholders_are_listed_beside_the_field(reply, sven, client_for):
    for path in (ADD, address(reply)):
        html = re.sub(r"\s*\n\s*", "", unescape(client_for(sven).get(path).text))
        for name, label in canned.PLACEHOLDERS.items():
            assert f"<code>{{{name}}}</code>" in html
            assert f"<dd>{label}</dd>" in html


def test_page_shows_the_stored_text_with_example_data(reply, sven, client_for):
    assert preview_in(client_for(sven).get(address(reply)).text) == "Hello Jordan,\n\nCS0001234 is done."
    assert preview_in(client_for(sven).get(ADD).text) is None


@pytest.mark.parametrize("where", ["add", "change"])
def test_preview_shows_the_typed_text_and_saves_nothing(where, reply, sven, client_for, fields):
    path = ADD if where == "add" else address(reply)
    typed = "Call {help_desk_phone}, says {agent_name}. <script>x</script>"
    response = client_for(sven).post(path, fields(name="Other name", body=typed, _preview="1"))
    assert response.status_code == 200
    html = response.text
    assert preview_in(html) == "Call 1-877-873-6247, says Sven Stone. <script>x</script>"
    assert "<script>x" not in html
    assert "Nothing is saved yet." in html
    assert 'value="Other name"' in html
    assert typed in unescape(html)
    assert "errornote" not in html
    assert list(CannedReply.objects.filter(name__in=["Done", "Other name"]).values_list("name", "body")) == [
        ("Done", BODY)
    ]


def test_preview_names_unknown_placeholders_too(sven, client_for, fields):
    html = client_for(sven).post(ADD, fields(body="{case_id} {nothing}", _preview="1")).text
    assert preview_in(html) == "CS0001234 {nothing}"
    assert "This is no placeholder: {nothing}." in errors_of(html, "body")


def test_preview_in_a_page_that_is_out_of_date_says_so_and_the_next_save_goes_through(reply, sven, client_for, fields):
    browser = client_for(sven)
    shown = hidden(browser.get(address(reply)).text, "shown_values")
    CannedReply.objects.update(body="Somebody else's.")
    sent = fields(queue="", body="Mine.", shown_values=shown)
    refused = browser.post(address(reply), sent).text
    assert "Now: Somebody else's." in errors_of(refused, "body")
    assert preview_in(refused) == "Mine."
    assert browser.post(address(reply), sent | {"shown_values": hidden(refused, "shown_values")}).status_code == 302
    reply.refresh_from_db()
    assert reply.body == "Mine."


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("body", "", "This field is required."),
        ("body", " \n ", "This field is required."),
        ("body", "x" * 10_001, "at most 10000 characters"),
        ("body", "a\0b", "hidden control characters"),
        ("body", "a\x07b", "hidden control characters"),
        ("name", "", "This field is required."),
        ("name", "x" * 81, "at most 80 characters"),
        ("name", "two\nlines", "on one line"),
        ("queue", "999999999999999999999999", "Select a valid choice."),
        ("queue", "x\0", "Null characters are not allowed."),
    ],
)
def test_bad_input_is_refused_beside_its_field(name, typed, said, sven, client_for, fields):
    response = client_for(sven).post(ADD, fields(**{name: typed}))
    assert response.status_code == 200
    assert said in errors_of(response.text, name)
    assert not CannedReply.objects.filter(name="Done").exists()


def test_agent_reads_and_changes_nothing(reply, agnes, client_for, fields):
    browser = client_for(agnes)
    html = browser.get(address(reply)).text
    assert preview_in(html) == "Hello Jordan,\n\nCS0001234 is done."
    assert 'name="_preview"' not in html
    assert browser.post(address(reply), fields(body="Changed.")).status_code == 403
    assert browser.post(address(reply), fields(body="Changed.", _preview="1")).status_code == 403
    assert browser.get(ADD).status_code == 403
    assert browser.post(ADD, fields()).status_code == 403
    assert CannedReply.objects.get(name="Done").body == BODY


@pytest.mark.parametrize("who", ["paula", "vera", "nadia", None])
def test_everybody_else_is_led_away(who, reply, client_for, request):
    user = request.getfixturevalue(who) if who else None
    for path in (LIST, ADD, address(reply)):
        response = client_for(user).get(path)
        assert response.status_code in (302, 403, 404)
        assert "provider_first_name" not in response.text


def test_nobody_deletes(reply, sven, client_for):
    sven.is_superuser = True
    sven.save()
    browser = client_for(sven)
    assert browser.post(f"{LIST}{reply.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get(LIST).text.count("delete_selected") == 0
    assert CannedReply.objects.filter(pk=reply.pk).exists()


def test_list_is_filtered_by_queue_and_activity(reply, sven, client_for, queue):
    other = Queue.objects.create(name="Night shift")
    CannedReply.objects.create(name="Good night", body="x", queue=other)
    CannedReply.objects.create(name="Old words", body="x", queue=other, is_active=False)
    browser = client_for(sven)

    def names(query: str) -> set[str]:
        html = browser.get(LIST + query).text
        return {name for name in ("Done", "Good night", "Old words") if f">{name}</a>" in html}

    assert names("") == {"Done", "Good night", "Old words"}
    assert names(f"?queue__id__exact={other.pk}") == {"Good night", "Old words"}
    assert names(f"?queue__id__exact={other.pk}&is_active__exact=1") == {"Good night"}
    assert names("?queue__isnull=True") == {"Done"}
    assert names("?q=NIGHT") == {"Good night"}
    html = browser.get(LIST).text
    assert "every queue" in html


@pytest.mark.parametrize(
    "query", ["?queue__id__exact=x", "?body__startswith=H", "?q=%00", "?is_active__exact=%00", "?p=x"]
)
def test_junk_in_the_address_is_no_error(query, reply, sven, client_for):
    assert client_for(sven).get(LIST + query, follow=True).status_code in (200, 400)


def test_list_costs_the_same_for_few_and_many(reply, sven, client_for, queue, statements):
    browser = client_for(sven)
    few = statements(lambda: browser.get(LIST))
    CannedReply.objects.bulk_create(CannedReply(name=f"{n}", body="x", queue=queue) for n in range(20))
    assert statements(lambda: browser.get(LIST)) == few <= 14


def test_unknown_id_is_not_found(sven, client_for):
    for path in (f"{LIST}999999/change/", f"{LIST}x/change/", f"{LIST}99999999999999999999999/change/"):
        assert client_for(sven).get(path, follow=True).status_code in (200, 404)
