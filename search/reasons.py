"""Why a measure answers, where its own words do not show it: «нашли по словам: маткапитал»."""

from __future__ import annotations

from search import analysis
from search.finding import Found
from search.lexicon import Lexicon
from search.plan import Alternative, Origin, QueryPlan, Slot, Target

_AS_TYPED = {Origin.WORD, Origin.FORM}
_ANOTHER_WORD = {Origin.SYNONYM, Origin.RELATED}


def found_by(plan: QueryPlan, found: Found, lexicon: Lexicon) -> tuple[str, ...]:
    """Words of the query that the measure says otherwise, or that editors lead to it.

    Corrections are told above all hits, so they are no reason of a single one.
    """
    lemmas = {term for text in (found.title, found.summary) for *_, term in analysis.spans(text)}
    return tuple(
        dict.fromkeys(
            slot.text for slot in plan.slots if _answers_otherwise(slot, found, lemmas, lexicon)
        )
    )


def _answers_otherwise(slot: Slot, found: Found, lemmas: set[str], lexicon: Lexicon) -> bool:
    if slot.is_general or any(_stands(each, _AS_TYPED, lemmas) for each in slot.alternatives):
        return False
    if any(_leads_to(target, found, lexicon) for target in slot.targets):
        return True
    return any(_stands(each, _ANOTHER_WORD, lemmas) for each in slot.alternatives)


def _leads_to(target: Target, found: Found, lexicon: Lexicon) -> bool:
    if target.field == "situation":
        return lexicon.titles["situation"].get(target.slug) in found.situation_titles
    return target.field == "measure" and target.slug == found.slug


def _stands(alternative: Alternative, origins: set[Origin], lemmas: set[str]) -> bool:
    return alternative.origin in origins and set(alternative.words) <= lemmas
