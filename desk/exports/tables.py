"""Tables written row by row into a stream, with no cell that a program could take for a formula.

An XLSX is put together here and not by a library: those that we have keep the rows in a plain
temporary file, which a killed worker leaves behind with families' answers in it. Texts are written
as inline strings, which no program evaluates, and those that look like a formula stay texts when
somebody edits their cell. CSV has no types: what could be taken for a formula gets an apostrophe.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any, Protocol
from xml.sax.saxutils import escape

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from cms.cells import guarded

Cell = str | int | float | datetime.datetime | None
LONGEST = 32_000  # of a text, as Excel counts: signs of two code units are two; it takes 32,767
MOST_BYTES = 1_000_000_000  # of a sheet before it is packed
# What XML cannot hold, and what Excel would read as the code of a character.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CODE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FIRST_DAY = datetime.datetime(1899, 12, 30)
_DAY = datetime.timedelta(days=1)
_WIDE = 24
_QUOTED = ' s="3"'  # as if an apostrophe had been typed in front


class TooLarge(Exception):
    """More than a table of this kind holds."""


class Table(Protocol):
    def head(self, cells: Sequence[str]) -> None: ...
    def row(self, cells: Sequence[Cell]) -> None: ...
    def close(self) -> None: ...


def table(file_format: str, out: io.RawIOBase) -> Table:
    """:param out: where it goes; need not be able to go back."""
    return Xlsx(out) if file_format == "xlsx" else Csv(out)


def plain(text: str) -> str:
    """A text without what tables cannot hold; one that is cut says so at its end."""
    text = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) * 2 <= LONGEST or _units(text) <= LONGEST:
        return text
    left = text.encode("utf-16-le")[: LONGEST * 2].decode("utf-16-le", "ignore")
    return left + _(" … [the text is longer: the whole of it stands in the case]")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class Csv:
    """UTF-8 with its mark, semicolons, every cell in quotes: as Excel in Russia opens it."""

    def __init__(self, out: io.RawIOBase) -> None:
        self._out = io.TextIOWrapper(io.BufferedWriter(out), encoding="utf-8-sig", newline="")
        self._rows = csv.writer(
            self._out, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL
        )

    def head(self, cells: Sequence[str]) -> None:
        self.row(cells)

    def row(self, cells: Sequence[Cell]) -> None:
        self._rows.writerow([_as_text(cell) for cell in cells])

    def close(self) -> None:
        self._out.flush()
        self._out.detach().detach()


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime.datetime):
        return f"{cell:%d.%m.%Y %H:%M}"
    if isinstance(cell, str):
        return guarded(plain(cell))
    return str(number_format(cell, use_l10n=True, force_grouping=False))


class Xlsx:
    """A workbook of one sheet: heads in bold that stay in sight, moments as moments."""

    def __init__(self, out: io.RawIOBase) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        for name, text in _PARTS.items():
            self._zip.writestr(_part(name), text)
        self._sheet = self._zip.open(_part("xl/worksheets/sheet1.xml"), "w")
        self._letters: list[str] = []
        self._count = self._size = 0

    def head(self, cells: Sequence[str]) -> None:
        self._letters = [get_column_letter(n) for n in range(1, len(cells) + 1)]
        columns = f'<cols><col min="1" max="{len(cells)}" width="{_WIDE}" customWidth="1"/></cols>'
        self._write(_BEGIN + columns + "<sheetData>")
        self._row(cells, ' s="1"')

    def row(self, cells: Sequence[Cell]) -> None:
        self._row(cells, "")

    def close(self) -> None:
        corner = f"{self._letters[-1]}{self._count}"
        self._write(f'</sheetData><autoFilter ref="A1:{corner}"/></worksheet>')
        self._sheet.close()
        self._zip.close()

    def _row(self, cells: Sequence[Cell], style: str) -> None:
        self._count += 1
        written = "".join(
            _cell(f"{letter}{self._count}", cell, style)
            for letter, cell in zip(self._letters, cells, strict=True)
            if cell not in (None, "")
        )
        self._write(f'<row r="{self._count}">{written}</row>')

    def _write(self, text: str) -> None:
        data = text.encode()
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise TooLarge
        self._sheet.write(data)


def _cell(place: str, value: Any, style: str) -> str:
    if isinstance(value, str):
        value = plain(value)
        if not style and guarded(value) != value:
            style = _QUOTED
        text = escape(_CODE.sub("_x005F_", value))
        return (
            f'<c r="{place}" t="inlineStr"{style}><is><t xml:space="preserve">{text}</t></is></c>'
        )
    if isinstance(value, datetime.datetime):
        return f'<c r="{place}" s="2"><v>{(value.replace(tzinfo=None) - _FIRST_DAY) / _DAY:.6f}</v></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, timezone.localtime().timetuple()[:6])
    part.compress_type = zipfile.ZIP_DEFLATED
    part.external_attr = 0o600 << 16
    return part


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BEGIN = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews>"
)
_PARTS = {
    "[Content_Types].xml": (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>"
    ),
    "xl/workbook.xml": (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Обращения" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'{_XML}<styleSheet xmlns="{_MAIN}">'
        '<numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy\\ hh:mm"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>'
        '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    ),
}
