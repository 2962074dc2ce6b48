"""Placeholders of canned replies: named values from a fixed list, put in once. No template language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from desk.services import help_desk_facts

PLACEHOLDERS = {
    "provider_first_name": _("First name of the provider"),
    "provider_last_name": _("Last name of the provider"),
    "provider_organization": _("Provider organization of the case"),
    "case_id": _("Case ID"),
    "request_type": _("Request type of the case"),
    "agent_name": _("First and last name of the agent who answers"),
    "help_desk_phone": _("Phone number of the help desk"),
    "help_desk_hours": _("Opening hours of the help desk"),
}
# One or more words between two braces. Blanks, dots and hyphens belong to it, so that a slip such
# as { case_id } is refused when it is typed and does not reach a provider.
_IN_BRACES = re.compile(r"\{([\w .-]+)\}")


def unknown(text: str) -> list[str]:
    """Return what stands in braces and is no placeholder, each once, in the order of the text.

    A brace without its partner is plain text.
    """
    return [name for name in dict.fromkeys(_IN_BRACES.findall(text)) if name not in PLACEHOLDERS]


def fill(text: str, *, case: Case, agent: User) -> str:
    """Put a case's values in place of the placeholders; what is unknown stays as it is.

    One pass: a name that has braces in it is not read again.

    Arguments:
        agent: the person who answers, not the one to whom the case is assigned.
    """
    return _put(
        text,
        {
            "provider_first_name": lambda: case.provider.first_name,
            "provider_last_name": lambda: case.provider.last_name,
            "provider_organization": lambda: case.organization_name,
            "case_id": lambda: case.case_id,
            "request_type": lambda: case.request_type.name,
        }
        | _for_every_case(agent),
    )


def preview(text: str, *, agent: User) -> str:
    """Put example values in place of the placeholders; the help desk's own facts are the real ones."""
    return _put(
        text,
        {
            "provider_first_name": lambda: gettext("Jordan"),
            "provider_last_name": lambda: gettext("Example"),
            "provider_organization": lambda: gettext("Example Clinic"),
            "case_id": lambda: "CS0001234",
            "request_type": lambda: gettext("Vaccine inventory"),
        }
        | _for_every_case(agent),
    )


def _for_every_case(agent: User) -> dict[str, Callable[[], str]]:
    return {
        "agent_name": lambda: agent.display_name,
        "help_desk_phone": lambda: help_desk_facts().phone_number,
        "help_desk_hours": _hours,
    }


def _hours() -> str:
    facts = help_desk_facts()
    return f"{', '.join(facts.hours_lines)}, {facts.zone_name}"


def _put(text: str, values: Mapping[str, Callable[[], str]]) -> str:
    def value(found: re.Match[str]) -> str:
        return values[found[1]]() if found[1] in values else found[0]

    return _IN_BRACES.sub(value, text)
