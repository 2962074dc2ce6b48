"""Take a passage out of what was written on a case, for good."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.text import normalize_newlines

from accounts import drafts
from accounts.models import User
from accounts.text import fold_name
from cases.models import Case, CaseEvent, Message, Redaction, Submission, case_id_of
from cases.services.change import locked, record, require_agent
from cases.services.errors import NothingToRemove, PassageNotFound, ReasonNeeded, ReasonQuotes

MARKER = "[removed]"
REASON_LIMIT = 200


@dataclass(frozen=True)
class Text:
    """One text of a case: a message's, or with none the description."""

    case_id: int
    message: Message | None
    words: str

    def without(self, passage: str) -> str:
        return self.words.replace(passage, MARKER)


@dataclass(frozen=True)
class Removal:
    """What it comes to when a passage goes.

    Arguments:
        passage: as it is looked for: blanks around it do not count, nor how lines end.
        chosen: the text that the agent chose.
        others: the other texts of the case that hold the passage.
    """

    passage: str
    chosen: Text
    others: list[Text]

    @property
    def places(self) -> int:
        """Return how often the passage stands in the chosen text."""
        return self.chosen.words.count(self.passage)

    @property
    def rest(self) -> str:
        return self.chosen.without(self.passage)


def plan_removal(case: Case, message: Message | None, passage: str) -> Removal:
    """Find a passage in a text of a case, and in the others.

    Arguments:
        message: None is the description.

    Raises:
        NothingToRemove, PassageNotFound.
    """
    passage = normalize_newlines(passage).strip()
    if not passage or passage in MARKER:
        raise NothingToRemove
    texts = [Text(case.pk, None, normalize_newlines(case.description))]
    said = Message.objects.filter(case__in=case.family_ids).order_by("pk")
    texts += [Text(each.case_id, each, normalize_newlines(each.body)) for each in said]
    holding = [text for text in texts if passage in text.words]
    chosen = [text for text in holding if text.message == message]
    if not chosen:
        raise PassageNotFound
    return Removal(passage, chosen[0], [text for text in holding if text.message != message])


@transaction.atomic
def redact(
    *, by: User, case: Case, message: Message | None, passage: str, reason: str, everywhere: bool = False
) -> Removal:
    """Remove every occurrence of a passage from a text of a case; who, when and why stays.

    Kept texts that were typed on the case or by its provider lose the passage too. Mail that was sent
    cannot be recalled.

    Arguments:
        message: None is the description.
        everywhere: also from all other texts of the case.

    Raises:
        NotAllowed, NothingToRemove, PassageNotFound, ReasonNeeded, ReasonQuotes.
    """
    require_agent(by)
    case = locked(case)
    removal = plan_removal(case, message, passage)
    reason = check_reason(reason, removal.passage)
    texts = [removal.chosen, *(removal.others if everywhere else ())]
    at, public = timezone.now(), False
    for text in texts:
        _put(text, text.without(removal.passage))
        row = Redaction.objects.create(case=case, message=text.message, by=by, at=at, reason=reason)
        place = text.message.pk if text.message else ""
        record(case, CaseEvent.Kind.TEXT_REDACTED, by=by, at=at, old=place, new=row.pk)
        public |= text.message is None or text.message.kind != Message.Kind.INTERNAL
    _clean_drafts(case, removal.passage)
    moments = {"updated_at": at} | ({"public_updated_at": at} if public else {})
    Case.objects.filter(pk=case.pk).update(**moments)
    return removal


def check_reason(reason: str, passage: str) -> str:
    """Return a reason as it is stored.

    Raises:
        ReasonNeeded, ReasonQuotes.
    """
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= REASON_LIMIT:
        raise ReasonNeeded
    if fold_name(passage, limit=len(passage) * 4) in fold_name(reason):
        raise ReasonQuotes
    return reason


def _put(text: Text, words: str) -> None:
    if text.message is None:
        Case.objects.filter(pk=text.case_id).update(description=words)
    else:
        Message.objects.filter(pk=text.message.pk).put_redacted(words)


def _clean_drafts(case: Case, passage: str) -> None:
    def clean(typed: str) -> str:
        words = normalize_newlines(typed)
        return words.replace(passage, MARKER) if passage in words else typed

    forms = Submission.objects.filter(case__in=case.family_ids).values_list("key", flat=True)
    prefixes = [f"{case_id_of(number)}-" for number in case.family_ids]
    drafts.rewrite_drafts(clean, owner_ids=[case.provider_id], keys=list(forms), key_prefixes=prefixes)


# --- the same form once more -----------------------------------------------------------------


def is_rest_of(stored: str, typed: str) -> bool:
    """Tell whether a stored text is a typed one, or what redactions have left of it."""
    typed = normalize_newlines(typed)
    first, *rest = stored.split(MARKER)
    if stored == typed or not rest:
        return stored == typed
    *middle, last = rest
    at, end = len(first), len(typed) - len(last)
    if at > end or not (typed.startswith(first) and typed.endswith(last)):
        return False
    for part in middle:
        found = typed.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def screen_draft(owner: User, key: str, kept: dict) -> dict:
    """Return the fields of a form without passages that were removed from what the form became."""
    whose = {} if owner.is_staff else {"provider": owner}
    became = [
        *Message.objects.filter(author=owner, form_key=key, body__contains=MARKER).values_list("body", flat=True),
        *Submission.objects.filter(key=key, case__description__contains=MARKER, **whose).values_list(
            "case__description", flat=True
        ),
    ]
    for stored in became:
        kept = {name: stored if is_rest_of(stored, value) else value for name, value in kept.items()}
    return kept
