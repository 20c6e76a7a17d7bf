"""From a family's words to a plan: pure functions over what the portal knows.

A query whose words the catalogue does not cover to a sufficient part gets no answer: an honest
zero is better than noise.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest
from itertools import pairwise

from django.utils import timezone

from search import analysis, wording
from search.intents import Meaning, find_meanings
from search.lexicon import Group, Lexicon, Place
from search.names import (
    Run,
    exact_names,
    find_place,
    find_runs,
    names_to_tell,
    tells_of_family,
)
from search.pins import pinned_for
from search.plan import (
    CHECKED,
    FACETS,
    Alternative,
    Origin,
    PlaceFilter,
    QueryPlan,
    Slot,
    Sort,
    Target,
    Understanding,
)
from search.words import Knowledge, Word, pair_of, read

LONGEST_TEXT = 200
MOST_ALTERNATIVES = 14
# Of a query of many words; a server takes 1024 clauses in all (docs/elasticsearch.md).
MOST_ALTERNATIVES_IN_ALL, MOST_NAMES = 45, 60
_WEIGHT_OF_RELATED = 0.5
_WEIGHT_OF_MAIN_NAME, _WEIGHT_OF_OTHER_NAME = 0.85, 0.7
_FIRST_TARGETS, _WEIGHT_OF_LATER = 3, 0.6  # editors name first what helps first
_WEIGHT_OF_GENERAL, _WEIGHT_OF_UNDERSTOOD = 0.5, 0.5

# Which part of the meaning a record has to cover, by the number of words that carry it: when the
# catalogue knows every word, and when it does not.
_SHARES = {1: 1.0, 2: 0.51, 3: 0.4, 4: 0.36, 5: 0.33}
_STRICT_SHARES = {1: 1.0, 2: 0.6, 3: 0.5, 4: 0.47, 5: 0.43}
_LENGTH_OF_STORY = 3  # words
_LEAST_SHARE, _LEAST_STRICT_SHARE = 0.3, 0.36


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for beside the words."""

    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)  # chosen values by facet
    territory: str = ""  # slug of a territory that was asked for explicitly
    anywhere: bool = False  # explicitly, no territory
    home: str = ""  # slug of the family's own territory, when nothing else is said
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = 20


def make_plan(text: str, asked: Asked, knowledge: Knowledge, moment: int) -> QueryPlan:
    """The plan of a search.

    :param moment: seconds since 1970; what is no longer visible then is left out.
    """
    text, cut = _shorten(text)
    reading = read(text, knowledge)
    words, lexicon = reading.words, knowledge.lexicon
    runs = find_runs(words, lexicon)
    named, name_at = None, frozenset[int]()
    if not asked.territory and not asked.anywhere:
        named, name_at = find_place(words, runs, lexicon)
    meanings = find_meanings(words, runs, lexicon)
    by_place = _slots(words, runs, meanings, name_at, knowledge)
    by_place = _fewer(by_place)
    names = exact_names(words, runs, lexicon)
    slots = tuple(by_place.values())
    lemmas = frozenset(word.lemma for word in words)
    pairs = _pairs(words)
    is_name = any(pair in knowledge.vocabulary.pairs for pair in pairs)
    return QueryPlan(
        text=text,
        kind="measure",
        slots=slots,
        required=_required_of_all(by_place, meanings, is_name=is_name),
        exact=tuple(nlargest(MOST_NAMES, names, key=lambda name: name.weight)),
        pairs=pairs,
        prefer=tuple(Target("kind", kind, 1.0) for kind in wording.kinds_asked_for(lemmas)),
        pinned=pinned_for(words, lexicon, moment),
        weights=lexicon.weights,
        filters=tuple(
            (facet, tuple(values))
            for facet, values in sorted(asked.filters.items())
            if values and facet != "territory"
        ),
        place=_place_filter(lexicon, named, asked),
        moment=moment,
        sort=asked.sort if text or asked.sort != Sort.RELEVANCE else Sort.TITLE,
        offset=asked.offset,
        limit=asked.limit,
        facets=FACETS,
        understood=Understanding(
            corrected=reading.corrected,
            also=names_to_tell(words, runs, lexicon),
            place=named.slug if named else "",
            intents=tuple(meaning.rule.title for meaning in meanings),
            situations=_situations(meanings),
            unknown=tuple(slot.text for slot in slots if not slot.alternatives),
            cut=cut or reading.cut,
        ),
        checked=_checked(moment),
        popular=lexicon.popular,
    )


def for_situations(plan: QueryPlan, limit: int) -> QueryPlan:
    """The same question asked of life situations, which have no territory and no facets.

    Only their names are searched, so one word that tells anything is enough.
    """
    special = tuple(slot for slot in plan.slots if not slot.is_general)
    return replace(
        plan,
        kind="situation",
        slots=special or plan.slots,
        required=min(plan.required, 1),
        filters=(),
        place=None,
        prefer=(),
        pinned=(),
        checked=(),
        popular=(),
        sort=Sort.RELEVANCE,
        offset=0,
        limit=limit,
        facets=(),
    )


def _slots(
    words: Sequence[Word],
    runs: Sequence[Run],
    meanings: Sequence[Meaning],
    name_at: frozenset[int],
    knowledge: Knowledge,
) -> dict[int, Slot]:
    """By the place of the word in the query."""
    telling = {i for i, word in enumerate(words) if not word.is_asking} or set(range(len(words)))
    for places in (*(run.places for run in runs), *(meaning.places for meaning in meanings)):
        if not telling & set(places):
            telling |= set(places)
    special = any(not words[i].is_general for i in telling)
    is_story = len(telling) >= _LENGTH_OF_STORY and tells_of_family(words, runs, knowledge.lexicon)
    understood = {i for meaning in meanings for i in meaning.places}
    slots = {}
    for i in sorted(telling):
        alternatives = _alternatives(words[i], i, runs, knowledge)
        targets = _targets(i, runs, meanings, telling, knowledge.lexicon)
        if special and words[i].is_general:  # adds to the worth, but answers nothing alone
            alternatives = _weakened(alternatives, _WEIGHT_OF_GENERAL)
        if i in understood:  # the meaning of the whole says more than its words
            alternatives = _weakened(alternatives, _WEIGHT_OF_UNDERSTOOD)
        counts = i not in name_at and not (special and words[i].is_general)
        units = _units(words[i], alternatives, targets, knowledge) if counts else 0
        if not alternatives and not targets:
            if analysis.names_a_place(words[i].text):
                units = 0  # help for the whole country is there, too
            elif is_story:
                units = min(units, 1)  # details of a life, which no catalogue knows
        slots[i] = Slot(words[i].text, alternatives, targets, units, words[i].is_general)
    return slots


def _fewer(slots: Mapping[int, Slot]) -> dict[int, Slot]:
    """Of a query so long that there are too many, what weighs least is left out; never a word's best."""
    spare = sorted(
        (each.weight for slot in slots.values() for each in slot.alternatives[1:]), reverse=True
    )
    room = MOST_ALTERNATIVES_IN_ALL - sum(bool(slot.alternatives) for slot in slots.values())
    if len(spare) <= room:
        return dict(slots)
    least = spare[room - 1] if room > 0 else math.inf
    return {
        i: replace(
            slot,
            alternatives=slot.alternatives[:1]
            + tuple(each for each in slot.alternatives[1:] if each.weight > least),
        )
        for i, slot in slots.items()
    }


def _weakened(alternatives: Sequence[Alternative], by: float) -> tuple[Alternative, ...]:
    return tuple(replace(each, weight=round(each.weight * by, 3)) for each in alternatives)


def _alternatives(
    word: Word, place: int, runs: Sequence[Run], knowledge: Knowledge
) -> tuple[Alternative, ...]:
    """What may stand for a word, as far as the catalogue has it; the weightiest first."""
    found: dict[tuple[str, ...], Alternative] = {}

    def add(terms: tuple[str, ...], weight: float, origin: Origin) -> None:
        known = all(term in knowledge.vocabulary.lemmas for term in terms)
        if known and (terms not in found or found[terms].weight < weight):
            found[terms] = Alternative(terms, round(weight, 3), origin)

    for candidate in word.candidates:
        add((candidate.lemma,), candidate.weight, candidate.origin)
        for related in knowledge.related(candidate.lemma):
            add((related,), candidate.weight * _WEIGHT_OF_RELATED, Origin.RELATED)
    for run in runs:
        if place in run.places:
            main, *others = _forms_to_try(knowledge.lexicon.groups[run.group])
            for form, weight in [
                (main, _WEIGHT_OF_MAIN_NAME),
                *((form, _WEIGHT_OF_OTHER_NAME) for form in others),
            ]:
                # A name of several words is tried for each word that was typed: they share it.
                share = len(run.places) if len(form) > 1 else 1
                add(form, run.weight * weight / share, Origin.SYNONYM)
    best = sorted(found.values(), key=lambda alternative: -alternative.weight)
    return tuple(best[:MOST_ALTERNATIVES])


def _forms_to_try(group: Group) -> tuple[tuple[str, ...], ...]:
    return group.forms[:1] if group.one_way else group.forms


def _targets(
    place: int,
    runs: Sequence[Run],
    meanings: Sequence[Meaning],
    telling: set[int],
    lexicon: Lexicon,
) -> tuple[Target, ...]:
    """Records that a word leads to; the words of a name share what the name is worth."""
    found: dict[tuple[str, str], Target] = {}
    sources = [
        *((set(run.places), run.weight, lexicon.groups[run.group].targets) for run in runs),
        *((meaning.places, meaning.weight, meaning.rule.targets) for meaning in meanings),
    ]
    for places, whole, targets in sources:
        if place in places:
            shared = whole / len(telling & places)
            later = [target for target in targets if target.field == "measure"][_FIRST_TARGETS:]
            for target in targets:
                weight = round(shared * (_WEIGHT_OF_LATER if target in later else 1.0), 3)
                key = (target.field, target.slug)
                if not target.is_place and (key not in found or found[key].weight < weight):
                    found[key] = replace(target, weight=weight)
    return tuple(found.values())


def _units(
    word: Word,
    alternatives: Sequence[Alternative],
    targets: Sequence[Target],
    knowledge: Knowledge,
) -> int:
    lemmas = knowledge.vocabulary.lemmas
    single = [lemmas[each.words[0]] for each in alternatives if len(each.words) == 1]
    records = lemmas.get(word.lemma, 0) or max(single, default=0)
    if records:
        return wording.units_of_known(
            word.text,
            word.lemma,
            records,
            knowledge.vocabulary.documents,
            is_target=bool(targets),
        )
    if alternatives or targets:
        return wording.UNITS_OF_PHRASE + bool(targets)
    return wording.units_of_unknown(word.text)


def _required_of_all(
    slots: Mapping[int, Slot], meanings: Sequence[Meaning], *, is_name: bool
) -> int:
    """The units that a record has to cover: those of the words that say what is meant suffice."""
    required = _required(list(slots.values()), is_name=is_name)
    if meanings and meanings[0].is_foreign:
        return sum(slot.units for slot in slots.values()) + 1  # more than there are
    for meaning in meanings:
        understood = sum(slots[i].units for i in meaning.places if i in slots)
        if understood and not meaning.is_foreign:
            required = min(required, understood)
    return required


def _situations(meanings: Sequence[Meaning]) -> tuple[str, ...]:
    targets = (target for meaning in meanings for target in meaning.rule.targets)
    return tuple(dict.fromkeys(each.slug for each in targets if each.field == "situation"))


def _required(slots: Sequence[Slot], *, is_name: bool) -> int:
    """:param is_name: words of the query stand side by side in the catalogue."""
    counted = [slot for slot in slots if slot.units]
    total = sum(slot.units for slot in counted)
    if all(slot.is_general for slot in counted):
        return total
    if total <= wording.MOST_UNITS and len(counted) == 2:
        return max(total // 2, 1)  # neither says much: one is enough
    if all(slot.alternatives or slot.targets for slot in counted):
        telling = [slot.units for slot in counted if slot.units >= wording.MOST_UNITS]
        if len(counted) == 2 and telling and not is_name:
            return min(*telling, math.ceil(_SHARES[2] * total))
        share = _SHARES.get(len(counted), _LEAST_SHARE)
    else:
        share = _STRICT_SHARES.get(len(counted), _LEAST_STRICT_SHARE)
    return math.ceil(share * total)


def _place_filter(lexicon: Lexicon, named: Place | None, asked: Asked) -> PlaceFilter | None:
    slug = asked.territory or ("" if asked.anywhere else asked.home)
    place = named or lexicon.places.get(slug)
    if place is None:
        return None
    return PlaceFilter(place.slug, place.around, inside=named is not None)


def _checked(moment: int) -> tuple[tuple[int, float], ...]:
    today = datetime.datetime.fromtimestamp(moment, timezone.get_current_timezone()).toordinal()
    return tuple((1 if days is None else today - days, worth) for days, worth in CHECKED)


def _pairs(words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(
        pair_of(one.lemma, other.lemma)
        for one, other in pairwise(words)
        if not (one.is_asking and other.is_asking)
    )


def _shorten(text: str) -> tuple[str, bool]:
    clean = "".join(sign if sign.isprintable() else " " for sign in text[: 20 * LONGEST_TEXT])
    clean = " ".join(clean.split())
    if len(clean) <= LONGEST_TEXT:
        return clean, len(text) > 20 * LONGEST_TEXT
    return clean[:LONGEST_TEXT].rsplit(" ", 1)[0], True
