"""From the editor's blocks to the questions of a version: plain JSON that never changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.forms.utils import ErrorList

from forms.consistency import wanted_answer

if TYPE_CHECKING:
    from forms.models import FormDefinition

FORMAT = 1  # of the compiled questions; readers of old versions look at it

# What a type of question keeps beside what all have.
_OWN = {
    "text": ("max_length",),
    "longtext": ("max_length",),
    "number": ("minimum", "maximum", "whole", "unit"),
    "date": ("when",),
    "provider": ("centres_only",),
}


class SchemaError(Exception):
    """A form cannot be asked as it stands; says why."""


def compile_form(definition: FormDefinition, *, strict: bool = True) -> dict[str, Any]:
    """The questions of a form as it stands.

    :param strict: False for a preview of a draft, which may still be wrong.
    :raises SchemaError: the blocks contradict each other or ask for personal data without consent.
    """
    if strict:
        _validate(definition)
    kinds: dict[str, str] = {}
    steps = [
        {
            "id": step.id,
            "title": step.value["title"] or "",
            "fields": [_field(question, kinds) for question in step.value["fields"]],
        }
        for step in definition.steps
    ]
    return {
        "format": FORMAT,
        "slug": definition.slug,
        "title": definition.title,
        "lead": definition.lead,
        "minutes": definition.minutes,
        "urgent": definition.urgent,
        "topic": definition.topic.slug if definition.topic_id else "",
        "retention_days": definition.retention_days,
        "steps": steps,
    }


def fields_of(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every question of a version, in order."""
    for step in schema["steps"]:
        yield from step["fields"]


def digest(value: Any) -> str:
    """One digest for one content, however it was put together."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _validate(definition: FormDefinition) -> None:
    block = definition._meta.get_field("steps").stream_block
    try:
        block.clean(definition.steps)
    except ValidationError as error:
        raise SchemaError("; ".join(_reasons(error))) from error


def _reasons(error: ValidationError, *path: str) -> Iterator[str]:
    """What is wrong, each with the way through the blocks: `0.fields.3.label: …`."""
    children = getattr(error, "block_errors", None)
    if children is None:
        yield f"{'.'.join(path)}: {' '.join(error.messages)}" if path else " ".join(error.messages)
        return
    for name, child in children.items() if isinstance(children, dict) else enumerate(children):
        if child is not None:
            yield from _reasons(child, *path, str(name))
    for problem in ErrorList(getattr(error, "non_block_errors", None)).as_data():
        yield from _reasons(problem, *path)


def _field(question: Any, kinds: dict[str, str]) -> dict[str, Any]:
    kind, value = question.block_type, question.value
    field: dict[str, Any] = {
        "key": value["key"] or f"q{question.id.replace('-', '')[:8]}",
        "type": kind,
        "label": value["label"] or "",
        "help": value.get("help") or "",
        "required": bool(value.get("required")),
        "personal": bool(value.get("personal")),
        "purpose": value.get("purpose") or "",
        "show_if": _condition(value["show_if"], kinds),
    }
    for name in _OWN.get(kind, ()):
        field[name] = _plain(value[name])
    if "options" in value:
        field["options"] = [
            {"value": option["value"], "label": option["label"] or ""}
            for option in value["options"]
        ]
    kinds[field["key"]] = kind
    return field


def _condition(value: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any] | None:
    if not value["field"] or value["field"] not in kinds:
        return None
    try:
        wanted = wanted_answer(value, kinds[value["field"]])
    except ValueError:
        return None  # in a draft only: a published form has been validated
    return {"field": value["field"], "op": value["op"], "value": wanted}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
