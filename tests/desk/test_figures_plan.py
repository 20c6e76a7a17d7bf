"""Plan against fact, and the periods that figures are read for."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from django.urls import reverse

from catalogue.models import Indicator
from cms.access import Role
from desk.figures import upkeep
from desk.figures.indicators import COUNTED, NAVIGATOR
from desk.figures.periods import Kind, period_of
from desk.models import Plan
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.figures import URL, decided
from tests.intake import FormFactory, make_case, sample_answers

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 23)


# Plan and fact


def indicator(number, **more):
    return Indicator.objects.create(
        source=NAVIGATOR, table="Результаты", number=number, name=f"Показатель {number}", unit="%",
        values=[{"period": "2023 план", "value": 10}, {"period": "2024 план", "value": 20}], **more,
    )  # fmt: skip


def test_own_plan_stands_before_that_of_all_and_of_the_document(client, head, centre, clock):
    clock.at("2026-11-20T12:00")
    remote, other = indicator("5"), indicator("2")
    for _ in range(2):
        decided(make_case(FormFactory(), centre=centre), head)
    upkeep.keep_up()

    def line():
        found = client.get(URL).context["found"].plan
        return next(one for one in found if one.indicator == remote)

    assert (line().plan, line().plan_of, line().fact, line().verdict) == (
        20, "2024 план", 100, "достигнут",
    )  # fmt: skip
    Plan.objects.create(indicator=remote, year=2026, value=110)
    assert (line().plan, line().plan_of, line().verdict) == (110, "2026", "не достигнут")
    Plan.objects.create(indicator=remote, year=2026, value=90, centre=centre)
    Plan.objects.create(indicator=remote, year=2025, value=50, centre=centre)
    Plan.objects.create(indicator=remote, year=2026, value=5, centre=ProviderFactory(centre=True))
    assert (line().plan, line().verdict) == (90, "достигнут")
    page = client.get(URL).content.decode()
    assert "Не считается из обращений" in page
    assert other.name in page


def test_growth_is_against_the_same_days_of_the_year_before(client, head, centre, clock):
    grown, rural, repeats = indicator("1"), indicator("6"), indicator("8")
    village = TerritoryFactory(kind="rural_settlement")

    def come(count, territory=None):
        for number in range(count):
            phone = f"+7999{clock.now:%y%m}{number:03}"
            answers = {**sample_answers(territory), "phone": phone}
            make_case(FormFactory(), centre=centre, answers=answers)

    clock.at("2025-03-03T12:00")
    come(4, village)
    clock.at("2025-12-20T12:00")
    come(7)  # later in the year than today is
    clock.at("2026-05-05T12:00")
    come(6, village)
    clock.at("2026-11-20T12:00")
    upkeep.keep_up()
    facts = {one.indicator: one.fact for one in client.get(URL).context["found"].plan}
    assert facts[grown] == 50
    assert facts[rural] == 2
    assert facts[repeats] is None  # nobody had come again the year before


def test_plans_are_tended_by_whose_they_are(client, head, centre):
    other, plan = ProviderFactory(centre=True), indicator("5")
    foreign = Plan.objects.create(indicator=plan, year=2026, value=1, centre=other)
    everybody = Plan.objects.create(indicator=plan, year=2026, value=1)
    for one in (foreign, everybody):
        assert client.get(reverse("plans:edit", args=[one.pk])).status_code == 404
    sent = {"indicator": plan.pk, "year": 2026, "value": "55,5"}
    add = reverse("plans:add")
    client.post(add, {**sent, "centre": other.pk})
    client.post(add, {**sent, "centre": ""})
    assert Plan.objects.count() == 2
    client.post(add, {**sent, "centre": centre.pk})
    assert Plan.objects.get(centre=centre).value == 55.5
    client.force_login(UserFactory(role=Role.ANALYST))
    assert client.get(reverse("plans:edit", args=[everybody.pk])).status_code == 200
    client.post(add, {**sent, "year": 2027, "centre": ""})
    assert Plan.objects.filter(centre=None, year=2027).exists()


def test_every_counted_indicator_is_in_the_data_set():
    said = json.loads((Path("catalogue/dataset/indicators.json")).read_text())["indicators"]
    known = {(one["seed"], str(one["no"])) for one in said}
    assert COUNTED.keys() <= known


# Periods


@pytest.mark.parametrize(
    ("kind", "first", "last", "before"),
    [
        (Kind.MONTH, "2026-11-01", "2026-11-23", ("2026-10-01", "2026-10-23")),
        (Kind.LAST_MONTH, "2026-10-01", "2026-10-31", ("2026-09-01", "2026-09-30")),
        (Kind.QUARTER, "2026-10-01", "2026-11-23", ("2026-07-01", "2026-08-23")),
        (Kind.LAST_QUARTER, "2026-07-01", "2026-09-30", ("2026-04-01", "2026-06-30")),
        (Kind.YEAR, "2026-01-01", "2026-11-23", ("2025-01-01", "2025-11-23")),
        (Kind.LAST_YEAR, "2025-01-01", "2025-12-31", ("2024-01-01", "2024-12-31")),
    ],
)
def test_period_and_the_one_before(kind, first, last, before):
    period = period_of(kind, TODAY)
    assert (str(period.first), str(period.last)) == (first, last)
    assert (str(period.before().first), str(period.before().last)) == before
