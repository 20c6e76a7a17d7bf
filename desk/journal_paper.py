"""A journal on paper and as a table, and a card of one case: the same lines, in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import tablib
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from fpdf import FPDF

from forms.models import Register
from forms.paper import FONT
from forms.paper import WIDTH as CARD_WIDTH

WIDTH = 267  # millimetres of a page of A4 that lies
MARGIN = 15
LINE = 3.2  # of text in the table; with it the room around
PADDING = 0.8
LONGEST = 400  # signs of a cell: a row has to find room on a page. The table has the whole text
_SIGNED = gettext_lazy("Responsible: post, name, signature %(line)s")
NARROW = {"no": 1.0, "channel": 1.6, "urgent": 1.4}  # shares of the width; of others 2
Line = dict[str, str]


class JournalPaper(FPDF):
    """Pages with numbers: a sheet that is lost is missed."""

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("paper", size=8)
        text = _("page %(number)s of %(all)s") % {"number": self.page_no(), "all": "{nb}"}
        self.cell(WIDTH, 6, text, align="R")


class Table:
    """Rows that are drawn one by one, with the heads on every page. The table of the library reckons
    each cell twice and needs minutes for a year."""

    def __init__(self, paper: FPDF, widths: Sequence[float]) -> None:
        """:param widths: of the columns, in millimetres."""
        self.paper, self.widths = paper, widths
        self.heads: list[str] = []
        self._width_of = lru_cache(maxsize=4096)(paper.get_string_width)

    def head(self, texts: list[str]) -> None:
        self.heads = texts
        self.row(texts)

    def row(self, texts: Sequence[str]) -> None:
        paper = self.paper
        cells = [
            list(self._wrapped(text, width - 2 * PADDING))
            for text, width in zip(texts, self.widths, strict=True)
        ]
        height = LINE * max(map(len, cells)) + PADDING
        if paper.will_page_break(height):
            paper.add_page()
            if texts is not self.heads:
                self.row(self.heads)
        x, y = paper.l_margin, paper.get_y()
        for lines, width in zip(cells, self.widths, strict=True):
            paper.rect(x, y, width, height)
            for number, line in enumerate(lines, start=1):
                paper.text(x + PADDING, y + LINE * number - PADDING / 2, line)
            x += width
        paper.set_xy(paper.l_margin, y + height)

    def _wrapped(self, text: str, room: float) -> Iterator[str]:
        """Lines that fit; a word that is too long goes on in the next one."""
        for paragraph in text.splitlines() or [""]:
            line, used = "", 0.0
            for word in paragraph.split():
                word = f" {word}" if line else word
                wide = sum(map(self._width_of, word))
                if line and used + wide > room:
                    yield line
                    line, used, word = "", 0.0, word[1:]
                for sign in word:
                    wide = self._width_of(sign)
                    if line and used + wide > room:
                        yield line
                        line, used = "", 0.0
                    line, used = line + sign, used + wide
            yield line


def table(columns: Sequence[tuple[str, str]], lines: Sequence[Line]) -> tablib.Dataset:
    rows = [[line.get(name, "") for name, _label in columns] for line in lines]
    return tablib.Dataset(*rows, headers=[label for _name, label in columns])


def pdf(
    register: Register,
    *,
    centre: str,
    period: str,
    by: str,
    columns: Sequence[tuple[str, str]],
    lines: Sequence[Line],
) -> bytes:
    paper = JournalPaper(orientation="landscape", format="A4")
    paper.set_title(register.title)
    paper.add_font("paper", fname=str(FONT))
    paper.add_font("paper", style="B", fname=str(FONT))
    paper.set_margin(MARGIN)
    paper.set_auto_page_break(True, margin=18)
    paper.add_page()
    _say(paper, 15, register.title)
    _say(paper, 11, f"{centre}, {period}")
    printed = _("Printed on %(when)s, %(by)s")
    _say(paper, 9, printed % {"when": f"{timezone.localtime():%d.%m.%Y %H:%M}", "by": by})
    paper.ln(3)
    paper.set_font("paper", size=7)
    weights = [NARROW.get(name, 2.0) for name, _label in columns]
    drawn = Table(paper, [WIDTH * weight / sum(weights) for weight in weights])
    drawn.head([label for _name, label in columns])
    for line in lines:
        drawn.row([_short(line.get(name, "")) for name, _label in columns])
    paper.ln(6)
    _say(paper, 10, _SIGNED % {"line": "_" * 50})
    return bytes(paper.output())


def card(
    register: Register, *, centre: str, case: str, columns: Sequence[tuple[str, str]], line: Line
) -> bytes:
    """A sheet with the fields of one case beneath each other, to be signed.

    :param case: its number and day.
    """
    paper = FPDF(format="A4")
    paper.set_title(register.title)
    paper.add_font("paper", fname=str(FONT))
    paper.set_margin(20)
    paper.add_page()
    _say(paper, 16, register.title, CARD_WIDTH)
    _say(paper, 11, centre, CARD_WIDTH)
    _say(paper, 11, case, CARD_WIDTH)
    paper.ln(4)
    for name, label in columns:
        _say(paper, 9, label, CARD_WIDTH)
        _say(paper, 12, line.get(name) or "–", CARD_WIDTH)
        paper.ln(1)
    paper.ln(8)
    _say(paper, 11, _SIGNED % {"line": "_" * 30}, CARD_WIDTH)
    return bytes(paper.output())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _say(paper: FPDF, size: int, text: str, width: int = WIDTH) -> None:
    paper.set_font("paper", size=size)
    paper.multi_cell(width, size * 0.6, text, align="L", new_x="LMARGIN", new_y="NEXT")
