"""On the page of a case each measure in question says whether it fits, or what to ask."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Condition, ConditionGroup, Fact
from catalogue.models.measure import Verification
from catalogue.models.taxonomy import FactType
from desk import amending
from desk.measures import in_question
from forms.models import IntakeCase
from forms.moves import take
from tests.factories import MeasureFactory, TerritoryFactory
from tests.intake import FormFactory, make_case, question, step

pytestmark = pytest.mark.django_db

TITLES = {"large": "многодетная семья", "children": "сколько детей", "child_disability": "инвалидность ребёнка", "territory": "место"}  # fmt: skip


@pytest.fixture
def facts():
    kinds = {"large": FactType.BOOL, "children": FactType.NUMBER, "child_disability": FactType.BOOL, "territory": FactType.TERRITORY}  # fmt: skip
    return {
        key: Fact.objects.create(
            field=key,
            type=kind,
            title=TITLES[key],
            question=f"Спросим: {TITLES[key]}?",
            words=words,
            per_child=key.startswith("child_"),
        )
        for (key, kind), words in zip(
            kinds.items(),
            ("Семья многодетная", "Детей {}", "У ребёнка инвалидность", "Живёт {}"),
            strict=True,
        )
    }


@pytest.fixture
def places():
    country = TerritoryFactory(slug="strana", kind="country")
    region = TerritoryFactory(slug="oblast", parent=country, kind="region", title="Область", locative="в области")  # fmt: skip
    return {
        "country": country,
        "region": region,
        "district": TerritoryFactory(slug="rajon", parent=region, title="Район", locative="в районе"),
        "other": TerritoryFactory(slug="drugoj", parent=region, title="Другой", locative="в другом"),
    }  # fmt: skip


def measure(facts, *variants, verified=True, **values):
    """:param variants: each a list of (fact, operator, value)."""
    made = MeasureFactory(
        verification=Verification.PAGE if verified else Verification.NONE, **values
    )
    for position, variant in enumerate(variants):
        group = ConditionGroup.objects.create(measure=made, position=position)
        for place, (key, operator, value) in enumerate(variant):
            Condition.objects.create(
                group=group, position=place, fact=facts[key], operator=operator, value=value
            )
    return made


@pytest.fixture
def form():
    asked = step(
        "О семье",
        question("yesno", "large", label="Семья многодетная?", required=False),
        question("text", "children", label="Дети", required=False),  # no number: it tells nothing
        question("repeat", "kids", label="Дети", row_title="Ребёнок", required=False, fields=[
            question("yesno", "child_disability", label="Есть инвалидность?", required=False),
        ]),
        question("territory", "place", label="Где вы живёте", required=False),
        question("consent", "consent", label="Разрешаю"),
    )  # fmt: skip
    return FormFactory(steps=[asked])


def case_with(form, centre, specialist, place=None, **answers):
    if place is not None:
        answers["place"] = {"slug": place.slug, "title": place.title}
    case = make_case(form, centre=centre, territory=place, answers={**answers, "consent": True})
    take(case_id=case.pk, actor=specialist)
    return IntakeCase.objects.get(pk=case.pk)


def page(client, case, specialist):
    client.force_login(specialist)
    return client.get(reverse("intake:case", args=[case.pk])).content.decode()


def test_each_measure_says_whether_it_fits(client, facts, form, centre, specialist, places):
    named = {
        "Подходящая": measure(facts, [("large", "eq", True)], title="Подходящая"),
        "Чужая": measure(facts, [("territory", "eq", "drugoj")], title="Чужая"),
        "Неясная": measure(facts, [("children", "gte", 3)], title="Неясная"),
        "Без условий": measure(facts, title="Без условий"),
    }
    form.measures.set(named.values())
    form.save()
    case = case_with(form, centre, specialist, places["district"], large=True, children="семеро")
    said = {one.measure.title: one for one in in_question(case, case.submission.read_answers(), timezone.localdate())}  # fmt: skip
    assert said["Подходящая"].verdict.fit == "yes"
    assert [one.text for one in said["Чужая"].against] == ["Живёт в другом"]
    assert [one.fact.key for one in said["Неясная"].missing] == ["children"]
    assert [one.text for one in said["Подходящая"].met] == ["Семья многодетная"]
    assert said["Без условий"].verdict is None
    text = page(client, case, specialist)
    for words in ("Подходит", "Не подходит", "Живёт в другом", "Пока неизвестно", "Спросим: сколько детей?", "«Семья многодетная?»"):  # fmt: skip
        assert words in text, words


def test_what_nobody_has_verified_is_said_with_care(client, facts, form, centre, specialist):
    form.measures.set([
        measure(facts, [("large", "eq", True)], verified=False, title="Та"),
        measure(facts, [("large", "eq", False)], verified=False, title="Эта"),
    ])  # fmt: skip
    form.save()
    text = page(client, case_with(form, centre, specialist, large=True), specialist)
    assert "Скорее подходит, уточните" in text
    assert "Скорее нет, уточните" in text


@pytest.mark.parametrize(
    ("home", "fit"),
    [("district", "yes"), ("other", "no"), ("region", "unknown"), (None, "unknown")],
)
def test_a_family_of_a_region_may_live_in_any_of_its_districts(facts, form, centre, specialist, places, home, fit):  # fmt: skip
    form.measures.set([measure(facts, [("territory", "eq", "rajon")])])
    form.save()
    case = case_with(form, centre, specialist, places[home] if home else None)
    [one] = in_question(case, case.submission.read_answers(), timezone.localdate())
    assert one.verdict.fit == fit


@pytest.mark.parametrize(
    ("kids", "fit"),
    [
        ([{"child_disability": False}, {"child_disability": True}], "yes"),
        ([{"child_disability": False}], "no"),
        ([], "unknown"),
    ],
)
def test_each_child_is_judged_by_itself(facts, form, centre, specialist, kids, fit):
    form.measures.set([measure(facts, [("large", "eq", True), ("child_disability", "eq", True)])])
    form.save()
    case = case_with(form, centre, specialist, large=True, kids=kids)
    [one] = in_question(case, case.submission.read_answers(), timezone.localdate())
    assert one.verdict.fit == fit


def test_a_corrected_answer_counts_at_once(client, facts, form, centre, specialist):
    form.measures.set([measure(facts, [("large", "eq", True)])])
    form.save()
    case = case_with(form, centre, specialist, large=False)
    assert "Не подходит" in page(client, case, specialist)
    amending.amend(case_id=case.pk, actor=specialist, version=case.version, path="large", value=True, reason="said")  # fmt: skip
    text = page(client, case, specialist)
    assert "Не подходит" not in text
    assert "Подходит" in text


def test_many_measures_cost_the_same(facts, form, centre, specialist, places, django_assert_max_num_queries):  # fmt: skip
    def asked(count):
        form.measures.set([
            measure(facts, [("large", "eq", True), ("territory", "eq", "rajon")]) for _ in range(count)
        ])  # fmt: skip
        form.save()
        case = IntakeCase.objects.select_related("submission__key", "submission__version", "form", "territory").get(pk=known.pk)  # fmt: skip
        with django_assert_max_num_queries(8) as queries:
            in_question(case, {"large": True}, datetime.date.today(), {})
        return len(queries)

    known = case_with(form, centre, specialist, places["district"], large=True)
    assert asked(1) == asked(9)
