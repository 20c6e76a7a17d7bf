"""Publishing compiles the rules in the same transaction; nothing else touches the rows."""

import datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalogue.compiling import compile_rules
from catalogue.models import Condition, ConditionGroup, Fact, FactOption, Measure
from catalogue.rules import RulesError
from cms.access import Role
from tests.factories import MeasureFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def facts():
    Fact.objects.bulk_create(
        [
            Fact(field="pregnant", type="bool", title="Беременность", question="?"),
            Fact(field="children", type="number", title="Дети", question="?", minimum=0),
            Fact(field="heating", type="choice", title="Отопление", question="?"),
            Fact(field="home", type="territory", title="Дом", question="?"),
        ]
    )
    FactOption.objects.create(
        fact=Fact.objects.get(field="heating"), value="stove", label="Печь", sort_order=0
    )


def flag(value="yes"):
    return {"type": "flag", "value": {"fact": "pregnant", "value": value}}


def number(value, operator="gte", **more):
    return {
        "type": "number",
        "value": {"fact": "children", "operator": operator, "value": value, **more},
    }


def rules(*variants):
    return [{"type": "group", "value": {"conditions": list(variant)}} for variant in variants]


def publish(measure, *variants):
    measure.rules = rules(*variants)
    measure.save_revision().publish()
    return Measure.objects.get(pk=measure.pk)


def compiled(measure):
    return [
        [(each.fact.field, each.operator, each.value) for each in group.conditions.all()]
        for group in measure.condition_groups.all()
    ]


def test_publishing_writes_the_rows():
    measure = publish(MeasureFactory(), [flag(), number("3")], [flag("no")])
    assert compiled(measure) == [
        [("pregnant", "eq", True), ("children", "gte", 3)],
        [("pregnant", "eq", False)],
    ]


def test_publishing_a_change_writes_them_anew():
    measure = publish(MeasureFactory(), [flag(), number("3")])
    measure = publish(measure, [number("1", "between", upper="2.5")])
    assert compiled(measure) == [[("children", "between", [1, 2.5])]]
    assert Condition.objects.count() == 1


def test_a_draft_does_not_touch_the_rows():
    measure = publish(MeasureFactory(), [flag()])
    measure.rules = rules([number("5")])
    measure.save_revision()
    assert compiled(measure) == [[("pregnant", "eq", True)]]


def test_rules_that_do_not_compile_roll_the_publishing_back():
    measure = publish(MeasureFactory(title="Было"), [flag()])
    measure.title = "Стало"
    measure.rules = rules([number("-1")])
    revision = measure.save_revision()
    with pytest.raises(RulesError, match="children"):
        revision.publish()
    kept = Measure.objects.get(pk=measure.pk)
    assert kept.title == "Было"
    assert compiled(kept) == [[("pregnant", "eq", True)]]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "flag", "value": {"fact": "mood", "value": "yes"}},
        {"type": "flag", "value": {"fact": "", "value": "yes"}},
        {"type": "choice", "value": {"options": ["heating=coal"]}},
        {"type": "flag", "value": {"fact": "pregnant", "value": "yes", "legal_act": "404"}},
        {"type": "territory", "value": {"fact": "home", "territory": "atlantis"}},
    ],
)
def test_conditions_on_what_is_not_there_do_not_compile(block):
    measure = MeasureFactory()
    measure.rules = rules([block])
    with pytest.raises(RulesError):
        measure.save_revision().publish()


def test_unpublishing_takes_the_rows_away_and_publishing_brings_them_back():
    measure = publish(MeasureFactory(), [flag()])
    measure.unpublish()
    assert not ConditionGroup.objects.exists()
    measure = Measure.objects.get(pk=measure.pk)
    measure.latest_revision.publish()
    assert compiled(measure) == [[("pregnant", "eq", True)]]


def test_a_scheduled_change_waits_for_its_time():
    measure = publish(MeasureFactory(), [flag()])
    measure.rules = rules([number("2")])
    measure.go_live_at = timezone.now() + datetime.timedelta(hours=1)
    revision = measure.save_revision()
    revision.publish()
    assert compiled(measure) == [[("pregnant", "eq", True)]]
    past = timezone.now() - datetime.timedelta(minutes=1)
    revision.content["go_live_at"] = past.isoformat()
    revision.approved_go_live_at = past
    revision.save()
    call_command("publish_scheduled")
    assert compiled(Measure.objects.get(pk=measure.pk)) == [[("children", "gte", 2)]]


def test_a_new_measure_that_waits_has_no_rows_yet():
    measure = MeasureFactory(live=False)
    measure.rules = rules([flag()])
    measure.go_live_at = timezone.now() + datetime.timedelta(hours=1)
    measure.save_revision().publish()
    assert not ConditionGroup.objects.exists()


def test_review_publishes_and_compiles():
    measure = MeasureFactory(live=False)
    measure.rules = rules([flag()])
    measure.save_revision()
    author, chief = UserFactory(role=Role.EDITOR), UserFactory(role=Role.CHIEF_EDITOR)
    workflow = measure.get_workflow()
    assert workflow is not None
    state = workflow.start(measure, author)
    state.current_task_state.task.on_action(state.current_task_state, chief, "approve")
    measure = Measure.objects.get(pk=measure.pk)
    assert measure.live
    assert compiled(measure) == [[("pregnant", "eq", True)]]


def queries_of_publishing(conditions):
    measure = MeasureFactory()
    measure.rules = rules(*[[flag(), *[number(str(n)) for n in range(conditions)]]] * conditions)
    revision = measure.save_revision()
    with CaptureQueriesContext(connection) as queries:
        revision.publish()
    assert compiled(measure)
    return len(queries)


def test_publishing_costs_the_same_with_one_condition_and_with_hundreds():
    assert queries_of_publishing(1) == queries_of_publishing(15)


def test_many_measures_are_compiled_at_once(django_assert_max_num_queries):
    measures = [MeasureFactory() for _each in range(5)]
    for measure in measures:
        measure.rules = rules([flag()])
    with django_assert_max_num_queries(10):
        compile_rules(measures)
    assert Condition.objects.count() == 5


def test_a_condition_rests_inside_a_territory():
    TerritoryFactory(slug="tam")
    block = {"type": "territory", "value": {"fact": "home", "territory": "tam"}}
    measure = publish(MeasureFactory(), [block])
    assert compiled(measure) == [[("home", "eq", "tam")]]
