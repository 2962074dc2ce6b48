"""What somebody wrote, without what their mail program put around it.

Where it is doubtful whether words are the writer's own, they stay: the thread may show too much, never too little.
"""

from __future__ import annotations

import re
from itertools import chain

from mailparser_reply.parser import EmailMessage as ReplyText

# English, Spanish and French are what the portal's readers write; German costs nothing.
LANGUAGES = ("en", "es", "fr", "de")
# The library's expressions take quadratic time in the length of a line.
_LONGEST_LINE = 200
_MOST_LINES = 2_000
_STAND_IN = "\ue000{}\ue001"
_STANDS_IN = re.compile("\ue000(\\d+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")
_QUOTE = re.compile(r"\s*>")
# What tells the head of a quoted mail from lines that a person typed, like "From: clinic A" and "To: clinic B".
_OF_A_MAIL = re.compile(r"@|\d{1,2}[:.]\d{2}|\b\d{4}\b.*(?:wrote|schrieb|escribió|écrit)", re.IGNORECASE)
_MORE_HEADS = re.compile(
    r"^(?:-{2,} ?(?:Original Message|Original Appointment|Mensaje original|Message d['’]origine"
    r"|Ursprüngliche Nachricht|Forwarded message|Mensaje reenviado|Message transféré) ?-{2,}"
    r"|(?:El|Le|On|Am) [^\n]{6,190}(?:\n[^\n]{0,190})?(?:escribió|a\s+écrit|wrote|schrieb[^\n]{0,60})\s?:"
    r"|_{20,}\n+(?:From|De|Von) ?:[^\n]*"
    r"|(?:From|De|Von) ?: [^\n]*\n(?:Sent|Date|Enviado(?: el)?|Fecha|Envoyé|Gesendet) ?: [^\n]*"
    r"(?:\n[^\n]+ ?: [^\n]*){1,4})[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_MOBILE = re.compile(
    r"(?:sent from (?:my|outlook|mail|yahoo|gmail|proton)\b|get outlook for|enviado desde (?:mi|outlook|mail)\b"
    r"|obtener outlook|envoyé de(?:puis)? (?:mon|ma|outlook|mail)\b|télécharger outlook|obtenir outlook"
    r"|von meinem .{1,30} gesendet|gesendet von (?:mail|outlook)).{0,120}",
    re.IGNORECASE,
)


class _Heads(ReplyText):
    """The library's reading of where quoted mails begin, without its guess at signatures: that drops lists."""

    def _process_signatures_disclaimers(self, text: str) -> tuple[list[str], str]:
        return [], ""


def own_words(text: str) -> str:
    """Return what the writer of a mail added, whether above, below or between what was quoted."""
    text = _PRIVATE.sub("", text).strip("\n")
    lines = text.split("\n")
    head = _first_head(lines)
    if head is None:
        top, rest = lines, []
    else:
        start, end = head
        top, rest = lines[:start], lines[end:]
    own = _without_trailing_quotes(top) if not rest else top
    answered = _answer_below(rest)
    if answered:
        own = [*own, "", *answered] if "".join(own).strip() else answered
    words = _without_signature(own)
    return words or text.strip()


def _first_head(lines: list[str]) -> tuple[int, int] | None:
    """Return where the head of the first quoted mail begins and ends, in lines."""
    short = [
        line if len(line) <= _LONGEST_LINE else _STAND_IN.format(number)
        for number, line in enumerate(lines[:_MOST_LINES])
    ]
    bare = "\n".join(line.strip() for line in short)
    found = []
    for pattern in (_Heads(bare, languages=list(LANGUAGES)).HEADER_REGEX, _MORE_HEADS):
        for match in pattern.finditer(bare):
            head = match[0].strip("\n")
            if head and ("---" in head or _OF_A_MAIL.search(head)):
                start = match.start() + len(match[0]) - len(match[0].lstrip("\n"))
                found.append((start, start + len(head)))
                break
    if not found:
        return None
    start, end = min(found)
    first = bare.count("\n", 0, start)
    while first and (not short[first - 1].strip() or re.fullmatch(r"[_\-*]{5,}", short[first - 1].strip())):
        first -= 1
    return first, bare.count("\n", 0, end) + 1


def _without_trailing_quotes(lines: list[str]) -> list[str]:
    """Leave out a quote that nothing follows and that has no head."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTE.match(lines[end - 1])):
        end -= 1
    return lines[:end] if any(line.strip() for line in lines[:end]) else lines


def _answer_below(rest: list[str]) -> list[str]:
    """Return what was written below the quote, or between its lines with the lines that it answers."""
    if not any(_QUOTE.match(line) for line in rest):
        return []  # quoted as Outlook does it: nobody can tell where the quote ends
    own = [number for number, line in enumerate(rest) if line.strip() and not _QUOTE.match(line)]
    quoted = [number for number, line in enumerate(rest) if _QUOTE.match(line)]
    own = [number for number in own if number > quoted[0]]
    if not own or not _without_signature([rest[number] for number in own]):
        return []
    if own[0] > quoted[-1]:
        return rest[own[0] :]
    last = max(own)
    return rest[quoted[0] : last + 1]


def _without_signature(lines: list[str]) -> str:
    """Cut what follows the signature's mark (RFC 3676, 4.3), and a phone's line at the very end."""
    for number, line in enumerate(lines):
        if line.rstrip() == "--" and (line == "-- " or number >= len(lines) - 12):
            lines = lines[:number]
            break
    end = len(lines)
    while end and (not lines[end - 1].strip() or _MOBILE.fullmatch(lines[end - 1].strip())):
        end -= 1
    return "\n".join(line.rstrip() for line in chain(lines[:end])).strip("\n")
