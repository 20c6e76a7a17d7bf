"""Makes the sheet that lies in the safe: a key of the installation as a person can type it back."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import segno
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from fpdf import FPDF

from forms import crypto, escrow
from forms.paper import FONT

WIDTH = 170  # millimetres
LEAD = (
    "Этим ключом зашифрованы обращения семей. Без него их не прочесть никому, и с полной копией базы "
    "тоже. Храните лист в сейфе, в запечатанном конверте, отдельно от копий базы. Кто открыл конверт "
    "и зачем, запишите."
)
STEPS = (
    "1. Поставьте портал и восстановите копию базы и папку private.",
    "2. Запустите в папке портала: .venv/bin/python -m forms.escrow",
    "3. Введите девять строк. Прописные или строчные буквы, русские или латинские – всё равно. "
    "Строку с ошибкой программа назовёт сразу.",
    "4. Сверьте номер ключа и поставьте строку NAVIGATOR_DATA_KEYS=… в настройки портала.",
    "5. Проверьте: .venv/bin/python manage.py rehearse",
    "Квадрат ниже – тот же ключ для сканера без связи с сетью. Не снимайте его телефоном.",
)


class Command(BaseCommand):
    help = "Write a PDF with the keys of the installation, a page each, to print and put away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"Не получилось записать {file}: {error.strerror}.") from error
        with open(handle, "wb") as out:
            out.write(sheets(crypto.installed()))
        self.stdout.write(f"{file}: напечатайте и сотрите этот файл. В нём сам ключ.")


def sheets(keys: dict[str, bytes]) -> bytes:
    """A page for each key."""
    paper = FPDF(format="A4")
    paper.set_title("Ключ данных")
    paper.add_font("paper", fname=str(FONT))
    paper.set_margin(20)
    for number, (name, key) in enumerate(keys.items()):
        paper.add_page()
        _write(paper, 20, "Ключ данных портала")
        _write(paper, 11, f"Номер ключа: {name}")
        _write(paper, 11, f"Напечатан: {timezone.localdate():%d.%m.%Y}")
        _write(paper, 11, "Новые обращения – этим ключом." if number == 0 else "Прежний ключ.")
        _write(paper, 11, LEAD)
        for place, row in enumerate(escrow.rows_of(key), start=1):
            _write(paper, 16, f"{place}   {row}")
        _write(paper, 13, "Как вернуть ключ")
        for step in STEPS:
            _write(paper, 11, step)
        picture = io.BytesIO()
        segno.make(crypto.encoded(key), micro=False).save(picture, kind="png", scale=6, border=4)
        paper.image(picture, w=40, h=40)
    return bytes(paper.output())


def _write(paper: FPDF, size: int, text: str) -> None:
    paper.set_font("paper", size=size)
    paper.multi_cell(WIDTH, size * 0.55, text, align="L", new_x="LMARGIN", new_y="NEXT")
