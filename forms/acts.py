"""The act of erasure on paper, with the extract of the log (приказ Роскомнадзора № 179, п. 3–5).

The order asks who was meant: «иная информация, относящаяся к определённому физическому лицу». Here
that is the number of the case with its form and days, so that the proof of erasure keeps no personal
data itself: whoever has the receipt, or a request of an authority with the number, finds the row.
"""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass

import tablib
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from fpdf import FPDF

from forms.models import Erasure, ErasureAct, ErasureRule
from forms.operators import operator_of
from forms.paper import FONT
from forms.register_of_data import data_of
from forms.retention import rule_of

WIDTH = 257  # millimetres of a page of A4 that lies
COLUMNS = (30, 54, 23, 22, 22, 38, 52, 16)
SIGNERS = 3


@dataclass(frozen=True)
class Row:
    """A case of an act: what stands of it in the log, under the heads of the log."""

    erasure: Erasure
    said: dict[str, str]


@dataclass(frozen=True)
class Told:
    """An act in words."""

    act: ErasureAct
    operator: str
    rows: list[Row]
    forms: list[tuple[str, int]]  # how many cases of which form
    categories: list[str]  # what was asked about people

    @property
    def files(self) -> int:
        return sum(row.erasure.files for row in self.rows)


def told(act: ErasureAct) -> Told:
    gone = act.rows.select_related("case__submission__version", "case__submission__withdrawal")
    rows = [Row(erasure, _said(erasure)) for erasure in gone]
    versions = {row.erasure.case.submission.version for row in rows}
    counts = Counter(row.erasure.case.submission.version.schema["title"] for row in rows)
    return Told(
        act,
        operator_of(act.centre),
        rows,
        sorted(counts.items()),
        sorted({datum.label for version in versions for datum in data_of(version.schema)}),
    )


def extract(act: ErasureAct) -> tablib.Dataset:
    """The log of an act, a row for each case."""
    rows = told(act).rows
    return tablib.Dataset(*(row.said.values() for row in rows), headers=list(rows[0].said))


def pdf(act: ErasureAct) -> bytes:
    what = told(act)
    paper = FPDF(orientation="landscape", format="A4")
    paper.set_title(_("Act of erasure of personal data"))
    paper.add_font("paper", fname=str(FONT))
    paper.add_font("paper", style="B", fname=str(FONT))
    paper.set_margin(20)
    paper.add_page()
    _say(paper, 15, _("Act of erasure of personal data"))
    _say(paper, 11, f"№\N{NO-BREAK SPACE}{act.pk}, {date_format(act.day, 'j E Y')}")
    for label, text in (
        (_("Operator"), what.operator),
        (_("Information system"), "Навигатор"),
        (
            _("Erased"),
            _("%(count)d cases, %(files)d files")
            % {
                "count": len(what.rows),
                "files": what.files,
            },
        ),
        (_("Forms"), "; ".join(f"{title} – {count}" for title, count in what.forms)),
        (_("What was known of people"), "; ".join(what.categories)),
        (
            _("How"),
            _(
                "the key of each submission is destroyed, the files are deleted from the disk, search "
                "marks, messages, notes, talks, unsent texts, entries of journals and changed ways "
                "to reach the family are deleted from the database"
            ),
        ),
        (
            _("Who"),
            _("the portal itself, every night, by the term that the form had when it was sent"),
        ),
        (_("People are named by the numbers of their cases"), ""),
    ):
        _say(paper, 10, f"{label}: {text}" if text else label)
    _say(paper, 12, _("Extract of the log"))
    paper.set_font("paper", size=8)
    with paper.table(col_widths=COLUMNS, line_height=4.5, text_align="LEFT") as table:
        table.row(list(what.rows[0].said))
        for row in what.rows:
            table.row(list(row.said.values()))
    paper.ln(6)
    _say(paper, 10, _("Members of the commission: post, name, signature"))
    for _number in range(SIGNERS):
        _say(paper, 10, "_" * 70)
    return bytes(paper.output())


def _said(row: Erasure) -> dict[str, str]:
    case, submission = row.case, row.case.submission
    rule = rule_of(submission.version.schema)
    why = str(row.get_rule_display())
    if row.rule == ErasureRule.TERM:
        term = ngettext("%(days)d day after closing", "%(days)d days after closing", rule.days)
        why += f": {term % {'days': rule.days}}"
    else:
        why += f": {_day(submission.withdrawal.at)}"
    return {
        _("Number"): case.number,
        _("Form"): submission.version.schema["title"],
        _("Received on"): _day(submission.received_at),
        _("Closed on"): _day(case.closed_at),
        _("Erased on"): f"{timezone.localtime(row.at):%d.%m.%Y %H:%M}",
        _("Basis of keeping"): rule.basis_said,
        _("Why and how"): f"{why}; {row.get_method_display()}",
        _("Files"): str(row.files),
    }


def _day(moment: datetime.datetime | None) -> str:
    return f"{timezone.localtime(moment):%d.%m.%Y}" if moment else ""


def _say(paper: FPDF, size: int, text: str) -> None:
    paper.set_font("paper", size=size)
    paper.multi_cell(WIDTH, size * 0.6, text, align="L", new_x="LMARGIN", new_y="NEXT")
