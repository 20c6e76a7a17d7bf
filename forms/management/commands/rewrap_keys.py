"""Brings everything under a new installation key, and says when an old one may be taken out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from forms import crypto, rotation

_WORDS = {
    "submissions": "обращений",
    "drafts": "начатых форм",
    "codes": "кодов к потерянным квитанциям",
    "marks": "меток обращений",
    "mailboxes": "паролей почтовых ящиков",
}


class Command(BaseCommand):
    help = (
        "Wrap the keys of all submissions and begun forms with the first of NAVIGATOR_DATA_KEYS, "
        "make the blind marks anew, and tell which of the other keys may be taken out. "
        "May be stopped and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="rows at once")
        parser.add_argument(
            "--check", action="store_true", help="only tell what hangs on which key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        if not options["check"]:
            try:
                for rows in rotation.rotate(options["batch"]):
                    done += rows
                    self.stdout.write(f"Готово: {done}")
                    self.stdout.flush()
            except crypto.CryptoError as error:
                raise CommandError(
                    f"Нет ключа, которым закрыта часть данных: {_lost()}."
                ) from error
            self.stdout.write(f"На новый ключ переведено: {done}.")
        self._tell(rotation.hanging())

    def _tell(self, hanging: rotation.Hanging) -> None:
        newest, *older = crypto.installed()
        self.stdout.write(f"Новый ключ: {newest}.")
        kept = [key for key in hanging if key != newest and key]
        for key in older:
            if key not in kept:
                self.stdout.write(
                    f"Ключ {key} можно убрать: на нём больше ничего не держится. "
                    "Для старых копий базы он ещё нужен."
                )
        if "" in hanging:
            self.stdout.write("Не все обращения помечены для поиска человека.")
        if kept:
            words = "; ".join(f"{key} – {_in_words(hanging[key])}" for key in kept)
            raise CommandError(
                f"Эти ключи убирать нельзя: {words}. Перезапустите портал, чтобы он работал с "
                "новым ключом, и запустите команду ещё раз."
            )


def _in_words(counts: Any) -> str:
    return ", ".join(f"{_WORDS[what]}: {count}" for what, count in counts.items())


def _lost() -> str:
    known = crypto.installed()
    return ", ".join(key for key in rotation.hanging() if key and key not in known)
