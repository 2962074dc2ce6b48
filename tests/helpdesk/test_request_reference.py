"""A reference for each request, and one line about it in the log, without secrets."""

import json
import logging
import re

import pytest
from django.test import Client

from helpdesk.logging import JSONFormatter

pytestmark = pytest.mark.django_db


@pytest.fixture
def access_lines(caplog):
    """Return a function that gives the access lines written so far, as the log has them."""
    caplog.set_level(logging.INFO, logger="helpdesk.access")

    def lines():
        written = [record for record in caplog.records if record.name == "helpdesk.access"]
        return [json.loads(JSONFormatter().format(record)) for record in written]

    return lines


def test_every_answer_carries_its_own_reference(client):
    first, second = client.get("/terms/"), client.get("/terms/")
    assert re.fullmatch(r"[0-9a-f]{12}", first["X-Request-Reference"])
    assert first["X-Request-Reference"] != second["X-Request-Reference"]


def test_one_line_a_request(client_for, paula, access_lines):
    client_for(paula).get("/my-lists/")
    (line,) = access_lines()
    assert (line["method"], line["path"], line["status"], line["user"]) == ("GET", "/my-lists/", 200, paula.pk)
    assert line["ms"] >= 0


def test_anonymous_has_no_number_and_costs_no_statement(client, access_lines, django_assert_num_queries):
    client.get("/terms/")
    with django_assert_num_queries(1):
        client.get("/terms/")
    assert access_lines()[-1]["user"] is None


def test_query_strings_are_never_logged(client, access_lines):
    client.get("/terms/?q=patient-name")
    assert access_lines()[0]["path"] == "/terms/"
    assert "patient-name" not in json.dumps(access_lines())


def test_the_token_of_a_set_password_link_is_never_logged(access_lines, caplog):
    Client(raise_request_exception=False).get("/set-password/MQ/c1abcd-0123456789abcdef/")
    assert access_lines()[0]["path"] == "/set-password/[link]/"
    written = "\n".join(JSONFormatter().format(record) for record in caplog.records)
    assert "0123456789abcdef" not in written


def test_an_endless_path_is_cut(client, access_lines):
    client.get("/" + "a" * 5000)
    assert len(access_lines()[0]["path"]) == 300


def test_a_line_break_in_a_path_stays_one_line(client, access_lines, caplog):
    client.get("/a%0Afake%20line")
    (record,) = [record for record in caplog.records if record.name == "helpdesk.access"]
    assert "\n" not in JSONFormatter().format(record)
    assert access_lines()[0]["path"] == "/a\nfake line"


def test_djangos_own_line_about_a_failure_has_the_reference_that_the_page_shows(client, caplog):
    response = client.get("/no-such-page")
    (record,) = [record for record in caplog.records if record.name == "django.request"]
    assert json.loads(JSONFormatter().format(record))["reference"] == response["X-Request-Reference"]
