"""Tables as files: read with every guard, written so that no program takes a cell for a formula.

CSV has no types: a cell that could be taken for a formula gets an apostrophe in front, which
reading takes away again, so that a round trip is exact.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import tablib
from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from catalogue.exchange.table import TITLED
from cms.cells import guarded, unguarded

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 30 * 1024 * 1024
MOST_PARTS = 200
MOST_ROWS = 1000
MOST_COLUMNS = 60
MOST_IN_CELL = 32_767
FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class FileRefused(Exception):
    """A file cannot be read as a table; says why, for the person who sent it."""


@dataclass(frozen=True)
class Table:
    """Rows of a file that are not empty, and where in the file each stands, as people count."""

    data: tablib.Dataset
    numbers: list[int]


def read(file: BinaryIO, kind: str) -> Table:
    """The table of a file: names of columns and rows of cells.

    :param kind: `xlsx` or `csv`.
    :raises FileRefused: too large, not of this kind, without a head, or with formulas.
    """
    rows = _xlsx(file) if kind == "xlsx" else _csv(file)
    head = [_name(cell) for cell in next(rows, [])]
    while head and not head[-1]:
        head.pop()
    if not head:
        raise FileRefused(_("The file is empty."))
    if not all(head) or len(set(head)) != len(head):
        raise FileRefused(_("Each column needs a name of its own in the first row."))
    data = tablib.Dataset(headers=head)
    numbers = []
    for number, cells in enumerate(rows, start=2):
        values = [*cells, *[""] * len(head)][: len(head)]
        if any(cell not in (None, "") for cell in values):
            data.append(values)
            numbers.append(number)
        if len(numbers) > MOST_ROWS:
            raise FileRefused(
                _("More than %(most)d rows. Cut the file into parts.") % {"most": MOST_ROWS}
            )
    if not numbers:
        raise FileRefused(_("There is no row below the names of the columns."))
    return Table(data, numbers)


def write(table: tablib.Dataset, kind: str) -> bytes:
    """The bytes of a file with this table."""
    rows = [table.headers or [], *table]
    return _to_xlsx(rows) if kind == "xlsx" else _to_csv(rows)


def _name(cell: Any) -> str:
    """The name of a column stands before its words."""
    return str(cell or "").split(TITLED.strip())[0].strip()


# XLSX


def _xlsx(file: BinaryIO) -> Iterator[Sequence[Any]]:
    _refuse_bomb(file)
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size is not to be trusted
        for row in sheet.iter_rows(max_row=MOST_ROWS * 2, max_col=MOST_COLUMNS):
            yield [_cell(cell) for cell in row]
    except FileRefused:
        raise
    except Exception as error:  # a broken workbook fails in as many ways as it has parts
        raise FileRefused(_("The file is not an XLSX table, or it is damaged.")) from error


def _refuse_bomb(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as parts:
            sizes = [part.file_size for part in parts.infolist()]
    except (zipfile.BadZipFile, ValueError) as error:
        raise FileRefused(_("The file is not an XLSX table, or it is damaged.")) from error
    if len(sizes) > MOST_PARTS or sum(sizes) > MOST_UNPACKED:
        raise FileRefused(_("The table is too large when unpacked."))
    file.seek(0)


def _cell(cell: Any) -> Any:
    if cell.data_type == "f":
        raise FileRefused(
            _("There is a formula in %(cell)s. Put its value there instead.")
            % {"cell": cell.coordinate}
        )
    if cell.data_type == "e":
        raise FileRefused(_("There is an error in %(cell)s.") % {"cell": cell.coordinate})
    return cell.value


def _to_xlsx(rows: Iterable[Sequence[Any]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Навигатор")
    sheet.freeze_panes = "B2"
    for row in rows:
        sheet.append([_text_cell(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _text_cell(sheet: Any, value: Any) -> Any:
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(value))
    if len(text) > MOST_IN_CELL:
        raise FileRefused(_("A text is too long for a cell of XLSX. Export as CSV."))
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # openpyxl would take «=…» for a formula
    return cell


# CSV


def _csv(file: BinaryIO) -> Iterator[Sequence[str]]:
    text = _decoded(file.read(MOST_BYTES + 1))
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    csv.field_size_limit(MOST_BYTES)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row in rows:
            if len(row) > MOST_COLUMNS:
                raise FileRefused(_("The table has too many columns."))
            yield [unguarded(cell) for cell in row]
    except csv.Error as error:
        raise FileRefused(_("The file is not a CSV table, or it is damaged.")) from error


def _decoded(content: bytes) -> str:
    """UTF-8, or what Excel writes on a Russian machine."""
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileRefused(_("The file is not a text in UTF-8."))


def _to_csv(rows: Iterable[Sequence[Any]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([guarded(str(value)) for value in row])
    return file.getvalue().encode("utf-8-sig")
