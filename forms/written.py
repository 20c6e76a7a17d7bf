"""What was typed into a form, under the names of its fields: the values of one step and of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _

from forms.compiling import nodes_of
from forms.models.drafts import Typed

PREFIX = "a-"


def of_step(schema: Mapping[str, Any], typed: Mapping[str, list[str]], step: str | None) -> Typed:
    """The values that belong to questions of a step, or of the whole form when it is None."""
    owners = _owners(schema)
    return {
        name: list(values)
        for name, values in typed.items()
        if (found := _owner(name, owners)) is not None and step in (None, found)
    }


def merged(
    schema: Mapping[str, Any], typed: Typed, step: str | None, posted: Mapping[str, list[str]]
) -> Typed:
    """What was typed before, with all values of a step as they have just been sent."""
    ours = of_step(schema, typed, step)
    kept = {name: values for name, values in typed.items() if name not in ours}
    return kept | of_step(schema, posted, step)


def as_data(typed: Typed) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, values)
    return data


def lists_of(data: QueryDict) -> Typed:
    return {name: [str(value) for value in values] for name, values in data.lists()}


def as_typed(field: BoundField) -> str:
    """What stands in a field, in words where the family chose from a list."""
    labels = dict(_choices(getattr(field.field, "choices", ())))
    said = (one for one in _flat(field.value()) if one not in (None, "", False))
    return ", ".join(labels.get(str(one), _("yes") if one is True else str(one)) for one in said)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _choices(choices: Any) -> Iterator[tuple[str, str]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _choices(label)
        else:
            yield str(value), str(label)


def _owners(schema: Mapping[str, Any]) -> dict[str, str]:
    """Keys of questions with the ids of their steps."""
    return {
        node["key"]: step["id"] for step in schema["steps"] for node in nodes_of({"steps": [step]})
    }


def _owner(name: str, owners: Mapping[str, str]) -> str | None:
    """The step of a field: `a-phone`, `a-children.0.name`, `a-address_place`."""
    if not name.startswith(PREFIX):
        return None
    key = name.removeprefix(PREFIX).partition(".")[0]
    while key not in owners and "_" in key:  # a part of an answer that has several
        key = key.rpartition("_")[0]
    return owners.get(key)
