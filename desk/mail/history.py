"""What a letter quotes of those before it, cut off: the family's new words remain."""

from __future__ import annotations

import re
from itertools import pairwise

LONGEST_LINE = 600  # of those that programs write
_QUOTED = re.compile(r"\s*>")
# "23.11.2026, 10:15, Портал <…> пишет:" and the like; "мама писала:" alone is no such thing.
_SAYS = re.compile(
    r"\s*[^\n]{0,250}(?:\d\d:\d\d|\d{4}|@)[^\n]{0,250}"
    r"\b(?:пишет|писал|писала|написал|написала|написал\(а\)|wrote|writes)\s*:\s*",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"\s*(?:-{2,}\s*(?:original message|исходное сообщение|пересылаемое сообщение"
    r"|forwarded message)\s*-{2,}|(?:from|от|от кого)\s*:[^\n]*@[^\n]*)\s*",
    re.IGNORECASE,
)


def without_history(text: str) -> str:
    """The whole text, when nothing would remain, or when somebody answers between quoted lines."""
    lines = text.strip().split("\n")
    quoted = [number for number, line in enumerate(lines) if _QUOTED.match(line)]
    if quoted:
        first, last = quoted[0], quoted[-1]
        between = [line for line in lines[first : last + 1] if line.strip()]
        if not all(_QUOTED.match(line) for line in between):
            return text.strip()
        kept = [*_without_opening(lines[:first]), *lines[last + 1 :]]
    else:
        kept = lines[: _begin_of_unsigned(lines)]
    while kept and (not kept[-1].strip() or _is_line(kept[-1])):
        kept.pop()
    return "\n".join(kept).strip() or text.strip()


def _without_opening(lines: list[str]) -> list[str]:
    """Without the line, or the two, that says whose words are quoted below."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    is_second = bool(lines) and lines[-1].lstrip().startswith("<")
    for taken in (2, 1) if is_second else (1, 2):
        said = " ".join(lines[-taken:])
        if len(lines) >= taken and (_says(said) or _begins(said)):
            return lines[:-taken]
    return lines


def _begin_of_unsigned(lines: list[str]) -> int:
    """Where a program that marks no lines has put the words of others: it names their address."""
    for number, (line, after) in enumerate(pairwise([*lines, ""])):
        said = f"{line} {after}" if after.lstrip().startswith("<") else line
        if ("@" in said and _says(said)) or _begins(line):
            return number
    return len(lines)


def _is_line(line: str) -> bool:
    """Drawn above the words of others."""
    return len(line.strip()) > 4 and not line.strip().strip("_-")


def _says(line: str) -> bool:
    return len(line) < LONGEST_LINE and bool(_SAYS.fullmatch(line))


def _begins(line: str) -> bool:
    return len(line) < LONGEST_LINE and bool(_BEGINS.fullmatch(line))
