"""Two engines, one contract: over the whole data set both answer alike, or these tests say where.

The second engine is asked through a server of its own (tests.search.elasticsearch_server), which
takes its time; so the own graded queries are asked by turns, the public ones all.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from search import elastic, embedded
from search import plan as worth
from search.documents import all_sources
from search.elastic_query import Compiler
from search.embedded import EmbeddedEngine
from search.engine import Beginning, Document, Position
from search.lexicon import Lexicon, current_lexicon
from search.plan import (
    Alternative,
    ExactName,
    Origin,
    PlaceFilter,
    QueryPlan,
    Slot,
    Sort,
    Target,
    Understanding,
)
from search.quality import Graded, Outcome, Quality, read_graded
from search.query import Asked, for_situations, make_plan
from search.spelling import Speller
from search.words import Knowledge
from tests.search.elasticsearch_server import engine_at

pytestmark = pytest.mark.slow

OWN = Path(settings.BASE_DIR) / "catalogue" / "dataset" / "graded_queries.json"
PUBLIC = Path(settings.BASE_DIR).parent / "shared" / "quality" / "public_queries.json"
EVERY = 10  # one of so many own queries
EVERYTHING = 1000  # more than there are records
NOW = 1_800_000_000
FEW = 60  # records that random plans are asked of
TOP = 10
ALIKE = 0.95  # what the first ten have to have in common, on the average


@dataclass(frozen=True)
class World:
    """Both engines over the same records."""

    embedded: EmbeddedEngine
    elastic: elastic.ElasticEngine
    lexicon: Lexicon
    documents: list[Document]

    @cached_property
    def knowledge(self) -> Knowledge:
        vocabulary = self.embedded.vocabulary()
        speller = Speller({**dict.fromkeys(self.lexicon.words, 0), **vocabulary.words})
        return Knowledge(self.lexicon, vocabulary, speller)

    def plan(self, graded: Graded) -> QueryPlan:
        asked = Asked(limit=TOP, home=graded.territory)
        return make_plan(graded.query, asked, self.knowledge, NOW)


@pytest.fixture(scope="module")
def world(loaded_module, elasticsearch, tmp_path_factory) -> World:
    documents = [source.analysed() for source in all_sources()]
    return _world(tmp_path_factory, elasticsearch, documents, current_lexicon())


@pytest.fixture(scope="module")
def small(world, elasticsearch, tmp_path_factory) -> World:
    step = len(world.documents) // FEW
    return _world(tmp_path_factory, elasticsearch, world.documents[::step], world.lexicon)


def _world(folders, address, documents, lexicon) -> World:
    folder = folders.mktemp("contract")
    engines = EmbeddedEngine(folder / "index"), engine_at(address, f"contract-{folder.name}")
    for engine in engines:
        engine.rebuild(documents, Position(1, 1), "a database", lambda done: None)
    return World(*engines, lexicon, documents)


@dataclass(frozen=True)
class Compared:
    plan: QueryPlan
    differences: tuple[str, ...]
    alike: float | None  # of the first ten; None when there are none
    ids: tuple[list[int], list[int]]  # in the order of each engine

    @property
    def found(self) -> int:
        return len(self.ids[0])


def compare(world: World, plan: QueryPlan) -> Compared:
    """Ask both engines: who answers, how many of each facet, who stands first."""
    one, other = (
        engine.search(replace(plan, offset=0, limit=EVERYTHING))
        for engine in (world.embedded, world.elastic)
    )
    ids = ([hit.id for hit in one.hits], [hit.id for hit in other.hits])
    differences = []
    if one.total != other.total or set(ids[0]) != set(ids[1]):
        differences.append(f"match set: {sorted(set(ids[0]) ^ set(ids[1]))}")
    if {facet: dict(counts) for facet, counts in one.facets.items()} != other.facets:
        differences.append(f"facets: {one.facets} and {other.facets}")
    first, second = (set(each[:TOP]) for each in ids)
    alike = len(first & second) / len(first | second) if first | second else None
    return Compared(plan, tuple(differences), alike, ids)


def differing(found: Iterable[Compared]) -> dict[str, tuple[str, ...]]:
    return {each.plan.text: each.differences for each in found if each.differences}


def likeness(found: Iterable[Compared]) -> float:
    known = [each.alike for each in found if each.alike is not None]
    return sum(known) / len(known)


def test_both_indexes_hold_the_same(world):
    one, other = world.embedded.vocabulary(), world.elastic.vocabulary()
    assert one.documents == other.documents == len(world.documents)
    for name in ("lemmas", "words", "pairs"):
        assert dict(getattr(one, name)) == getattr(other, name)
        assert getattr(one, name)
    assert world.embedded.fingerprints() == world.elastic.fingerprints()
    asked = ["капитал", "пособие", "няня", "борщ"]
    assert world.embedded.records_with(asked) == world.elastic.records_with(asked) != {}


def test_own_graded_queries_are_answered_alike_and_well(world):
    own = read_graded(OWN)
    answerable = [graded for graded in own if not graded.expect_none]
    _answer_alike(world, answerable[::EVERY] + [graded for graded in own if graded.expect_none])


@pytest.mark.skipif(not PUBLIC.exists(), reason="the public queries are not here")
def test_public_queries_are_answered_alike_and_well(world):
    _answer_alike(world, read_graded(PUBLIC))


def _answer_alike(world: World, queries: list[Graded]) -> None:
    found = [compare(world, world.plan(graded)) for graded in queries]
    assert differing(found) == {}
    assert likeness(found) >= ALIKE
    slugs = {
        each.id: each.keywords["measure"][0] for each in world.documents if each.kind == "measure"
    }
    for engine, name in enumerate(("embedded", "elastic")):
        orders = [tuple(slugs[pk] for pk in each.ids[engine]) for each in found]
        figures = Quality(
            [
                Outcome(graded, order[:TOP], len(order), "")
                for graded, order in zip(queries, orders, strict=True)
            ]
        ).figures()
        assert figures["ndcg@10"] >= 0.88, name
        assert figures["hit@3"] >= 0.93, name
        assert figures["zero"] == 0, name
        assert figures["false_confidence_rate"] <= 1 / 8, name


def test_what_families_open_never_beats_a_better_answer(world):
    """Fame of everything that a query is not answered by costs next to nothing."""
    measures = {each.keywords["measure"][0] for each in world.documents if each.kind == "measure"}
    slugs = {
        each.id: each.keywords["measure"][0] for each in world.documents if each.kind == "measure"
    }
    outcomes = []
    for graded in read_graded(OWN)[::2]:
        if not graded.expect_none:
            wrong = tuple(sorted(measures - graded.judgments.keys()))
            plan = replace(world.plan(graded), popular=((max(worth.POPULAR), wrong),))
            found = tuple(slugs[hit.id] for hit in world.embedded.search(plan).hits)
            outcomes.append(Outcome(graded, found, len(found), ""))
    figures = Quality(outcomes).figures()
    assert figures["ndcg@10"] >= 0.88
    assert figures["hit@3"] >= 0.93


def test_the_command_asks_the_cluster_though_the_portal_searches_without(
    world, elasticsearch, settings, tmp_path, capsys
):
    settings.NAVIGATOR_SEARCH_INDEX = world.embedded.folder
    settings.NAVIGATOR_ELASTICSEARCH = {
        **settings.NAVIGATOR_ELASTICSEARCH,
        "URL": elasticsearch,
        "INDEX": world.elastic.name,
        "TIMEOUT": "30",
    }
    file = tmp_path / "graded.json"
    file.write_text(json.dumps(json.loads(OWN.read_text())[::40]))
    figures = []
    for engine in ("embedded", "elastic"):
        call_command("search_quality", str(file), "--engine", engine, "--json")
        figures.append(json.loads(capsys.readouterr().out))
        assert figures[-1]["ndcg@10"] >= 0.88
    assert figures[0]["ndcg@10"] == pytest.approx(figures[1]["ndcg@10"], abs=0.05)


def test_situations_and_suggestions_are_alike(world):
    graded = [each for each in read_graded(OWN) if each.situation][:: 2 * EVERY]
    found = [compare(world, for_situations(world.plan(each), TOP)) for each in graded]
    assert differing(found) == {}
    assert likeness(found) >= ALIKE
    typed = ["м", "мат", "пос", "пособие на", "кап мат", "центр", "ск", "ъ", "семья", "16"]
    place = next(place.around for place in world.lexicon.places.values() if place.parent)
    most = dict.fromkeys(("measure", "situation", "provider"), EVERYTHING)
    led_to = {"measure": ("materinskij-kapital",), "situation": ("bulling",)}

    def best_scores(found):
        return [each.score for each in found][:TOP]

    for text in typed:
        for where in ((), place):
            one, other = (
                engine.suggest(Beginning(tuple(text.split()), most, where, NOW, led_to))
                for engine in (world.embedded, world.elastic)
            )
            assert {(each.kind, each.id) for each in one} == {
                (each.kind, each.id) for each in other
            }, text
            assert [each.kind for each in one] == [each.kind for each in other]
            assert best_scores(one) == pytest.approx(best_scores(other), rel=0.02), text


def plans(world: World) -> st.SearchStrategy[QueryPlan]:
    """Any plan that could be: of words, neighbours, names, values that the records have."""
    held = world.embedded.vocabulary()
    measures = [each for each in world.documents if each.kind == "measure"]
    values = {
        facet: sorted({value for each in measures for value in each.keywords.get(facet, ())})
        for facet in ("measure", *worth.FACETS)
    }
    titles = [text.split() for each in measures for text in each.texts["title"]]
    places = list(world.lexicon.places.values())
    weights = st.sampled_from([0.3, 0.5, 0.85, 1.0])
    words = st.sampled_from(sorted(held.lemmas)).map(lambda word: (word,))
    several = st.sampled_from([each for each in titles if len(each) > 1]).flatmap(
        lambda title: st.integers(0, len(title) - 2).map(lambda i: tuple(title[i : i + 2]))
    )
    alternatives = st.builds(
        Alternative, st.one_of(words, several), weights, st.sampled_from(Origin)
    )
    targets = st.sampled_from([name for name in worth.TARGETS if name != "territory"]).flatmap(
        lambda name: st.builds(
            Target, st.just(name), st.sampled_from(values[name] or ["nothing"]), weights
        )
    )
    slots = st.builds(
        Slot,
        st.just("word"),
        st.lists(alternatives, max_size=4).map(tuple),
        st.lists(targets, max_size=2).map(tuple),
        st.integers(0, 4),
    )
    filters = st.dictionaries(
        st.sampled_from([facet for facet in worth.FACETS if facet != "territory"]), st.just(None)
    ).flatmap(
        lambda chosen: st.tuples(
            *(
                st.tuples(
                    st.just(facet),
                    st.lists(
                        st.sampled_from([*values[facet], "nothing"]), min_size=1, max_size=3
                    ).map(tuple),
                )
                for facet in sorted(chosen)
            )
        )
    )
    place = st.builds(
        lambda place, inside: PlaceFilter(place.slug, place.around, inside),
        st.sampled_from(places),
        st.booleans(),
    )
    made = st.builds(
        QueryPlan,
        text=st.sampled_from(["", "words"]),
        kind=st.sampled_from(["measure", "measure", "situation"]),
        slots=st.lists(slots, max_size=4).map(tuple),
        required=st.integers(0, 8),
        exact=st.lists(
            st.builds(ExactName, st.sampled_from(titles).map(" ".join), weights), max_size=1
        ).map(tuple),
        pairs=st.lists(st.sampled_from(sorted(held.pairs)), max_size=2).map(tuple),
        prefer=st.lists(targets, max_size=1).map(tuple),
        pinned=st.lists(st.sampled_from(values["measure"]), max_size=2, unique=True).map(tuple),
        weights=st.just(worth.FIELDS),
        filters=filters,
        place=st.none() | place,
        moment=st.sampled_from([0, NOW, 4_200_000_000]),
        sort=st.sampled_from(Sort),
        offset=st.just(0),
        limit=st.just(TOP),
        facets=st.just(worth.FACETS) | st.just(()) | st.just(("kind",)),
        understood=st.just(Understanding()),
        checked=st.just(()) | st.just(((1, 0.2), (739_000, 0.1), (739_500, 0.1))),
        popular=st.lists(st.sampled_from(values["measure"]), max_size=5, unique=True).map(
            lambda slugs: ((0.3, tuple(slugs[:2])), (0.1, tuple(slugs[2:])))
        ),
    )
    return made.map(
        lambda plan: replace(plan, required=min(plan.required, sum(s.units for s in plan.slots)))
    )


def test_random_plans_are_answered_alike(small):
    found = []

    @effort(
        max_examples=80,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(plans(small))
    def ask(plan: QueryPlan) -> None:
        found.append(compare(small, plan))
        assert found[-1].differences == ()

    ask()
    assert likeness(found) >= ALIKE
    assert sum(each.found > 0 for each in found) > 3  # something was compared


def test_no_query_has_more_clauses_than_a_server_takes(world):
    """A server counts the leaves of the whole query; the smallest takes 1024."""

    def leaves(clause: Any) -> int:
        if isinstance(clause, list):
            return sum(map(leaves, clause))
        ((name, body),) = clause.items()
        inside = {"bool": ("must", "should", "filter"), "dis_max": ("queries",)}.get(name)
        if name == "constant_score":
            return leaves(body["filter"])
        return sum(leaves(body.get(each, [])) for each in inside) if inside else 1

    dice = random.Random(1)
    names = [" ".join(form) for group in world.lexicon.groups for form in group.forms]
    short = [word for word in world.embedded.vocabulary().words if len(word) < 5]
    fame = tuple((weight, tuple(names[:34])) for weight in worth.POPULAR)
    for _ in range(100):
        for text in (" ".join(dice.sample(names, 15)), " ".join(dice.sample(short, 60))):
            plan = world.plan(Graded(text, "", "leningradskaya-oblast", {}, "", False))
            request = Compiler(replace(plan, popular=fame)).search().to_dict()
            assert leaves(request["query"]) < 1000, text


def test_facets_places_pins_and_weights_are_counted_and_kept_alike(world):
    """Counts of a facet that is chosen by are what choosing each of its values shows, on both."""
    all_of_it = replace(world.plan(Graded("", "", "", {}, "", False)), moment=NOW)
    asked = world.plan(Graded("пособие ребёнку", "", "", {}, "", False))
    counts = world.embedded.search(all_of_it).facets
    assert counts.keys() == set(worth.FACETS)
    found = []
    for facet in worth.FACETS:
        if facet == "territory":
            continue
        values = sorted(counts[facet])[:2]
        assert values, facet
        both = compare(world, replace(all_of_it, filters=((facet, tuple(values)),)))
        found.append(both)
        for engine in (world.embedded, world.elastic):
            shown = engine.search(replace(all_of_it, filters=((facet, tuple(values)),)))
            for value in values:
                alone = replace(all_of_it, filters=((facet, (value,)),), facets=())
                assert engine.search(alone).total == shown.facets[facet][value]
    pairs = (("channel", "urgent"), ("situation", "kind"), ("provider", "category"))
    for one, other in pairs:
        filters = tuple((facet, tuple(sorted(counts[facet])[:3])) for facet in (one, other))
        found += [compare(world, replace(plan, filters=filters)) for plan in (all_of_it, asked)]
    for place in [each for each in world.lexicon.places.values() if each.parent][:3]:
        for inside in (False, True):
            where = PlaceFilter(place.slug, place.around, inside)
            found += [compare(world, replace(plan, place=where)) for plan in (all_of_it, asked)]
    pinned = tuple(each.keywords["measure"][0] for each in world.documents[:3])
    found.append(compare(world, replace(asked, pinned=pinned)))
    found.append(compare(world, replace(asked, weights=(("body", 9.0), ("title", 0.1)))))
    assert differing(found) == {}
    assert likeness(each for each in found if each.plan.sort == Sort.RELEVANCE) >= ALIKE
    order = [each[:3] for each in compare(world, replace(asked, pinned=pinned)).ids]
    by_id = {each.keywords["measure"][0]: each.id for each in world.documents[:3]}
    assert order == [[by_id[slug] for slug in pinned]] * 2


@pytest.mark.parametrize("sort", Sort)
def test_pages_put_together_are_the_whole_and_orders_agree(small, sort):
    plan = replace(small.plan(Graded("помощь семье", "", "", {}, "", False)), sort=sort)
    keys = {each.id: (each.title_order, each.checked_on) for each in small.documents}
    orders = []
    for engine in (small.embedded, small.elastic):
        whole = [hit.id for hit in engine.search(replace(plan, limit=EVERYTHING)).hits]
        assert len(whole) > 7
        pages = [
            hit.id
            for offset in range(0, len(whole) + 7, 7)
            for hit in engine.search(replace(plan, offset=offset, limit=7)).hits
        ]
        assert pages == whole
        orders.append(whole)
    if sort != Sort.RELEVANCE:
        by = 0 if sort == Sort.TITLE else 1
        assert [keys[pk][by] for pk in orders[0]] == [keys[pk][by] for pk in orders[1]]


def _without_synonyms(plan: QueryPlan) -> QueryPlan:
    def kept(slot: Slot) -> Slot:
        own = [each for each in slot.alternatives if each.origin != Origin.SYNONYM]
        return replace(slot, alternatives=tuple(own), targets=())

    return replace(plan, slots=tuple(kept(slot) for slot in plan.slots))


def _without_a_filter(plan: QueryPlan) -> QueryPlan:
    return replace(plan, filters=())


def _without_the_place(plan: QueryPlan) -> QueryPlan:
    return replace(plan, place=None)


def _without_units(plan: QueryPlan) -> QueryPlan:
    slots = tuple(replace(slot, units=min(slot.units, 1)) for slot in plan.slots)
    return replace(plan, slots=slots)


def _without_worth(plan: QueryPlan) -> QueryPlan:
    bare = replace(plan, exact=(), pairs=(), prefer=(), checked=(), popular=(), weights=())
    slots = tuple(replace(slot, targets=()) for slot in plan.slots)
    return replace(bare, slots=slots)


MUTATIONS = (
    _without_synonyms,
    _without_a_filter,
    _without_the_place,
    _without_units,
    _without_worth,
)


@pytest.mark.parametrize("module", [embedded, elastic], ids=lambda module: module.__name__)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_a_compiler_that_drops_something_breaks_the_contract(small, monkeypatch, mutation, module):
    queries = ["маткапитал", "пособие многодетным", "коллекторы звонят", "помощь на дрова"]
    asked = [
        replace(small.plan(Graded(text, "", "", {}, "", False)), filters=(("kind", (kind,)),))
        for text, kind in zip(queries, ["payment", "service", "service", "payment"], strict=True)
    ]
    tihvin = Graded("семья ребёнок", "", "leningradskaya-oblast", {}, "", False)
    asked += [small.plan(tihvin)]
    asked += [replace(each, filters=()) for each in asked]

    def holds() -> bool:
        found = [compare(small, plan) for plan in asked]
        return not differing(found) and likeness(found) >= ALIKE

    assert holds()
    real = module.Compiler
    monkeypatch.setattr(module, "Compiler", lambda *given: real(*given[:-1], mutation(given[-1])))
    assert not holds()
