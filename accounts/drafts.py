"""Keep what people typed into a long form when its sending fails.

Each rendering of a long form carries a signed stamp: whose it is, which form, its one-time key and
when. A POST that fails on its session or CSRF token becomes a Draft of the stamp's owner, and of
nobody else; a POST without a valid stamp leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from accounts.models import Draft, User

STAMP_FIELD = "stamp"
STAMP_MAX_AGE = timedelta(hours=24)
DRAFT_RETENTION = timedelta(days=7)
DRAFTS_KEPT = 20  # of one form, for one person
_SALT = "accounts.drafts.stamp"


@dataclass(frozen=True)
class LongForm:
    """A form whose text is worth keeping.

    `fields` are the names that a draft may hold; `resume` turns the path that was posted to into
    the address where the form is shown again.
    """

    kind: str
    fields: tuple[str, ...]
    resume: Callable[[str], str]


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


def register_form(kind: str, *, fields: tuple[str, ...], resume: Callable[[str], str] = lambda path: path) -> None:
    """Name a long form, once, from an app's ready()."""
    _forms[kind] = LongForm(kind, fields, resume)


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
    draft, _created = Draft.objects.update_or_create(
        owner=user, kind=kind, key=key, defaults={"data": kept, "updated_at": timezone.now()}
    )
    newest = Draft.objects.filter(owner=user, kind=kind).order_by("-updated_at", "-pk")[:DRAFTS_KEPT]
    Draft.objects.filter(owner=user, kind=kind).exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()
    return draft


def latest_draft(user: User, kind: str, *, key_prefix: str = "") -> Draft | None:
    """Return the user's newest draft of a form that is not past its seven days."""
    return (
        Draft.objects.filter(
            owner=user,
            kind=kind,
            key__startswith=key_prefix,
            updated_at__gt=timezone.now() - DRAFT_RETENTION,
        )
        .order_by("-updated_at")
        .first()
    )


def delete_drafts(user: User, kind: str, keys: Iterable[str]) -> None:
    """Drop the drafts of forms that have been sent; call it in the submit's transaction."""
    Draft.objects.filter(owner=user, kind=kind, key__in=[key for key in keys if key]).delete()


def delete_old_drafts() -> int:
    """Throw away drafts older than seven days; return how many."""
    return Draft.objects.filter(updated_at__lte=timezone.now() - DRAFT_RETENTION).delete()[0]


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
