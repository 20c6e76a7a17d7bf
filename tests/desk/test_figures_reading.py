"""Reading the figures: from what is put together as from the cells themselves, whatever is asked."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from itertools import chain, combinations, product

import pytest

from desk.figures import upkeep
from desk.figures.periods import Period
from desk.figures.reading import Where, read
from desk.models import DayCounts, Sums
from desk.models.figures import BUCKETS
from tests.factories import ProviderFactory, TerritoryFactory
from tests.intake import TopicFactory
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

COLUMNS = ("centre", "topic", "channel", "territory")
PERIODS = {
    "a year": Period(datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)),
    "ends of months and months": Period(datetime.date(2026, 1, 20), datetime.date(2026, 4, 9)),
    "days": Period(datetime.date(2026, 2, 27), datetime.date(2026, 3, 3)),
}


def test_months_and_odd_days_are_the_whole_period():
    day = datetime.timedelta(days=1)
    for start in range(0, 70, 3):
        for length in range(0, 200, 7):
            first = datetime.date(2026, 1, 1) + day * start
            period = Period(first, first + day * length)
            found = {
                first + day * n
                for first, last in period.odd_days()
                for n in range((last - first).days + 1)
            }
            count = len(found)
            for month in period.whole_months():
                end = (month + 32 * day).replace(day=1)
                days = {month + day * n for n in range((end - month).days)}
                count += len(days)
                found |= days
            assert count == length + 1
            assert found == {period.first + day * n for n in range(length + 1)}


def every_choice():
    """Some columns, in every way to choose them."""
    return chain.from_iterable(combinations(COLUMNS, count) for count in range(5))


@pytest.fixture
def cells():
    """Cells of half a year, seeded: two centres and none, two topics, channels and places and none."""
    chance, day = random.Random(5), datetime.timedelta(days=1)
    centres = [None, *(centre.pk for centre in ProviderFactory.create_batch(2, centre=True))]
    topics = [topic.pk for topic in TopicFactory.create_batch(2)]
    places = [None, *(place.pk for place in TerritoryFactory.create_batch(2))]
    days = [datetime.date(2026, 1, 1) + day * number for number in range(0, 180, 3)]
    DayCounts.objects.bulk_create(
        DayCounts(
            day=day, centre_id=centre, topic_id=topic, channel=channel, territory_id=place,
            received=chance.randrange(9), rated_5=chance.randrange(3),
            wait_taken=chance.choice([None, [chance.randrange(4) for _ in range(BUCKETS)]]),
        )
        for day, centre, topic, channel, place in product(
            days, centres, topics, ("web", "phone"), places
        )
        if chance.random() < 0.5
    )  # fmt: skip
    upkeep.put_together(Sums.Span.DAY, days)
    upkeep.put_together(Sums.Span.MONTH, sorted({day.replace(day=1) for day in days}))
    return centres, topics, places


def added_up(where, period, by):
    """What shall be read, added up one by one."""
    found = defaultdict(lambda: [0, 0, 0])
    rows = DayCounts.objects.filter(where.rows(), day__range=(period.first, period.last))
    for day, centre, topic, channel, place, received, rated, waited in rows.values_list(
        "day", *COLUMNS, "received", "rated_5", "wait_taken"
    ):
        said = dict(zip(COLUMNS, (centre, topic, channel, place), strict=True))
        said["start"] = day if period.by_days else day.replace(day=1)
        numbers = (received, rated, sum(waited or []))
        for number, more in enumerate(numbers):
            found[tuple(said[name] for name in by)][number] += more
    return dict(found)


@pytest.mark.parametrize("name", PERIODS)
def test_whatever_is_asked_is_read_as_the_cells_tell_it(cells, name):
    centres, topics, places = cells
    period, compared = PERIODS[name], 0
    for narrowed, by in product(every_choice(), every_choice()):
        where = Where(
            centres=tuple(centres[1:]) if "centre" in narrowed else None,
            topic=topics[0] if "topic" in narrowed else None,
            channel="phone" if "channel" in narrowed else "",
            territories=tuple(places[1:]) if "territory" in narrowed else None,
        )
        for asked in (by, (*by, "start")):
            told = read(where, period, *asked)
            brief = "start" in asked and period.by_days  # of single days only the plot is told
            said = {
                key: [one["received"], one["rated_5"], sum(one.waits("taken"))]
                for key, one in told.items()
            }
            wanted = added_up(where, period, asked)
            if brief:
                wanted = {key: [numbers[0], 0, 0] for key, numbers in wanted.items()}
            assert {key: numbers for key, numbers in said.items() if any(numbers)} == {
                key: numbers for key, numbers in wanted.items() if any(numbers)
            }
            compared += 1
    assert compared == 2 * 16 * 16
    tell_count(f"{name}: {compared} questions answered as the cells tell them")


def test_which_sums_are_read():
    day, month = Sums.Span.DAY, Sums.Span.MONTH
    assert [Sums.which(month, wanted) for wanted in range(16)] == [
        0, 1, 2, 11, 4, 13, 14, 15, *range(8, 16),
    ]  # fmt: skip
    assert [Sums.which(day, wanted) for wanted in range(16)] == [
        0, 1, 2, None, 4, None, None, None, 8, *[None] * 7,
    ]  # fmt: skip
