"""Logs as one JSON object a line, each with the reference that the person saw on the page."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

request_reference: ContextVar[str] = ContextVar("request_reference", default="")

# What helpdesk.middleware adds to the access line; other extras are not written.
ACCESS_FIELDS = ("method", "path", "status", "ms", "user")

_SET_PASSWORD_PATH = re.compile(r"/set-password/[^/\s]+/[^/\s]+/?")
# PostgreSQL repeats the values of a refused row in these lines of its message.
_ROW_VALUES = re.compile(r"^(DETAIL|CONTEXT|PARAMETERS): .*$", re.MULTILINE)


def without_secrets(text: str) -> str:
    """Return text without the token of a set-password link and without the values of a database row."""
    text = _SET_PASSWORD_PATH.sub("/set-password/[link]/", text)
    return _ROW_VALUES.sub(r"\1: [not logged]", text)


class JSONFormatter(logging.Formatter):
    """Write a record as one line of JSON: time, level, logger, message, reference, access fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        # Django writes about a bad answer once the request is over; its record carries the request.
        request = getattr(record, "request", None)
        if reference := request_reference.get() or getattr(request, "reference", ""):
            line["reference"] = reference
        for name in ACCESS_FIELDS:
            if hasattr(record, name):
                line[name] = getattr(record, name)
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)
