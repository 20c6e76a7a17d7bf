"""Names that editors have taught, by what is typed of them, and the records that they lead to.

Read without morphology: the first letter that somebody types in a process is answered at once.
"""

from __future__ import annotations

import datetime
import math
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock

from django.db.models import Sum
from django.utils import timezone

from catalogue.models import Territory
from search import analysis
from search.lexicon import load_groups, load_intents, read_stamp
from search.models import SearchClick
from search.plan import Target

KINDS = ("situation", "measure", "provider")
# How well a name fits what was typed: all of it, all but the end of the last word, and so on.
WHOLE, COVERED, IN_ORDER, FIRST_WORD, ANY_WORD, NOT_AT_ALL = range(6)
OLDEST = 3600.0  # seconds: clicks are counted anew, and a stamp may come back to what it was
_CLICKS_OF = datetime.timedelta(days=90)
_MOST_FOUND = 200  # names that one beginning is looked up in: «п» begins hundreds


def fit(typed: Sequence[str], name: Sequence[str]) -> int:
    """How well words that may be unfinished fit a name; the less, the better."""
    if tuple(typed) == tuple(name):
        return WHOLE
    if len(typed) <= len(name) and all(map(str.startswith, name, typed)):
        return COVERED if len(typed) == len(name) else IN_ORDER
    if not all(any(word.startswith(piece) for word in name) for piece in typed):
        return NOT_AT_ALL
    return FIRST_WORD if name[0].startswith(typed[0]) else ANY_WORD


@dataclass(frozen=True, slots=True)
class KnownName:
    words: tuple[str, ...]
    main: tuple[str, ...]  # of its group: what else may be looked for
    targets: tuple[Target, ...]
    is_rule: bool = False  # not a name, but what somebody says who needs one of those records

    def fit(self, typed: Sequence[str]) -> int:
        how = fit(typed, self.words)
        return max(how, FIRST_WORD) if self.is_rule else how


@dataclass(frozen=True, slots=True)
class KnownNames:
    stamp: tuple[int, int]
    read_at: float
    names: tuple[KnownName, ...]
    starts: tuple[tuple[str, int], ...]  # each word of each name, sorted
    around: Mapping[str, tuple[str, ...]]  # a territory and what it lies in, by its slug
    popularity: Mapping[tuple[str, str], int]  # by kind and slug

    def begun_by(self, typed: Sequence[str]) -> Iterator[KnownName]:
        longest = max(typed, key=len)
        found = islice(self._with_word(longest), _MOST_FOUND)
        for number in dict.fromkeys(found):
            if self.names[number].fit(typed) < NOT_AT_ALL:
                yield self.names[number]

    def _with_word(self, beginning: str) -> Iterator[int]:
        for i in range(bisect_left(self.starts, (beginning, -1)), len(self.starts)):
            word, number = self.starts[i]
            if not word.startswith(beginning):
                return
            yield number


_kept: KnownNames | None = None
_lock = Lock()


def known_names() -> KnownNames:
    """The names as the database has them now: one small query, or a reading after a change."""
    global _kept
    stamp = read_stamp()
    kept = _kept
    if kept and kept.stamp == stamp and time.monotonic() - kept.read_at < OLDEST:
        return kept
    with _lock:
        _kept = _read(stamp)
        return _kept


def _read(stamp: tuple[int, int]) -> KnownNames:
    names: dict[KnownName, None] = {}
    led: Counter[tuple[str, str]] = Counter()
    for phrases, targets, is_rule in _taught():
        if not is_rule:
            led.update({(target.field, target.slug) for target in targets})
        every = [words for phrase in phrases if (words := tuple(analysis.words(phrase)))]
        names |= {KnownName(words, every[0], targets, is_rule): None for words in every}
    return KnownNames(
        stamp=stamp,
        read_at=time.monotonic(),
        names=tuple(names),
        starts=tuple(sorted((word, i) for i, name in enumerate(names) for word in name.words)),
        around=_around(),
        popularity=_with_clicks(led),
    )


def _taught() -> Iterator[tuple[Sequence[str], tuple[Target, ...], bool]]:
    """What families say, and where it leads: synonyms, and rules that words of theirs suffice for."""
    for canonical, terms, _one_way, targets in load_groups():
        yield (canonical, *terms), targets, False
    for _title, examples, lines, targets, _is_foreign in load_intents():
        if targets:
            phrases = [*examples, *(lines[0].split(",") if len(lines) == 1 else ())]
            for phrase in phrases:
                yield (phrase,), targets, True


def _with_clicks(led: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """A rough measure, so that a single click does not turn the order over."""
    since = timezone.localdate() - _CLICKS_OF
    clicks = SearchClick.objects.filter(day__gte=since).values_list("slug").annotate(Sum("times"))
    worth: dict[tuple[str, str], float] = defaultdict(float, led)
    for slug, times in clicks:
        worth["measure", slug] += math.sqrt(times)
    return {key: round(math.log2(1 + each)) for key, each in worth.items()}


def _around() -> dict[str, tuple[str, ...]]:
    rows = Territory.objects.values_list("pk", "slug", "ancestor_ids")
    slugs = {pk: slug for pk, slug, _ in rows}
    return {slug: tuple(slugs[pk] for pk in path if pk in slugs) for _, slug, path in rows}


def led_to(names: Iterable[KnownName]) -> dict[str, tuple[str, ...]]:
    """Slugs by kind."""
    found: dict[str, dict[str, None]] = {}
    for name in names:
        for target in name.targets:
            if target.field in KINDS:
                found.setdefault(target.field, {})[target.slug] = None
    return {kind: tuple(slugs) for kind, slugs in found.items()}
