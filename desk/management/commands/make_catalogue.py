"""Collect the strings of provider pages and mails into the catalogues, and compile these."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.management.commands import makemessages

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]

# What only staff read is English: their workspace, their mails, and what stands on no page at all.
FOR_STAFF = (
    "templates/admin/*",
    "templates/cases/styleguide.html",
    "templates/emails/agent_*",
    "templates/emails/_agent*",
    "templates/emails/_digest*",
    "templates/emails/_reason*",
    "*/admin.py",
    "*_admin.py",
    "*/admin_site.py",
    "*/checks.py",
    "*/management/*",
    "*/migrations/*",
    "cases/agent*.py",
    "cases/bulk_*.py",
    "cases/call*.py",
    "cases/canned*.py",
    "cases/case_page.py",
    "cases/case_thread.py",
    "cases/changelist.py",
    "cases/demo.py",
    "cases/export.py",
    "cases/file_page.py",
    "cases/held_mail_page.py",
    "cases/link_page.py",
    "cases/mail_forms.py",
    "cases/merge_page.py",
    "cases/models/workspace.py",
    "cases/presence.py",
    "cases/print_page.py",
    "cases/provider_card.py",
    "cases/redact_page.py",
    "cases/saved_views.py",
    "cases/services/bulk.py",
    "cases/start_page.py",
    "cases/styleguide*.py",
    "cases/tidy_forms.py",
    "desk/apps.py",
    "mail/apps.py",
    "mail/models/*",
    "mail/services.py",
)
NO_SOURCE = (".*", "tests", "var", "static", "docs", "node_modules")


# What msgmerge writes with each run, and nobody reads.
NOISE = ("POT-Creation-Date:", "Report-Msgid-Bugs-To:")


def collect(*, verbosity: int = 1) -> None:
    """Bring the catalogues under the working directory up to the sources there."""
    call_command(
        makemessages.Command(),
        locale=LANGUAGES,
        ignore_patterns=[*FOR_STAFF, *NO_SOURCE],
        extensions=["py", "html", "txt"],
        add_location="file",
        no_obsolete=True,
        no_wrap=True,
        verbosity=verbosity,
    )
    for path in Path("locale").glob("*/LC_MESSAGES/django.po"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = (line for line in lines if not line.removeprefix('"').startswith(NOISE))
        path.write_text("".join(kept), encoding="utf-8")


class Command(BaseCommand):
    help = __doc__ + " Needs GNU gettext."

    def handle(self, *args, **options):
        collect(verbosity=options["verbosity"])
        call_command("compilemessages", locale=LANGUAGES, ignore_patterns=[".*"], verbosity=options["verbosity"])
