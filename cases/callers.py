"""Who calls: providers found by what a caller can say."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Prefetch, Q, QuerySet, Value, When

from accounts.models import Membership, Organization, User
from accounts.people_search import find_organizations, find_people
from accounts.text import clean_query
from cases.models import Case, case_number
from desk.text import query_words

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
    words = query_words(query)
    if not words:
        return Found([])
    case = _case_of(query, by=by)
    matches = Q()
    for word in words:
        matches &= _says(word)
    if case:
        either = User.objects.filter(matches).values("pk").union(User.objects.filter(pk=case.provider_id).values("pk"))
        matches = Q(pk__in=either)
    rank = models.Case(
        When(pk=case.provider_id if case else 0, then=Value(0)),
        When(Q(email=query) | Q(username=query), then=Value(1)),
        default=Value(2),
    )
    found = with_organization(User.objects.providers().filter(matches)).order_by(rank, "last_name", "first_name", "pk")
    providers = list(found[: MOST_FOUND + 1])
    return Found(providers[:MOST_FOUND], case, len(providers) > MOST_FOUND)


def _says(word: str) -> Q:
    """Match who is called so, or works where it is called so."""
    people = find_people(User.objects.all(), word).values("pk")
    organizations = find_organizations(Organization.objects.all(), word).values("pk")
    members = Membership.objects.filter(organization__in=organizations).values("user")
    return Q(pk__in=people.union(members))


def _case_of(query: str, *, by: User) -> Case | None:
    number = case_number(query.replace(" ", ""))
    if number is None:
        return None
    try:
        return Case.objects.visible_to(by).select_related("request_type").look_up(number)
    except Case.DoesNotExist:
        return None
