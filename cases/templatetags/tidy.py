"""What has to do with a case: linked cases, follow-ups, what became part of it."""

from __future__ import annotations

from django import template
from django.db.models import Exists, OuterRef, Q

from cases.models import Case, CaseLink, case_id_of

register = template.Library()


def _around(case: Case) -> list[Case]:
    """Return the cases that are linked to a case or follow it, for both tags in one statement."""
    if not hasattr(case, "cases_around"):
        ahead = CaseLink.objects.filter(case=case).values("other")
        behind = CaseLink.objects.filter(other=case).values("case")
        following = Case.objects.filter(follow_up_to__in=case.family_ids).values("pk")
        links = CaseLink.objects.filter(Q(case=case, other=OuterRef("pk")) | Q(other=case, case=OuterRef("pk")))
        found = Case.objects.filter(pk__in=ahead.union(behind, following)).annotate(is_linked=Exists(links))
        brief = found.select_related("request_type").only("status", "follow_up_to", "request_type__name")
        case.cases_around = list(brief.order_by("pk"))
    return case.cases_around


@register.simple_tag
def related_cases(case: Case) -> list[Case]:
    return [other for other in _around(case) if other.is_linked]


@register.simple_tag
def follow_ups(case: Case) -> list[Case]:
    family = case.family_ids
    return [other for other in _around(case) if other.follow_up_to_id in family and other.pk not in family]


@register.simple_tag
def merged_ids(case: Case) -> list[str]:
    """Return the IDs of the cases that became part of this one."""
    return [case_id_of(number) for number in case.family_ids[1:]]
