"""What differs between the version in force and the draft of a form, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms.compiling import nodes_of
from forms.conditions import in_words
from forms.models import Basis, RetentionMethod

ADDED, REMOVED, CHANGED = "added", "removed", "changed"

_FORM = {
    "title": gettext_lazy("name"),
    "lead": gettext_lazy("lead"),
    "minutes": gettext_lazy("takes, minutes"),
    "urgent": gettext_lazy("is urgent"),
    "sensitive": gettext_lazy("on a sensitive subject"),
    "with_time": gettext_lazy("families choose a time"),
    "about": gettext_lazy("what this form is and is not"),
    "topic": gettext_lazy("topic"),
    "retention_days": gettext_lazy("kept after closing, days"),
    "retention_method": gettext_lazy("then"),
    "basis": gettext_lazy("basis"),
    "basis_text": gettext_lazy("which law or contract"),
    "pages": gettext_lazy("pages"),
}
_PAGES = {
    "one": gettext_lazy("everything on one page"),
    "steps": gettext_lazy("a page for each step"),
}
_NODE = {
    "label": gettext_lazy("wording"),
    "help": gettext_lazy("hint"),
    "type": gettext_lazy("kind of the question"),
    "required": gettext_lazy("an answer is needed"),
    "personal": gettext_lazy("personal data"),
    "purpose": gettext_lazy("what for"),
    "max_length": gettext_lazy("at most, symbols"),
    "minimum": gettext_lazy("lowest"),
    "maximum": gettext_lazy("highest"),
    "whole": gettext_lazy("whole numbers only"),
    "unit": gettext_lazy("unit"),
    "when": gettext_lazy("which days"),
    "precision": gettext_lazy("how exactly"),
    "unborn": gettext_lazy("may be in the future"),
    "most_files": gettext_lazy("at most, files"),
    "most_megabytes": gettext_lazy("a file at most, MB"),
    "accepts": gettext_lazy("which files"),
    "row_title": gettext_lazy("name of one"),
    "centres_only": gettext_lazy("family centres only"),
    "whose": gettext_lazy("whose"),
    "shown": gettext_lazy("families see it"),
    "text": gettext_lazy("text of this consent"),
}
_CONDITIONS = {
    "show_if": gettext_lazy("is asked only if"),
    "require_if": gettext_lazy("is needed only if"),
}


@dataclass(frozen=True)
class Detail:
    """One part of a question: what it was and what it becomes."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    kind: str  # added, removed, changed
    name: str
    details: tuple[Detail, ...] = ()


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Between two versions of format 2."""
    found = []
    details = tuple(_details(_worded(old), _worded(new), _FORM, {}, {}))
    if details:
        found.append(Change(CHANGED, _("The form"), details))
    return [*found, *_of_steps(old, new), *_of_nodes(old, new)]


def _worded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What the form says of personal data in words instead of codes."""
    return {
        **schema,
        "retention_method": RetentionMethod(schema["retention_method"]).label,
        "basis": Basis(schema["basis"]).label,
    }


def _of_steps(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before = {step["id"]: step for step in old["steps"]}
    after = {step["id"]: step for step in new["steps"]}
    names = {"title": gettext_lazy("name")}
    yield from _compared(before, after, old, new, names, lambda step: _step_name(step["title"]))


def _of_nodes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before = {node["key"]: node for node in nodes_of(old)}
    after = {node["key"]: node for node in nodes_of(new)}
    yield from _compared(before, after, old, new, _NODE, lambda node: node["label"])
    common = [key for key in after if key in before]
    if common != [key for key in before if key in after]:
        yield Change(CHANGED, _("The order of the questions"))


def _compared(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    names: Mapping[str, Any],
    named: Any,
) -> Iterator[Change]:
    specs = [{node["key"]: node for node in nodes_of(each)} for each in (old, new)]
    for key, node in after.items():
        if key not in before:
            yield Change(ADDED, named(node))
        elif details := tuple(_details(before[key], node, names, *specs)):
            yield Change(CHANGED, named(node), details)
    for key, node in before.items():
        if key not in after:
            yield Change(REMOVED, named(node))


def _details(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: Mapping[str, Any],
    old_specs: Mapping[str, Any],
    new_specs: Mapping[str, Any],
) -> Iterator[Detail]:
    for field, name in names.items():
        if before.get(field) != after.get(field):
            yield Detail(str(name), _said(before.get(field)), _said(after.get(field)))
    for field, name in _CONDITIONS.items():
        one, other = before.get(field), after.get(field)
        if one != other:
            yield Detail(str(name), _condition(one, old_specs), _condition(other, new_specs))
    if before.get("set", []) != after.get("set", []):
        name = _("known without asking")
        yield Detail(name, _rules(before, old_specs), _rules(after, new_specs))
    if before.get("options") != after.get("options"):
        yield Detail(_("answers"), _options(before), _options(after))
    if before.get("formula") != after.get("formula"):
        yield Detail(_("how it is calculated"), _("counted as before"), _("another way"))


def _step_name(title: str) -> str:
    return _("the step “%(title)s”") % {"title": title}


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and value in _PAGES:
        return str(_PAGES[value])
    return "–" if value in (None, "") else str(value)


def _condition(condition: Any, specs: Mapping[str, Any]) -> str:
    return in_words(condition, specs) if condition is not None else _("without a condition")


def _options(node: Mapping[str, Any]) -> str:
    return ", ".join(option["label"] for option in node.get("options") or ()) or "–"


def _rules(node: Mapping[str, Any], specs: Mapping[str, Any]) -> str:
    labels = {option["value"]: option["label"] for option in node.get("options") or ()}
    rules = [
        _("if %(condition)s, it is %(answer)s")
        % {"condition": in_words(rule["if"], specs), "answer": _answer(rule["value"], labels)}
        for rule in node.get("set") or ()
    ]
    return "; ".join(rules) or "–"


def _answer(value: Any, labels: Mapping[Any, str]) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(each, _said(each)) for each in values)
