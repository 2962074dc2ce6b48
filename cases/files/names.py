"""Names of files, made safe to show, to store and to save on any system."""

from __future__ import annotations

import re
import unicodedata

SAFE_NAME_LENGTH = 100
# A file system takes 255 bytes for a name, and a script like Hindi needs three for a letter.
_MOST_BYTES = 240
_LONGEST_EXTENSION = 10
_REPLACED = re.compile(r'[<>:"/\\|?*;%#&]')
_BLANKS = re.compile(r"\s+")
# The Windows devices that no file can be named after, whatever its extension.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
# In front of the last dot these would say what a file is not: report.exe.pdf.
_MISLEADING = re.compile(
    r"\.(?=(?:exe|com|bat|cmd|scr|pif|cpl|msi|jar|js|jse|vbs|vbe|wsf|hta|ps1|lnk|html?|svg|xht|xhtml|php|"
    r"docm|xlsm|dotm|pdf|png|jpe?g|tiff?|heic|docx?|xlsx?|zip)(?:[.\s_]|$))",
    re.IGNORECASE,
)


def extension_of(name: str) -> str:
    """Return what follows the last dot of a name, in lower case."""
    stem, dot, extension = _printable(name).rpartition(".")
    return extension.strip().lower() if dot and stem else ""


def _printable(name: str) -> str:
    """Return the last part of a path without what cannot be seen: controls, direction marks, zero-width joiners."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    kept = "".join(" " if unicodedata.category(char)[0] == "Z" else char for char in name)
    return "".join(char for char in kept if unicodedata.category(char)[0] != "C")


def safe_name(name: str) -> str:
    """Return a name without folders, hidden characters, and characters that a system or a header could take for more.

    Its extension stays what it is, in lower case; what is too long loses the end of its stem.
    """
    extension = extension_of(name)[:_LONGEST_EXTENSION]
    extension = re.sub(r"[^0-9a-z]", "", extension)
    shown = _printable(name)
    stem = shown.rpartition(".")[0] if extension_of(name) else shown
    stem = _BLANKS.sub(" ", _REPLACED.sub("_", stem))
    stem = _MISLEADING.sub("_", stem).strip(" .-_~") or "file"
    if _DEVICES.fullmatch(stem):
        stem = f"file {stem}"
    ending = f".{extension}" if extension else ""
    stem = stem[: SAFE_NAME_LENGTH - len(ending)]
    while len((stem + ending).encode()) > _MOST_BYTES:
        stem = stem[:-1]
    return (stem.rstrip(" .") or "file") + ending
