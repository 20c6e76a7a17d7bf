"""What answers to a form have to look like: a JSON Schema made from a version.

The schema tells shapes and limits; which questions are asked depends on other answers, and that
stands beside it in the steps, with their conditions. (JSON Schema, draft 2020-12.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forms.asking import MAX_EMAIL, MAX_NAME, MAX_PHONE, MAX_STREET
from forms.compiling import lifted
from forms.contacts import LONGEST_TIME, WAYS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SLUG = {"type": "string", "maxLength": 100}


def answers_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of the answers to a version."""
    nodes = [node for step in lifted(dict(schema))["steps"] for node in step["fields"]]
    return {"$schema": DRAFT, "title": schema["title"], **_object(nodes)}


def _object(nodes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    asked = list(_flat(nodes))
    return {
        "type": "object",
        "properties": {node["key"]: _property(node) for node in asked},
        # What is asked on a condition may be missing, so the schema alone cannot demand it.
        "required": [node["key"] for node in asked if node["required"] and not node["show_if"]],
        "additionalProperties": False,
    }


def _flat(nodes: Iterable[Mapping[str, Any]], condition: Any = None) -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        if node["type"] == "group":
            yield from _flat(node["fields"], condition or node["show_if"])
        elif node["type"] not in ("info", "calc", "file"):
            yield {**node, "show_if": node["show_if"] or condition}


def _property(node: Mapping[str, Any]) -> dict[str, Any]:
    shape = _SHAPES[node["type"]](node)
    described = {"title": node["label"], "description": node["help"]}
    return {**shape, **{name: text for name, text in described.items() if text}}


def _bounded(node: Mapping[str, Any]) -> dict[str, Any]:
    bounds = {"minimum": node["minimum"], "maximum": node["maximum"]}
    whole = node.get("whole", False)
    return {
        "type": "integer" if whole else "number",
        **{name: bound for name, bound in bounds.items() if bound is not None},
    }


def _options(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "oneOf": [
            {"const": option["value"], "title": option["label"]} for option in node["options"]
        ]
    }


def _date(node: Mapping[str, Any]) -> dict[str, Any]:
    precision = node.get("precision", "day")
    if precision == "day":
        return {"type": "string", "format": "date"}
    return {
        "type": "string",
        "pattern": r"^\d{4}-\d{2}$" if precision == "month" else r"^\d{4}$",
    }


def _parts(lengths: Mapping[str, int], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "maxLength": length} for name, length in lengths.items()
        },
        "required": list(required),
        "additionalProperties": False,
    }


_CONTACT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ways": {
            "type": "array",
            "items": {"type": "string", "enum": list(WAYS)},
            "minItems": 1,
            "uniqueItems": True,
        },
        "phone": {"type": "string", "maxLength": MAX_PHONE},
        "email": {"type": "string", "format": "email", "maxLength": MAX_EMAIL},
        "voice": {"type": "boolean"},
        "time": {"type": "string", "maxLength": LONGEST_TIME},
    },
    "required": ["ways"],
    "additionalProperties": False,
}
_NAME = dict.fromkeys(("family", "given", "patronymic"), MAX_NAME)

_SHAPES: dict[str, Any] = {
    "text": lambda node: {"type": "string", "maxLength": node["max_length"]},
    "longtext": lambda node: {"type": "string", "maxLength": node["max_length"]},
    "number": _bounded,
    "money": _bounded,
    "date": _date,
    "birth_date": _date,
    "time": lambda node: {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"},
    "choice": lambda node: {"type": "string", **_options(node)},
    "multichoice": lambda node: {
        "type": "array",
        "items": {"type": "string", **_options(node)},
        "uniqueItems": True,
    },
    "yesno": lambda node: {"type": "boolean"},
    "consent": lambda node: {"type": "boolean"},
    "phone": lambda node: {"type": "string", "maxLength": MAX_PHONE},
    "email": lambda node: {"type": "string", "format": "email", "maxLength": MAX_EMAIL},
    "contact": lambda node: _CONTACT,
    "snils": lambda node: {"type": "string", "pattern": r"^[\d\s\-.]{11,20}$"},
    "inn": lambda node: {"type": "string", "pattern": r"^[\d\s]{10,20}$"},
    "name": lambda node: _parts(_NAME, "family", "given"),
    "address": lambda node: _parts({"place": 100, "street": MAX_STREET}, "place", "street"),
    "territory": lambda node: _SLUG,
    "measure": lambda node: _SLUG,
    "provider": lambda node: _SLUG,
    "repeat": lambda node: {
        "type": "array",
        "items": _object(node["fields"]),
        "minItems": node["minimum"],
        "maxItems": node["maximum"],
    },
}
