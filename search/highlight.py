"""Marks what was found, in the text of the database: escaped first, the same for every engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from search import analysis
from search.plan import QueryPlan

_IN_BRACKETS = re.compile(r"\([^()]*\)")
AROUND = 60  # signs before and after, when a piece of a long text is shown


@dataclass(frozen=True, slots=True)
class Marker:
    """The lemmas of a query that are marked, alone or only side by side."""

    single: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in a text the found words stand, in order, without overlap."""
        words = list(analysis.spans(text))
        hit = [lemma in self.single for _, _, lemma in words]
        for line in _ways_to_read(text, words):
            lemmas = [words[i][2] for i in line]
            for phrase in self.phrases:
                for at in range(len(line) - len(phrase) + 1):
                    if tuple(lemmas[at : at + len(phrase)]) == phrase:
                        for i in line[at : at + len(phrase)]:
                            hit[i] = True
        return [(start, end) for (start, end, _), found in zip(words, hit, strict=True) if found]

    def mark(self, text: str) -> tuple[SafeString, bool]:
        """The whole text as HTML, and whether anything in it is marked."""
        spans = self.spans(text)
        return _marked(text, spans), bool(spans)

    def excerpt(self, text: str) -> SafeString:
        """The piece of a text around the first found word, as HTML; nothing if none is there."""
        spans = self.spans(text)
        if not spans:
            return SafeString()
        start, end = _at_spaces(text, spans[0][0] - AROUND, spans[0][1] + AROUND)
        inside = [(a - start, b - start) for a, b in spans if a >= start and b <= end]
        piece = _marked(text[start:end], inside)
        before, after = "… " if start else "", " …" if end < len(text) else ""
        return mark_safe(f"{before}{piece}{after}")  # noqa: S308 - escaped by _marked


def marker_of(plan: QueryPlan) -> Marker:
    alternatives = [each.words for slot in plan.slots for each in slot.alternatives]
    return Marker(
        frozenset(words[0] for words in alternatives if len(words) == 1),
        tuple(dict.fromkeys(words for words in alternatives if len(words) > 1)),
    )


def first_excerpt(marker: Marker, texts: Iterable[str]) -> SafeString:
    """The excerpt of the first text in which anything was found."""
    return next((found for text in texts if (found := marker.excerpt(text))), SafeString())


def _ways_to_read(text: str, words: Sequence[tuple[int, int, str]]) -> list[list[int]]:
    """The words in a row, and without those in brackets: «материнский (семейный) капитал»."""
    aside = [(match.start(), match.end()) for match in _IN_BRACKETS.finditer(text)]
    every = list(range(len(words)))
    if not aside:
        return [every]
    outside = [i for i in every if not any(start < words[i][0] < end for start, end in aside)]
    return [every, outside]


def _marked(text: str, spans: Iterable[tuple[int, int]]) -> SafeString:
    parts, done = [], 0
    for start, end in spans:
        parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
        done = end
    parts.append(escape(text[done:]))
    return mark_safe("".join(parts))  # noqa: S308 - every piece of text is escaped above


def _at_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds moved outwards to spaces, so that no word is cut."""
    start = max(text.rfind(" ", 0, start) + 1, 0) if start > 0 else 0
    end = text.find(" ", end) if end < len(text) else len(text)
    return start, end if end > 0 else len(text)
