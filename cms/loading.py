"""What every loader of a data set shares: reading files, refusing rows, reporting."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class DataSetError(Exception):
    """A data set cannot be read at all: a file is missing or malformed. Says which and why."""


@dataclass(frozen=True)
class Refusal:
    """A row that cannot be loaded.

    `row` counts from 1 within the file; `key` is the row's slug or title, where it has one.
    """

    file: str
    row: int
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, запись {self.row} ({self.key}): {self.reason}"


@dataclass
class Report:
    """What a load did, by kind of record: created, changed, unchanged; and what it refused.

    `kept` names the records that people changed in the back office and the load therefore left.
    """

    created: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    kept: dict[str, list[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, file: str, row: int, key: str, reason: str) -> None:
        self.refusals.append(Refusal(file, row, key, reason))

    def keep(self, kind: str, key: str) -> None:
        self.kept.setdefault(kind, []).append(key)

    def kinds(self) -> Iterable[str]:
        return dict.fromkeys([*self.created, *self.changed, *self.unchanged, *self.kept])


def read_json(folder: Path, name: str, kind: type = list) -> Any:
    """The content of `folder/name`.

    :param kind: what the file has to hold: list or dict.
    :raises DataSetError: no such file, not JSON, or another kind of value.
    """
    path = folder / name
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except FileNotFoundError as error:
        raise DataSetError(f"Нет файла {path}.") from error
    except UnicodeDecodeError as error:
        raise DataSetError(f"{name}: файл не в кодировке UTF-8.") from error
    except json.JSONDecodeError as error:
        raise DataSetError(
            f"{name}: это не JSON, строка {error.lineno}, знак {error.colno}: {error.msg}."
        ) from error
    except (_NotJson, RecursionError) as error:
        raise DataSetError(f"{name}: это не JSON: {error}.") from error
    if not isinstance(content, kind):
        wanted = "список" if kind is list else "объект"
        raise DataSetError(f"{name}: в файле должен быть {wanted}.")
    return content


class _NotJson(Exception):
    """Python reads NaN and Infinity, which JSON does not have and the database does not store."""


def _refuse_constant(name: str) -> None:
    raise _NotJson(f"{name} – не число")
