"""Names that stand in a query: of synonym groups, of places, of records as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search import analysis
from search.lexicon import Lexicon, Place
from search.plan import ExactName
from search.wording import ASKING, RELATIVES
from search.words import Word

MOST_RUN = 8  # words in a name
MOST_TOLD = 3  # names that a person is told of
_MAIN_NAME, _OTHER_NAME = 0.9, 0.5  # of the same meaning, but not what was typed
_SURE = 0.5
_NOT = "не"
_WANTING = frozenset({"хотеть", "хотеться"})
# What happens, or how somebody is: "муж пьёт", "денег нет". "Игры для детей" tell nothing.
_TELLING = frozenset({"VERB", "INFN", "GRND", "PRTS", "ADJS", "PRED"})


@dataclass(frozen=True, slots=True)
class Run:
    """Words of the query that are a form of a synonym group, and where they stand."""

    places: tuple[int, ...]
    group: int
    form: tuple[str, ...]
    weight: float


def find_runs(words: Sequence[Word], lexicon: Lexicon) -> list[Run]:
    """Every synonym that stands in the query, its words near one another in whatever order."""
    at: dict[str, list[int]] = {}
    for i, word in enumerate(words):
        for candidate in word.candidates:
            at.setdefault(candidate.lemma, []).append(i)
    tells = any(not word.is_asking for word in words)
    found: dict[tuple[tuple[int, ...], int], Run] = {}
    for first in at:
        for form, group in lexicon.rules.get(first, ()):
            if tells and all(term in ASKING for term in form):
                continue  # "что положено" is a question of its own only when nothing else is said
            places = _places(form, at)
            if places and stands_as_denied(form, places, words):
                weight = min(words[i].weight_of(term) for i, term in zip(places, form, strict=True))
                found.setdefault((places, group), Run(places, group, form, weight))
    return list(found.values())


def stands_as_denied(lemmas: Sequence[str], places: Sequence[int], words: Sequence[Word]) -> bool:
    """Whether "не" denies in the query what it denies in a name of these lemmas.

    It belongs to the word behind it, and an infinitive behind "хочет" is what is not wanted: in
    "ребёнок не хочет жить" nobody says "не хочу ребёнка", in "говорит, не хочет" nobody "не
    говорит".
    """
    at = dict(zip(lemmas, places, strict=True))
    if _NOT not in at or lemmas[-1] == _NOT:
        return True
    denied = at[lemmas[lemmas.index(_NOT) + 1]]
    if denied != at[_NOT] + 1:
        return False
    behind = words[denied + 1] if denied + 1 < len(words) else None
    if _WANTING.isdisjoint(lemmas) or behind is None or behind.lemma in at:
        return True
    return analysis.part_of_speech(behind.text) != "INFN"


def tells_of_family(words: Sequence[Word], runs: Sequence[Run], lexicon: Lexicon) -> bool:
    """Whether something is told of somebody's child, husband or mother, by whatever name."""
    if not any(analysis.part_of_speech(word.text) in _TELLING for word in words):
        return False
    named = {lexicon.groups[run.group].forms[0][0] for run in runs if len(run.places) == 1}
    return not RELATIVES.isdisjoint(named | {word.lemma for word in words})


def find_place(
    words: Sequence[Word], runs: Sequence[Run], lexicon: Lexicon
) -> tuple[Place | None, frozenset[int]]:
    """The place that a query names, and which of its words say so. The longest name wins."""
    for length in range(min(4, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            place = lexicon.find_place(tuple(word.lemma for word in run))
            if place:
                return place, frozenset(range(start, start + length))
    for i, word in enumerate(words):
        if analysis.names_a_place(word.text) or word.lemma.endswith(("ский", "цкий")):
            place = lexicon.find_place_by_root(word.lemma)
            if place:
                return place, frozenset({i})
    return _place_of_synonym(runs, lexicon)


def _place_of_synonym(runs: Sequence[Run], lexicon: Lexicon) -> tuple[Place | None, frozenset[int]]:
    for run in runs:
        slugs = [each.slug for each in lexicon.groups[run.group].targets if each.is_place]
        if len(slugs) == 1 and slugs[0] in lexicon.places:
            return lexicon.places[slugs[0]], frozenset(run.places)
    return None, frozenset()


def exact_names(
    words: Sequence[Word], runs: Sequence[Run], lexicon: Lexicon
) -> tuple[ExactName, ...]:
    """Runs of the query that may be the whole name of a record; the longer, the weightier."""
    telling = sum(not word.is_asking for word in words) or len(words)
    best: dict[str, float] = {}

    def add(name: tuple[str, ...], part: float) -> None:
        key = " ".join(name)
        best[key] = max(best.get(key, 0.0), round(part * part, 3))

    for start in range(len(words)):
        for stop in range(start + 1, min(start + MOST_RUN, len(words)) + 1):
            run = words[start:stop]
            part = sum(not word.is_asking for word in run) / telling
            if part:
                add(tuple(word.lemma for word in run), min(part, 1.0))
    for found in runs:
        group = lexicon.groups[found.group]
        told = sum(not words[i].is_asking for i in found.places) or 1
        part = min(told / telling, 1.0) * found.weight
        add(group.forms[0], part * _MAIN_NAME)
        for form in () if group.one_way else group.forms[1:]:
            add(form, part * _OTHER_NAME)
    return tuple(ExactName(name, weight) for name, weight in sorted(best.items()))


def names_to_tell(words: Sequence[Word], runs: Sequence[Run], lexicon: Lexicon) -> tuple[str, ...]:
    """Main names of the synonyms that were searched beside what was typed."""
    typed = {word.lemma for word in words}
    names = {
        lexicon.groups[run.group].canonical: None
        for run in sorted(runs, key=lambda run: (-len(run.places), run.places))
        if not set(lexicon.groups[run.group].forms[0]) <= typed and run.weight >= _SURE
    }
    return tuple(names)[:MOST_TOLD]


def _places(form: tuple[str, ...], at: Mapping[str, Sequence[int]]) -> tuple[int, ...]:
    """Where the words of a form stand, if they all do and near one another."""
    for start in at.get(form[0], ()):
        places = [start]
        for term in form[1:]:
            near = _near(at.get(term, ()), places, len(form))
            if near is None:
                break
            places.append(near)
        else:
            return tuple(places)
    return ()


def _near(places: Sequence[int], taken: Sequence[int], reach: int) -> int | None:
    """The place next to those taken, no farther from the first than a form is long."""
    free = [i for i in places if i not in taken and abs(i - taken[0]) <= reach]
    return min(free, key=lambda i: abs(i - taken[-1]), default=None)
