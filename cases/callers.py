"""Who calls: providers found by what a caller can say."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value, When

from accounts.models import Membership, User
from accounts.text import clean_query
from cases.models import Case, case_number
from cases.search import MOST_WORDS

MOST_FOUND = 20


@dataclass(frozen=True)
class Found:
    """What a search for the caller brings.

    Arguments:
        case: the case whose ID was typed; its provider comes first.
        has_more: whether there are more than are shown.
    """

    providers: list[User]
    case: Case | None = None
    has_more: bool = False


def with_organization(providers: QuerySet[User]) -> QuerySet[User]:
    """Bring each provider's primary membership along, as the list `primaries`, in one more statement."""
    primary = Membership.objects.filter(kind=Membership.Kind.PRIMARY).select_related("organization")
    return providers.prefetch_related(Prefetch("memberships", queryset=primary, to_attr="primaries"))


def find_callers(text: str, *, by: User) -> Found:
    """Find providers by email, User ID, name, organization or the ID of a case; who is meant exactly comes first."""
    query = clean_query(text).lower()
    words = query.split()[:MOST_WORDS]
    if not words:
        return Found([])
    case = _case_of(query, by=by)
    matches = Q()
    for word in words:
        matches &= _says(word)
    if case:
        matches |= Q(pk=case.provider_id)
    rank = models.Case(
        When(pk=case.provider_id if case else 0, then=Value(0)),
        When(Q(email=query) | Q(username=query), then=Value(1)),
        default=Value(2),
    )
    found = with_organization(User.objects.providers().filter(matches)).order_by(rank, "last_name", "first_name", "pk")
    providers = list(found[: MOST_FOUND + 1])
    return Found(providers[:MOST_FOUND], case, len(providers) > MOST_FOUND)


def _says(word: str) -> Q:
    at_work = Membership.objects.filter(user=OuterRef("pk"), organization__name__icontains=word)
    return (
        Q(email__icontains=word)
        | Q(username__icontains=word)
        | Q(first_name__icontains=word)
        | Q(last_name__icontains=word)
        | Q(Exists(at_work))
    )


def _case_of(query: str, *, by: User) -> Case | None:
    number = case_number(query.replace(" ", ""))
    if number is None:
        return None
    try:
        return Case.objects.visible_to(by).select_related("request_type").look_up(number)
    except Case.DoesNotExist:
        return None
