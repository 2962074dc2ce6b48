"""Make the demo ready to serve: tables, demo data in a new database, and words on where to go."""

from __future__ import annotations

import socket

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from cases.demo import DEMO_PASSWORD, PEOPLE, seed_demo


class Command(BaseCommand):
    help = "Collect static files; migrate; seed a demo into a database that had no tables; say where to go."

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError("prepare_demo is for demo mode: set DEMO=1.")
        self.refuse_used_port()
        call_command("collectstatic", interactive=False, verbosity=0)
        had_tables = bool(connection.introspection.table_names())
        call_command("migrate", interactive=False, verbosity=0)
        if not had_tables:
            seed_demo()
        self.stdout.write(self.banner())

    def refuse_used_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", settings.PORT))
            except OSError as error:
                raise CommandError(
                    f"Port {settings.PORT} is in use. Stop what uses it, or choose another:"
                    f" PORT={settings.PORT + 1} make run"
                ) from error

    def banner(self) -> str:
        lines = ["", "Provider Help Desk Portal (demo mode)", "", f"  Open     {settings.SITE_URL}/"]
        if settings.MAILBOX_DIR:
            lines.append(f"  Mail     {settings.SITE_URL}/mailbox/  (nothing leaves this machine)")
        else:
            lines.append(f"  Mail     goes to {settings.EMAIL_HOST}:{settings.EMAIL_PORT}")
        user_ids = dict(
            User.objects.filter(is_demo=True, email__in=[person.email for person in PEOPLE]).values_list(
                "email", "username"
            )
        )
        if user_ids:
            lines += ["", "  Demo accounts (Help Desk User ID)"]
            lines += [
                f"    {user_ids[person.email]:<16} {person.title}" for person in PEOPLE if person.email in user_ids
            ]
            lines.append(f"  Password of each, unless changed:  {DEMO_PASSWORD}")
        lines += ["", "  Ctrl-C stops it.", ""]
        return "\n".join(lines)
