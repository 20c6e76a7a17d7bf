"""Facts, their answers, territories and acts as choices of the rules' blocks.

A form with fifty conditions would read them fifty times; inside `remembering` each is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.apps import apps

from catalogue.models.taxonomy import FactType
from catalogue.rules import FactShape

if TYPE_CHECKING:
    from catalogue.models import Fact

Choices = Iterable[tuple[str, Any]]
_memory: ContextVar[dict[str, Any] | None] = ContextVar("choices", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """What is read inside is read once."""
    if _memory.get() is not None:
        yield
        return
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def known_facts() -> dict[str, Fact]:
    """Every fact by its key, retired ones too, with its options."""
    facts = apps.get_model("catalogue", "Fact").objects
    return _once(
        "facts", lambda: {fact.field: fact for fact in facts.prefetch_related("options").all()}
    )


def shape_of(fact: Fact) -> FactShape:
    options = tuple(option.value for option in fact.options.all())
    return FactShape(fact.field, fact.type, fact.minimum, fact.maximum, options)


def territory_choices() -> list[tuple[str, str]]:
    """Every territory: (slug, name)."""
    rows = apps.get_model("catalogue", "Territory").objects.order_by("sort_key")
    return _once("territories", lambda: list(rows.values_list("slug", "title")))


def law_choices() -> list[tuple[str, str]]:
    """Every legal act: (primary key as text, name)."""
    rows = apps.get_model("catalogue", "LegalAct").objects.order_by("sort_key")
    return _once(
        "acts", lambda: [(str(pk), title) for pk, title in rows.values_list("pk", "title")]
    )


def flag_facts() -> Choices:
    return _facts("bool")


def number_facts() -> Choices:
    return _facts("number", "money")


def date_facts() -> Choices:
    return _facts("date")


def territory_facts() -> Choices:
    return _facts("territory")


def every_fact() -> Choices:
    return _facts(*FactType.values)


def option_choices() -> Choices:
    """Options of every choice fact, grouped by fact; a value reads `fact=option`."""
    return [
        (fact.title, [(f"{fact.field}={option.value}", option.label) for option in options])
        for fact in known_facts().values()
        if not fact.retired and (options := fact.options.all())
    ]


def _facts(*types: str) -> list[tuple[str, str]]:
    """Facts of some types that are not retired: (key, name)."""
    return [
        (fact.field, fact.title)
        for fact in known_facts().values()
        if fact.type in types and not fact.retired
    ]


def _once(name: str, read: Callable[[], Any]) -> Any:
    memory = _memory.get()
    if memory is None:
        return read()
    if name not in memory:
        memory[name] = read()
    return memory[name]
