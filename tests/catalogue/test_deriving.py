"""Ages and numbers of children on the day of looking."""

from __future__ import annotations

import datetime

import pytest

from catalogue.deriving import age, children, months_between, years_between
from catalogue.eligibility import AtLeast, Fit, judge
from catalogue.rules import Rule
from catalogue.words import FactWords

DAY = datetime.date.fromisoformat
YEARS = FactWords("age", "number", "Возраст", derived_from="born")
MONTHS = FactWords("months", "number", "Возраст", counted="months", derived_from="born")
COUNT = FactWords("count", "number", "Детей", counted="people", derived_from="born")


@pytest.mark.parametrize(
    ("born", "day", "years", "months"),
    [
        ("2020-11-23", "2026-11-23", 6, 72),  # the birthday is today
        ("2020-11-24", "2026-11-23", 5, 71),
        ("2024-02-29", "2025-02-28", 0, 11),
        ("2024-02-29", "2025-03-01", 1, 12),
        ("2024-02-29", "2028-02-29", 4, 48),
        ("2026-08-31", "2026-09-30", 0, 0),  # September has no 31st day
        ("2026-08-31", "2026-10-01", 0, 1),
        ("2026-11-23", "2026-11-23", 0, 0),
        ("2026-11-24", "2026-11-23", -1, -1),
    ],
)
def test_full_years_and_months(born, day, years, months):
    assert years_between(DAY(born), DAY(day)) == years
    assert months_between(DAY(born), DAY(day)) == months


@pytest.mark.parametrize(
    ("born", "years", "months"),
    [
        ("2023-11-24", 2, 35),
        ("2023-11-23", 3, 36),
        ("2026-12-31", None, None),  # still to be born
        ("2026-02-30", None, None),
        ("2026-02", None, None),
        ("вчера", None, None),
        (2020, None, None),
        (None, None, None),
    ],
)
def test_an_age_follows_from_a_day_and_from_nothing_else(born, years, months):
    today = DAY("2026-11-23")
    assert (age(YEARS, born, today), age(MONTHS, born, today)) == (years, months)
    assert age(COUNT, born, today) is None


@pytest.mark.parametrize(
    ("born", "least"),
    [
        (["2020-01-01", "2009-11-23"], AtLeast(2)),
        (["2020-01-01", "2008-11-23"], AtLeast(1)),  # of age today
        (["2020-01-01", None, "2026-13-01"], AtLeast(1)),
        (["2027-01-01"], None),
        ([None], None),
        ([], None),
    ],
)
def test_children_that_were_named_are_counted_until_they_are_of_age(born, least):
    assert children(COUNT, [{"born": day} for day in born], DAY("2026-11-23")) == least
    assert children(YEARS, [{"born": day} for day in born], DAY("2026-11-23")) is None


@pytest.mark.parametrize(
    ("operator", "wanted", "fit"),
    [
        ("gte", 2, Fit.YES),
        ("gte", 3, Fit.UNKNOWN),  # two were named, there may be a third
        ("gt", 1, Fit.YES),
        ("gt", 2, Fit.UNKNOWN),
        ("lt", 2, Fit.NO),
        ("lt", 3, Fit.UNKNOWN),
        ("lte", 1, Fit.NO),
        ("lte", 2, Fit.UNKNOWN),
        ("eq", 1, Fit.NO),
        ("eq", 2, Fit.UNKNOWN),
        ("between", [1, 1], Fit.NO),
        ("between", [3, 4], Fit.UNKNOWN),
    ],
)
def test_what_may_be_more_refuses_nothing_that_more_would_allow(operator, wanted, fit):
    rule = Rule("count", operator, wanted)
    assert judge([(rule,)], {"count": AtLeast(2)}, {}, DAY("2026-11-23")).fit == fit
