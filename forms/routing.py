"""Which queue a new case goes to. There is always one: a case is never refused and never lost."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalogue.models import Provider, Territory
from forms.models import FormDefinition, Queue, RoutingRule


@dataclass(frozen=True)
class Facts:
    """What routing looks at: never a person's data."""

    form: FormDefinition
    urgent: bool
    territory: Territory | None = None
    chosen_centre: Provider | None = None


@dataclass(frozen=True)
class Route:
    """The queue, and why this one."""

    queue: Queue
    explanation: str
    rule: RoutingRule | None = None


def route(facts: Facts) -> Route:
    """The queue of the first rule that fits; else «Нераспределённые» of the centre that the
    family or its territory names; else of the installation."""
    allowed = _allowed_centres(facts)
    for rule in _rules():
        if (not allowed or rule.queue.centre_id in allowed) and _fits(rule, facts):
            return Route(rule.queue, _("rule “%(rule)s”") % {"rule": rule}, rule)
    if facts.chosen_centre is not None:
        reason = _("the family chose the centre “%(centre)s”")
        return Route(unrouted_queue(facts.chosen_centre), reason % {"centre": facts.chosen_centre})
    if len(allowed) == 1:
        only = Provider.objects.get(pk=allowed.pop())
        reason = _("only the centre “%(centre)s” answers this form")
        return Route(unrouted_queue(only), reason % {"centre": only})
    centre = centre_of(facts.territory, allowed)
    if centre is not None:
        reason = _("no rule fits; the place “%(place)s” belongs to the centre “%(centre)s”")
        return Route(unrouted_queue(centre), reason % {"place": facts.territory, "centre": centre})
    return Route(unrouted_queue(None), _("no rule fits and no centre works in this place"))


def centre_of(territory: Territory | None, allowed: set[int] | None = None) -> Provider | None:
    """The centre that works in a territory, or in the nearest one that it lies in."""
    if territory is None:
        return None
    centres = Provider.objects.centres().filter(territories__in=territory.ancestor_ids)
    if allowed:
        centres = centres.filter(pk__in=allowed)
    return centres.order_by("-territories__depth", "pk").first()


def unrouted_queue(centre: Provider | None) -> Queue:
    """«Нераспределённые» of a centre, or of the installation; made when first needed."""
    slug = f"{centre.slug}-unrouted" if centre else "unrouted"
    queue, _made = Queue.objects.get_or_create(
        centre=centre, unrouted=True, defaults={"slug": slug, "title": "Нераспределённые"}
    )
    return queue


def _allowed_centres(facts: Facts) -> set[int]:
    """Centres that may answer: the one that the family chose, else those of the form; empty: all."""
    if facts.chosen_centre is not None:
        return {facts.chosen_centre.pk}
    return set(facts.form.centres.values_list("pk", flat=True))


def _rules() -> list[RoutingRule]:
    """Rules in force in their order; among equals the one for the smaller territory is first."""
    rules = RoutingRule.objects.filter(active=True, queue__retired=False).select_related(
        "form", "topic", "territory", "queue__centre"
    )
    return sorted(
        rules,
        key=lambda rule: (
            rule.position,
            -rule.territory.depth if rule.territory else 0,
            rule.pk,
        ),
    )


def _fits(rule: RoutingRule, facts: Facts) -> bool:
    return (
        rule.form_id in (None, facts.form.pk)
        and rule.topic_id in (None, facts.form.topic_id)
        and rule.urgent in (None, facts.urgent)
        and (
            rule.territory_id is None
            or (facts.territory is not None and rule.territory_id in facts.territory.ancestor_ids)
        )
    )
