"""The act of urgent social services on paper.

442-ФЗ, ст. 21 ч. 2: they are given without a programme and a contract; the act that confirms them
tells of the recipient, the provider, the kinds, the times, the day and the conditions, and is
signed by the recipient.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf import FPDF

from desk.diagnosing import kinds_given
from desk.models import UrgentHelp
from forms.models import IntakeCase
from forms.operators import operator_of
from forms.paper import FONT, WIDTH

LINE = 7  # millimetres


def act_pdf(case: IntakeCase, given: UrgentHelp, body: Mapping[str, Any]) -> bytes:
    """:param body: what and to whom, as desk.diagnosing has read it."""
    page = FPDF(format="A4")
    page.set_title(_("Act of urgent social services"))
    page.add_font("paper", fname=str(FONT))
    page.set_margin(20)
    page.add_page()
    _say(page, 16, _("Act of urgent social services"))
    _say(page, 10, _("Federal law of 28.12.2013 No. 442-FZ, article 21"))
    page.ln(LINE)
    moment = timezone.localtime(given.given_at)
    for name, text in (
        (_("Number of the request"), case.number),
        (_("Provider"), operator_of(case.centre)),
        (_("Recipient"), body["recipient"]),
        (_("Day and time"), f"{date_format(moment, 'j E Y')}, {moment:%H:%M}"),
        (_("Kinds of services"), "; ".join(_kind(kind) for kind in kinds_given(given, body))),
        (_("What was given, on what conditions"), body["what"]),
        (_("Given by"), str(given.author)),
    ):
        _say(page, 10, name)
        _say(page, 12, text or "–")
        page.ln(2)
    page.ln(LINE)
    for who in (_("The services were received:"), _("The services were given:")):
        _say(page, 12, f"{who} ____________________ / ____________________")
        page.ln(LINE)
    return bytes(page.output())


def _kind(kind: Mapping[str, str]) -> str:
    return f"{kind['title']} ({kind['by_law']})" if kind["by_law"] else kind["title"]


def _say(page: FPDF, size: int, text: str) -> None:
    page.set_font("paper", size=size)
    page.multi_cell(WIDTH, size * 0.6, text, new_x="LMARGIN", new_y="NEXT", align="L")
