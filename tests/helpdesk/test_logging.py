"""Log lines are JSON, know their request, and keep secrets to themselves."""

import json
import logging
import sys

from helpdesk.logging import JSONFormatter, request_reference


def written(message, *args, **kwargs):
    record = logging.LogRecord("mail", logging.WARNING, __file__, 1, message, args, kwargs.pop("exc_info", None))
    record.__dict__.update(kwargs)
    return json.loads(JSONFormatter().format(record))


def test_line_has_time_level_logger_and_message():
    line = written("%s mails are late", 3)
    assert line["time"].endswith("+00:00")
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "mail", "3 mails are late")
    assert "reference" not in line


def test_line_knows_its_request():
    token = request_reference.set("0123456789ab")
    try:
        assert written("x")["reference"] == "0123456789ab"
    finally:
        request_reference.reset(token)


def test_djangos_own_line_about_a_set_password_link_is_cleaned():
    line = written("Not Found: %s", "/set-password/MQ/c1abcd-0123456789abcdef/")
    assert line["message"] == "Not Found: /set-password/[link]/"


def test_values_of_a_refused_row_are_not_written():
    refusal = "duplicate key\nDETAIL:  Key (email)=(jane@example.org) already exists."
    try:
        raise ValueError(refusal)
    except ValueError:
        line = written("failed", exc_info=sys.exc_info())
    assert "duplicate key" in line["exception"]
    assert "jane@example.org" not in line["exception"]


def test_other_extras_are_not_written():
    assert "password" not in written("x", password="hunter2")
