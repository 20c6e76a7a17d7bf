"""Why a measure answers, where its own words do not show it: «найдено по: маткапитал»."""

from __future__ import annotations

from search import analysis
from search.finding import Found
from search.plan import Alternative, Origin, QueryPlan, Slot

_AS_TYPED = {Origin.WORD, Origin.FORM}
_ANOTHER_WORD = {Origin.SYNONYM, Origin.RELATED}


def found_by(plan: QueryPlan, found: Found) -> tuple[str, ...]:
    """Words of the query that the measure answers in other words, or because editors say so.

    Corrections are told above all hits, so they are no reason of a single one.
    """
    lemmas = {term for text in (found.title, found.summary) for *_, term in analysis.spans(text)}
    return tuple(
        dict.fromkeys(slot.text for slot in plan.slots if _answers_otherwise(slot, found, lemmas))
    )


def _answers_otherwise(slot: Slot, found: Found, lemmas: set[str]) -> bool:
    if slot.is_general or any(_stands(each, _AS_TYPED, lemmas) for each in slot.alternatives):
        return False
    if any(target.field == "measure" and target.slug == found.slug for target in slot.targets):
        return True
    return any(_stands(each, _ANOTHER_WORD, lemmas) for each in slot.alternatives)


def _stands(alternative: Alternative, origins: set[Origin], lemmas: set[str]) -> bool:
    return alternative.origin in origins and set(alternative.words) <= lemmas
