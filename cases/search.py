"""Find cases by case ID or words. The one place where text is searched."""

from __future__ import annotations

import re

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from accounts.text import clean_query
from cases.models import Case, CaseQuerySet, Message, case_number

MOST_WORDS = 8
# Nobody means words by it, and looking through every text takes long.
_WHOLE_ID = re.compile(r"CS[0-9]{1,18}", re.IGNORECASE)


def _says(word: str, *, internal: bool) -> Q:
    messages = Message.objects.filter(case=OuterRef("pk"), body__icontains=word)
    if not internal:
        messages = messages.exclude(kind=Message.Kind.INTERNAL)
    return (
        Q(description__icontains=word)
        | Q(organization_name__icontains=word)
        # In each language: a list shows the type in that of its reader.
        | Q(request_type__name__icontains=word)
        | Q(request_type__name_es__icontains=word)
        | Q(Exists(messages))
    )


def _is_about(word: str) -> Q:
    """Match the provider by name."""
    return Q(provider__first_name__icontains=word) | Q(provider__last_name__icontains=word)


def search_cases(cases: CaseQuerySet, text: str, *, names: bool = False) -> CaseQuerySet:
    """Keep the cases with this case ID, or with all of these words in what everybody may read.

    The ID of a merged case finds the one that it is part of. `CS` with digits is an ID alone;
    digits can be words too.

    Arguments:
        names: also match the provider's name, for staff. Never the email address: a viewer could
            find it out letter by letter.
    """
    return _search(cases, text, lambda word: _says(word, internal=False) | (_is_about(word) if names else Q()))


def search_for_agents(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    """Keep the cases with this case ID, or with all of these words in anything about them.

    Words also match User ID, email address, name, organization and internal notes.
    """
    return _search(
        cases,
        text,
        lambda word: (
            _says(word, internal=True)
            | _is_about(word)
            | Q(provider__username__icontains=word)
            | Q(provider__email__icontains=word)
        ),
    )


def _search(cases: CaseQuerySet, text: str, match) -> CaseQuerySet:
    words = clean_query(text).split()[:MOST_WORDS]
    if not words:
        return cases
    number = case_number("".join(words))
    home = Q(pk__in=Case.objects.filter(pk=number).values(home=Coalesce("merged_into", "pk")))
    if len(words) == 1 and _WHOLE_ID.fullmatch(words[0]):
        return cases.filter(home)
    found = Q()
    for word in words:
        found &= match(word)
    return cases.filter(found if number is None else found | home)
