"""Writes the rules of published measures as rows, in the transaction of whoever calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.fact_choices import (
    known_facts,
    law_choices,
    remembering,
    shape_of,
    territory_choices,
)
from catalogue.models.conditions import Condition, ConditionGroup

if TYPE_CHECKING:
    from catalogue.models.measure import Measure


@transaction.atomic
def compile_rules(measures: Iterable[Measure]) -> None:
    """Replace the condition rows of these measures by what their rules say.

    A measure that is not published has no rows. However many measures and conditions there are,
    the number of queries is the same.

    :raises rules.RulesError: the rules of a measure are not complete or do not suit their facts.
    """
    measures = list(measures)
    published = [measure for measure in measures if measure.live]
    variants = [rules.read(measure.rules.get_prep_value()) for measure in published]
    with remembering():
        _check(published, variants)
        facts = known_facts() if any(variants) else {}
    Condition.objects.filter(group__measure__in=measures).delete()
    ConditionGroup.objects.filter(measure__in=measures).delete()
    groups = ConditionGroup.objects.bulk_create(
        ConditionGroup(measure=measure, position=position)
        for measure, of_measure in zip(published, variants, strict=True)
        for position in range(len(of_measure))
    )
    flat = [variant for of_measure in variants for variant in of_measure]
    Condition.objects.bulk_create(
        Condition(
            group=group,
            position=position,
            fact=facts[rule.fact],
            operator=rule.operator,
            value=rule.value,
            note=rule.note,
            valid_from=rule.valid_from,
            valid_to=rule.valid_to,
            legal_act_id=rule.legal_act,
        )
        for group, variant in zip(groups, flat, strict=True)
        for position, rule in enumerate(variant)
    )


def _check(measures: Sequence[Measure], variants: Sequence[tuple[rules.Variant, ...]]) -> None:
    for measure, of_measure in zip(measures, variants, strict=True):
        for rule in (rule for variant in of_measure for rule in variant):
            found = problems_of(rule)
            if found:
                raise rules.RulesError(
                    _("%(measure)s: condition «%(fact)s». %(problem)s")
                    % {"measure": measure, "fact": rule.fact, "problem": found[0].message}
                )


def problems_of(rule: rules.Rule) -> list[rules.Problem]:
    """What is wrong with a condition, as the facts and territories of the database have it."""
    fact = known_facts().get(rule.fact)
    if fact is None:
        return [rules.Problem("fact", _("There is no such fact."))]
    if rule.legal_act and str(rule.legal_act) not in dict(law_choices()):
        return [rules.Problem("legal_act", _("There is no such legal act."))]
    return rules.problems(rule, shape_of(fact), dict(territory_choices()))
