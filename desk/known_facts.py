"""What the answers to a form say of the facts that the conditions of measures ask for.

A question answers a fact when it has the key of the fact and gives an answer of its type. A row of
children is one child: each is judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from catalogue.eligibility import Places
from catalogue.models import Territory
from catalogue.models.taxonomy import FactType
from catalogue.rules import HOME_FACT, Variant
from catalogue.words import FactWords
from forms.compiling import lifted

_GIVES = {
    "yesno": (FactType.BOOL,),
    "number": (FactType.NUMBER, FactType.MONEY),
    "money": (FactType.NUMBER, FactType.MONEY),
    "date": (FactType.DATE,),
    "birth_date": (FactType.DATE,),
    "choice": (FactType.CHOICE, FactType.MULTI),
    "multichoice": (FactType.MULTI,),
}


def known_facts(
    schema: Mapping[str, Any], answers: Mapping[str, Any], facts: Mapping[str, FactWords]
) -> list[dict[str, Any]]:
    """What is known, for each child; one such set when the form has no rows."""
    nodes = [node for step in lifted(dict(schema))["steps"] for node in step["fields"]]
    own = _known(nodes, answers, facts)
    rows = [
        _known(node["fields"], row, facts)
        for node in nodes
        if node["type"] == "repeat"
        for row in answers.get(node["key"]) or ()
    ]
    return [own | row for row in rows if row] or [own]


def _known(
    nodes: Iterable[Mapping[str, Any]], answers: Mapping[str, Any], facts: Mapping[str, FactWords]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in nodes:
        if node["type"] == "group":
            found |= _known(node["fields"], answers, facts)
            continue
        fact, answer = facts.get(node["key"]), answers.get(node["key"])
        if fact is None or answer is None or fact.type not in _GIVES.get(node["type"], ()):
            continue
        if fact.options and not set(answer if isinstance(answer, list) else [answer]) <= set(fact.options):  # fmt: skip
            continue  # the form has answers of its own
        found[fact.key] = answer
    return found


def places_of(variants: Iterable[Variant], home: Territory | None) -> Places:
    """Of the places that rules name, where the family lives. In a part of its own it may."""
    named = {rule.value for variant in variants for rule in variant if rule.fact == HOME_FACT}
    if home is None:
        return dict.fromkeys(named)
    rows = Territory.objects.filter(slug__in=named).values_list("slug", "pk", "ancestor_ids")
    return {
        slug: True if pk in home.ancestor_ids else None if home.pk in around else False
        for slug, pk, around in rows
    }
