"""A query plan as tantivy's queries: what has to match, apart from what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import tantivy
from tantivy import Occur, Query

from search import plan as worth
from search.documents import FIRST, LONGEST_BEGINNING
from search.plan import QueryPlan, Slot
from search.tantivy_index import ALL


def suggesting(
    schema: tantivy.Schema,
    words: Sequence[str],
    kinds: Sequence[str],
    place: Sequence[str],
    moment: int,
) -> Query:
    """Names that have a word for each beginning; short ones, and those that begin so, first."""
    starts = [Query.term_query(schema, "starts", word[:LONGEST_BEGINNING]) for word in words]
    must = [
        *starts,
        Query.const_score_query(Query.term_set_query(schema, "type", list(kinds)), 0.0),
        Query.const_score_query(visible(schema, moment), 0.0),
    ]
    if place:
        around = Query.term_set_query(schema, "territory", [*place, worth.EVERYWHERE])
        must.append(Query.const_score_query(around, 0.0))
    first = Query.term_query(schema, "starts", FIRST + words[0][:LONGEST_BEGINNING])
    return Query.boolean_query(
        [
            *((Occur.Must, query) for query in must),
            (Occur.Should, Query.const_score_query(first, worth.FIRST_WORD)),
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
        return Query.boolean_query([(Occur.Must, query) for query in must])

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
        if self.plan.kind == "measure":
            checked = Query.range_query(
                self.schema, "checked_on", tantivy.FieldType.Integer, lower_bound=1
            )
            yield self._worth(checked, worth.CHECKED)

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


def _any(queries: list[Query]) -> Query:
    if not queries:
        return Query.empty_query()
    return (
        queries[0]
        if len(queries) == 1
        else Query.boolean_query([(Occur.Should, q) for q in queries])
    )
