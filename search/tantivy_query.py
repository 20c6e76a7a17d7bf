"""A query plan as tantivy's queries: what has to match, apart from what it is worth."""

from __future__ import annotations

from collections.abc import Iterator

import tantivy
from tantivy import Occur, Query

from search import plan as worth
from search.documents import FIRST, LONGEST_BEGINNING
from search.engine import Beginning
from search.plan import QueryPlan, Slot
from search.tantivy_index import ALL


def suggesting(schema: tantivy.Schema, asked: Beginning, kind: str) -> Query:
    """Names that have a word for each beginning; short ones, and those that begin so, first."""
    words = [word[:LONGEST_BEGINNING] for word in asked.words]
    first = FIRST + words[0]

    def begins(field: str, word: str) -> Query:
        return Query.term_query(schema, field, word)

    every = [_any([begins("starts", word), begins("other_starts", word)]) for word in words]
    named = every[0] if len(every) == 1 else _all(every)
    led_to = Query.term_set_query(schema, kind, list(asked.led_to.get(kind, ())))
    must = [
        _any([named, led_to]) if asked.led_to.get(kind) else named,
        Query.term_query(schema, "type", kind),
        visible(schema, asked.moment),
    ]
    if asked.place:
        must.append(Query.term_set_query(schema, "territory", [*asked.place, worth.EVERYWHERE]))
    should = [
        (led_to, worth.LED_TO),
        (begins("starts", first), worth.FIRST_OF_TITLE),
        (begins("other_starts", first), worth.FIRST_OF_OTHER_NAME),
        (Query.term_query(schema, "kind_of_area", "country"), worth.FOR_EVERYBODY),
    ]
    return Query.boolean_query(
        [
            (Occur.Must, Query.const_score_query(_all(must), 0.0)),
            (Occur.Should, begins("starts", words[0])),
            *((Occur.Should, Query.const_score_query(what, score)) for what, score in should),
        ]
    )


class Compiler:
    def __init__(self, schema: tantivy.Schema, plan: QueryPlan) -> None:
        self.schema = schema
        self.plan = plan

    def query(self) -> Query:
        return Query.boolean_query(
            [
                (Occur.Must, Query.const_score_query(self.matching(), 0.0)),
                *((Occur.Should, scored) for scored in self._scores()),
            ]
        )

    def matching(self, without: str = "") -> Query:
        """Records that answer; the filter of the facet `without` is left out."""
        must = [
            self._term("type", self.plan.kind),
            visible(self.schema, self.plan.moment),
        ]
        must += [
            Query.term_set_query(self.schema, facet, list(values))
            for facet, values in self.plan.filters
            if facet != without
        ]
        if self.plan.place and without != "territory":
            must.append(self._in_place())
        if self.plan.is_empty:
            must.append(Query.empty_query())
        elif self.plan.required:
            must.append(_any([self._covering(), *self._pinned()]))
        return _all(must)

    def _covering(self) -> Query:
        """Each word stands as often as it has units, so that the units can be counted."""
        clauses = []
        for slot in self.plan.slots:
            found = self._found(slot)
            clauses += [(Occur.Should, found)] * slot.units
        return Query.boolean_query(clauses, minimum_number_should_match=self.plan.required)

    def _found(self, slot: Slot) -> Query:
        single = [a.words[0] for a in slot.alternatives if len(a.words) == 1]
        queries = [self._phrase(ALL, a.words) for a in slot.alternatives if len(a.words) > 1]
        queries += [self._term(target.field, target.slug) for target in slot.targets]
        if single:
            queries.append(Query.term_set_query(self.schema, ALL, single))
        return _any(queries)

    def _scores(self) -> Iterator[Query]:
        for slot in self.plan.slots:
            parts = [
                Query.boost_query(
                    self._phrase(field, alternative.words), boost * alternative.weight
                )
                for alternative in slot.alternatives
                for field, boost in self.plan.weights
                if len(alternative.words) == 1 or field in worth.PHRASE_FIELDS
            ]
            if parts:
                yield Query.disjunction_max_query(parts, worth.TIE_BREAK)
            for target in slot.targets:
                yield self._worth(
                    self._term(target.field, target.slug),
                    worth.TARGETS[target.field] * target.weight,
                )
        for name in self.plan.exact:
            yield self._worth(self._term("exact", name.text), worth.EXACT_NAME * name.weight)
        for target in self.plan.prefer:
            yield self._worth(
                self._term(target.field, target.slug), worth.TARGETS[target.field] * target.weight
            )
        for place, pinned in enumerate(self._pinned()):
            yield self._worth(pinned, worth.PINNED * (len(self.plan.pinned) - place))
        for pair in self.plan.pairs:
            yield Query.boost_query(self._term("pairs", pair), worth.PAIR)
        yield from self._preferences()

    def _preferences(self) -> Iterator[Query]:
        place = self.plan.place
        if place is None:
            yield self._worth(self._term("kind_of_area", "country"), worth.COUNTRY_FIRST)
        else:
            weight = worth.NAMED_TERRITORY if place.inside else worth.OWN_TERRITORY
            own = list(place.around[1:]) or [place.slug]
            queries = [Query.term_set_query(self.schema, "territory", own)]
            if place.inside:
                queries.append(self._term("territory_path", place.slug))
            yield self._worth(_any(queries), weight)
        for day, weight in self.plan.checked:
            checked = Query.range_query(
                self.schema, "checked_on", tantivy.FieldType.Integer, lower_bound=day
            )
            yield self._worth(checked, weight)
        for weight, slugs in self.plan.popular:  # found one by one sooner than as a set
            yield self._worth(_any([self._term("measure", slug) for slug in slugs]), weight)

    def _in_place(self) -> Query:
        place = self.plan.place
        assert place is not None
        queries = [Query.term_set_query(self.schema, "territory", list(place.around))]
        if place.inside:
            queries.append(self._term("territory_path", place.slug))
        return _any(queries)

    def _pinned(self) -> list[Query]:
        return [self._term("measure", slug) for slug in self.plan.pinned]

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self.schema, field, value)

    def _phrase(self, field: str, words: tuple[str, ...]) -> Query:
        if len(words) == 1:
            return self._term(field, words[0])
        return Query.phrase_query(self.schema, field, list(words))

    @staticmethod
    def _worth(query: Query, weight: float) -> Query:
        return Query.const_score_query(query, weight)


def visible(schema: tantivy.Schema, moment: int) -> Query:
    return Query.range_query(
        schema,
        "visible_until",
        tantivy.FieldType.Integer,
        lower_bound=moment,
        include_lower=False,
    )


def _all(queries: list[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _any(queries: list[Query]) -> Query:
    if not queries:
        return Query.empty_query()
    return (
        queries[0]
        if len(queries) == 1
        else Query.boolean_query([(Occur.Should, q) for q in queries])
    )
