"""What queries are read with: what editors teach, the tree of territories, names of facets.

Kept in each process and read anew as soon as the triggers have marked a change.
"""

from __future__ import annotations

import datetime
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from django.db import connection, models
from django.utils import timezone

from catalogue.models import Category, Provider, Situation, Territory
from search import analysis
from search.models import FieldWeights, Intent, PinnedAnswer, PinnedMeasure, Synonym
from search.plan import FIELDS, Popular, Target
from search.popularity import popular_on
from search.roots import root

# Words of a territory's title that say what it is, not which.
_LISTED = (
    "район область край округ город республика поселение муниципальный городской сельский "
    "регион федерация российский автономный поселок село деревня"
)
_KINDS_OF_PLACES = frozenset(_LISTED.split())
_SHORTEST_PLACE_ROOT = 5
_PLURALS = {
    "measure": "measures",
    "situation": "situations",
    "category": "categories",
    "provider": "providers",
    "territory": "territories",
}
Day = datetime.date | None
OLDEST = 3600.0  # seconds; a stamp may, in theory, come back to what it was


@dataclass(frozen=True, slots=True)
class Group:
    """Forms that mean the same; the first is the main one."""

    canonical: str
    forms: tuple[tuple[str, ...], ...]
    one_way: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class IntentRule:
    """What a query means when each set of `all_of` has an alternative whose lemmas stand in it.

    Either it has targets, or it is foreign: a question that the portal has nothing for.
    """

    title: str
    examples: tuple[str, ...]
    all_of: tuple[tuple[tuple[str, ...], ...], ...]
    targets: tuple[Target, ...]
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """Measures that stand first for some queries, from a day and until one."""

    phrases: tuple[tuple[str, ...], ...]  # lemmas
    slugs: tuple[str, ...]
    from_day: datetime.date | None = None
    to_day: datetime.date | None = None

    def is_on(self, day: datetime.date) -> bool:
        return (self.from_day or day) <= day <= (self.to_day or day)


@dataclass(frozen=True, slots=True)
class Place:
    slug: str
    title: str
    kind: str
    parent: str
    around: tuple[str, ...]  # the country first, itself last


@dataclass(frozen=True)
class Lexicon:
    stamp: tuple[int, int] = (0, 0)
    groups: tuple[Group, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()  # that editors use, as written
    foreign_words: frozenset[str] = frozenset()  # of rules for what is not ours: right, but no hint
    rules: Mapping[str, tuple[tuple[tuple[str, ...], int], ...]] = field(default_factory=dict)
    place_names: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    place_roots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    intents: tuple[IntentRule, ...] = ()
    intents_by_lemma: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    pins: tuple[Pin, ...] = ()
    weights: tuple[tuple[str, float], ...] = FIELDS
    popular: Popular = ()

    def find_place(self, name: tuple[str, ...]) -> Place | None:
        """The place of that name; of several that lie in one another, the widest."""
        return self._widest(self.place_names.get(name, ()))

    def find_place_by_root(self, lemma: str) -> Place | None:
        """The place that a word is made from: Всеволожск finds Всеволожский район."""
        return self._widest(self.place_roots.get(root(lemma), ()))

    def _widest(self, slugs: Iterable[str]) -> Place | None:
        found = sorted((self.places[slug] for slug in slugs), key=lambda place: len(place.around))
        if found and all(found[0].slug in place.around for place in found):
            return found[0]
        return None  # nothing of that name, or several that have nothing in common


def compile_lexicon(
    *,
    stamp: tuple[int, int] = (0, 0),
    groups: Iterable[tuple[str, Iterable[str], bool, tuple[Target, ...]]] = (),
    places: Iterable[Place] = (),
    aliases: Mapping[str, Iterable[str]] | None = None,
    titles: Mapping[str, Mapping[str, str]] | None = None,
    intents: Iterable[tuple[str, Iterable[str], Iterable[str], tuple[Target, ...], bool]] = (),
    pins: Iterable[tuple[Iterable[str], tuple[str, ...], Day, Day]] = (),
    weights: tuple[tuple[str, float], ...] = FIELDS,
    popular: Popular = (),
) -> Lexicon:
    """A lexicon from plain values.

    :param groups: canonical name, other terms, whether one-way, targets.
    :param aliases: other names of places by slug.
    :param intents: title, examples, lines of alternatives with commas between them, targets,
        whether it is foreign.
    :param pins: queries, slugs of measures in order, the first day and the last.
    :param popular: see search.popularity.
    """
    compiled: list[Group] = []
    rules: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    words: set[str] = set()
    foreign_words: set[str] = set()
    for canonical, other, one_way, targets in groups:
        forms = dict.fromkeys(tuple(analysis.terms(name)) for name in (canonical, *other))
        forms.pop((), None)
        for form in forms:
            rules[form[0]].append((form, len(compiled)))
        for name in (canonical, *other):
            words.update(analysis.words(name))
        compiled.append(Group(canonical, tuple(forms), one_way, targets))
    meant = tuple(
        rule
        for each in intents
        if (rule := _intent(*each, foreign_words if each[-1] else words)).all_of
    )
    pinned = tuple(_pin(*each, words) for each in pins)
    by_slug = {place.slug: place for place in places}
    names, roots = _names_of_places(by_slug.values(), aliases or {})
    return Lexicon(
        stamp=stamp,
        groups=tuple(compiled),
        places=by_slug,
        titles=titles or {},
        words=frozenset(words),
        foreign_words=frozenset(foreign_words),
        rules={lemma: tuple(found) for lemma, found in rules.items()},
        place_names=names,
        place_roots=roots,
        intents=meant,
        intents_by_lemma=_by_lemma(meant),
        pins=tuple(pin for pin in pinned if pin.phrases and pin.slugs),
        weights=weights,
        popular=popular,
    )


def alternatives(line: str) -> tuple[tuple[str, ...], ...]:
    """The lemmas of each alternative of a line; those without a word that counts are left out."""
    lemmas = dict.fromkeys(tuple(analysis.terms(each)) for each in line.split(","))
    lemmas.pop((), None)
    return tuple(lemmas)


def _intent(
    title: str,
    examples: Iterable[str],
    lines: Iterable[str],
    targets: tuple[Target, ...],
    is_foreign: bool,
    words: set[str],
) -> IntentRule:
    sets = []
    for line in lines:
        words.update(analysis.words(line))
        sets.append(alternatives(line))
    all_of = tuple(each for each in sets if each)
    return IntentRule(title, tuple(examples), all_of, targets, is_foreign)


def _by_lemma(rules: Sequence[IntentRule]) -> dict[str, tuple[int, ...]]:
    """The rules that a lemma speaks for: each by its set with the fewest alternatives."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, rule in enumerate(rules):
        for lemmas in min(rule.all_of, key=len):
            found[lemmas[0]].add(number)
    return {lemma: tuple(sorted(numbers)) for lemma, numbers in found.items()}


def _pin(
    phrases: Iterable[str], slugs: tuple[str, ...], from_day: Day, to_day: Day, words: set[str]
) -> Pin:
    forms: dict[tuple[str, ...], None] = {}
    for phrase in phrases:
        words.update(analysis.words(phrase))
        forms[tuple(analysis.terms(phrase))] = None
    forms.pop((), None)
    return Pin(tuple(forms), slugs, from_day, to_day)


_kept: tuple[float, Lexicon] | None = None
_lock = Lock()


def current_lexicon() -> Lexicon:
    """The lexicon as the database has it now: one small query, or a reading after a change."""
    global _kept
    stamp = read_stamp()
    kept = _kept
    if kept and kept[1].stamp == stamp and time.monotonic() - kept[0] < OLDEST:
        return kept[1]
    with _lock:
        lexicon = load(stamp)
        _kept = (time.monotonic(), lexicon)
    return lexicon


def read_stamp() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), coalesce(max(seq), 0) from search_searchchange where kind = 'lexicon'"
        )
        count, last = cursor.fetchone()
    return count, last


def load(stamp: tuple[int, int]) -> Lexicon:
    """The lexicon as this connection sees the database, uncommitted changes of its own included."""
    territories = list(
        Territory.objects.order_by("depth", "pk").values(
            "pk", "slug", "title", "kind", "aliases", "ancestor_ids"
        )
    )
    slugs = {row["pk"]: row["slug"] for row in territories}
    places = []
    for row in territories:
        around = tuple(slugs[pk] for pk in row["ancestor_ids"] if pk in slugs)
        parent = around[-2] if len(around) > 1 else ""
        places.append(Place(row["slug"], row["title"], row["kind"], parent, around))
    titles: dict[str, Mapping[str, str]] = {
        "situation": dict(Situation.objects.values_list("slug", "title")),
        "category": dict(Category.objects.values_list("slug", "title")),
        "provider": dict(Provider.objects.values_list("slug", "short_name")),
        "territory": {place.slug: place.title for place in places},
    }
    return compile_lexicon(
        stamp=stamp,
        groups=load_groups(),
        places=places,
        aliases={row["slug"]: row["aliases"] for row in territories},
        titles=titles,
        intents=load_intents(),
        pins=_load_pins(),
        weights=_load_weights(),
        popular=popular_on(timezone.localdate()),
    )


def load_groups() -> list[tuple[str, list[str], bool, tuple[Target, ...]]]:
    targets = _load_targets(Synonym, _PLURALS)
    return [
        (synonym.canonical, synonym.terms, synonym.one_way, tuple(targets[synonym.pk]))
        for synonym in Synonym.objects.order_by("pk").only("canonical", "terms", "one_way")
    ]


def load_intents() -> list[tuple[str, list[str], list[str], tuple[Target, ...], bool]]:
    """The rules in use; one whose records are all gone says nothing and is left out."""
    targets = _load_targets(Intent, [name for name in _PLURALS if name != "territory"])
    return [
        (
            each.title,
            each.examples,
            each.words,
            () if each.is_foreign else tuple(targets[each.pk]),
            each.is_foreign,
        )
        for each in Intent.objects.filter(active=True).order_by("pk")
        if targets[each.pk] or each.is_foreign
    ]


def _load_pins() -> list[tuple[list[str], tuple[str, ...], Day, Day]]:
    slugs: dict[int, list[str]] = defaultdict(list)
    places = PinnedMeasure.objects.order_by("answer", "sort_order", "pk")
    for answer, slug in places.values_list("answer_id", "measure__slug"):
        slugs[answer].append(slug)
    return [
        (pin.phrases, tuple(slugs[pin.pk]), pin.from_day, pin.to_day)
        for pin in PinnedAnswer.objects.filter(active=True).order_by("pk")
    ]


def _load_weights() -> tuple[tuple[str, float], ...]:
    row = FieldWeights.objects.first()
    return row.as_pairs() if row else FIELDS


def _load_targets(model: type[models.Model], names: Iterable[str]) -> dict[int, list[Target]]:
    """By record of `model`, what its links lead to, in the order in which they were made."""
    targets: dict[int, list[Target]] = defaultdict(list)
    for name in names:
        relation: Any = model._meta.get_field(_PLURALS[name])
        links = relation.remote_field.through.objects.order_by("pk")
        for owner, slug in links.values_list(f"{model._meta.model_name}_id", f"{name}__slug"):
            targets[owner].append(Target(name, slug, 1.0))
    return targets


def _names_of_places(
    places: Iterable[Place], aliases: Mapping[str, Iterable[str]]
) -> tuple[dict[tuple[str, ...], tuple[str, ...]], dict[str, tuple[str, ...]]]:
    names: dict[tuple[str, ...], set[str]] = defaultdict(set)
    roots: dict[str, set[str]] = defaultdict(set)
    for place in places:
        if not place.parent:
            continue  # the country: naming it narrows nothing
        for name in (place.title, *aliases.get(place.slug, ())):
            lemmas = tuple(analysis.terms(name))
            if lemmas and not lemmas[0].isdigit():
                names[lemmas].add(place.slug)
            telling = tuple(lemma for lemma in lemmas if lemma not in _KINDS_OF_PLACES)
            if len(telling) == 1 and len(root(telling[0])) >= _SHORTEST_PLACE_ROOT:
                roots[root(telling[0])].add(place.slug)
    return (
        {name: tuple(sorted(slugs)) for name, slugs in names.items()},
        {key: tuple(sorted(slugs)) for key, slugs in roots.items()},
    )
