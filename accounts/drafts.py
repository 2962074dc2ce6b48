"""Keep what people typed into a long form: when its sending fails, and while they type.

Each rendering of a long form carries a signed stamp: whose it is, which form, its one-time key and
when. A POST that fails on its session or CSRF token becomes a Draft of the stamp's owner, and of
nobody else; a POST without a valid stamp leaves nothing behind. What a browser sends while its
owner types becomes a Draft too, until the form has been sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from accounts.models import Draft, User
from accounts.models.drafts import DRAFT_RETENTION
from desk.prepared import Slot

STAMP_FIELD = "stamp"
# The keys of the drafts that a rendering shows, and that its text replaces.
REPLACES_FIELD = "drafts"
# A script sends it with what it keeps last, before it leaves a page whose session has ended.
LEAVING_FIELD = "leaving"
STAMP_MAX_AGE = timedelta(hours=24)
DRAFTS_KEPT = 20  # of one form, for one person, unless the form says otherwise
REPLACED_AT_ONCE = 10
_SALT = "accounts.drafts.stamp"


@dataclass(frozen=True)
class LongForm:
    """A form whose text is worth keeping.

    `fields` are the names that a draft may hold; `resume` turns the path that was posted to into
    the address where the form is shown again; `text` are those of the fields that make it worth
    keeping; `sent` tells whether the owner's rendering with a key has been sent already; `screen`
    takes out of the owner's text, by its key, what must not be stored; `kept` is how many drafts
    one person keeps of it.
    """

    kind: str
    fields: tuple[str, ...]
    resume: Callable[[str], str]
    text: tuple[str, ...]
    sent: Callable[[User, str], bool]
    screen: Callable[[User, str, dict], dict]
    kept: int

    def is_empty(self, data: QueryDict | dict) -> bool:
        return not any(data.get(name, "").strip() for name in self.text or self.fields)


@dataclass(frozen=True)
class Stamp:
    owner_id: int
    kind: str
    key: str


@dataclass(frozen=True)
class Rescue:
    """A failed POST that was kept: whose it is and where its form is."""

    draft: Draft
    resume_path: str


_forms: dict[str, LongForm] = {}


def register_form(
    kind: str,
    *,
    fields: tuple[str, ...],
    resume: Callable[[str], str] = lambda path: path,
    text: tuple[str, ...] = (),
    sent: Callable[[User, str], bool] = lambda owner, key: False,
    screen: Callable[[User, str, dict], dict] = lambda owner, key, kept: kept,
    kept: int = DRAFTS_KEPT,
) -> None:
    """Name a long form, once, from an app's ready()."""
    _forms[kind] = LongForm(kind, fields, resume, text, sent, screen, kept)


def make_stamp(user: User, kind: str, key: str) -> str:
    """Return the value of the hidden input `stamp` for one rendering of a long form."""
    return signing.dumps([user.pk, kind, key], salt=_SALT)


def read_stamp(raw: str) -> Stamp | None:
    """Return what a stamp says while it is ours and younger than 24 hours."""
    try:
        owner_id, kind, key = signing.loads(raw, salt=_SALT, max_age=STAMP_MAX_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Stamp(owner_id, kind, key) if kind in _forms else None


def save_draft(user: User, kind: str, key: str, data: QueryDict | dict) -> Draft:
    """Keep the registered fields of a form's data as the user's draft, in place of an older save."""
    kept = {}
    for name in _forms[kind].fields:
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        # PostgreSQL's JSON has no NUL.
        kept[name] = str(values[-1]).replace("\0", "") if values else ""
    kept = _forms[kind].screen(user, key, kept)
    draft, _created = Draft.objects.update_or_create(
        owner=user, kind=kind, key=key, defaults={"data": kept, "updated_at": timezone.now()}
    )
    newest = Draft.objects.filter(owner=user, kind=kind).order_by("-updated_at", "-pk")[: _forms[kind].kept]
    Draft.objects.filter(owner=user, kind=kind).exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()
    return draft


def _begins_with(prefixes: Iterable[str]) -> Q:
    return reduce(or_, (Q(key__startswith=prefix) for prefix in prefixes))


def keep_typed(*, by: User, stamp: Stamp, data: QueryDict, also_without_text: bool = False) -> bool:
    """Keep what the stamp's owner has typed so far; return False where the form has been sent already.

    The text takes the place of the drafts that the form was opened with. Emptied text is thrown
    away, with those drafts.

    Arguments:
        also_without_text: what was only chosen is worth keeping too.
    """
    form = _forms[stamp.kind]
    if form.sent(by, stamp.key):
        return False
    replaced = data.get(REPLACES_FIELD, "").split()[:REPLACED_AT_ONCE]
    with transaction.atomic():
        if form.is_empty(data) and not also_without_text:
            replaced = [*replaced, stamp.key]
        else:
            save_draft(by, stamp.kind, stamp.key, data)
            replaced = [key for key in replaced if key != stamp.key]
        delete_drafts(by, stamp.kind, replaced)
    if not form.sent(by, stamp.key):
        return True
    # It was sent in between; what is sent later finds this draft, see delete_drafts.
    delete_drafts(by, stamp.kind, [stamp.key])
    return False


def latest_draft(user: User, kind: str, *, key_prefix: str | tuple[str, ...] = "") -> Draft | None:
    """Return the user's newest draft of a form that is not past its seven days.

    Arguments:
        key_prefix: what its key begins with, in one way or in one of several.
    """
    prefixes = (key_prefix,) if isinstance(key_prefix, str) else key_prefix
    return _offered(user, kind, oldest_offered()).filter(_begins_with(prefixes)).first()


def latest_draft_at(owner: User | Slot, kind: str, *, since: datetime | Slot) -> Subquery:
    """Return when somebody's newest draft of a form was kept, as part of another statement.

    Arguments:
        since: what `oldest_offered` returns.
    """
    return Subquery(_offered(owner, kind, since).values("updated_at")[:1])


def oldest_offered() -> datetime:
    """Return when a draft must have been kept, at least, to be offered now."""
    return timezone.now() - DRAFT_RETENTION


def _offered(owner: User | Slot, kind: str, since: datetime | Slot) -> QuerySet[Draft]:
    return Draft.objects.filter(owner=owner, kind=kind, updated_at__gt=since).order_by("-updated_at")


def delete_drafts(user: User, kind: str, keys: Iterable[str]) -> None:
    """Drop the drafts of forms that have been sent; call it in the submit's transaction."""
    # PostgreSQL takes no NUL.
    kept = Draft.objects.filter(owner=user, kind=kind, key__in=[key for key in keys if key and "\0" not in key])
    kept.delete_now()
    # What was typed last may be saved between this statement and the commit. Its saver looks after
    # its own commit whether the form was sent: one of the two sees the other.
    transaction.on_commit(kept.delete_now, robust=True)


def delete_old_drafts() -> int:
    """Throw away drafts older than seven days; return how many."""
    return Draft.objects.filter(updated_at__lte=oldest_offered()).delete()[0]


def rescue(request: HttpRequest) -> Rescue | None:
    """Keep a failed POST as its stamp owner's draft; return None when there is nothing to keep."""
    stamp = read_stamp(request.POST.get(STAMP_FIELD, ""))
    if stamp is None:
        return None
    owner = User.objects.filter(pk=stamp.owner_id, is_active=True).first()
    if owner is None:
        return None
    draft = save_draft(owner, stamp.kind, stamp.key, request.POST)
    return Rescue(draft, _forms[stamp.kind].resume(request.path))


def rewrite_drafts(
    change: Callable[[str], str], *, owner_ids: Iterable[int], keys: Iterable[str], key_prefixes: Iterable[str]
) -> int:
    """Change the kept texts of some people, of some forms and of some kinds of key; return how many it changed.

    Whose they are and how old stays as it is.
    """
    affected = Q(owner__in=owner_ids) | Q(key__in=keys) | _begins_with(key_prefixes)
    changed = 0
    for draft in Draft.objects.select_for_update().filter(affected).order_by("pk"):
        data = _rewritten(draft.data, change)
        if data != draft.data:
            changed += Draft.objects.filter(pk=draft.pk).update(data=data)
    return changed


def _rewritten(value, change: Callable[[str], str]):
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _rewritten(each, change) for name, each in value.items()}
    if isinstance(value, list):
        return [_rewritten(each, change) for each in value]
    return value
