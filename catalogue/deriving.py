"""What follows from a day of birth on the day of looking: ages, and how many children there are.

Pure: no database. A number whose fact is computed from a day is an age, in months or in full years
as the fact counts; where the fact counts people, it is the number of those below `OF_AGE`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from catalogue.eligibility import AtLeast
from catalogue.models.taxonomy import Counted, FactType
from catalogue.words import FactWords

OF_AGE = 18  # years
_A_YEAR = 12


def months_between(born: datetime.date, day: datetime.date) -> int:
    """Full months; below zero before the birth. Born on the 31st, one turns on the 1st where the
    month is shorter, and born on 29 February on 1 March."""
    return (day.year - born.year) * _A_YEAR + day.month - born.month - (day.day < born.day)


def years_between(born: datetime.date, day: datetime.date) -> int:
    """Full years; below zero before the birth. On the birthday the year is full."""
    return months_between(born, day) // _A_YEAR


def age(fact: FactWords, born: Any, day: datetime.date) -> int | None:
    """What a number says when it is computed from this day of birth.

    :param born: as ISO text; a part of a day and what is no day say nothing.
    :returns: months or years; None when it is none of these, or the birth is still to come.
    """
    known = day_of(born)
    if fact.type != FactType.NUMBER or fact.counted == Counted.PEOPLE or known is None:
        return None
    months = months_between(known, day)
    found = months if fact.counted == Counted.MONTHS else months // _A_YEAR
    return found if months >= 0 else None


def counts_children(fact: FactWords) -> bool:
    is_count = fact.type == FactType.NUMBER and fact.counted == Counted.PEOPLE
    return is_count and bool(fact.derived_from)


def children(
    fact: FactWords, rows: Iterable[Mapping[str, Any]], day: datetime.date
) -> AtLeast | None:
    """How many of the children that were named are below age. The family may have more of them.

    :param rows: what is known of each child.
    :returns: None when the fact counts no children, or none was named.
    """
    if not counts_children(fact):
        return None
    days = [day_of(row.get(fact.derived_from)) for row in rows]
    known = [each for each in days if each is not None and each <= day]
    count = sum(years_between(each, day) < OF_AGE for each in known)
    return AtLeast(count) if count else None


def day_of(text: Any) -> datetime.date | None:
    """A whole day; None for all else."""
    try:
        return datetime.date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
