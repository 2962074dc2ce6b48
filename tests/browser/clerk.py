"""Sign providers in without a browser's way through registration, mail and passwords.

A process beside a running portal, on its database: a first name a line comes in, the session of a
new provider goes out. The way itself is walked in test_provider_guide.py.
"""

from __future__ import annotations

import sys

import django

django.setup()

from django.db import connection  # noqa: E402

from tests.browser.rows import person, session_of  # noqa: E402

for line in sys.stdin:
    print(session_of(person(line.strip(), email=f"{line.strip().lower()}@clinic.example.org")), flush=True)  # noqa: T201
    # The database may go away and come back before the next.
    connection.close()
