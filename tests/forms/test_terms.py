"""Working days."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from forms.terms import Calendar

USUAL = Calendar()


def at(text):
    return timezone.make_aware(datetime.datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-23 10:00", 1, "2026-11-24"),  # Monday
        ("2026-11-27 23:59", 1, "2026-11-30"),  # over a weekend
        ("2026-11-28 12:00", 3, "2026-12-02"),  # begun on a Saturday
        ("2026-12-31 10:00", 1, "2027-01-11"),  # over the New Year
        ("2028-02-28 10:00", 1, "2028-02-29"),  # a leap day
        ("2027-06-11 10:00", 2, "2027-06-16"),  # Saturday the 12th is kept on Monday
        ("2026-11-23 10:00", 0, "2026-11-23"),
    ],
)
def test_due_day(start, days, due):
    found = timezone.localtime(USUAL.due_after(at(start), days))
    assert f"{found:%Y-%m-%d %H:%M:%S}" == f"{due} 23:59:59"


def postponed(due, since, until):
    return USUAL.due_after(due, USUAL.days_to_wait(due, since, until))


def test_waiting_moves_the_term_by_the_working_days_waited():
    due = at("2026-11-25 23:59:59")
    moved = postponed(due, at("2026-11-24 10:00"), at("2026-12-01 10:00"))
    assert timezone.localtime(moved).date() == datetime.date(2026, 12, 2)


def test_after_waiting_there_is_at_least_a_day():
    due = at("2026-11-20 23:59:59")
    moved = postponed(due, at("2026-11-24 10:00"), at("2026-11-24 18:00"))
    assert timezone.localtime(moved).date() == datetime.date(2026, 11, 25)


def test_holidays_are_not_working():
    assert not USUAL.is_working(datetime.date(2027, 3, 8))
    assert not USUAL.is_working(datetime.date(2027, 3, 7))
    assert USUAL.is_working(datetime.date(2027, 3, 9))
