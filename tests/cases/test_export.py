"""MY LISTS as a file: for agents and supervisors, the list that is shown, safe in a spreadsheet."""

import csv
import logging
import re
from contextlib import closing
from datetime import datetime
from io import StringIO
from urllib.parse import urlencode

import pytest
from django.core.signals import request_finished
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services import choose_language
from cases import export, lists, services, views
from cases.export import defused
from cases.models import Case, case_id_of
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
URL = "/my-lists/export.csv"
HEADING = [
    "Case ID",
    "Request type",
    "Provider",
    "Help Desk User ID",
    "Business email",
    "Organization as filed",
    "Status",
    "Priority",
    "Queue",
    "Assigned agent",
    "Channel",
    "Filed",
    "Updated",
    "Waiting since",
    "Last message by",
]


def download(client, **params) -> list[dict[str, str]]:
    answer = client.get(URL, {"tab": "all", **params})
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def ids(rows) -> list[str]:
    return [row["Case ID"] for row in rows]


def test_columns_are_the_same_in_every_language(client_for, agnes, paula, file):
    file(paula)
    choose_language(user=agnes, language="es")
    (row,) = download(client_for(agnes))
    assert list(row) == HEADING
    assert (row["Status"], row["Request type"], row["Channel"]) == ("New", "Vaccine inventory", "Portal")


@pytest.mark.parametrize("who", ["agnes", "sven"])
def test_agents_and_supervisors_get_every_column(client_for, request, who, agnes, paula, file):
    case = file(paula, phone="919 555 0177", description="Patient Jane Roe.")
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(priority=2))
    services.add_reply(by=agnes, case=case, body="Which lot?")
    case.refresh_from_db()
    (row,) = download(client_for(request.getfixturevalue(who)))
    assert list(row) == HEADING
    filed, updated, waiting = (row.pop(name) for name in ("Filed", "Updated", "Waiting since"))
    assert row == {
        "Case ID": case.case_id,
        "Request type": "Vaccine inventory",
        "Provider": "Paula Prince",
        "Help Desk User ID": "paula.prince",
        "Business email": paula.email,
        "Organization as filed": "Riverside Clinic",
        "Status": "Open",
        "Priority": "High",
        "Queue": case.queue.name,
        "Assigned agent": "Agnes Archer",
        "Channel": "Portal",
        "Last message by": "Help Desk",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[45]:00", filed)
    for text, moment in ((filed, case.filed_at), (updated, case.updated_at), (waiting, case.waiting_since)):
        assert datetime.fromisoformat(text) == moment.replace(microsecond=0)


def test_nothing_that_was_written_is_in_the_file(client_for, agnes, paula, file):
    case = file(paula, phone="919 555 0177", description="Patient Jane Roe.")
    services.add_reply(by=agnes, case=case, body="Zebra reply.")
    services.add_note(by=agnes, case=case, body="Zebra note.")
    (row,) = download(client_for(agnes), q="Roe")
    for word in ("Roe", "Zebra", "0177"):
        assert not any(word in cell for cell in row.values())


@pytest.mark.parametrize("who", ["vera", "paula"])
def test_nobody_else_gets_it_or_a_link_to_it(client_for, request, who, agnes, case):
    client = client_for(request.getfixturevalue(who))
    answer = client.get(URL)
    assert answer.status_code == 404
    assert case.case_id not in answer.text
    page = client.get("/my-lists/?tab=all").text
    assert case.case_id in page
    agents = client_for(agnes).get("/my-lists/?tab=all").text
    for offer in ("/my-lists/export.csv", "Download this list"):
        assert offer in agents
        assert offer not in page


def test_anonymous_and_nadia_are_led_elsewhere(client_for, nadia):
    assert client_for().get(URL)["Location"] == "/login/?next=/my-lists/export.csv"
    assert client_for(nadia).get(URL)["Location"] == "/set-password/"


@pytest.mark.parametrize("method", ["post", "put", "delete", "head"])
def test_wrong_method(client_for, agnes, method):
    assert getattr(client_for(agnes), method)(URL).status_code == 405


def test_headers(client_for, agnes, case):
    answer = client_for(agnes).get(URL)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="cases-{timezone.localdate():%Y-%m-%d}.csv"'
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbf" + b'"Case ID","Request type",')


def test_it_is_the_list_that_the_page_shows(client_for, agnes, rosa, paula, file):
    cases = [file(paula) for _ in range(4)]
    other = file(rosa, organization_name="Hilltop Pharmacy", primary_name="Hilltop Pharmacy")
    services.take_case(by=agnes, case=cases[0])
    services.add_reply(by=agnes, case=cases[2], body="Freezer.")
    client = client_for(agnes)
    asked = [
        {},
        {"sort": "updated"},
        {"sort": "waiting"},
        {"tab": "mine"},
        {"tab": "unassigned"},
        {"status": "open"},
        {"organization": "hill"},
        {"organization_id": cases[0].organization_id},
        {"agent": agnes.pk, "sort": "waiting"},
        {"agent": "nobody"},
        {"q": "freezer"},
        {"queue": "junk", "type": "\x00", "age": "x", "sort": "x", "after": "junk"},
        {"age": "7"},
    ]
    found = []
    for params in asked:
        page = client.get("/my-lists/", {"tab": "all", **params}).context["list"]
        found.append([case_id_of(row.pk) for row in page.page.rows])
        assert ids(download(client, **params)) == found[-1]
    assert found[0] == [other.case_id, *(case.case_id for case in reversed(cases))]
    assert len({tuple(each) for each in found}) > 6


def test_link_on_the_page_carries_tab_order_words_and_filters(client_for, agnes, paula, file):
    cases = [file(paula) for _ in range(3)]
    services.take_case(by=agnes, case=cases[1])
    client = client_for(agnes)
    asked = {"tab": "open", "sort": "waiting", "agent": "nobody", "organization": "riv", "q": "vials"}
    page = client.get("/my-lists/", asked)
    link = re.search(r'href="(/my-lists/export\.csv[^"]*)"', page.text)[1].replace("&amp;", "&")
    assert set(link.partition("?")[2].split("&")) == set(urlencode(asked).split("&"))
    rows = list(csv.reader(StringIO(b"".join(client.get(link).streaming_content).decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [cases[0].case_id, cases[2].case_id]


def test_page_says_what_the_file_leaves_out(client_for, agnes, case):
    client = client_for(agnes)
    assert "The file leaves out descriptions and messages" in client.get("/my-lists/?tab=all").text
    assert "export.csv" not in client.get("/my-lists/?tab=mine").text


def test_all_pages_and_constant_statements(client_for, agnes, paula, file, monkeypatch):
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(export, "_PIECE", 300)
    client = client_for(agnes)
    file(paula)
    client.get(URL)

    def asked() -> tuple[int, int, int]:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(URL, {"tab": "all"})
            pieces = list(answer.streaming_content)
        return b"".join(pieces).count(b"\r\n") - 1, len(pieces), len(captured)

    rows, _pieces, few = asked()
    assert rows == 1
    for number in range(28):
        case = file(paula)
        services.take_case(by=make_person(f"agent{number}.x", group="Agents"), case=case)
    rows, pieces, many = asked()
    assert rows == 29
    assert pieces > 5
    assert many == few <= 6


def test_rows_are_not_kept(agnes, paula, file, monkeypatch):
    """The file is made piece by piece: the first leaves before the last row is read."""
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(export, "_PIECE", 100)
    for _ in range(9):
        file(paula)
    read = []
    cells = export._cells
    monkeypatch.setattr(export, "_cells", lambda row, words: read.append(row) or cells(row, words))
    pieces = export.export_cases(agnes, lists.read_query(agnes, {"tab": "all"}, lists.tabs_of(agnes)))
    next(pieces)
    assert len(read) == 1
    pieces.close()


def test_cancelled_download_leaves_no_cursor_open(agnes, paula, file, monkeypatch, rf):
    """What a web server does when the browser has gone: it closes the answer."""
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(export, "_PIECE", 100)
    monkeypatch.setattr(request_finished, "send", lambda **kwargs: None)
    for _ in range(9):
        file(paula)
    closed = []

    class Watched(closing):
        def __exit__(self, *exc_info):
            super().__exit__(*exc_info)
            closed.append(self.thing)

    monkeypatch.setattr(export, "closing", Watched)
    request = rf.get(URL, {"tab": "all"})
    request.user = agnes
    answer = views.export(request)
    next(iter(answer))
    assert not closed
    answer.close()
    (rows,) = closed
    assert list(rows) == []


def test_it_is_logged_without_names_and_words(client_for, agnes, case, caplog):
    with caplog.at_level(logging.INFO, logger="cases.views"):
        download(client_for(agnes), q="Roe", queue=case.queue_id, organization="River", status="junk")
    (record,) = [record for record in caplog.records if record.name == "cases.views"]
    assert record.levelno == logging.INFO
    assert record.getMessage() == "A list of cases was exported, with 3 filters."
    assert record.user == agnes.pk


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\rx",
        "\nx",
        " =1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
        "\ufe66x",
        "\ufe63x",
        "\u22121",
    ],
)
def test_formulas_are_defused(cell):
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "Riverside", "A=B", "a-b@c.org", "2025-11-30T10:00:00-05:00", "Zoë \U0001f9ea", "'x", "(1)"]
)
def test_other_cells_stay_as_they_are(cell):
    assert defused(cell) == cell


def test_formulas_quotes_and_line_breaks_in_names_stay_in_their_cells(client_for, agnes, paula, file):
    case = file(paula)
    name = '=HYPERLINK("http://x.example","a"),;\n"'
    Case.objects.filter(pk=case.pk).update(organization_name=name)
    paula.first_name, paula.last_name = "@SUM(A1:A9)", "Zoë"
    paula.save(update_fields=["first_name", "last_name"])
    (row,) = download(client_for(agnes))
    assert row["Organization as filed"] == f"'{name}"
    assert row["Provider"] == "'@SUM(A1:A9) Zoë"
    assert row["Case ID"] == case.case_id


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_cursor_and_transaction_end_with_the_answer(client_for, agnes, paula, file):
    """On PostgreSQL a cursor on the server reads the rows, in a transaction of its own: both end with the file."""
    for _ in range(3):
        file(paula)
    client = client_for(agnes)
    assert len(download(client)) == 3
    query = lists.read_query(agnes, {"tab": "all"}, lists.tabs_of(agnes))
    pieces = export.export_cases(agnes, query)
    next(pieces)
    pieces.close()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '%%django%%'")
            assert cursor.fetchone() == (0,)
    assert connection.in_atomic_block is False
