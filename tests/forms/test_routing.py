"""Where a new case goes: always somewhere, with a reason."""

from __future__ import annotations

from itertools import cycle

import pytest
from django.db import transaction

from forms.models import IntakeCase, Queue, RoutingState
from forms.routing import Facts, Remembered, decide, route
from tests.factories import ProviderFactory, TerritoryFactory
from tests.intake import FormFactory, QueueFactory, RuleFactory, TopicFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db


@pytest.fixture
def region():
    return TerritoryFactory(title="Область")


@pytest.fixture
def district(region):
    return TerritoryFactory(title="Район", parent=region)


@pytest.fixture
def centre(region):
    return ProviderFactory(centre=True, territories=[region])


def facts(form=None, **more):
    return Facts(**{"form": form or FormFactory(), "urgent": False, **more})


def test_rule_of_the_smallest_territory_wins(region, district, centre):
    wide = RuleFactory(territory=region, queue=QueueFactory(centre=centre))
    narrow = RuleFactory(territory=district, queue=QueueFactory(centre=centre))
    assert route(facts(territory=district)).rule == narrow
    assert route(facts(territory=region)).rule == wide


def test_order_stands_above_everything(region, district, centre):
    RuleFactory(territory=district, position=50)
    first = RuleFactory(position=10)
    assert route(facts(territory=district)).rule == first


@pytest.mark.parametrize("part", ["form", "topic", "territory", "urgent", "active", "retired"])
def test_rule_holds_only_when_all_of_it_does(region, part):
    named = {
        "form": {"form": FormFactory()},
        "topic": {"topic": TopicFactory()},
        "territory": {"territory": TerritoryFactory()},
        "urgent": {"urgent": True},
        "active": {"active": False},
        "retired": {"queue": QueueFactory(retired=True)},
    }[part]
    RuleFactory(**named)
    assert route(facts(territory=region)).rule is None


def test_without_a_rule_the_nearest_centre_gets_it(region, district, centre):
    near = ProviderFactory(centre=True, territories=[district])
    found = route(facts(territory=district))
    assert found.queue.unrouted
    assert found.queue.centre == near
    assert str(near) in found.explanation
    assert route(facts(territory=region)).queue.centre == centre


def test_without_a_centre_the_installation_gets_it(district):
    for place in (district, None):
        found = route(facts(territory=place))
        assert found.queue.centre is None
        assert found.queue.unrouted


def test_centre_that_the_family_chose_gets_it(district, centre):
    chosen = ProviderFactory(centre=True)
    RuleFactory(territory=district, queue=QueueFactory(centre=centre))
    assert route(facts(territory=district, chosen_centre=chosen)).queue.centre == chosen
    own = QueueFactory(centre=chosen)
    RuleFactory(queue=own)
    assert route(facts(territory=district, chosen_centre=chosen)).queue == own


def test_form_of_one_centre_goes_to_it(district, centre):
    only = ProviderFactory(centre=True)
    form = FormFactory()
    form.centres.add(only)
    form.save()
    RuleFactory(queue=QueueFactory(centre=centre))
    assert route(facts(form, territory=district)).queue.centre == only


def test_case_carries_queue_centre_and_reason(district, centre):
    rule = RuleFactory(territory=district, queue=QueueFactory(centre=centre))
    case = make_case(territory=district)
    assert (case.queue, case.centre, case.routed_by) == (rule.queue, centre, rule)
    assert case.route_note
    rule.delete()
    assert IntakeCase.objects.get(pk=case.pk).route_note == case.route_note


def test_deleting_a_rule_or_queue_never_loses_a_case(district, centre):
    from django.db.models import ProtectedError

    case = make_case(territory=district)
    with pytest.raises(ProtectedError):
        Queue.objects.get(pk=case.queue_id).delete()


def test_rule_of_a_centre_that_has_no_desk_any_more_is_passed_over(district, centre):
    gone = ProviderFactory(centre=True)
    RuleFactory(territory=district, queue=QueueFactory(centre=gone))
    gone.is_centre = False
    gone.save()
    assert route(facts(territory=district)).queue.centre == centre


def test_form_whose_centres_have_no_desk_any_more_goes_by_its_place(district, centre):
    form = FormFactory()
    form.centres.add(ProviderFactory(centre=True))
    form.save()
    form.centres.update(is_centre=False)
    form.refresh_from_db()
    assert route(facts(form, territory=district)).queue.centre == centre
    assert route(facts(form)).queue.centre is None


@pytest.mark.parametrize("slug", ["unrouted", "centre-unrouted"])
def test_short_name_that_is_taken_does_not_stop_a_case(slug, district):
    QueueFactory(slug=slug)
    near = ProviderFactory(centre=True, slug="centre", territories=[district])
    for place, owner in ((district, near), (None, None)):
        queue = route(facts(territory=place)).queue
        assert queue.unrouted
        assert queue.centre == owner
        assert route(facts(territory=place)).queue == queue


def rename(record, **names):
    type(record).objects.filter(pk=record.pk).update(**names)


CHANGES = {
    "a rule comes": lambda rule, centre: RuleFactory(position=1, queue=QueueFactory(centre=centre)),
    "a rule goes": lambda rule, centre: rule.delete(),
    "a rule is out of force": lambda rule, centre: rename(rule, active=False),
    "a rule is for another urgency": lambda rule, centre: rename(rule, urgent=True),
    "its queue is retired": lambda rule, centre: rename(rule.queue, retired=True),
    "its queue has another name": lambda rule, centre: rename(rule.queue, title="Другая"),
    "its centre has no desk": lambda rule, centre: rename(rule.queue.centre, is_centre=False),
    "its centre has another name": lambda rule, centre: rename(rule.queue.centre, short_name="Др"),
    "its form has another name": lambda rule, centre: rename(rule.form, title="Другая"),
    "its topic has another name": lambda rule, centre: rename(rule.topic, title="Другая"),
    "its territory has another name": lambda rule, centre: rename(rule.territory, title="Край"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_rules_kept_in_the_process_are_those_in_force(
    region, centre, change, django_assert_num_queries
):
    form = FormFactory()
    desk = ProviderFactory(centre=True)
    rule = RuleFactory(
        form=form, topic=form.topic, territory=region, queue=QueueFactory(centre=desk)
    )
    asked = facts(form, territory=region, centres=frozenset())
    before = route(asked)
    with django_assert_num_queries(1):  # the stamp alone
        assert route(asked) == before
    CHANGES[change](rule, centre)
    after = route(asked)
    assert after.explanation != before.explanation
    assert after == route(asked)


def test_rules_of_a_change_that_was_taken_back_are_not_kept(region):
    form = FormFactory()
    asked = facts(form, territory=region, centres=frozenset())
    rule = RuleFactory(form=form)
    with transaction.atomic():
        first = RuleFactory(form=form, position=1)
        assert route(asked).rule == first
        transaction.set_rollback(True)
    assert route(asked).rule == rule
    second = RuleFactory(form=form, position=2)
    assert route(asked).rule == second


def test_a_change_that_counts_for_nothing_keeps_the_rules(region, centre):
    before = RoutingState.objects.get().stamp
    rename(centre, aliases=["наш центр"])
    rename(region, aliases=["край"])
    assert RoutingState.objects.get().stamp == before


def test_every_odd_fact_has_a_queue(region, district, centre):
    """Rules, centres and places in every state that editors can bring them to."""
    gone = ProviderFactory(centre=True, territories=[district])
    elsewhere = TerritoryFactory(title="Далеко")
    queues = [
        QueueFactory(centre=centre),
        QueueFactory(centre=gone),
        QueueFactory(centre=centre, retired=True),
        QueueFactory(centre=None),
    ]
    forms = [FormFactory() for _ in range(4)]
    topics = cycle([*(form.topic for form in forms[:2]), TopicFactory(), TopicFactory()])
    for place in (None, region, elsewhere):
        for queue in queues:
            for urgent in (None, True):
                RuleFactory(territory=place, queue=queue, urgent=urgent, topic=next(topics))
    gone.is_centre = False
    gone.save()
    for form, centres in zip(forms, ([], [gone], [centre], [centre, gone]), strict=True):
        form.centres.set(centres)
        form.save()
    tried = 0
    for form in forms:
        for place in (None, region, district, elsewhere):
            for chosen in (None, centre, ProviderFactory(centre=True)):
                for urgent in (False, True):
                    found = route(facts(form, territory=place, chosen_centre=chosen, urgent=urgent))
                    assert found.queue.pk
                    assert not found.queue.retired
                    assert found.queue.centre is None or found.queue.centre.is_centre
                    assert found.explanation
                    # What the check of a form says is what happens.
                    said = decide(
                        facts(form, territory=place, chosen_centre=chosen, urgent=urgent),
                        Remembered(),
                    )
                    assert (said.rule, said.explanation) == (found.rule, found.explanation)
                    tried += 1
    tell_count(f"{tried} odd facts, {len(queues) * 6} rules: each has a queue that somebody sees")
    assert tried == 96
