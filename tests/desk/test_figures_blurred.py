"""What an analyst is told cannot be undone: by filters, by periods, by totals and their parts."""

from __future__ import annotations

import datetime
import io
import random
from collections import Counter, defaultdict
from itertools import product

import pytest
from openpyxl import load_workbook

from catalogue.models import Category
from cms.access import Role
from desk.figures import upkeep
from desk.figures.blurring import BASE, blurred
from desk.figures.periods import Kind, period_of
from desk.figures.reading import Where, read
from desk.models import CategoryCount, DayCounts, Sums
from desk.models.figures import BUCKETS
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.figures import FILES, URL, numbers, rows, texts
from tests.intake import TopicFactory
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 20)
MONTHS = [datetime.date(2026, month, 1) for month in (9, 10)]


# The rule


@pytest.mark.parametrize("number", range(1, 13))
def test_what_is_told_of_a_number_is_told_of_its_neighbours(number):
    """No number is told apart from the one below and the one above it, whatever is told of it."""

    def told(of):
        return Counter(blurred((row,), [of])[0] for row in range(4000))

    common = [value for value, times in told(number).items() if times > 20]
    assert len(common) >= 2
    assert all(value % BASE == 0 for value in common)
    assert set(common) <= told(number + 1).keys()
    if number > 1:
        assert set(common) <= told(number - 1).keys()


def test_blur_moves_no_number_far_and_sums_hardly_at_all():
    for number in (1, 3, 7, 40, 1000):
        told = [blurred((row,), [number])[0] for row in range(4000)]
        assert sum(abs(one - number) > 2 * BASE for one in told) < 40
        assert sum(told) / len(told) == pytest.approx(number, abs=0.6)


def test_nothing_stays_nothing_and_the_same_stays_the_same():
    assert blurred(("a",), [0, None]) == [0, 0]
    same = {tuple(blurred(("a", 1), [3, 2])) for _ in range(5)}
    assert len(same) == 1


# The attack


@pytest.fixture
def world():
    """Cells of two months in which nearly every number is under five, seeded."""
    chance = random.Random(8)
    columns = (
        [centre.pk for centre in ProviderFactory.create_batch(2, centre=True)],
        [topic.pk for topic in TopicFactory.create_batch(2)],
        ["web", "phone"],
        [place.pk for place in TerritoryFactory.create_batch(2)],
    )
    cells = {
        (month, *cell): chance.choice((0, 1, 1, 2, 3, 4, 7))
        for month, cell in product(MONTHS, product(*columns))
    }
    DayCounts.objects.bulk_create(
        DayCounts(
            day=month + datetime.timedelta(days=chance.randrange(25)),
            centre_id=centre, topic_id=topic, channel=channel, territory_id=place,
            received=count, decided=count, helped=count, rated_5=count,
            wait_decided=[count, *[0] * (BUCKETS - 1)],
        )
        for (month, centre, topic, channel, place), count in cells.items()
        if count
    )  # fmt: skip
    days = sorted(set(DayCounts.objects.values_list("day", flat=True)))
    upkeep.put_together(Sums.Span.DAY, days)
    upkeep.put_together(Sums.Span.MONTH, MONTHS)
    return columns, cells


def every_question(columns):
    """Every filter with every period, and every table of it."""
    spans = [(a, b) for a in range(2) for b in range(a, 2)]
    chosen = product(*([None, *each] for each in columns), spans)
    for centre, topic, channel, place, (first, last) in chosen:
        months = MONTHS[first : last + 1]
        end = (months[-1] + datetime.timedelta(days=31)).replace(day=1)
        period = period_of(Kind.DAYS, TODAY, months[0], end - datetime.timedelta(days=1))
        where = {
            "centres": None if centre is None else (centre,),
            "topic": topic,
            "channel": channel or "",
            "territories": None if place is None else (place,),
        }
        for by in ((), ("centre",), ("topic",), ("channel",), ("territory",), ("start",)):
            yield where, period.finished(TODAY), by, (centre, topic, channel, place), months


def told_of(columns, cells):
    """What all questions are answered with: of which cells, and the number."""
    places = {"start": 0, "centre": 1, "topic": 2, "channel": 3, "territory": 4}
    found = []
    for where, period, by, chosen, months in every_question(columns):
        answers = read(Where(**where, shy=True), period, *by)
        inside = [
            cell
            for cell in cells
            if cell[0] in months
            and all(want in (None, has) for want, has in zip(chosen, cell[1:], strict=True))
        ]
        keys = {tuple(cell[places[name]] for name in by) for cell in inside}
        for key in keys:
            of = frozenset(
                cell for cell in inside if tuple(cell[places[name]] for name in by) == key
            )
            found.append((of, answers[key]["received"] if key in answers else 0))
    return found


def differences(told):
    """The attack: each pair of answers of which one holds the other tells what lies between them;
    what several pairs tell of the same cells is averaged. Each cell by itself is told, too."""
    by_cells = defaultdict(list)
    for of, number in told:
        by_cells[of].append(number)
    answers = {of: sum(numbers) / len(numbers) for of, numbers in by_cells.items()}
    between = defaultdict(list)
    for large, all_of_it in answers.items():
        between[large].append(all_of_it)
        for small, part in answers.items():
            if small < large:
                between[large - small].append(all_of_it - part)
    return between


def test_no_pair_of_answers_gives_a_small_number_away(world):
    columns, cells = world
    told = told_of(columns, cells)

    def truth(of):
        return sum(cells[cell] for cell in of)

    exact = differences([(of, truth(of)) for of, _number in told])
    found = differences(told)
    small = [of for of in exact if 0 < truth(of) < BASE]
    # On exact numbers the attack finds every one of them: it is a good one.
    assert all({round(one) for one in exact[of]} == {truth(of)} for of in small)
    # Every answer is a five, and so is whatever two of them differ by: no difference is small.
    assert not [number for _of, number in told if number % BASE]
    certain = [of for of in small if {round(one) for one in found[of]} == {truth(of)}]
    assert certain == []
    guessed = sum(round(sum(found[of]) / len(found[of])) == truth(of) for of in small)
    most = Counter(map(truth, small)).most_common(1)[0][1]  # who always says the same number
    assert guessed < 1.25 * most
    tell_count(
        f"{len(told)} answers, {len(small)} small numbers between them: none certain, {guessed}"
        f" guessed by averaging, {most} by always saying the same"
    )


def test_parts_never_give_their_total_away_nor_the_total_its_parts(world):
    """Four rows of nought under a ten would each be two, if rounding were all."""
    columns, cells = world
    told = dict(told_of(columns, cells))
    singles = [of for of in told if len(of) == 1]
    assert len(singles) == len(cells)
    values = defaultdict(list)
    for of in singles:
        values[told[of]].append(cells[next(iter(of))])
    often = [found for found in values.values() if len(found) > 5]
    assert len(often) > 1
    assert all(len(set(found)) > 1 for found in often)  # no answer stands for one number
    differing = sum(
        told[large] != sum(told[frozenset([cell])] for cell in large)
        for large in told
        if len(large) > 4
    )
    assert differing  # what is told of a sum is not the sum of what is told


def test_longer_periods_and_other_ways_give_no_second_sample(world):
    """Months without anything, and a filter that leaves nothing out, change nothing."""
    columns, _cells = world
    centre = columns[0][0]
    short = period_of(Kind.DAYS, TODAY, MONTHS[0], datetime.date(2026, 10, 31)).finished(TODAY)
    long = period_of(Kind.DAYS, TODAY, datetime.date(2025, 1, 1), datetime.date(2026, 10, 31))
    where = Where((centre,), shy=True)
    assert read(where, short)[()].numbers == read(where, long.finished(TODAY))[()].numbers
    by_centre = read(Where(None, shy=True), short, "centre")
    assert by_centre[(centre,)].numbers == read(where, short)[()].numbers


# The pages


def test_page_workbook_and_paper_tell_fives_only(client, world, clock):
    clock.at("2026-11-20T12:00")
    columns, cells = world
    category = Category.objects.create(slug="a", title="Многодетные")
    CategoryCount.objects.create(
        day=MONTHS[-1], centre_id=columns[0][0], topic_id=columns[1][0], channel="web",
        category=category, count=2,
    )  # fmt: skip
    client.force_login(UserFactory(role=Role.ANALYST))
    looked = 0
    for query in ("", "?period=year", f"?topic={columns[1][0]}", f"?centre={columns[0][0]}",
                  "?period=days&since=2026-08-01&until=2026-09-30"):  # fmt: skip
        found = client.get(URL + query).context["found"]
        cells = [cell for table in found.tables for row in table.rows for cell in row.cells]
        cells += [one.cell for one in (*found.numbers, *found.now)]
        said = [cell.number for cell in cells if cell.number is not None and not cell.unit]
        said += [*found.series.received, *found.series.decided]
        book = load_workbook(io.BytesIO(client.get(FILES[0] + query).content))
        said += [
            cell.value
            for sheet in book.worksheets[:-1]
            for row in sheet.iter_rows()
            for cell in row
            if isinstance(cell.value, int) and cell.number_format == "General"
        ]
        looked += len(said)
        assert not [number for number in said if number % BASE]
        note = "округлено до пяти"
        assert all(note in " ".join(text.split()) for text in texts(client, query))
    assert looked > 200


def test_analyst_sees_every_centre_by_months_that_are_over(client, world, clock):
    clock.at("2026-11-20T12:00")
    _columns, cells = world
    client.force_login(UserFactory(role=Role.ANALYST))
    assert client.get(URL).context["found"].period.last == datetime.date(2026, 10, 31)
    october = sum(count for cell, count in cells.items() if cell[0] == MONTHS[-1])
    came = int(numbers(client)["Пришло обращений"])
    assert abs(came - october) <= 2 * BASE
    assert len(rows(client, "centres")) == 2
    assert set(rows(client, "series", "?period=year")) >= {"Сентябрь 2026", "Октябрь 2026"}
    for query, name in (
        ("?period=month", "period"),
        ("?period=days&since=2026-08-02&until=2026-09-30", "since"),
        ("?period=days&since=2026-08-01&until=2026-09-29", "until"),
        ("?period=days&since=2026-08-01&until=2026-11-30", "until"),
    ):
        answer = client.get(URL + query)
        assert answer.status_code == 422
        assert name in answer.context["form"].errors
    clock.at("2027-01-20T12:00")
    client.force_login(UserFactory(role=Role.ANALYST))
    assert "period" in client.get(URL + "?period=year").context["form"].errors
    assert client.get(URL + "?period=last_year").status_code == 200


def test_places_to_choose_from_do_not_say_where_somebody_has_come_from(client, world):
    village = TerritoryFactory(kind="rural_settlement", title="Деревня")
    client.force_login(UserFactory(role=Role.ANALYST))
    choices = client.get(URL).context["form"].fields["place"].queryset
    assert village not in choices
    assert client.get(f"{URL}?place={village.pk}").status_code == 422


@pytest.mark.parametrize(
    ("kind", "first", "last", "before"),
    [
        (Kind.LAST_MONTH, "2026-10-01", "2026-10-31", ("2026-09-01", "2026-09-30")),
        (Kind.QUARTER, "2026-10-01", "2026-10-31", ("2026-07-01", "2026-07-31")),
        (Kind.YEAR, "2026-01-01", "2026-10-31", ("2025-01-01", "2025-10-31")),
        (Kind.LAST_YEAR, "2025-01-01", "2025-12-31", ("2024-01-01", "2024-12-31")),
    ],
)
def test_finished_months_are_compared_with_as_many(kind, first, last, before):
    period = period_of(kind, TODAY).finished(TODAY)
    assert (str(period.first), str(period.last)) == (first, last)
    assert (str(period.before().first), str(period.before().last)) == before
    assert not period.odd_days()
    assert not period.before().odd_days()
    assert not period.by_days
