"""The figures as a workbook: a sheet for each table, numbers as numbers, and no formulas."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from desk.figures.naming import span
from desk.figures.saying import Cell
from desk.figures.summary import Summary

_WIDE, _NARROW = 48, 18
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))  # in the name of a sheet
_LONGEST = 31

Line = Sequence[Any]


def xlsx(found: Summary) -> bytes:
    book = Workbook(write_only=True)
    _sheet(book, _("Figures"), _first(found))
    for table in found.tables:
        rows = [[row.label, *row.cells] for row in table.rows]
        _sheet(book, table.title, [table.heads, *rows, [], [table.meaning]])
    _sheet(book, _("Plan and fact"), _plan(found))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _first(found: Summary) -> Iterable[Line]:
    yield [_("Figures"), found.whose, *found.narrowed]
    yield [_("Period"), span(found.period)]
    yield [_("Compared with"), span(found.before)]
    if found.note:
        yield [found.note]
    yield []
    for part in (found.numbers, found.now):
        for one in part:
            yield [one.title, one.cell, one.cell.text, one.before, one.meaning]
        yield []


def _plan(found: Summary) -> Iterable[Line]:
    yield [
        _("Indicator"), _("Unit"), _("Plan"), _("Whose plan"), _("Fact"), "", _("How it is counted"),
    ]  # fmt: skip
    for line in found.plan:
        how = line.counted.how if line.counted else _("not counted from cases")
        yield [
            line.indicator.name, line.indicator.unit, line.plan_cell, line.plan_of,
            line.fact_cell, line.verdict, str(how),
        ]  # fmt: skip


def _sheet(book: Workbook, title: str, rows: Iterable[Line]) -> None:
    sheet = book.create_sheet(title.translate(_FORBIDDEN)[:_LONGEST])
    sheet.column_dimensions["A"].width = _WIDE
    for column in "BCDEFG":
        sheet.column_dimensions[column].width = _NARROW
    for row in rows:
        sheet.append([_written(sheet, value) for value in row])


def _written(sheet: Any, value: Any) -> Any:
    """A number as a number, rounded; anything else as a text that no program takes for a formula."""
    if isinstance(value, Cell) and value.number is not None:
        number = WriteOnlyCell(sheet, value=round(value.number, 2))
        if value.unit:
            number.number_format = f'0.##" {value.unit}"'
        return number
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(value))
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # openpyxl would take «=…» for a formula
    return cell
