"""Routing rules from menus, tried on the last submissions before they are in force."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalogue.models import Measure
from cms.access import Role
from desk.routing_form import RouteForm
from forms.erasing import erase
from forms.models import IntakeCase, RoutingRule
from forms.routing import UNROUTED
from forms.routing_trial import MOST, trial
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import (
    FormFactory,
    QueueFactory,
    RuleFactory,
    family_steps,
    make_case,
    question,
    sample_answers,
    send,
    step,
)

pytestmark = pytest.mark.django_db

LIST, NEW = "/admin/intake/routes/", "/admin/intake/routes/new/"


@pytest.fixture
def administrator(client):
    person = UserFactory(role=Role.ADMINISTRATOR)
    client.force_login(person)
    return person


@pytest.fixture
def queue(centre):
    return QueueFactory(centre=centre, title="Срочные звонки")


def data(queue, **more):
    return {"queue": queue.pk, "position": 10, **more}


def put_in_force(client, values, address=NEW):
    tried = client.post(address, values)
    assert tried.status_code == 200, tried.context["form"].errors
    return client.post(address, {**values, "force": "1", "stamp": tried.context["stamp"]})


def test_rule_is_kept_only_after_its_trial(client, administrator, queue):
    form = FormFactory()
    cases = [make_case(form) for _ in range(3)]
    other = make_case()
    tried = client.post(NEW, data(queue, form=form.pk))
    page = tried.content.decode()
    assert "Из последних заявок (всего 4) в другую очередь ушло бы: 3." in page
    for case in cases:
        assert case.number in page
    assert other.number not in page
    assert not RoutingRule.objects.exists()
    assert put_in_force(client, data(queue, form=form.pk)).status_code == 302
    rule = RoutingRule.objects.get()
    assert rule.active
    assert make_case(form).queue == queue
    assert IntakeCase.objects.get(pk=cases[0].pk).queue.unrouted  # what was sent stays


def test_rule_can_be_kept_switched_off_and_deleted(client, administrator, queue):
    client.post(NEW, {**data(queue), "keep": "1"})
    rule = RoutingRule.objects.get()
    assert not rule.active
    assert make_case().queue.unrouted
    assert "Выключены" in client.get(LIST).content.decode()
    client.post(reverse("intake:route_delete", args=[rule.pk]))
    assert not RoutingRule.objects.exists()


def test_rule_in_force_is_switched_off_before_it_is_deleted(client, administrator, queue):
    rule = RuleFactory(queue=queue)
    assert client.post(reverse("intake:route_delete", args=[rule.pk])).status_code == 404
    client.post(reverse("intake:route_off", args=[rule.pk]))
    rule.refresh_from_db()
    assert not rule.active


def test_rules_that_change_during_the_trial_are_looked_at_again(client, administrator, queue):
    tried = client.post(NEW, data(queue))
    RuleFactory(queue=QueueFactory(), position=1)
    late = client.post(NEW, {**data(queue), "force": "1", "stamp": tried.context["stamp"]})
    assert late.status_code == 409
    assert "изменились другие правила" in late.content.decode()
    assert not RoutingRule.objects.filter(queue=queue).exists()
    again = {**data(queue), "force": "1", "stamp": late.context["stamp"]}
    assert client.post(NEW, again).status_code == 302


def test_forged_stamp_puts_nothing_in_force(client, administrator, queue):
    for stamp in ("", "x", "00000000-0000-0000-0000-000000000000"):
        answer = client.post(NEW, {**data(queue), "force": "1", "stamp": stamp})
        assert answer.status_code == 409
    assert not RoutingRule.objects.exists()


def test_place_is_written_by_name(client, administrator, queue):
    place = TerritoryFactory(title="Озёрный район")
    wrong = client.post(NEW, data(queue, territory="Нет такого места"))
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "Такого места портал не знает" in page
    assert 'value="Нет такого места"' in page
    assert put_in_force(client, data(queue, territory="озерный")).status_code == 302
    rule = RoutingRule.objects.get()
    assert rule.territory == place
    page = client.get(reverse("intake:route", args=[rule.pk])).content.decode()
    assert 'value="Озёрный район"' in page


# What a rule may look at


def key_of(form, label):
    schema = form.version_in_force().schema
    nodes = [node for step_ in schema["steps"] for node in step_["fields"]]
    inner = [each for node in nodes for each in node.get("fields", ())]
    return next(node["key"] for node in [*nodes, *inner] if node["label"].startswith(label))


def test_answers_choose_the_queue(client, administrator, queue, centre):
    form = FormFactory()
    key = key_of(form, "Как ответить")
    put_in_force(client, data(queue, form=form.pk, answers=[f"{key}=call"]))
    rule = RoutingRule.objects.get()
    assert "Звонок" in str(rule)
    called = make_case(form)
    mailed = make_case(form, answers={**sample_answers(), key: "mail"})
    assert called.queue == queue
    assert called.route_note.count("Звонок")
    assert mailed.queue.unrouted


@pytest.mark.parametrize(("years", "goes"), [("2024-01-01", True), ("2010-01-01", False)])
def test_age_of_a_child_chooses_the_queue(client, administrator, queue, years, goes):
    form = FormFactory(steps=[*family_steps(), step("Согласие", question("consent", "consent"))])
    compared = {"question0": "born:age", "sign0": "lt", "value0": "7"}
    put_in_force(client, data(queue, form=form.pk, **compared))
    answers = {"children": [{"child": "образец", "born": years}], "consent": True}
    assert (make_case(form, answers=answers).queue == queue) == goes


def test_number_of_children_and_a_sum_together(client, administrator, queue):
    form = FormFactory(steps=[*family_steps(), step("Согласие", question("consent", "consent"))])
    compared = {
        "question0": "children",
        "sign0": "ge",
        "value0": "2",
        "question1": "income",
        "sign1": "lt",
        "value1": "30000,50",
    }
    put_in_force(client, data(queue, form=form.pk, **compared))
    child = {"child": "образец", "born": "2020-01-01"}
    for count, income, goes in ((2, "20000", True), (1, "20000", False), (2, "40000", False)):
        answers = {"children": [child] * count, "income": float(income), "consent": True}
        assert (make_case(form, answers=answers).queue == queue) == goes, (count, income)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"question0": "born:age", "sign0": "lt", "value0": "семь"}, "целое число"),
        ({"question0": "income", "sign0": "lt", "value0": ""}, "нет такого ответа"),
        ({"question0": "nothing", "sign0": "lt", "value0": "1"}, "вариант"),
        ({"answers": ["paper=maybe"]}, "вариант"),
        ({"queue": ""}, "error-message"),
        ({"position": "-1"}, "error-message"),
    ],
)
def test_wrong_comparison_is_told_beside_its_field_and_kept(
    client, administrator, queue, values, said
):
    form = FormFactory(steps=[*family_steps(), step("Согласие", question("consent", "consent"))])
    answer = client.post(NEW, data(queue, form=form.pk, note="моя заметка") | values)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert "моя заметка" in page


def test_answers_without_a_form_are_refused(client, administrator, queue):
    answer = client.post(NEW, data(queue, answers=["x=y"]))
    assert answer.status_code == 200  # there are no questions, so nothing is read
    assert answer.context["rule"].condition == {}


def test_questions_are_shown_when_the_form_is_chosen(client, administrator):
    form = FormFactory()
    assert "Звонок" not in client.get(NEW).content.decode()
    page = client.post(NEW, {"form": form.pk, "look": "1", "note": "моя заметка"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "Звонок" in text
    assert "моя заметка" in text
    assert "error-message" not in text


def test_rule_opens_as_it_was_kept(client, administrator, queue):
    form = FormFactory(
        steps=[*family_steps(), step("Ещё", question("yesno", "own", label="Своё жильё")),
               step("Согласие", question("consent", "consent"))]
    )  # fmt: skip
    values = data(
        queue,
        form=form.pk,
        answers=["own=no"],
        question0="born:age",
        sign0="lt",
        value0="3",
        channel="phone",
        urgent="True",
    )
    put_in_force(client, values)
    rule = RoutingRule.objects.get()
    before = rule.condition
    form_page = RouteForm(instance=rule)
    assert form_page["answers"].initial == ["own=no"]
    assert [form_page[name].initial for name in ("question0", "sign0", "value0")] == [
        "born:age",
        "lt",
        "3",
    ]
    address = reverse("intake:route", args=[rule.pk])
    assert client.get(address).status_code == 200
    put_in_force(client, values, address)
    assert RoutingRule.objects.get().condition == before


def test_measure_and_channel_choose_the_queue(client, administrator, queue, centre):
    measure = MeasureFactory()
    form, other = FormFactory(), FormFactory()
    form.measures.add(measure)
    form.save()
    RuleFactory(queue=queue, measure=measure, channel="phone")
    assert make_case(form, channel="phone").queue == queue
    assert make_case(form).queue.unrouted
    assert make_case(other, channel="phone").queue.unrouted
    Measure.objects.filter(pk=measure.pk).update(slug="inache")
    assert make_case(form, channel="phone").queue == queue


# The trial


def test_trial_tells_what_would_change_and_writes_nothing(queue):
    place = TerritoryFactory()
    for number in range(4):
        make_case(territory=place if number else None)
    before = IntakeCase.objects.count()
    rule = RoutingRule(territory=place, queue=queue, active=True)
    found = trial([], [rule])
    assert [one.after for one in found.moved] == [str(queue)] * 3
    assert {name: (old, new) for name, old, new in found.queues} == {
        UNROUTED: (4, 1),
        str(queue): (0, 3),
    }
    assert IntakeCase.objects.count() == before


def test_trial_says_of_whom_it_could_not_read(queue):
    form = FormFactory()
    gone, kept = make_case(form), make_case(form)
    erase(case=gone)
    condition = {"op": "eq", "field": key_of(form, "Как ответить"), "value": "call"}
    found = trial([], [RoutingRule(form=form, condition=condition, queue=queue, active=True)])
    assert found.unread == 1
    assert [one.case for one in found.moved] == [kept]


def test_trial_agrees_with_what_acceptance_does(queue, centre):
    """Every case goes where the trial of the rules in force says it would."""
    place = TerritoryFactory()
    forms = [FormFactory() for _ in range(3)]
    RuleFactory(form=forms[0], queue=queue)
    RuleFactory(territory=place, channel="phone", queue=QueueFactory(centre=centre))
    RuleFactory(urgent=True, queue=QueueFactory())
    for number in range(24):
        channel = ("web", "phone")[number % 2]
        send(forms[number % 3], place if number % 4 else None, channel=channel)
    rules = list(RoutingRule.objects.all())
    for one in trial(rules, rules).cases:
        assert one.before == one.after == str(one.case.queue)


def test_trial_looks_at_so_many_and_costs_the_same(queue, django_assert_max_num_queries):
    form = FormFactory()
    for _ in range(MOST + 5):
        make_case(form)
    rule = RoutingRule(form=form, queue=queue, active=True)
    with django_assert_max_num_queries(12):
        assert len(trial([], [rule]).cases) == MOST


# Who


@pytest.mark.parametrize(
    "role", [Role.HEAD, Role.DISPATCHER, Role.SPECIALIST, Role.PARTNER, Role.CHIEF_EDITOR]
)
def test_rules_are_for_administrators(client, queue, role):
    rule = RuleFactory(queue=queue, active=False)
    client.force_login(UserFactory(role=role, provider=ProviderFactory(centre=True)))
    for address in (LIST, NEW, reverse("intake:route", args=[rule.pk])):
        assert client.get(address).status_code == 404
        assert client.post(address, data(queue)).status_code in (404, 405)
    for name in ("route_off", "route_delete"):
        assert client.post(reverse(f"intake:{name}", args=[rule.pk])).status_code == 404
    assert RoutingRule.objects.count() == 1


def test_secret_cases_have_no_number_in_a_trial(client, administrator, queue):
    case = make_case()
    IntakeCase.objects.update(secret=True)
    page = client.post(NEW, data(queue)).content.decode()
    assert case.number not in page
    assert "закрытое" in page
