"""Choices of facts, their options and territories, read when a form is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps


def flag_facts() -> Iterable[tuple[str, str]]:
    return _facts("bool")


def number_facts() -> Iterable[tuple[str, str]]:
    return _facts("number", "money")


def date_facts() -> Iterable[tuple[str, str]]:
    return _facts("date")


def territory_facts() -> Iterable[tuple[str, str]]:
    return _facts("territory")


def option_choices() -> Iterable[tuple[str, list[tuple[str, str]]]]:
    """Options of every choice fact, grouped by fact; a value reads `fact=option`."""
    options = apps.get_model("catalogue", "FactOption").objects.filter(
        fact__retired=False, fact__type__in=["choice", "multi"]
    )
    groups: dict[str, list[tuple[str, str]]] = {}
    rows: Any = options.order_by("fact__position", "sort_order").values_list(
        "fact__title", "fact__field", "value", "label"
    )
    for title, field, value, label in rows:
        groups.setdefault(title, []).append((f"{field}={value}", label))
    return list(groups.items())


def territory_choices() -> Iterable[tuple[str, str]]:
    """Every territory: (slug, name)."""
    rows = apps.get_model("catalogue", "Territory").objects.order_by("sort_key")
    return list(rows.values_list("slug", "title"))


def _facts(*types: str) -> list[tuple[str, str]]:
    """Facts of some types that are not retired: (key, name)."""
    facts = apps.get_model("catalogue", "Fact").objects.in_use().filter(type__in=types)
    return list(facts.values_list("field", "title"))
