"""The files of a thread as its readers see them: name, kind, size, and why one cannot be opened."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from cases.files import KINDS, refusal_sentence, size_words
from cases.models import Attachment, Case, ScanState, StoredFile, served_states


@dataclass(frozen=True)
class FileLine:
    """One file at a message.

    Arguments:
        words: kind and size; empty for a file that was refused.
        url: where it can be had; empty while or because it cannot.
        trouble: a sentence that says why.
        finding: what a scanner calls what it found, for those who work cases.
    """

    pk: int
    name: str
    words: str = ""
    url: str = ""
    trouble: str = ""
    finding: str = ""


def address_name(stored: StoredFile) -> str:
    """Return the end of a file's address: its own name may be about a patient, and addresses are logged."""
    return f"file.{KINDS[stored.kind].extensions[0]}"


def files_by_message(case: Case, *, internal: bool) -> dict[int | None, list[FileLine]]:
    """Return all files of a case by the message that they came with, under None those of the description.

    One statement, and none for a case that no file ever came to.

    Arguments:
        internal: for those who work cases.
    """
    if not case.has_files:
        return {}
    found: dict[int | None, list[FileLine]] = {}
    # Pictures that stand in the text of a mail come after what was attached to it.
    for row in Attachment.objects.filter(case=case).select_related("stored").order_by("is_inline", "pk"):
        found.setdefault(row.message_id, []).append(_line(case, row, internal=internal))
    return found


def _line(case: Case, row: Attachment, *, internal: bool) -> FileLine:
    stored = row.stored
    if stored is None:
        return FileLine(row.pk, row.name, trouble=refusal_sentence(row.name, row.refusal))
    words = _("%(kind)s, %(size)s") % {"kind": KINDS[stored.kind].label, "size": size_words(stored.size)}
    if stored.state in served_states():
        url = reverse("cases:case_file", args=[case.case_id, row.pk, address_name(stored)])
        return FileLine(row.pk, row.name, words, url=url)
    finding = stored.finding if internal else ""
    return FileLine(row.pk, row.name, words, trouble=_trouble(stored.state), finding=finding)


def _trouble(state: str) -> str:
    return {
        ScanState.INFECTED: _(
            "A virus was found in this file, so nobody can open it. Check your computer first, then send a clean copy."
        ),
        ScanState.HELD: _("This file could not be checked for viruses yet. The portal tries again by itself."),
    }.get(state) or _("This file is being checked for viruses. Load the page again in a minute.")
