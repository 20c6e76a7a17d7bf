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
from desk.figures.indicators import BY_CHOICE, COUNTED, IRKUTSK, NAVIGATOR
from desk.figures.periods import Kind, period_of
from desk.models import CountedAs, Plan
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.figures import URL, decided, texts
from tests.intake import FormFactory, TopicFactory, make_case, sample_answers

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


@pytest.mark.parametrize(
    ("days", "said", "verdict"),
    [(3, "", "достигнут"), (70, "", "не достигнут"), (400, "больше 120 дн.", "не достигнут")],
)
def test_wait_of_any_length_is_told(client, head, centre, clock, days, said, verdict):
    """Working days in which half of the families had their answer, against ten that were planned."""
    waited = indicator("7")
    clock.at("2025-01-13T09:00")
    cases = [make_case(centre=centre) for _ in range(3)]
    clock.later(days=days * 7 / 5)
    for case in cases:
        decided(case, head)
    upkeep.keep_up()
    Plan.objects.create(indicator=waited, year=clock.now.year, value=10)
    query = f"?period=days&since={clock.now:%Y-%m}-01&until={clock.now:%Y-%m-%d}"
    line = next(one for one in client.get(URL + query).context["found"].plan if one.counted)
    if said:
        assert str(line.fact_cell) == said
    else:
        assert days / 2 < line.fact < days * 2
    assert line.verdict == verdict
    page, book, paper = texts(client, query)
    cell = str(line.fact_cell).replace("\N{NO-BREAK SPACE}", " ")
    assert all(cell in text.replace("\N{NO-BREAK SPACE}", " ") for text in (page, paper))
    assert "inf" not in book
    assert said in book
    Plan.objects.update(value=130)  # whether 400 days are within it no bucket tells
    line = next(one for one in client.get(URL + query).context["found"].plan if one.counted)
    assert line.verdict == ("" if days == 400 else "достигнут")


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


def test_what_counts_is_chosen(client, head, centre, clock):
    """Legal help is told of the topics that the centre names, afar of its places, with all in them."""
    clock.at("2026-11-20T12:00")
    source = {"source": IRKUTSK, "table": "Результаты", "unit": "человек"}
    legal = Indicator.objects.create(**source, number="3.6", name="Юридическая помощь")
    afar = Indicator.objects.create(**source, number="2.1", name="Из отдалённых территорий")
    topics, place = TopicFactory.create_batch(3), TerritoryFactory()
    village = TerritoryFactory(parent=place)
    for number, outcome in enumerate(("helped", "advised", "refused", "helped", "helped")):
        form = FormFactory(topic=topics[min(number, 3) // 2 if number < 4 else 2])
        case = make_case(form, centre=centre, territory=village if number < 2 else None)
        more = {"reason": "no_places"} if outcome == "refused" else {}
        decided(case, head, outcome, **more)
    upkeep.keep_up()

    def told():
        found = client.get(URL).context["found"].plan
        return [str(one.fact_cell) for one in found if one.indicator in (afar, legal)]

    assert told() == ["не выбрано, что считать"] * 2
    page, book, paper = texts(client)
    assert all("не выбрано" in text for text in (page, book, paper))
    CountedAs.objects.create(indicator=legal).topics.set(topics)
    CountedAs.objects.create(indicator=afar).territories.set([place])
    assert told() == ["4", "2"] or told() == ["2", "4"]
    CountedAs.objects.create(indicator=legal, centre=centre).topics.set(topics[:1])
    assert sorted(told()) == ["2", "2"]


def test_what_counts_is_tended_by_whose_it_is(client, head, centre):
    source = {"source": IRKUTSK, "table": "Результаты"}
    legal = Indicator.objects.create(**source, number="3.6", name="Юридическая помощь")
    topic, place, other = TopicFactory(), TerritoryFactory(), ProviderFactory(centre=True)
    foreign = CountedAs.objects.create(indicator=legal, centre=other)
    assert client.get(reverse("counted_as:edit", args=[foreign.pk])).status_code == 404
    add, sent = reverse("counted_as:add"), {"indicator": legal.pk, "centre": centre.pk}
    assert "Выберите темы" in client.post(add, sent).content.decode()
    wrong = client.post(add, {**sent, "topics": [topic.pk], "territories": [place.pk]})
    assert "оставьте пустым" in wrong.content.decode()
    client.post(add, {**sent, "centre": other.pk, "topics": [topic.pk]})
    assert CountedAs.objects.filter(centre=centre).count() == 0
    client.post(add, {**sent, "topics": [topic.pk]})
    assert list(CountedAs.objects.get(centre=centre).topics.all()) == [topic]


def test_every_counted_indicator_is_in_the_data_set():
    said = json.loads((Path("catalogue/dataset/indicators.json")).read_text())["indicators"]
    known = {(one["seed"], str(one["no"])) for one in said}
    assert COUNTED.keys() | BY_CHOICE.keys() <= known
    assert not COUNTED.keys() & BY_CHOICE.keys()


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
