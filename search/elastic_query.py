"""A query plan as a request to Elasticsearch: the same formula as in search.tantivy_query.

Filters of facets that are counted stand after the query, so that one request finds the hits and
counts each facet as if it were not filtered by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from elasticsearch.dsl import A, Search, query
from elasticsearch.dsl.query import Query

from search import plan as worth
from search.documents import FIRST, LONGEST_BEGINNING
from search.elastic_index import ALL, LEMMAS, MOST_HITS
from search.engine import Beginning
from search.plan import QueryPlan, Slot, Sort

FACET_VALUES = 10_000
VALUES = "values"
_SORTS = {
    Sort.RELEVANCE: "_score",
    Sort.CHECKED: "-checked_on",
    Sort.TITLE: "title_order",
}


def suggesting(asked: Beginning, kind: str, most: int) -> Search:
    """Names that have a word for each beginning; short ones, and those that begin so, first."""
    words = [word[:LONGEST_BEGINNING] for word in asked.words]
    first = FIRST + words[0]
    named = query.Bool(
        filter=[_any([term("starts", word), term("other_starts", word)]) for word in words]
    )
    led_to = _any([_terms(kind, asked.led_to[kind])] if asked.led_to.get(kind) else [])
    kept = [_any([named, led_to]), term("type", kind), visible(asked.moment)]
    if asked.place:
        kept.append(_terms("territory", [*asked.place, worth.EVERYWHERE]))
    return (
        Search()
        .query(
            query.Bool(
                filter=kept,
                should=[
                    term("starts", words[0]),
                    _worth(led_to, worth.LED_TO),
                    _worth(term("starts", first), worth.FIRST_OF_TITLE),
                    _worth(term("other_starts", first), worth.FIRST_OF_OTHER_NAME),
                    _worth(term("kind_of_area", "country"), worth.FOR_EVERYBODY),
                ],
            )
        )
        .sort(_SORTS[Sort.RELEVANCE], "id")
        .source(False)
        .extra(size=most, track_total_hits=False, docvalue_fields=["id"])
    )


class Compiler:
    def __init__(self, plan: QueryPlan) -> None:
        self.plan = plan

    def search(self) -> Search:
        offset = min(self.plan.offset, MOST_HITS - self.plan.limit)
        request = (
            Search()
            .query(query.Bool(filter=self._answering(), should=list(self._scores())))
            .sort(_SORTS[self.plan.sort], "id")
            .source(False)
            .extra(
                from_=offset,
                size=self.plan.limit if offset == self.plan.offset else 0,
                track_total_hits=True,
                docvalue_fields=["id"],
            )
        )
        filters = self._filters()
        later = {facet: each for facet, each in filters.items() if facet in self.plan.facets}
        if later:
            request = request.post_filter(query.Bool(filter=list(later.values())))
        for facet in self.plan.facets:
            others = [each for other, each in later.items() if other != facet]
            counted = A("filter", query.Bool(filter=others) if others else query.MatchAll())
            counted.bucket(VALUES, "terms", field=facet, size=FACET_VALUES)
            request.aggs.bucket(facet, counted)
        return request

    def _answering(self) -> list[Query]:
        """What every counted record fulfils."""
        must: list[Query] = [
            term("type", self.plan.kind),
            visible(self.plan.moment),
        ]
        must += [each for facet, each in self._filters().items() if facet not in self.plan.facets]
        if self.plan.is_empty:
            must.append(query.MatchNone())
        elif self.plan.required:
            must.append(_any([self._covering(), *self._pinned()]))
        return must

    def _filters(self) -> Mapping[str, Query]:
        filters = {facet: _terms(facet, values) for facet, values in self.plan.filters}
        place = self.plan.place
        if place:
            queries = [_terms("territory", place.around)]
            if place.inside:
                queries.append(term("territory_path", place.slug))
            filters["territory"] = _any(queries)
        return filters

    def _covering(self) -> Query:
        """Each word stands as often as it has units, so that the units can be counted."""
        clauses: list[Query] = []
        for slot in self.plan.slots:
            clauses += [self._found(slot)] * slot.units
        return query.Bool(should=clauses, minimum_should_match=self.plan.required)

    def _found(self, slot: Slot) -> Query:
        single = [a.words[0] for a in slot.alternatives if len(a.words) == 1]
        queries = [_beside(ALL, a.words) for a in slot.alternatives if len(a.words) > 1]
        fields = dict.fromkeys(target.field for target in slot.targets)
        for field in fields:  # one clause: the server counts them
            slugs = [target.slug for target in slot.targets if target.field == field]
            queries.append(_terms(field, slugs))
        if single:
            queries.append(_terms(LEMMAS, single))
        return _any(queries)

    def _scores(self) -> Iterator[Query]:
        for slot in self.plan.slots:
            parts = [
                _phrase(field, alternative.words, boost * alternative.weight)
                for alternative in slot.alternatives
                for field, boost in self.plan.weights
                if len(alternative.words) == 1 or field in worth.PHRASE_FIELDS
            ]
            if parts:
                yield query.DisMax(queries=parts, tie_breaker=worth.TIE_BREAK)
            for target in slot.targets:
                weight = worth.TARGETS[target.field] * target.weight
                yield _worth(term(target.field, target.slug), weight)
        for name in self.plan.exact:
            yield _worth(term("exact", name.text), worth.EXACT_NAME * name.weight)
        for target in self.plan.prefer:
            weight = worth.TARGETS[target.field] * target.weight
            yield _worth(term(target.field, target.slug), weight)
        for place, pinned in enumerate(self._pinned()):
            yield _worth(pinned, worth.PINNED * (len(self.plan.pinned) - place))
        for pair in self.plan.pairs:
            yield _phrase("pairs", (pair,), worth.PAIR)
        yield from self._preferences()

    def _preferences(self) -> Iterator[Query]:
        place = self.plan.place
        if place is None:
            yield _worth(term("kind_of_area", "country"), worth.COUNTRY_FIRST)
        else:
            weight = worth.NAMED_TERRITORY if place.inside else worth.OWN_TERRITORY
            queries = [_terms("territory", place.around[1:] or (place.slug,))]
            if place.inside:
                queries.append(term("territory_path", place.slug))
            yield _worth(_any(queries), weight)
        for day, weight in self.plan.checked:
            yield _worth(query.Range("checked_on", {"gte": day}), weight)
        for weight, slugs in self.plan.popular:
            yield _worth(_terms("measure", slugs), weight)

    def _pinned(self) -> list[Query]:
        return [term("measure", slug) for slug in self.plan.pinned]


def term(field: str, value: str) -> Query:
    return query.Term(field, {"value": value})


def _terms(field: str, values: Sequence[str]) -> Query:
    return query.Terms(field, list(values))


def _phrase(field: str, words: tuple[str, ...], boost: float) -> Query:
    if len(words) == 1:
        return query.Term(field, {"value": words[0], "boost": boost})
    # A boost of the phrase itself is the same by the book, but not every server heeds it.
    return query.Bool(must=[_beside(field, words)], boost=boost)


def _beside(field: str, words: tuple[str, ...]) -> Query:
    return query.MatchPhrase(field, {"query": " ".join(words)})


def visible(moment: int) -> Query:
    return query.Range("visible_until", {"gt": moment})


def _worth(what: Query, weight: float) -> Query:
    return query.ConstantScore(filter=what, boost=weight)


def _any(queries: list[Query]) -> Query:
    if not queries:
        return query.MatchNone()
    if len(queries) == 1:
        return queries[0]
    return query.Bool(should=queries, minimum_should_match=1)
