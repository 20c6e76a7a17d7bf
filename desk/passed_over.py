"""Which steps of a script a talk passes over: those of other answers than the ones given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from forms.logic import holds


def passed_over(specs: Iterable[Mapping[str, Any]], chosen: Mapping[str, str]) -> set[str]:
    """Ids of steps that the answers lead past, or that belong to another answer.

    :param chosen: place of the answer by the id of its fork. A fork that was not answered yet
        hides nothing; one that is passed over itself counts as answered otherwise.
    """
    found: set[str] = set()
    goal, today = "", timezone.localdate()
    for spec in specs:
        goal = "" if goal == spec["id"] else goal
        condition = spec.get("show_if")
        if goal or (condition and _is_elsewhere(condition, chosen, found, today)):
            found.add(spec["id"])
        elif spec["id"] in chosen:
            goal = spec["answers"][int(chosen[spec["id"]])]["goto"]
    return found


def _is_elsewhere(condition: Any, chosen: Mapping[str, str], found: set[str], today: Any) -> bool:
    fork = condition["field"]
    return fork in found or (fork in chosen and not holds(condition, chosen, today))
