"""Who filed a case, as the agent's page shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts.models import Membership, User
from cases.models import Case, CaseQuerySet
from mail.models import SuspendedAddress

SHOWN = 5
COUNTED = 100
_EXTENSION = re.compile(r"[a-z#]+")
_NO_DIGIT = re.compile(r"[^0-9]")


@dataclass(frozen=True)
class Phone:
    """A number as it was given, and the address that dials it (RFC 3966); empty where there are no digits."""

    number: str

    @property
    def url(self) -> str:
        main, *extension = _EXTENSION.split(self.number.lower(), maxsplit=1)
        digits = _NO_DIGIT.sub("", main)
        inner = _NO_DIGIT.sub("", extension[0]) if extension else ""
        plus = "+" if self.number.strip().startswith("+") else ""
        return f"tel:{plus}{digits}" + (f";ext={inner}" if inner else "") if digits else ""


def phone_of(case: Case) -> Phone:
    """Return the number given with the case, or else the provider's own."""
    return Phone(case.contact_phone or case.provider.phone)


@dataclass(frozen=True)
class OtherCases:
    """The provider's other cases: the newest, how many there are, and the agents' list of all of them."""

    newest: list[Case]
    number: int
    url: str

    @property
    def count(self) -> str:
        return f"{COUNTED}+" if self.number > COUNTED else str(self.number)

    @property
    def has_more(self) -> bool:
        return self.number > len(self.newest)


def with_facts_of_provider(cases: CaseQuerySet) -> CaseQuerySet:
    """Note on each case whether its provider is a confirmed member of its organization, and takes no mail.

    They are `organization_verified` and `provider_unreachable`.
    """
    confirmed = Membership.objects.filter(
        user=OuterRef("provider_id"), organization=OuterRef("organization_id"), verified_at__isnull=False
    )
    return cases.annotate(
        organization_verified=Exists(confirmed),
        provider_unreachable=SuspendedAddress.objects.exists_for("provider__email"),
    )


def other_cases(case: Case, *, reader: User) -> OtherCases:
    """Return what else the provider of a case has filed, in one statement."""
    others = Case.objects.visible_to(reader).unmerged().filter(provider=case.provider_id).exclude(pk=case.pk)
    light = others.select_related("request_type").only("status", "filed_at", "request_type__name")
    found = list(light.order_by("-filed_at", "-pk")[: COUNTED + 1])
    url = reverse("admin:cases_case_changelist") + "?" + urlencode({"q": case.provider.username})
    return OtherCases(found[:SHOWN], len(found), url)
