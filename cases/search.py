"""Find cases by case ID or words. The one place where text is searched."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db import connection
from django.db.models import BigIntegerField, Func
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from cases import search_index
from cases.models import Case, CaseQuerySet, case_number
from desk.text import query_words

# Nobody means words by it.
_WHOLE_ID = re.compile(r"CS[0-9]{1,18}", re.IGNORECASE)


class _Walked(Func):
    """A column that SQLite looks up in no index, so that it walks along the list and stops at the page's end."""

    template = "+%(expressions)s"
    output_field = BigIntegerField()


def search_cases(cases: CaseQuerySet, text: str, *, names: bool = False) -> CaseQuerySet:
    """Keep the cases with this case ID, or with words that begin with all of these in what everybody may read.

    The ID of a merged case finds the one that it is part of. `CS` with digits is an ID alone;
    digits can be words too.

    Arguments:
        names: also match the provider's name, for staff. Never the email address: a viewer could
            find it out letter by letter.
    """
    return _search(cases, text, ("text", "people") if names else ("text",))


def search_for_agents(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    """Keep the cases with this case ID, or with words that begin with all of these in anything about them.

    Words also match User ID, email address, name, organization and internal notes.
    """
    return _search(cases, text, search_index.PARTS)


def _search(cases: CaseQuerySet, text: str, parts: Sequence[str]) -> CaseQuerySet:
    words = query_words(text)
    if not words:
        return cases
    number = case_number("".join(words))
    if len(words) == 1 and _WHOLE_ID.fullmatch(words[0]):
        return cases.filter(pk__in=Case.objects.filter(pk=number).values(home=Coalesce("merged_into", "pk")))
    found = search_index.found(words, parts=parts, number=number)
    if isinstance(found, RawSQL) and connection.vendor == "sqlite":
        return cases.alias(number=_Walked("pk")).filter(number__in=found)
    return cases.filter(pk__in=found)
