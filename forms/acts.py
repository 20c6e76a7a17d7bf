"""The act of erasure on paper, with the extract of the log (приказ Роскомнадзора № 179, п. 3–5).

The order asks who was meant: «иная информация, относящаяся к определённому физическому лицу». Here
that is the number of the case, so that the proof of erasure keeps no personal data itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import tablib
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf import FPDF
from wagtail.models import Site

from cms.models import SiteSettings
from forms.models import Erasure, ErasureAct
from forms.paper import FONT
from forms.register_of_data import data_of

WIDTH = 170  # millimetres
SIGNERS = 3


@dataclass(frozen=True)
class Told:
    """An act in words."""

    act: ErasureAct
    operator: str
    rows: list[Erasure]
    forms: list[tuple[str, int]]  # how many cases of which form
    categories: list[str]  # what was asked about people

    @property
    def files(self) -> int:
        return sum(row.files for row in self.rows)


def told(act: ErasureAct) -> Told:
    site = Site.objects.filter(is_default_site=True).first()
    words = SiteSettings.for_site(site) if site else SiteSettings()
    rows = list(act.rows.select_related("case__submission__version", "case__form"))
    versions = {row.case.submission.version for row in rows}
    counts = Counter(row.case.submission.version.schema["title"] for row in rows)
    return Told(
        act,
        str(act.centre or words.centre_name),
        rows,
        sorted(counts.items()),
        sorted({datum.label for version in versions for datum in data_of(version.schema)}),
    )


def extract(act: ErasureAct) -> tablib.Dataset:
    """The log of an act, a row for each case."""
    out = tablib.Dataset(headers=[*_heads(), _("files")])
    for row in told(act).rows:
        out.append([*_cells(row), row.files])
    return out


def pdf(act: ErasureAct) -> bytes:
    what = told(act)
    paper = FPDF(format="A4")
    paper.set_title(_("Act of erasure of personal data"))
    paper.add_font("paper", fname=str(FONT))
    paper.add_font("paper", style="B", fname=str(FONT))
    paper.set_margin(20)
    paper.add_page()
    _say(paper, 15, _("Act of erasure of personal data"))
    _say(paper, 11, f"№ {act.pk}, {date_format(act.day, 'j E Y')}")
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
                "marks, messages, notes, entries of journals and changed ways to reach the "
                "family are deleted from the database"
            ),
        ),
        (_("People are named by the numbers of their cases"), ""),
    ):
        _say(paper, 10, f"{label}: {text}" if text else label)
    _say(paper, 12, _("Extract of the log"))
    paper.set_font("paper", size=8)
    with paper.table(col_widths=(30, 48, 22, 30, 40), line_height=4.5, text_align="LEFT") as table:
        table.row(_heads())
        for row in what.rows:
            table.row([str(cell) for cell in _cells(row)])
    paper.ln(6)
    _say(paper, 10, _("Members of the commission: post, name, signature"))
    for _number in range(SIGNERS):
        _say(paper, 10, "_" * 70)
    return bytes(paper.output())


def _heads() -> list[str]:
    return [_("Number"), _("Form"), _("Closed on"), _("Erased on"), _("Why and how")]


def _cells(row: Erasure) -> list[Any]:
    closed = row.case.closed_at
    return [
        row.case.number,
        row.case.submission.version.schema["title"],
        f"{timezone.localtime(closed):%d.%m.%Y}" if closed else "",
        f"{timezone.localtime(row.at):%d.%m.%Y %H:%M}",
        f"{row.get_rule_display()}; {row.get_method_display()}",
    ]


def _say(paper: FPDF, size: int, text: str) -> None:
    paper.set_font("paper", size=size)
    paper.multi_cell(WIDTH, size * 0.6, text, align="L", new_x="LMARGIN", new_y="NEXT")
