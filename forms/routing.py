"""Which queue a new case goes to. There is always one: a case is never refused and never lost."""

from __future__ import annotations

import datetime
import secrets
import uuid
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from catalogue.models import Measure, Provider, Territory
from forms.course import course
from forms.logic import holds
from forms.models import (
    Channel,
    CuratorArea,
    FormDefinition,
    Queue,
    RoutingRule,
    RoutingState,
)

UNROUTED = "Нераспределённые"
LAST = 2**63


@dataclass(frozen=True)
class Answered:
    """Answers, in the version that they were given to, on the day of the sending."""

    schema: Mapping[str, Any]
    answers: Mapping[str, Any]
    day: datetime.date

    def fits(self, condition: Mapping[str, Any]) -> bool:
        return holds(condition, self._known, self.day)

    @cached_property
    def _known(self) -> dict[str, Any]:
        """What was asked and not answered is known to be empty."""
        asked = course(self.schema, self.answers, self.day).asked
        return dict.fromkeys(key for key in asked if "." not in key) | dict(self.answers)


@dataclass(frozen=True)
class Facts:
    """What routing looks at. None of it is kept."""

    form: FormDefinition
    urgent: bool
    channel: str = Channel.WEB
    territory: Territory | None = None
    chosen_centre: Provider | None = None
    centres: Set[int] | None = None  # that alone answer the form; looked up, when not said
    measures: Set[str] | None = None  # slugs of those in question; looked up, when not said
    answered: Answered | None = None  # none: nothing was answered, as in a check of a form


@dataclass(frozen=True)
class Route:
    """The queue, and why this one."""

    queue: Queue
    explanation: str
    rule: RoutingRule | None = None


@dataclass(frozen=True)
class Decision:
    """A rule; or, when none fits, the centre whose «Нераспределённые» it is, if there is one."""

    explanation: str
    rule: RoutingRule | None = None
    centre: Provider | None = None


class Table:
    """What routing looks at beside the facts. One for every case; `Remembered` for many in a row.

    :param stamp: of the rules in force, when it is known already.
    """

    def __init__(self, stamp: uuid.UUID | None = None) -> None:
        self._stamp = stamp or RoutingState.objects.get().stamp

    def first_rule(self, facts: Facts, allowed: set[int]) -> RoutingRule | None:
        """The first rule that fits and leads to one of these centres; to any, when none is named."""
        for rule in self._about(facts.form):
            if (not allowed or rule.queue.centre_id in allowed) and self._fits(rule, facts):
                return rule
        return None

    def _about(self, form: FormDefinition) -> Iterable[RoutingRule]:
        return _rules_about(self._stamp, form.pk, form.topic_id)

    def _fits(self, rule: RoutingRule, facts: Facts) -> bool:
        """Whether a rule that may hold for the form holds for the rest."""
        return (
            rule.urgent in (None, facts.urgent)
            and rule.channel in ("", facts.channel)
            and (rule.territory_id is None or _lies_in(facts.territory, rule.territory_id))
            and (rule.measure is None or rule.measure.slug in self._measures(facts))
            and (not rule.condition or _answered(rule.condition, facts))
        )

    def _measures(self, facts: Facts) -> Set[str]:
        return self.measures_of(facts.form) if facts.measures is None else facts.measures

    def measures_of(self, form: FormDefinition) -> Set[str]:
        return set(form.measures.values_list("slug", flat=True))

    def centres_of(self, form: FormDefinition) -> set[int]:
        return set(form.centres.filter(is_centre=True).values_list("pk", flat=True))

    def centre(self, pk: int) -> Provider:
        return Provider.objects.get(pk=pk)

    def centre_of(self, territory: Territory | None, allowed: set[int]) -> Provider | None:
        return centre_of(territory, allowed)


class Remembered(Table):
    """The same, looked up once: for trying many answers without a case."""

    @cached_property
    def _centres(self) -> dict[int, Provider]:
        return {centre.pk: centre for centre in Provider.objects.centres()}

    @cached_property
    def _works_in(self) -> list[tuple[int, int, int]]:
        """Territories with their depth and the centres that work there, the nearest first."""
        rows = Provider.objects.centres().filter(territories__isnull=False)
        return list(
            rows.order_by("-territories__depth", "id").values_list(
                "territories__id", "territories__depth", "id"
            )
        )

    def centres_of(self, form: FormDefinition) -> set[int]:
        return {centre.pk for centre in form.centres.all() if centre.is_centre}

    def measures_of(self, form: FormDefinition) -> Set[str]:
        return {measure.slug for measure in form.measures.all()}

    def centre(self, pk: int) -> Provider:
        return self._centres[pk]

    def centres(self) -> Iterable[Provider]:
        return self._centres.values()

    def centre_of(self, territory: Territory | None, allowed: set[int]) -> Provider | None:
        around = set(territory.ancestor_ids) if territory else set()
        for place, _depth, centre in self._works_in:
            if place in around and (not allowed or centre in allowed):
                return self._centres[centre]
        return None


class Tried(Remembered):
    """The same with rules that are not in force yet.

    :param rules: in any order; what of them is not active is passed over.
    """

    def __init__(self, rules: Iterable[RoutingRule]) -> None:
        super().__init__()
        self._tried = in_order(rule for rule in rules if rule.active and not rule.queue.retired)

    def _about(self, form: FormDefinition) -> Iterable[RoutingRule]:
        return _about(self._tried, form.pk, form.topic_id)


def route(facts: Facts, stamp: uuid.UUID | None = None) -> Route:
    """The queue that a new case goes to.

    :param stamp: of the rules in force, when it is known already.
    """
    found = decide(facts, Table(stamp))
    queue = found.rule.queue if found.rule else unrouted_queue(found.centre)
    return Route(queue, found.explanation, found.rule)


def decide(facts: Facts, table: Table) -> Decision:
    """The first rule that fits; else the centre that the family or its territory names; else
    nobody, so the installation. Nothing is written: a dry run is the same."""
    chosen = facts.chosen_centre
    if chosen is not None:
        allowed = {chosen.pk}
    else:
        known = facts.centres
        allowed = table.centres_of(facts.form) if known is None else set(known)
    rule = table.first_rule(facts, allowed)
    if rule is not None:
        return Decision(_("rule “%(rule)s”") % {"rule": rule}, rule=rule)
    if chosen is not None:
        reason = _("the family chose the centre “%(centre)s”")
        return Decision(reason % {"centre": chosen}, centre=chosen)
    if len(allowed) == 1:
        only = table.centre(next(iter(allowed)))
        reason = _("only the centre “%(centre)s” answers this form")
        return Decision(reason % {"centre": only}, centre=only)
    centre = table.centre_of(facts.territory, allowed)
    if centre is not None:
        reason = _("no rule fits; the place “%(place)s” belongs to the centre “%(centre)s”")
        return Decision(reason % {"place": facts.territory, "centre": centre}, centre=centre)
    return Decision(_("no rule fits and no centre works in this place"))


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
    # Somebody's queue may bear that short name already: then it is made under another.
    for name in (slug, f"{slug}-{secrets.token_hex(4)}"):
        queue = Queue.objects.filter(centre=centre, unrouted=True).first()
        if queue is not None:
            break
        made = Queue(centre=centre, unrouted=True, slug=name, title=UNROUTED)
        Queue.objects.bulk_create([made], ignore_conflicts=True)  # several at once make one
    return queue or Queue.objects.get(centre=centre, unrouted=True)


@lru_cache(maxsize=256)
def _rules_about(stamp: uuid.UUID, form: int, topic: int) -> list[RoutingRule]:
    """Rules that may hold for a form, in their order."""
    return _about(_rules(stamp), form, topic)


def _about(rules: Iterable[RoutingRule], form: int, topic: int) -> list[RoutingRule]:
    return [
        rule for rule in rules if rule.form_id in (None, form) and rule.topic_id in (None, topic)
    ]


@lru_cache(maxsize=2)
def _rules(stamp: uuid.UUID) -> list[RoutingRule]:
    """Rules in force in their order.

    Kept in the process until the stamp is another. A change that comes between the reading of the
    stamp and this one is seen early, never late.
    """
    has_desk = Q(queue__centre__isnull=True) | Q(queue__centre__is_centre=True)
    rules = RoutingRule.objects.filter(has_desk, active=True, queue__retired=False)
    return in_order(with_words(rules))


def with_words(rules: QuerySet[RoutingRule]) -> QuerySet[RoutingRule]:
    """Rules with all that deciding looks at, and what tells of them."""
    return rules.prefetch_related(
        Prefetch("form", FormDefinition.objects.only("title")),
        Prefetch("measure", Measure.objects.only("slug", "title")),
        "topic",
        Prefetch("territory", Territory.objects.only("title", "depth")),
        "queue",
        Prefetch("queue__centre", Provider.objects.only("short_name")),
    )


def in_order(rules: Iterable[RoutingRule]) -> list[RoutingRule]:
    """As they are tried; among equals the one for the smaller territory is first."""
    return sorted(
        rules,
        key=lambda rule: (
            rule.position,
            -rule.territory.depth if rule.territory else 0,
            rule.pk or LAST,  # one that is not kept yet comes after those that are
        ),
    )


def _lies_in(place: Territory | None, territory: int) -> bool:
    return place is not None and territory in place.ancestor_ids


def _answered(condition: Mapping[str, Any], facts: Facts) -> bool:
    return facts.answered is not None and facts.answered.fits(condition)


def curator_of(
    centre: int | None,
    place: Territory | None,
    stamp: uuid.UUID | None = None,
    away: Collection[int] = (),
) -> int | None:
    """Id of the curator of the families of a place, by the smallest area that holds it.

    :param away: who gets no new families: the curator of the next larger area has them.
    """
    if centre is None or place is None:
        return None
    areas = _areas(stamp or RoutingState.objects.get().stamp).get(centre, {})
    around = (areas.get(each) for each in reversed(place.ancestor_ids))
    return next((one for one in around if one is not None and one not in away), None)


@lru_cache(maxsize=2)
def _areas(stamp: uuid.UUID) -> dict[int, dict[int, int]]:
    """Curators by centre and territory; those who cannot log in are none."""
    found: dict[int, dict[int, int]] = {}
    rows = CuratorArea.objects.filter(curator__is_active=True)
    for centre, territory, curator in rows.values_list("centre", "territory", "curator"):
        found.setdefault(centre, {})[territory] = curator
    return found
