"""Figures as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from desk.figures.blurring import FEW
from desk.figures.worktime import DAY_HOURS
from desk.models.figures import EDGES

NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Cell:
    """Something in a table: as it is read, and as it is counted with; not every cell has a number.

    :ivar unit: of the number: hours, per cent; none is a count.
    """

    text: str
    number: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        return self.text


NOTHING = Cell("–")


def whole(number: int) -> Cell:
    return Cell(number_format(number, force_grouping=True), number)


def share(part: int, of: int, *, shy: bool) -> Cell:
    """So many of a hundred. Of nothing there is no share, of few none is told to who is shy.

    :param shy: the numbers are blurred: the part may come out larger than the whole.
    """
    if not of:
        return NOTHING
    if shy and of < FEW:
        return Cell(_("few data"))
    percent = float(round(100 * min(max(part, 0), of) / of)) if shy else round(100 * part / of, 1)
    return Cell(f"{short(percent)}{NBSP}%", percent, "%")


def wait(hours: float | None, of: int, *, shy: bool) -> Cell:
    """A wait in working hours, a long one in working days."""
    if hours is None:
        return NOTHING
    if shy and of < FEW:
        return Cell(_("few data"))
    if hours == inf:
        return Cell(_("more than %s") % wait(EDGES[-1], of, shy=shy))
    if hours < 1:
        text = _("%(count)s min") % {"count": round(60 * hours)}
    elif hours < DAY_HOURS:
        text = _("%(count)s h") % {"count": short(round(hours, 1))}
    else:
        text = _("%(count)s days") % {"count": short(round(hours / DAY_HOURS, 1))}
    return Cell(text, round(hours, 2), _("h"))


def change(now: int, before: int, *, shy: bool) -> str:
    """How much more or less it is; empty when there is nothing to compare with."""
    if not before or (shy and min(now, before) < FEW):
        return ""
    percent = round(100 * (now - before) / before)
    if not percent:
        return _("as many as before")
    sign = "+" if percent > 0 else "−"
    return f"{sign}{abs(percent)}{NBSP}%"


def short(number: float) -> str:
    """3 and 3,5, never 3,0."""
    return number_format(number, 0 if number == int(number) else 1, force_grouping=True)
