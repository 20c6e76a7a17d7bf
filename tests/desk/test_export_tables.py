"""Cells that would be formulas, read back by strict readers: openpyxl, calamine, csv; bounded memory."""

from __future__ import annotations

import csv
import io
import random
import re
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from cms.access import Role
from cms.cells import DANGEROUS, guarded, unguarded
from desk.exports import making
from desk.exports.columns import questions_of
from desk.exports.sealed import opened
from desk.exports.tables import LONGEST, Csv, Xlsx, plain
from forms.crypto import DataKey
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_hostile_words import VECTORS
from tests.intake import FormFactory, make_case, sample_answers, version_of
from tests.processes import ROOT
from tests.telling import tell_count

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","нажмите")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\xa0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "﹦1+1",
    "⁺1",
    "\u200c=1+1",
    "\u2060=1+1",
    "\u3000=1+1",
    "\u202e=1+1",
    "\xad@SUM(1)",
    " \u200b\t ＝1+1",
    "\n\n=1+1",
    "=cmd|'/C calc'!'A1'\n=2",
    "+DDE(\"cmd\";\"/C calc\";\"x\")",
    '=1+1";"=1+1',
    "'=1+1",
    '";=1+1;"',
    "а;=1+1",
    "а\r\n=1+1",
    "а,=1+1",
    '"=1+1"',
    "DDE(\"cmd\";\"/C calc\";\"x\")",
    "_x003D_1+1",
    "_x005F_x003D_",
]  # fmt: skip
UNSEEN = " \n\t\xa0\xad\u200b\u200c\u2060\u202e\u3000\ufeff"
PLAIN = [
    "+375 29 123-45-67",
    "8 (921) 123-45-67",
    "-",
    "–5 °C",
    "0012",
    "1E5",
    "01.02.2026",
    "TRUE",
    "#REF!",
    "#N/A",
    "<b>&amp;</b>",
    "]]>",
    "😀 ё «Ж»",
    "\x00\x01\x0b\x1f",
    "\ud800",
    "\ufffe\uffff",
    "a\tb",
    "строка\nвторая\r\nтретья",
    "х" * 40_000,
    " края ",
    "",
]
HOSTILE = [*FORMULAS, *PLAIN, *VECTORS]


class Forward(io.RawIOBase):
    """Can only be written to, and from the beginning to the end."""

    def __init__(self):
        self.held = io.BytesIO()

    def writable(self):
        return True

    def write(self, data):
        return self.held.write(data)


def written(kind, cells):
    out = Forward()
    table = kind(out)
    table.head(["=Голова", *[f"Столбец {n}" for n in range(len(cells) - 1)]])
    table.row(cells)
    table.close()
    return out.held.getvalue()


def as_excel_shows(text):
    """A reader may leave the codes of characters as they stand in the file."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def test_xlsx_is_read_back_as_texts_by_two_readers():
    file = written(Xlsx, HOSTILE)
    book = load_workbook(io.BytesIO(file))
    head, row = list(book.active.iter_rows())
    assert head[0].value == "=Голова"
    assert {cell.data_type for cell in (*head, *row)} <= {"s", "inlineStr", "n"}
    assert not [cell.coordinate for cell in (*head, *row) if cell.data_type in ("f", "e", "b")]
    wanted = [plain(text) for text in HOSTILE]
    for cell, text in zip(row, wanted, strict=True):
        assert as_excel_shows(cell.value or "") == text
    other = CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0)
    rows = other.to_python(skip_empty_area=False)
    assert len(rows) == 2
    same = 0
    for value, text in zip(rows[1], wanted, strict=True):
        assert isinstance(value, str)
        assert text.strip() in (value.strip(), as_excel_shows(value).strip())
        same += 1
    tell_count(f"{same} hostile cells, two readers: no formula, no number, no error")
    assert "<f" not in zipfile.ZipFile(io.BytesIO(file)).read("xl/worksheets/sheet1.xml").decode()


def test_every_part_of_the_workbook_is_whole_xml_and_named():
    file = zipfile.ZipFile(io.BytesIO(written(Xlsx, HOSTILE)))
    assert file.testzip() is None
    names = file.namelist()
    assert len(set(names)) == len(names) == 6
    for name in names:
        ElementTree.fromstring(file.read(name))


def test_csv_is_read_back_strictly_and_no_cell_begins_like_a_formula():
    file = written(Csv, HOSTILE)
    assert file.startswith(b"\xef\xbb\xbf")
    text = file.decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    assert head[0] == "'=Голова"
    for cell, hostile in zip(row, HOSTILE, strict=True):
        assert cell == guarded(plain(hostile))
        assert cell.removeprefix("'") in (plain(hostile), plain(hostile).removeprefix("'"))
        assert not cell.startswith(DANGEROUS)
        assert not cell.strip(UNSEEN).startswith((*DANGEROUS, *"＝＋－＠"))
    marked = sum(cell.startswith("'") for cell in row)
    tell_count(f"{len(row)} hostile cells, {marked} with an apostrophe")
    assert marked >= 30
    assert "+375 29 123-45-67" in row[HOSTILE.index("+375 29 123-45-67")]


def test_numbers_and_moments_keep_their_kinds():
    import datetime

    moment = datetime.datetime(2026, 11, 23, 14, 5, 30, tzinfo=datetime.UTC)
    cells = [-5, 12.5, moment, None, 10**9]
    sheet = load_workbook(io.BytesIO(written(Xlsx, cells))).active
    row = [cell.value for cell in list(sheet.iter_rows())[1]]
    assert row[:2] == [-5, 12.5]
    assert abs(row[2] - moment.replace(tzinfo=None)) < datetime.timedelta(seconds=1)
    assert row[3:] == [None, 10**9]
    text = written(Csv, cells).decode("utf-8-sig").splitlines()[1]
    assert text == '"-5";"12,5";"23.11.2026 14:05";"";"1000000000"'


def test_random_texts_come_back():
    chance = random.Random(20261123)
    signs = "=+-@\t\r\n;,\"'<>&_x003DАяё 0123\x00\x7f\u2028😀"
    texts = ["".join(chance.choices(signs, k=chance.randrange(40))) for _ in range(2000)]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(written(Xlsx, texts))).get_sheet_by_index(0)
    for value, text in zip(sheet.to_python(skip_empty_area=False)[1], texts, strict=True):
        assert plain(text).strip() in (value.strip(), as_excel_shows(value).strip())
    file = written(Csv, texts).decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(file, newline=""), delimiter=";", strict=True))[1]
    assert row == [guarded(plain(text)) for text in texts]


def test_a_formula_of_xlsx_stays_a_text_when_its_cell_is_edited():
    cells = list(load_workbook(io.BytesIO(written(Xlsx, HOSTILE))).active.iter_rows())[1]
    found = {text: cell.quotePrefix for cell, text in zip(cells, HOSTILE, strict=True) if text}
    assert [
        text for text, quoted in found.items() if quoted != (guarded(plain(text)) != plain(text))
    ] == []
    assert sum(found.values()) >= 30


def test_what_is_guarded_comes_back():
    for text in HOSTILE:
        assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("sign", ["x", "ж", "😀", "&", "_x0041_", "\x01"])
def test_a_text_that_is_too_long_says_that_it_is_cut(sign):
    """Excel counts signs as UTF-16 does and takes 32,767 of them, whatever they become in XML."""
    fits = sign * (LONGEST // (len((sign).encode("utf-16-le")) // 2))
    shown = plain(fits)
    assert "…" not in shown
    for text in (sign * LONGEST, sign * 100_000):
        cut = plain(text)
        if cut == plain(sign) * LONGEST:
            continue  # one unit each: it fits
        assert cut.endswith("[текст длиннее: целиком он есть в обращении]")
        assert len(cut.encode("utf-16-le")) // 2 <= 32_767
        assert cut.startswith(plain(sign) * 1000)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(written(Xlsx, [text])))
        assert as_excel_shows(sheet.get_sheet_by_index(0).to_python()[1][0]) == as_excel_shows(cut)
    assert plain("x" * LONGEST) == "x" * LONGEST


@pytest.mark.django_db
@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_what_families_wrote_is_no_formula_in_their_table(store, file_format):
    from desk.exports import asking

    centre = ProviderFactory(centre=True)
    head = UserFactory(role=Role.HEAD, provider=centre)
    form = FormFactory(title="=1+1")
    hostile = [text for text in HOSTILE if text.strip("\x00\x01\x0b\x1f\ud800") == text][:40]
    for text in hostile:
        answers = {**sample_answers(), "story": text, "name": text}
        make_case(form, centre=centre, answers=answers)
    codes = [one.code for one in questions_of(version_of(form).schema)]
    given = {
        "columns": ["number", "form", *codes],
        "file_format": file_format,
        "reason": "report",
        "open_reason": "check",
    }
    export = asking.ask(
        asking.Selection.of(head, "tab=open"), version=version_of(form), given=given
    )
    assert making.make(export.pk) == len(hostile)
    export.refresh_from_db()
    file = b"".join(opened(making.place_of(export), export.file.data_key))
    if file_format == "csv":
        text = file.decode("utf-8-sig")
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
        assert not [cell for row in table for cell in row if cell.startswith(DANGEROUS)]
    else:
        cells = [cell for row in load_workbook(io.BytesIO(file)).active.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type in ("f", "e")]
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0)
        table = sheet.to_python()
    assert len(table) == len(hostile) + 1
    assert len({len(row) for row in table}) == 1


MEASURE = """
import io, sys, uuid
import django
django.setup()
from desk.exports.sealed import Sealing
from desk.exports.tables import table
from forms.crypto import new_key

class Nowhere(io.RawIOBase):
    def write(self, data):
        return len(data)

rows = table(sys.argv[1], Sealing(Nowhere(), new_key(uuid.uuid4())))
rows.head([f"Столбец {n}" for n in range(20)])
for n in range(int(sys.argv[2])):
    rows.row([f"=Образец {n} {m}" * 4 for m in range(20)])
rows.close()
# Of this program alone: what `getrusage` says is at least what its parent held.
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_a_table_of_thirty_times_the_rows_takes_no_more_memory(file_format, tmp_path):
    import os

    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "cms.settings.test", "PYTHONPATH": str(ROOT)}
    peaks = []
    for count in (1000, 30_000):
        run = subprocess.run(
            [sys.executable, "-c", MEASURE, file_format, str(count)],
            cwd=ROOT, env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(run.stdout.splitlines()[-1]))
    tell_count(f"{file_format}: peak of 1,000 rows {peaks[0]} kB, of 30,000 {peaks[1]} kB")
    assert peaks[1] <= peaks[0] * 1.05


def test_sealing_needs_the_owner(tmp_path):
    """A file of one export does not open as that of another."""
    import uuid

    from desk.exports.sealed import Sealing
    from forms.crypto import CryptoError, new_key

    key, place = new_key(uuid.uuid4()), tmp_path / "file"
    with place.open("wb") as out:
        sealing = Sealing(out, key)
        sealing.write(b"x")
        sealing.finish()
    with pytest.raises(CryptoError):
        list(opened(place, DataKey(uuid.uuid4(), key.secret)))
