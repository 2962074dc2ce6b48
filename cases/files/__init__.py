"""What a file may be: its name, its kind, its size; and the line to a virus scanner. Knows no rows."""

from cases.files.inspection import (
    MEGABYTE,
    MOST_BYTES,
    MOST_BYTES_TOGETHER,
    MOST_FILES,
    NOTHING,
    AcceptedFile,
    IncomingFile,
    Inspection,
    Refusal,
    RefusedFile,
    inspect_files,
    refusal_sentence,
    size_words,
)
from cases.files.kinds import ACCEPT, KINDS, KINDS_IN_WORDS, Kind
from cases.files.names import SAFE_NAME_LENGTH, safe_name

__all__ = [
    "ACCEPT",
    "KINDS",
    "KINDS_IN_WORDS",
    "MEGABYTE",
    "MOST_BYTES",
    "MOST_BYTES_TOGETHER",
    "MOST_FILES",
    "NOTHING",
    "SAFE_NAME_LENGTH",
    "AcceptedFile",
    "IncomingFile",
    "Inspection",
    "Kind",
    "Refusal",
    "RefusedFile",
    "inspect_files",
    "refusal_sentence",
    "safe_name",
    "size_words",
]
