"""The field of a form into which people put files."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases.files import (
    ACCEPT,
    KINDS_IN_WORDS,
    MEGABYTE,
    MOST_BYTES,
    MOST_BYTES_TOGETHER,
    MOST_FILES,
    NOTHING,
    IncomingFile,
    Inspection,
    inspect_files,
)

FILES_HINT = format_lazy(
    _(
        "Up to {files} files, {most} MB each and {together} MB together: {kinds}. Send no patient data in files or in"
        " their names. Files are not kept with a draft, nor when the form comes back: choose them again then."
    ),
    files=MOST_FILES,
    most=MOST_BYTES // MEGABYTE,
    together=MOST_BYTES_TOGETHER // MEGABYTE,
    kinds=KINDS_IN_WORDS,
)
CHOOSE_AGAIN = _("Choose your files again: they are not kept when the form comes back.")


class FilesInput(forms.FileInput):
    """A file input for several files."""

    allow_multiple_selected = True

    def value_from_datadict(self, data, files, name):
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name, [])


class FilesField(forms.Field):
    """Files of the kinds that are taken; its value is an Inspection without refusals."""

    widget = FilesInput(attrs={"multiple": True, "accept": ACCEPT})

    def __init__(self, **kwargs):
        super().__init__(required=False, label=_("Files"), help_text=FILES_HINT, **kwargs)

    def clean(self, value) -> Inspection:
        """Look at each file.

        Raises:
            ValidationError: a sentence for each that is refused: its name, and what to do.
        """
        if not value:
            return NOTHING
        found = inspect_files(IncomingFile(upload.name or "", upload.file) for upload in value)
        if found.refused:
            raise ValidationError([file.sentence for file in found.refused])
        return found


class TakesFiles:
    """What a form with a FilesField does when it comes back: no browser lets a page choose files again."""

    @property
    def had_files(self) -> bool:
        return self.is_bound and bool(self.files.getlist(self.add_prefix("files")))

    @property
    def files_digest(self) -> str:
        """Return the digest of the posted files, as a message keeps it; nothing where one is refused."""
        try:
            return self.fields["files"].clean(self.files.getlist(self.add_prefix("files"))).digest
        except ValidationError:
            return ""

    def ask_for_files_again(self) -> None:
        """Say beside the field that the files have to be chosen again."""
        if self.had_files and CHOOSE_AGAIN not in self.errors.get("files", ()):
            self.add_error("files", CHOOSE_AGAIN)
