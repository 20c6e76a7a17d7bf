"""The buttons of repeating groups: a row more, a row less, with everything typed kept in place."""

from __future__ import annotations

import re
from typing import Any

from django.http import QueryDict

from forms.answers import ROWS, Schema
from forms.compiling import lifted, nodes_of

ADD, DROP = "add", "drop"
_BUTTON = re.compile(r"(add):([A-Za-z]\w*)|(drop):([A-Za-z]\w*)\.(\d{1,2})", re.ASCII)


def pressed(schema: Schema, data: QueryDict, prefix: str = "a-") -> QueryDict | None:
    """What was typed, with the row that a button `do` asks for; None when it asks for none.

    :param prefix: of the names of the form's fields.
    """
    found = _BUTTON.fullmatch(data.get("do", ""))
    if found is None:
        return None
    key = found[2] or found[4]
    node = next((each for each in nodes_of(lifted(dict(schema))) if each["key"] == key), None)
    if node is None or node["type"] != "repeat":
        return None
    data = data.copy()
    count = _count(data.get(f"{prefix}{key}.{ROWS}"), node)
    if found[1] == ADD:
        data[f"{prefix}{key}.{ROWS}"] = str(min(count + 1, node["maximum"]))
    elif int(found[5]) < count > node["minimum"]:
        _drop(data, f"{prefix}{key}.", int(found[5]), count)
        data[f"{prefix}{key}.{ROWS}"] = str(count - 1)
    return data


def dropped(do: str) -> tuple[str, int] | None:
    """The group and the row that a button takes away."""
    found = _BUTTON.fullmatch(do)
    return (found[4], int(found[5])) if found and found[4] else None


def _count(typed: str | None, node: Any) -> int:
    count = int(typed) if typed and re.fullmatch(r"[0-9]{1,3}", typed) else 0
    return min(max(count, node["minimum"]), node["maximum"])


def _drop(data: QueryDict, start: str, row: int, count: int) -> None:
    """Take a row out; those after it move up."""
    for number in range(row, count):
        for name in [name for name in data if name.startswith(f"{start}{number}.")]:
            del data[name]
        following = f"{start}{number + 1}."
        for name in [name for name in data if name.startswith(following)]:
            data.setlist(f"{start}{number}.{name.removeprefix(following)}", data.getlist(name))
