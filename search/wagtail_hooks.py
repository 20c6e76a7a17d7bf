"""Registers what this floor adds to the back office."""

from __future__ import annotations

from typing import Any

from wagtail import hooks

from search import despite
from search.desk import RecordsViewSet
from search.viewsets import SearchDesk


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    actions.register_action(despite.ACTION)(despite.Despite)


@hooks.register("register_admin_viewset")
def desk() -> list[Any]:
    return [SearchDesk(), RecordsViewSet()]
