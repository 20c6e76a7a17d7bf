"""Why an appointment cannot be made or moved: what the database refuses, in the words of the desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, IntegrityError, OperationalError, transaction

DEADLOCK = "40P01"  # with a booking in another centre, of the same person


class BookingError(Exception):
    """It cannot be done; nothing has changed."""


class Taken(BookingError):
    """Somebody else was quicker, or the slot is not there any more."""


class OneOnly(BookingError):
    """The case has an appointment of this kind already."""


class ElsewhereThen(BookingError):
    """The family has another appointment at that time."""


class TooLate(BookingError):
    """It is too near, or over; the family calls the centre."""


class TooMany(BookingError):
    """The family has changed its mind very often today."""


class HoldOver(BookingError):
    """The minutes for which the slot was held are over."""


_REFUSALS: dict[str, type[BookingError]] = {
    "slot_has_seats": Taken,
    "slot_one_place_of_person": Taken,
    "slot_room_once": Taken,
    "booking_one_of_kind": OneOnly,
    "booking_one_place_of_case": ElsewhereThen,
}


@contextmanager
def refusals() -> Iterator[None]:
    """What the database refuses, as the desk tells it."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refusal = _REFUSALS.get(_constraint(error))
        if refusal is None:
            raise
        raise refusal from error
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
            raise
        raise Taken from error


def _constraint(error: DatabaseError) -> str:
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or "")
