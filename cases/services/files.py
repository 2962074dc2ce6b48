"""Files of cases: written before the row that names them, gone after the row that named them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from cases.files import AcceptedFile, IncomingFile, Inspection, RefusedFile, inspect_files, scanner
from cases.models import (
    Attachment,
    Case,
    CaseEvent,
    LooseFile,
    Message,
    Redaction,
    ScanState,
    StoredFile,
    new_storage_key,
)
from cases.services.change import locked, record, require_agent
from cases.services.errors import FileGone, FilesAway, FilesNotStored
from cases.services.redaction import MARKER, check_reason
from mail import inbox, wake

logger = logging.getLogger(__name__)

# No request and no mail takes this long between writing a file and its commit.
LOOSE_AFTER = timedelta(hours=1)
SCAN_TASK = "cases.scan_files"


@dataclass(frozen=True)
class StagedFile:
    """A file whose bytes are in the storage already, and that no row of a case names yet."""

    file: AcceptedFile
    key: str


@dataclass(frozen=True)
class StagedFiles:
    """The files of one message, on their way in."""

    kept: tuple[StagedFile, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    digest: str = ""

    def __bool__(self) -> bool:
        return bool(self.kept or self.refused)


NO_FILES = StagedFiles()


def attachment_storage() -> Storage:
    return storages["attachments"]


@contextmanager
def staged(inspection: Inspection) -> Iterator[StagedFiles]:
    """Write the files of a message into the storage; afterwards throw away those that no row took.

    To be entered outside of any transaction: the services that are called inside have their own. Refused
    files are passed on, so that a door which files a message without them can leave a line about each.

    Raises:
        FilesNotStored: the storage does not take them at the moment.
        RuntimeError: inside a transaction, whose end would forget what lies in the storage.
    """
    if not (inspection.accepted or inspection.refused):
        yield NO_FILES
        return
    written = tuple(StagedFile(file, new_storage_key()) for file in inspection.accepted)
    keys = [each.key for each in written]
    with transaction.atomic(durable=True):
        at = timezone.now()
        LooseFile.objects.bulk_create(LooseFile(key=key, at=at) for key in keys)
    try:
        _write(written)
        yield StagedFiles(written, inspection.refused, inspection.digest)
    finally:
        _drop_loose(keys)


def _write(files: Iterable[StagedFile]) -> None:
    """Put the bytes of files where their keys say.

    Raises:
        FilesNotStored
    """
    try:
        for each in files:
            each.file.content.seek(0)
            attachment_storage().save(each.key, File(each.file.content))
    except OSError as error:
        logger.exception("The storage of files does not take any.")
        raise FilesNotStored from error


def open_file(stored: StoredFile) -> File:
    """Return the bytes of a file, to be closed by the caller.

    Raises:
        FileNotFoundError: the storage does not have them.
        FilesAway: it does not answer at the moment.
    """
    try:
        return attachment_storage().open(stored.key)
    except FileNotFoundError:
        raise
    except OSError as error:
        logger.exception("The storage of files does not give any.")
        raise FilesAway from error


def attach(case: Case, message: Message | None, files: StagedFiles, *, by: User, at: datetime) -> list[Attachment]:
    """Hang files on a message of a locked case, or with None on its description, in the caller's transaction.

    What the case holds already is not stored again. Each refused file leaves its name and the reason.
    """
    if not files:
        return []
    stored = _stored(case, files.kept)
    there = set()
    if message is not None:
        there = set(Attachment.objects.filter(message=message).values_list("stored_id", "name"))
    rows = [
        Attachment(
            case=case,
            message=message,
            stored=stored[each.file.sha256],
            name=each.file.name,
            by=by,
            at=at,
            is_inline=each.file.inline,
        )
        for each in files.kept
        if (stored[each.file.sha256].pk, each.file.name) not in there
    ]
    rows += [
        Attachment(case=case, message=message, name=each.name, by=by, at=at, refusal=each.reason.value)
        for each in files.refused
    ]
    Case.objects.filter(pk=case.pk).update(has_files=True)
    return Attachment.objects.bulk_create(rows)


def _stored(case: Case, files: Iterable[StagedFile]) -> dict[str, StoredFile]:
    """Return the bytes of files by their checksum: those that the case has, and those that come to it."""
    incoming = {each.file.sha256: each for each in files}
    found = StoredFile.objects.filter(case__in=case.family_ids, sha256__in=incoming)
    stored = {row.sha256: row for row in found}
    fresh = [each for sha256, each in incoming.items() if sha256 not in stored]
    if not fresh:
        return stored
    keys = [each.key for each in fresh]
    if LooseFile.objects.filter(key__in=keys).delete()[0] != len(keys):
        raise FileGone
    state = ScanState.PENDING if scanner.is_set() else ScanState.UNSCANNED
    rows = StoredFile.objects.bulk_create(
        StoredFile(
            case=case,
            key=each.key,
            sha256=each.file.sha256,
            size=each.file.size,
            kind=each.file.kind.code,
            state=state,
            scan_at=timezone.now() if state == ScanState.PENDING else None,
        )
        for each in fresh
    )
    if state == ScanState.PENDING:
        transaction.on_commit(partial(wake.ring, SCAN_TASK), robust=True)
    return stored | {row.sha256: row for row in rows}


@dataclass(frozen=True)
class FileResult:
    """What became of one file: the row at its message, and why it was refused, if it was."""

    attachment: Attachment
    refused: str = ""


def attach_files(*, by: User, message: Message, files: Iterable[IncomingFile]) -> list[FileResult]:
    """Hang files on a message that is there already; what is refused leaves a line at it.

    To be called outside of any transaction. A door that writes the message itself does better to enter
    `staged` and to hand the files over with it: message and files are one transaction then.
    """
    with staged(inspect_files(files)) as parcel, transaction.atomic():
        case = locked(message.case)
        rows = attach(case, message, parcel, by=by, at=timezone.now())
    return [FileResult(row, RefusedFile(row.name, row.refusal).sentence if row.refusal else "") for row in rows]


def move_files(source: Case, target: Case, *, description: Message) -> None:
    """Let files follow the texts of a case that becomes part of another.

    Arguments:
        description: the message that the description of the source has become.
    """
    if not source.has_files:
        return
    Attachment.objects.filter(case=source, message=None).update(message=description)
    Attachment.objects.filter(case=source).update(case=target)
    Case.objects.filter(pk=target.pk).update(has_files=True)


# --- removing --------------------------------------------------------------------------------


@transaction.atomic
def remove_file(*, by: User, case: Case, attachment: Attachment, reason: str) -> int:
    """Remove a file for good, from each text of the case that it hangs on; return how many those were.

    Its name goes with it, and the bytes of the mails of the case, which may hold it; who, when and why
    stays. A file that was refused is but a name, and goes alone.

    Raises:
        NotAllowed, FileGone, ReasonNeeded, ReasonQuotes.
    """
    require_agent(by)
    case = locked(case)
    chosen = Attachment.objects.filter(case=case, pk=attachment.pk).select_related("stored").first()
    if chosen is None:
        raise FileGone
    reason = check_reason(reason, chosen.name)
    copies = _copies_of(chosen.stored, case) if chosen.stored else []
    same = Attachment.objects.filter(Q(stored__in=copies) | Q(pk=chosen.pk))
    places = list(same.select_related("message").order_by("pk"))
    at = timezone.now()
    for place in places:
        row = Redaction.objects.create(
            case=case, message=place.message, what=Redaction.What.FILE, by=by, at=at, reason=reason
        )
        record(case, CaseEvent.Kind.FILE_REMOVED, by=by, at=at, old=place.message_id, new=row.pk)
    same.delete()
    keys = [copy.key for copy in copies]
    StoredFile.objects.filter(pk__in=[copy.pk for copy in copies]).delete()
    LooseFile.objects.bulk_create(LooseFile(key=key, at=at) for key in keys)
    transaction.on_commit(partial(_drop_loose, keys), robust=True)
    inbox.forget("case", case.family_ids, passage=chosen.name, marker=MARKER)
    touch(case, places, at=at)
    return len(places)


def _copies_of(stored: StoredFile, case: Case) -> list[StoredFile]:
    """Return all rows of a file's bytes: cases that became one may each have brought them."""
    return list(StoredFile.objects.filter(case__in=case.family_ids, sha256=stored.sha256))


def touch(case: Case, places: Iterable[Attachment], *, at: datetime) -> None:
    """Note on a case that something happened to files, for its provider only where the provider sees them."""
    moments = {"updated_at": at}
    if any(each.message is None or each.message.kind != Message.Kind.INTERNAL for each in places):
        moments["public_updated_at"] = at
    Case.objects.filter(pk=case.pk).update(**moments)


# --- what lies loose -------------------------------------------------------------------------


def _drop_loose(keys: Iterable[str]) -> None:
    """Delete those of the keys that no row of a case names; what cannot be deleted is left to the sweep."""
    try:
        for loose in LooseFile.objects.filter(key__in=list(keys)):
            _delete(loose)
    except (DatabaseError, OSError) as error:
        logger.warning("Files that nothing names are left to the sweep: %r", error)


def _delete(loose: LooseFile) -> None:
    """Delete a key from the storage, then the row that knows of it."""
    attachment_storage().delete(loose.key)
    loose.delete()


def delete_loose_files() -> int:
    """Delete what a crash has left in the storage; return how many."""
    done = 0
    for loose in LooseFile.objects.filter(at__lt=timezone.now() - LOOSE_AFTER).order_by("pk"):
        try:
            _delete(loose)
        except OSError as error:
            logger.warning("Loose file %s could not be deleted: %r", loose.pk, error)
        else:
            done += 1
    return done
