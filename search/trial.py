"""A query tried out for an editor: how it was read, what answers it, and what each point is for.

Why a measure scored is asked of the engine itself, with plans that hold one part of the query
each. So it is true for every engine, and what does not add up stands there as the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.models import Measure
from search.engine import get_engine
from search.facets import title_of
from search.lexicon import Lexicon, current_lexicon
from search.models import FieldWeights
from search.plan import Alternative, Origin, QueryPlan, Slot, Sort, Target
from search.query import Asked
from search.reader import read_query
from search.titles import titles_of_measures

MOST_HITS = 10
MOST_EXPLAINED = 8  # words that are looked for in each field apart
_NOTICED = 0.01


@dataclass(frozen=True, slots=True)
class TriedWord:
    """A word of the query and what it stands for."""

    text: str
    meanings: tuple[tuple[str, str, float], ...]  # words, where they come from, weight
    leads_to: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of the query gave to a measure."""

    label: str
    score: float
    fields: tuple[tuple[str, float], ...] = ()  # where a word was found, what it was worth there


@dataclass(frozen=True, slots=True)
class TriedHit:
    title: str
    url: str
    score: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    plan: QueryPlan
    words: tuple[TriedWord, ...]
    points: int  # all that the words carry
    place: str
    pinned: tuple[str, ...]
    prefer: tuple[str, ...]
    total: int
    hits: tuple[TriedHit, ...]


def try_out(text: str, territory: str) -> Trial:
    """Search as a family of that territory would.

    :raises search.engine.IndexUnavailable:
    """
    lexicon = current_lexicon()
    plan = replace(read_query(text, Asked(home=territory, limit=MOST_HITS), lexicon), facets=())
    answer = get_engine().search(plan)
    measures = Measure.objects.public().in_bulk([hit.id for hit in answer.hits])
    hits = [hit for hit in answer.hits if hit.id in measures]
    slugs = tuple(measures[hit.id].slug for hit in hits)
    parts = _explain(plan, slugs) if slugs else {}
    titles = titles_of_measures(
        [
            *plan.pinned,
            *(t.slug for slot in plan.slots for t in slot.targets if t.field == "measure"),
        ]
    )
    return Trial(
        plan=plan,
        words=tuple(_word(slot, titles, lexicon) for slot in plan.slots),
        points=sum(slot.units for slot in plan.slots),
        place=str(title_of("territory", plan.place.slug, lexicon) or "") if plan.place else "",
        pinned=tuple(titles.get(slug, slug) for slug in plan.pinned),
        prefer=tuple(_record(target, titles, lexicon) for target in plan.prefer),
        total=answer.total,
        hits=tuple(
            TriedHit(
                title=measures[hit.id].title,
                url=reverse("catalogue:measure", args=[measures[hit.id].slug]),
                score=hit.score,
                parts=_with_rest(parts.get(hit.id, []), hit.score),
            )
            for hit in hits
        ),
    )


def origin_in_words(origin: Origin) -> str:
    return {
        Origin.WORD: _("the word itself"),
        Origin.FORM: _("another form"),
        Origin.RELATED: _("same root"),
        Origin.SPELLING: _("correction"),
        Origin.SYNONYM: _("synonym"),
    }[origin]


def _word(slot: Slot, titles: dict[str, str], lexicon: Lexicon) -> TriedWord:
    def meaning(alternative: Alternative) -> tuple[str, str, float]:
        words = " ".join(alternative.words)
        return words, origin_in_words(alternative.origin), alternative.weight

    return TriedWord(
        text=slot.text,
        meanings=tuple(meaning(each) for each in slot.alternatives),
        leads_to=tuple(_record(target, titles, lexicon) for target in slot.targets),
        points=slot.units,
    )


def _record(target: Target, titles: dict[str, str], lexicon: Lexicon) -> str:
    known = titles.get(target.slug) if target.field == "measure" else ""
    return known or str(title_of(target.field, target.slug, lexicon) or target.slug)


def _explain(plan: QueryPlan, slugs: tuple[str, ...]) -> dict[int, list[Part]]:
    """By measure, what each part of the plan gave to it; the largest first."""
    bare = replace(
        plan,
        text="",
        slots=(),
        required=0,
        exact=(),
        pairs=(),
        prefer=(),
        pinned=(),
        popular=(),
        filters=(("measure", slugs),),
        sort=Sort.RELEVANCE,
        offset=0,
        limit=len(slugs),
    )
    base = _scores(bare)
    parts: dict[int, list[Part]] = {
        pk: [Part(_("territory, and checked facts"), score)] for pk, score in base.items()
    }

    def gains(part: QueryPlan) -> dict[int, float]:
        return {pk: score - base.get(pk, 0.0) for pk, score in _scores(part).items()}

    for label, part in _parts_of(plan, bare):
        for pk, gain in gains(part).items():
            parts[pk].append(Part(label, gain))
    for number, slot in enumerate(plan.slots):
        if not slot.alternatives:
            continue
        alone = replace(bare, slots=(replace(slot, targets=()),))
        by_field: dict[int, list[tuple[str, float]]] = {pk: [] for pk in base}
        for field, weight in plan.weights if number < MOST_EXPLAINED else ():
            name = str(FieldWeights._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
            for pk, gain in gains(replace(alone, weights=((field, weight),))).items():
                if gain >= _NOTICED:
                    by_field[pk].append((name, gain))
        for pk, gain in gains(alone).items():
            fields = tuple(sorted(by_field[pk], key=lambda each: -each[1]))
            parts[pk].append(Part(_("the word “%(word)s”") % {"word": slot.text}, gain, fields))
    return parts


def _parts_of(plan: QueryPlan, bare: QueryPlan) -> Iterator[tuple[str, QueryPlan]]:
    """Everything that counts beside the words."""
    targets = tuple(replace(slot, alternatives=()) for slot in plan.slots if slot.targets)
    if targets:
        yield _("synonyms and intents lead to it"), replace(bare, slots=targets)
    if plan.exact:
        yield _("it is called exactly so"), replace(bare, exact=plan.exact)
    if plan.pairs:
        yield _("words stand side by side"), replace(bare, pairs=plan.pairs)
    if plan.prefer:
        yield _("the kind that is asked for"), replace(bare, prefer=plan.prefer)
    if plan.popular:
        yield _("families open it often"), replace(bare, popular=plan.popular)
    if plan.pinned:
        yield _("pinned by editors"), replace(bare, pinned=plan.pinned)


def _scores(plan: QueryPlan) -> dict[int, float]:
    return {hit.id: hit.score for hit in get_engine().search(plan).hits}


def _with_rest(parts: list[Part], score: float) -> tuple[Part, ...]:
    rest = score - sum(part.score for part in parts)
    if abs(rest) >= 0.05:
        parts = [*parts, Part(_("the rest"), rest)]
    return tuple(
        sorted((p for p in parts if abs(p.score) >= _NOTICED), key=lambda part: -part.score)
    )
