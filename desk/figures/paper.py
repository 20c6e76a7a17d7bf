"""The figures on paper: the numbers, the plot, the tables with their bars, plan and fact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.fonts import FontFace

from desk import plots
from desk.figures.naming import span
from desk.figures.summary import Number, Summary
from desk.figures.tables import Table
from forms.paper import FONT, WIDTH

MARGIN = 20
_PLOT = 45  # millimetres high
_INK, _PALE = 60, 190  # of 255
_LABEL = 46  # of a hundred of the width, when there are several columns


class FiguresPaper(FPDF):
    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("paper", size=8)
        text = _("page %(number)s of %(all)s") % {"number": self.page_no(), "all": "{nb}"}
        self.cell(WIDTH, 6, text, align="R")


def pdf(found: Summary) -> bytes:
    paper = FiguresPaper(format="A4")
    paper.set_title(_("Figures"))
    paper.add_font("paper", fname=str(FONT))
    paper.set_margin(MARGIN)
    paper.set_auto_page_break(True, margin=18)
    paper.add_page()
    _say(paper, 16, _("Figures"))
    _say(paper, 11, " · ".join([found.whose, *found.narrowed]))
    _say(paper, 11, span(found.period))
    _say(paper, 9, _("Compared with %(days)s.") % {"days": span(found.before)})
    _say(paper, 9, _("Printed on %(when)s") % {"when": f"{timezone.localtime():%d.%m.%Y %H:%M}"})
    if found.note:
        _say(paper, 9, found.note)
    _numbers(paper, found.numbers)
    if found.now:
        _heading(paper, _("Right now"), "")
        _numbers(paper, found.now)
    for table in found.tables:
        _heading(paper, table.title, table.meaning)
        if table.name == "series":
            _plot(paper, found)
        if table.rows:
            _table(paper, table)
        else:
            _say(paper, 10, table.empty)
    _plan(paper, found)
    return bytes(paper.output())


def _numbers(paper: FPDF, numbers: Sequence[Number]) -> None:
    paper.ln(2)
    paper.set_font("paper", size=9)
    with _drawn(paper, (28, 22, 50), heads=False) as drawn:
        for one in numbers:
            value = f"{one.cell}\n{one.before}" if one.before else str(one.cell)
            drawn.row([one.title, value, one.meaning])


def _table(paper: FPDF, table: Table) -> None:
    """The label with its bar, then the cells."""
    cells = len(table.heads) - 1
    label = _LABEL if cells > 2 else 60
    paper.set_font("paper", size=8)
    with _drawn(paper, (label, *[(100 - label) / cells] * cells), heads=True) as drawn:
        drawn.row(table.heads)
        for row in table.rows:
            drawn.row([_barred(row.label, row.size), *map(str, row.cells)])


def _barred(label: str, size: float | None) -> str:
    """A bar of letters: it stays with its line on whatever page that comes to lie."""
    if not size:
        return label
    return f"{label}\n{'━' * max(1, round(size / 5))}"


def _plan(paper: FPDF, found: Summary) -> None:
    title = _("Plan and fact, %(year)s") % {"year": found.plan_year}
    _heading(paper, title, "")
    paper.set_font("paper", size=8)
    with _drawn(paper, (52, 24, 24), heads=True) as drawn:
        drawn.row([_("Indicator"), _("Plan"), _("Fact")])
        for line in found.plan:
            if line.counted is not None:
                drawn.row(
                    [
                        f"{line.title}\n{line.counted.how}",
                        "\n".join(filter(None, [str(line.plan_cell), line.plan_of])),
                        "\n".join(filter(None, [str(line.fact_cell), line.verdict])),
                    ]
                )


def _plot(paper: FPDF, found: Summary) -> None:
    """Columns of what came, dark, and of what was decided, pale."""
    rows, names = (found.series.received, found.series.decided), found.series.names
    marks = plots.ticks(max((number or 0 for row in rows for number in row), default=0))
    if paper.get_y() + _PLOT + 16 > paper.page_break_trigger:
        paper.add_page()
    left, top = MARGIN + 12, paper.get_y() + 3
    scale, step = _PLOT / marks[-1], (WIDTH - 12) / max(len(names), 1)
    paper.set_font("paper", size=7)
    with paper.local_context(draw_color=_PALE):
        for mark in marks:
            y = top + _PLOT - mark * scale
            paper.line(left, y, MARGIN + WIDTH, y)
            paper.text(MARGIN, y + 1, str(mark))
    for place, (row, colour) in enumerate(zip(rows, (_INK, _PALE), strict=True)):
        with paper.local_context(fill_color=colour):
            for number, count in enumerate(row):
                if count:
                    x, high = left + step * (number + 0.1 + 0.4 * place), count * scale
                    paper.rect(x, top + _PLOT - high, step * 0.38, high, style="F")
    every = max(1, round(9 / step))
    for number in range(0, len(names), every):
        paper.text(left + step * (number + 0.2), top + _PLOT + 4, names[number])
    paper.set_y(top + _PLOT + 6)
    _say(paper, 8, _("Dark: came. Pale: decided."))


def _drawn(paper: FPDF, widths: Sequence[float], *, heads: bool) -> Any:
    return paper.table(
        col_widths=tuple(widths),
        line_height=paper.font_size * 1.3,
        padding=(0.8, 1),
        text_align=("LEFT", *["RIGHT" if heads else "LEFT"] * (len(widths) - 1)),
        headings_style=FontFace(emphasis=""),
        first_row_as_headings=heads,
        borders_layout="HORIZONTAL_LINES",
    )


def _heading(paper: FPDF, title: str, meaning: str) -> None:
    if paper.get_y() > paper.page_break_trigger - 40:  # a heading does not stay behind alone
        paper.add_page()
    paper.ln(5)
    _say(paper, 12, title)
    if meaning:
        _say(paper, 8, meaning)
    paper.ln(1)


def _say(paper: FPDF, size: int, text: str) -> None:
    paper.set_font("paper", size=size)
    paper.multi_cell(WIDTH, size * 0.55, text, align="L", new_x="LMARGIN", new_y="NEXT")
