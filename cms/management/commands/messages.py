"""Keeps the Russian catalogues in step with the English source strings, floor by floor.

`messages` writes what is missing (untranslated) and drops what is gone; `--check` only tells and
fails; every run without `--check` compiles. Needs no gettext on the machine: Babel does the work.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

FLOORS = ("cms", "content", "catalogue", "forms", "desk", "search", "themes")
# Sentences of Wagtail and Django in our words; tests/cms/test_wording.py keeps them in step.
WORDING = "cms/wording"
# Folders of templates are named by app label; some labels differ from their folders.
FLOOR_OF_TEMPLATES = {"intake_forms": "forms", "intake_desk": "desk"}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
Message = tuple[str | tuple[str, ...], str | None]  # id (with plural) and context


class Command(BaseCommand):
    help = "Bring the Russian catalogues in step with the source strings and compile them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only tell; fail on any gap")
        parser.add_argument("--compile", action="store_true", help="only compile")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["compile"]:
            for floor in (*FLOORS, WORDING):
                _compile(floor)
            return
        gaps = []
        found = _messages_of_floors()
        for floor in FLOORS:
            catalog = _read(floor)
            gaps += [f"{floor}: {gap}" for gap in _gaps(catalog, found[floor])]
            if not options["check"]:
                _write(floor, _updated(catalog, found[floor]))
                _compile(floor)
        _compile(WORDING)
        gaps += _conflicts()
        for gap in gaps:
            self.stdout.write(gap)
        if gaps and options["check"]:
            raise CommandError(f"{len(gaps)} gaps in the Russian catalogues.")


def _messages_of_floors() -> dict[str, set[Message]]:
    found: dict[str, set[Message]] = {floor: set() for floor in FLOORS}
    for floor in FLOORS:
        for path in sorted((settings.BASE_DIR / floor).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                found[_floor_of(floor, path)].update(_messages(path))
    return found


def _floor_of(floor: str, path: Path) -> str:
    """Templates in the theme belong to the floor that their folder is named after."""
    parts = path.relative_to(settings.BASE_DIR).parts
    if parts[:2] == ("themes", "templates") and len(parts) > 3:
        folder = FLOOR_OF_TEMPLATES.get(parts[2], parts[2])
        return folder if folder in FLOORS else floor
    return floor


def _messages(path: Path) -> Iterator[Message]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Strings of {% translate %} come out as _('…') with a prefix that Babel does not know.
        source = templatize(source).replace("_(u'", "_('").replace('_(u"', '_("')
        # Indented as HTML is, which Python's tokenizer would refuse.
        source = "\n".join(line.lstrip() for line in source.splitlines())
    extracted = extract(
        "python", io.BytesIO(source.encode()), KEYWORDS, options={"encoding": "utf-8"}
    )
    for _line, message, _comments, context in extracted:
        if message:
            yield (message if isinstance(message, str) else tuple(message), context)


def _po(floor: str) -> Path:
    return Path(settings.BASE_DIR) / floor / "locale" / "ru" / "LC_MESSAGES" / "django.po"


def _read(floor: str) -> Catalog:
    if not _po(floor).exists():
        return Catalog(locale="ru")
    with _po(floor).open("rb") as file:
        return read_po(file, locale="ru")


def _gaps(catalog: Catalog, wanted: set[Message]) -> Iterator[str]:
    for message_id, context in sorted(wanted, key=str):
        message = catalog.get(_first(message_id), context)
        if message is None:
            yield f"missing: {message_id!r}"
        elif not message.string or not all(message.string):
            yield f"not translated: {message_id!r}"
        elif message.fuzzy:
            yield f"fuzzy: {message_id!r}"
    known = {(_first(message_id), context) for message_id, context in wanted}
    for message in catalog:
        if message.id and (_first(message.id), message.context) not in known:
            yield f"obsolete: {message.id!r}"


def _conflicts() -> Iterator[str]:
    """Django merges the catalogues into one: a string has one translation for all floors."""
    seen: dict[tuple[str, str | None], tuple[str, object]] = {}
    for floor in FLOORS:
        for message in _read(floor):
            if message.id and message.string:
                key = (_first(message.id), message.context)
                other, string = seen.setdefault(key, (floor, message.string))
                if string != message.string:
                    yield f"{floor}: {key[0]!r} is translated otherwise in {other}: {string!r}"


def _updated(catalog: Catalog, wanted: set[Message]) -> Catalog:
    fresh = Catalog(locale="ru", project="navigator", charset="utf-8", fuzzy=False)
    for message_id, context in wanted:
        old = catalog.get(_first(message_id), context)
        fresh.add(message_id, string=old.string if old else None, context=context)
    return fresh


def _first(message_id: str | tuple[str, ...] | list[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _write(floor: str, catalog: Catalog) -> None:
    _po(floor).parent.mkdir(parents=True, exist_ok=True)
    lines = io.BytesIO()
    write_po(lines, catalog, width=0, no_location=True, omit_header=True, sort_output=True)
    header = (
        'msgid ""\nmsgstr ""\n'
        '"Language: ru\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    _po(floor).write_text(header + lines.getvalue().decode().strip() + "\n", encoding="utf-8")


def _compile(floor: str) -> None:
    if _po(floor).exists():
        with _po(floor).with_suffix(".mo").open("wb") as file:
            write_mo(file, _read(floor))
