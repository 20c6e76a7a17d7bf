"""The receipt as a picture to scan and a page to print: number, code, address. Not what it is about."""

from __future__ import annotations

import io
from pathlib import Path

import segno
from django.utils.translation import gettext as _
from fpdf import FPDF

FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
WIDTH = 170  # millimetres of text on a page of A4


def qr_picture(address: str) -> str:
    """The address of the status page as SVG, to stand in a page."""
    return segno.make(address, micro=False).svg_inline(border=4, light="#fff", omitsize=True)


def receipt_pdf(
    *,
    number: str,
    secret: str,
    address: str,
    title: str = "",
    due: str = "",
    centre: str = "",
    about: str = "",
) -> bytes:
    """:param title: instead of that the request has been received."""
    picture = io.BytesIO()
    segno.make(address, micro=False).save(picture, kind="png", scale=8, border=4)
    page = FPDF(format="A4")
    page.set_title(_("Receipt"))
    page.add_font("paper", fname=str(FONT))
    page.set_margin(20)
    page.add_page()
    for size, text in (
        (20, title or _("Your request has been received")),
        (12, centre),
        (12, due and _("We will answer by %(day)s.") % {"day": due}),
        (12, _("Number of the request")),
        (22, number),
        (12, _("Secret code")),
        (22, secret),
        (12, _("Here you see the answer:")),
        (12, address),
    ):
        if text:
            page.set_font("paper", size=size)
            page.multi_cell(WIDTH, size * 0.6, text, new_x="LMARGIN", new_y="NEXT")
    page.image(picture, w=45, h=45)
    page.set_font("paper", size=12)
    for text in filter(None, (_("Tell the code to nobody but us."), about)):
        page.multi_cell(WIDTH, 7, text, align="L", new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())
