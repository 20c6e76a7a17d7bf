"""Plots as SVG made on the server: they need no script, no library, and print as they are.

Each stands beside a table of the same numbers, so it is hidden from readers of screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_ABOVE, _BELOW = 12, 26  # room over the highest column, and for the names under them
_STEPS = (1, 2, 5, 10)
_LINES = 4  # about so many lines across


@dataclass(frozen=True)
class Size:
    """How a plot is drawn: letters stay as large on a phone as on a desk."""

    name: str
    width: int
    height: int
    left: int
    letters: int  # how many pixels a name below takes


NARROW = Size("narrow", 288, 190, 34, 30)
WIDE = Size("wide", 720, 240, 44, 40)


def columns(names: Sequence[str], *rows: Sequence[int | None]) -> SafeString:
    """Columns side by side, for two widths of the screen; what is not told leaves a gap."""
    return format_html_join("", "{}", ((_columns(size, names, rows),) for size in (NARROW, WIDE)))


def bar(size: float) -> SafeString:
    """A bar that fills so much of its place, of a hundred."""
    return format_html(
        '<svg class="plot-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="plot-bar__all" width="100" height="8"/>'
        '<rect class="plot-bar__part" width="{}" height="8"/></svg>',
        _round(size),
    )


def ticks(most: int) -> list[int]:
    """Round numbers from nothing to the highest column, or just beyond."""
    most = max(most, 1)
    rough = most / _LINES
    power = 10 ** int(log10(rough)) if rough >= 1 else 1
    step = next(int(one * power) for one in _STEPS if one * power >= rough)
    return [step * number for number in range(ceil(most / step) + 1)]


def _columns(size: Size, names: Sequence[str], rows: Sequence[Sequence[int | None]]) -> SafeString:
    marks = ticks(max((number or 0 for row in rows for number in row), default=0))
    bottom = size.height - _BELOW
    scale = (bottom - _ABOVE) / marks[-1]
    step = (size.width - size.left) / max(len(names), 1)
    lines = format_html_join(
        "",
        '<line class="plot__line" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="plot__mark" x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (size.left, size.width, y, y, size.left - 6, _round(float(y) + 4), mark)
            for mark in marks
            for y in [_round(bottom - mark * scale)]
        ),
    )
    return format_html(
        '<svg class="plot plot--{}" viewBox="0 0 {} {}" aria-hidden="true">{}{}{}</svg>',
        size.name,
        size.width,
        size.height,
        lines,
        format_html_join("", "{}", ((one,) for one in _drawn(size, rows, step, bottom, scale))),
        _names(size, names, step),
    )


def _drawn(
    size: Size, rows: Sequence[Sequence[int | None]], step: float, bottom: float, scale: float
) -> list[SafeString]:
    each = step * 0.8 / max(len(rows), 1)
    return [
        format_html(
            '<rect class="plot__column plot__column--{}" x="{}" y="{}" width="{}" height="{}"/>',
            place + 1,
            _round(size.left + number * step + step * 0.1 + place * each),
            _round(bottom - count * scale),
            _round(max(each - 1, 0.5)),
            _round(count * scale),
        )
        for place, row in enumerate(rows)
        for number, count in enumerate(row)
        if count
    ]


def _names(size: Size, names: Sequence[str], step: float) -> SafeString:
    every = max(1, ceil(size.letters / step))
    return format_html_join(
        "",
        '<text class="plot__mark" x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (_round(size.left + (number + 0.5) * step), size.height - 8, name)
            for number, name in enumerate(names)
            if number % every == 0
        ),
    )


def _round(number: float) -> str:
    """A number as SVG writes it, whatever the language of the page."""
    return f"{number:.1f}".removesuffix(".0")
