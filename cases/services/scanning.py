"""Scan files for viruses: states stand in the database, the broker is only a bell."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone

from cases.files import scanner
from cases.models import TO_SCAN, Attachment, CaseEvent, ScanState, StoredFile
from cases.services.change import locked, record
from cases.services.files import attachment_storage, touch

logger = logging.getLogger(__name__)

# Whoever has claimed a file has judged it by then, or is dead.
LEASE = timedelta(seconds=scanner.WHOLE_SECONDS + 60)
PAUSE = timedelta(minutes=1)
_MOST_DOUBLINGS = 6


def scan_files(*, seconds: float = 120) -> bool:
    """Scan what waits; tell whether more waits when the time is over.

    Where a scanner has been set, what came before it is scanned too, and given out only after that; where
    none is set any more, nothing waits for one.
    """
    now = timezone.now()
    if not scanner.is_set():
        StoredFile.objects.filter(state__in=TO_SCAN).update(state=ScanState.UNSCANNED, scan_at=None)
        return False
    StoredFile.objects.filter(state=ScanState.UNSCANNED).update(state=ScanState.PENDING, scan_at=now)
    ends = time.monotonic() + seconds
    while stored := _claim():
        _scan(stored)
        if time.monotonic() >= ends:
            return True
    return False


def _claim() -> StoredFile | None:
    """Take the file that has waited longest; one conditional UPDATE decides between two workers.

    Of those that were held together the one with the fewest tries: a file that makes the scanner fall over
    must not stand in front of the others each time.
    """
    while True:
        now = timezone.now()
        due = (
            StoredFile.objects.filter(state__in=TO_SCAN, scan_at__lte=now)
            .order_by("scan_at", "scan_tries", "pk")
            .first()
        )
        if due is None:
            return None
        mine = StoredFile.objects.filter(pk=due.pk, state=due.state, scan_at=due.scan_at)
        # A scanner that is away for weeks must not count past what the column holds.
        if mine.update(scan_at=now + LEASE, scan_tries=Least(F("scan_tries") + 1, _MOST_DOUBLINGS + 1)):
            return due


def _scan(stored: StoredFile) -> None:
    """Have one file judged; where the scanner is away, all wait."""
    try:
        with attachment_storage().open(stored.key) as content:
            verdict = scanner.scan(content)
    except scanner.ScannerAway as error:
        # One try a minute for all: the next that is due finds out whether it is back.
        waiting = StoredFile.objects.filter(state__in=TO_SCAN)
        waiting.update(state=ScanState.HELD, scan_at=timezone.now() + PAUSE)
        logger.warning("The virus scanner is away; files are held: %s", error)
    except (scanner.NotScanned, OSError) as error:
        pause = PAUSE * 2 ** min(stored.scan_tries, _MOST_DOUBLINGS)
        mine = StoredFile.objects.filter(pk=stored.pk, state__in=TO_SCAN)
        mine.update(state=ScanState.HELD, scan_at=timezone.now() + pause)
        logger.warning("Stored file %s was not judged and is held: %r", stored.pk, error)
    else:
        _settle(stored, verdict)


@transaction.atomic
def _settle(stored: StoredFile, verdict: scanner.Verdict) -> None:
    """Write down what the scanner found, unless the file has been removed or judged in between."""
    waiting = StoredFile.objects.filter(pk=stored.pk, state__in=TO_SCAN)
    if not verdict.finding:
        waiting.update(state=ScanState.CLEAN, scan_at=None)
        return
    case, at = locked(stored.case), timezone.now()
    if not waiting.update(state=ScanState.INFECTED, finding=verdict.finding, scan_at=None):
        return
    places = list(Attachment.objects.filter(stored=stored).select_related("message").order_by("pk"))
    for place in places:
        record(case, CaseEvent.Kind.FILE_INFECTED, by=None, at=at, old=place.message_id, new=place.pk)
    touch(case, places, at=at)
    logger.warning("The virus scanner found something in stored file %s.", stored.pk)
