"""Reads the figures as people do: on the page, in the workbook, on paper."""

from __future__ import annotations

import io
from typing import Any

from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from forms import moves
from forms.actions import Action

URL = reverse("intake:figures")
FILES = [reverse("intake:figures_file", args=[kind]) for kind in ("xlsx", "pdf")]


def decided(case: Any, actor: Any, outcome: str = "helped", **more: Any) -> Any:
    moves.take(case_id=case.pk, actor=actor)
    for action, given in (
        (Action.DECIDE, {"text": "ответ", "outcome": outcome, **more}),
        (Action.CLOSE, {}),
    ):
        case.refresh_from_db()
        moves.move(case_id=case.pk, action=action, actor=actor, version=case.version, **given)
    return case


def texts(client: Any, query: str = "") -> tuple[str, str, str]:
    """The page, the workbook and the paper of one question, as people read them."""
    page = client.get(URL + query).content.decode()
    book = load_workbook(io.BytesIO(client.get(FILES[0] + query).content))
    cells = [
        str(cell.value)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    paper = PdfReader(io.BytesIO(client.get(FILES[1] + query).content))
    return page, "\n".join(cells), "\n".join(part.extract_text() for part in paper.pages)


def numbers(client: Any, query: str = "") -> dict[str, str]:
    """The cards of the page: what stands under each title."""
    found = client.get(URL + query).context["found"]
    return {one.title: one.cell.text.replace("\N{NO-BREAK SPACE}", " ") for one in found.numbers}


def rows(client: Any, name: str, query: str = "") -> dict[str, list[str]]:
    found = client.get(URL + query).context["found"]
    table = next(one for one in found.tables if one.name == name)
    return {row.label: [cell.text for cell in row.cells] for row in table.rows}
