"""What words that are still being typed begin, or were meant to begin when there is a slip in them.

Compared by their sounds, as whole words are (search.spelling); one sound more may be wrong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from search.spelling import sounds_of

SHORTEST = 4  # sounds of a word that may be meant otherwise
SHORTEST_TO_EDIT = 5
LONGEST = 20
MOST = 3
_HEARD = "абвгдежзийклмнопрстуфхцчшщыэюя"
_SOUNDS = "".join(sorted(set(sounds_of(" ".join(_HEARD))) - {" "}))
_MOST_WORDS = 300  # that one beginning is looked up in


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Of the words of a vocabulary."""

    words: Mapping[str, int]  # and how often they stand
    _sorted: list[str] = field(default_factory=list)
    _heard: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sorted.extend(sorted(self.words))
        self._heard.extend(sorted((sounds_of(word), word) for word in self.words if word.isalpha()))

    def has(self, piece: str) -> bool:
        """Whether any word begins so."""
        at = bisect_left(self._sorted, piece)
        return at < len(self._sorted) and self._sorted[at].startswith(piece)

    def meant(self, piece: str) -> list[str]:
        """What was meant to be typed so far, the likeliest first; nothing where it is right."""
        sounds = sounds_of(piece)
        if len(sounds) < SHORTEST or len(piece) > LONGEST or not piece.isalpha() or self.has(piece):
            return []
        found = self._heard_as([sounds], len(piece))
        if not found and len(sounds) >= SHORTEST_TO_EDIT:
            found = self._heard_as(_edited(sounds), len(piece))
        return [beginning for beginning, _ in found.most_common(MOST)]

    def _heard_as(self, ways: Iterable[str], length: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for sounds in dict.fromkeys(ways):
            for word in islice(self._begun(sounds), _MOST_WORDS):
                found[_cut(word, sounds, length)] += 1 + self.words[word]
        return found

    def _begun(self, sounds: str) -> Iterator[str]:
        for i in range(bisect_left(self._heard, (sounds, "")), len(self._heard)):
            heard, word = self._heard[i]
            if not heard.startswith(sounds):
                return
            yield word


def _cut(word: str, sounds: str, length: int) -> str:
    """The beginning of a word that sounds so, as long as what was typed where it can be."""
    ends = sorted(range(len(sounds), len(word) + 1), key=lambda end: abs(end - length))
    return next((word[:end] for end in ends if sounds_of(word[:end]) == sounds), word)


def _edited(sounds: str) -> Iterator[str]:
    """With one sound left out, swapped with the next, another, or added; the first is right."""
    for i in range(1, len(sounds)):
        before, rest = sounds[:i], sounds[i + 1 :]
        yield before + rest
        if rest:
            yield before + rest[0] + sounds[i] + rest[1:]
        for sound in _SOUNDS:
            yield before + sound + rest
            yield before + sound + sounds[i:]
