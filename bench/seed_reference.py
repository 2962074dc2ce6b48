"""Fill the reference site's database in bulk. Run as `python -m bench.seed_reference SIZE`."""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection  # noqa: E402

from bench.bulk import write  # noqa: E402
from bench.plan import END, USUAL, YEARS, Plan, texts  # noqa: E402
from bench.reference.models import Entry  # noqa: E402


def main() -> None:
    plan = Plan(int(sys.argv[1]))
    write(
        User,
        ["id", "username", "first_name", "password", "is_active", "is_staff", "is_superuser", "date_joined"],
        (
            (n + 1, f"provider.number{n}", "Provider", "!", True, False, False, END - YEARS)
            for n in range(plan.providers)
        ),
    )
    write(
        Entry,
        ["id", "owner_id", "subject", "organization", "text", "status", "filed_at"],
        (
            (number, owner + 1, "Vaccine inventory", f"Clinic number {owner}", text, "open", plan.filed_at(number))
            for number, (owner, text) in enumerate(zip(plan.owners(), texts(plan.cases), strict=True), 1)
        ),
    )
    user = User.objects.get(pk=USUAL + 1)
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store.create()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    print(json.dumps({"session": store.session_key}))


if __name__ == "__main__":
    main()
