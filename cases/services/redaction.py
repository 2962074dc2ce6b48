"""Take a passage out of what was written on a case, for good."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.text import normalize_newlines

from accounts import drafts
from accounts.models import User
from accounts.text import fold_name
from cases.models import Case, CaseEvent, Message, Redaction, Submission, case_id_of
from cases.services.change import locked, record, require_agent
from cases.services.errors import NothingToRemove, PassageNotFound, ReasonNeeded, ReasonQuotes
from cases.services.fingerprints import fingerprint
from cases.services.saved_views import forget_in_views
from mail import inbox

MARKER = "[removed]"
REASON_LIMIT = 200
# The fields of the long forms whose texts become descriptions and messages.
TYPED_TEXTS = ("body", "description", "note")


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

    Kept texts that were typed on the case or by its provider lose the passage too, and so do saved
    views that search for it. Mail that was sent cannot be recalled.

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
    _clean_kept(case, removal.passage)
    # What somebody keeps between this statement and the commit may hold the passage again.
    transaction.on_commit(partial(_clean_kept, case, removal.passage), robust=True)
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


@transaction.atomic
def _clean_kept(case: Case, passage: str) -> None:
    """Take a passage out of the drafts of a case and its provider, and out of the agents' saved views.

    The bytes of mails are forgotten as a whole: they hold the passage in encodings, and quote it.
    """

    def clean(typed: str) -> str:
        words = normalize_newlines(typed)
        return words.replace(passage, MARKER) if passage in words else typed

    forms = Submission.objects.filter(case__in=case.family_ids).values_list("key", flat=True)
    prefixes = [f"{case_id_of(number)}-" for number in case.family_ids]
    drafts.rewrite_drafts(clean, owner_ids=[case.provider_id], keys=list(forms), key_prefixes=prefixes)
    forget_in_views(passage, marker=MARKER)
    inbox.forget("case", case.family_ids, passage=passage, marker=MARKER)


# --- the same form once more -----------------------------------------------------------------


def screen_draft(owner: User, key: str, kept: dict) -> dict:
    """Return the fields of a form; a text that was sent from it already is what has become of it on the case."""
    became = _texts_from(owner, key)
    texts = {name: kept[name] for name in TYPED_TEXTS if kept.get(name)}
    return kept | {name: became.get(fingerprint(typed), typed) for name, typed in texts.items()}


def _texts_from(owner: User, key: str) -> dict[str, str]:
    """Return what became of the texts that a form has sent, by their fingerprints."""
    whose = {} if owner.is_staff else {"provider": owner}
    filed = Submission.objects.filter(key=key, **whose).select_related("case")
    became = {each.text_digest: each.case.description for each in filed}
    # A description is a message once its case was merged.
    writers = [owner.pk, *(each.provider_id for each in filed)]
    said = Message.objects.filter(author__in=writers, form_key=key)
    became |= dict(said.values_list("form_digest", "body"))
    return became
