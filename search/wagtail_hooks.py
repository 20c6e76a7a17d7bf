"""Registers what this floor adds to the back office."""

from __future__ import annotations

from wagtail import hooks

from search.viewsets import SearchDesk


@hooks.register("register_admin_viewset")
def desk() -> SearchDesk:
    return SearchDesk()
