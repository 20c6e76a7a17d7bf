"""The check of a form with this installation's lists and routing; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from catalogue.models import Provider, Territory
from forms.choosers import Choosers
from forms.compiling import lifted
from forms.linting import Lists, Report, lint
from forms.linting.findings import Landing, Router
from forms.models import FormDefinition
from forms.routing import UNROUTED, Facts, Remembered, decide


def check(definition: FormDefinition, schema: Mapping[str, Any]) -> Report:
    """Everything that the check finds, routing too."""
    return lint(
        lifted(dict(schema)),
        day=timezone.localdate(),
        lists=lists_for(schema),
        router=router_for(definition),
    )


def mistakes(schema: Mapping[str, Any]) -> list[str]:
    """What stops a form from being published."""
    report = lint(lifted(dict(schema)), day=timezone.localdate(), lists=lists_for(schema))
    return [finding.message for finding in report.errors]


def lists_for(schema: Mapping[str, Any]) -> Lists:
    """The lists that the questions of a form look at, as families see them today."""
    kinds = {
        (each["type"], each.get("centres_only", True))
        for step in schema["steps"]
        for node in step["fields"]
        for each in (node, *node.get("fields", ()))
    }
    choosers, types = Choosers(), {kind for kind, _own in kinds}
    return Lists(
        places=_places(choosers) if types & {"territory", "address"} else {},
        measures=_records(pair for _kind, group in choosers.measures for pair in group)
        if "measure" in types
        else {},
        centres=_records(choosers.centres) if ("provider", True) in kinds else {},
        providers=_records(choosers.providers) if ("provider", False) in kinds else {},
    )


def router_for(definition: FormDefinition) -> Router:
    """Where a case of this form would go."""
    table = Remembered()
    places = {place.slug: place for place in Territory.objects.all()}
    centres = {centre.slug: centre for centre in Provider.objects.centres()}

    def go(place: str | None, centre: str | None) -> Landing:
        facts = Facts(
            form=definition,
            urgent=definition.urgent,
            territory=places.get(place or ""),
            chosen_centre=centres.get(centre or ""),
        )
        found = decide(facts, table)
        queue = str(found.rule.queue) if found.rule else UNROUTED
        if found.centre is not None:
            queue = f"{found.centre}: {UNROUTED}"
        return Landing(queue, found.explanation, found.rule is None, definition.topic.answer_days)

    return go


def _places(choosers: Choosers) -> dict[str, dict[str, Any]]:
    return {
        slug: {"slug": slug, "title": title, "around": choosers.around(slug)}
        for _region, options in choosers.territories
        for slug, title in options
    }


def _records(options: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    return {slug: {"slug": slug, "title": title} for slug, title in options}
