"""What a misspelt word was meant to be, out of the words that the catalogue and editors use.

Words are compared by how they sound first (о as а, и as е, voiced as voiceless, no doubles): that
is where people go wrong. Words that are right are never asked about here; see search.query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SHORTEST = 4
LONGEST = 30
# Letters that sound, or are typed, alike; ь and ъ are not heard.
_SOUNDS = str.maketrans("оеыэяюбвгджзщ", "аииииупфктшсш", "ьъ")
_ENDINGS = (
    *("ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ым", "им", "ом", "ем", "ую", "юю"),
    *("ою", "ею", "ых", "их", "ого", "его", "ому", "ему", "ыми", "ими"),
)
_LONG_ENDINGS = tuple(ending for ending in _ENDINGS if len(ending) > 2)


@dataclass(frozen=True, slots=True)
class Suggestion:
    word: str
    distance: int


@dataclass(frozen=True, slots=True)
class Speller:
    """An index of words by their sounds with one sign left out."""

    words: Mapping[str, int]
    _nearby: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for word in self.words:
            if SHORTEST <= len(word) <= LONGEST and word.isalpha():
                for key in _keys(word):
                    self._nearby[key].append(word)

    def suggest(self, word: str, limit: int = 3) -> list[Suggestion]:
        """The likeliest words meant, best first."""
        if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
            return []
        candidates = {near for key in _keys(word) for near in self._nearby.get(key, ())}
        sounds = sounds_of(word)
        ranked = sorted(
            (distance(sounds, sounds_of(near), 2), distance(word, near, 3), -self.words[near], near)
            for near in candidates
        )
        return [
            Suggestion(near, by_letters)
            for by_sound, by_letters, _, near in ranked
            if min(by_sound, by_letters) <= 1 and by_letters <= _most_edits(word)
        ][:limit]


def _most_edits(word: str) -> int:
    return 1 if len(word) <= 5 else 2 + (len(word) > 9)


def differs_in_ending(one: str, other: str) -> bool:
    """Whether two words are forms of one adjective: a new word no dictionary has, not a slip."""
    stems = [word[:-3] if word.endswith(_LONG_ENDINGS) else word[:-2] for word in (one, other)]
    return stems[0] == stems[1] and one.endswith(_ENDINGS) and other.endswith(_ENDINGS)


def distance(one: str, other: str, most: int) -> int:
    """Edits between two words; neighbours swapped are one edit. Anything above `most` is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, sign in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (sign != against))
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == against:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _keys(word: str) -> Iterator[str]:
    sounds = sounds_of(word)
    yield sounds
    yield from {_no_doubles(sounds[:i] + sounds[i + 1 :]) for i in range(len(sounds))}


def sounds_of(word: str) -> str:
    return _no_doubles(word.translate(_SOUNDS))


def _no_doubles(heard: str) -> str:
    return "".join(sign for i, sign in enumerate(heard) if i == 0 or sign != heard[i - 1])
