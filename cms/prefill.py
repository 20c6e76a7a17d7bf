"""Forms of the back office that start with what a link already knows."""

from __future__ import annotations

from typing import Any

LONGEST = 600  # characters that a link may bring


class Prefilled:
    """Mixed in front of a view that adds records: `?title=…` is typed in already.

    Nothing is saved by it: a person looks at the form, and it checks what it always checks.

    :cvar prefilled: names of the fields that a link may fill.
    """

    prefilled: tuple[str, ...] = ()

    def get_initial(self) -> dict[str, Any]:
        given = self.request.GET  # type: ignore[attr-defined]
        known = {
            name: given[name].replace("\0", "")[:LONGEST]
            for name in self.prefilled
            if name in given
        }
        return {**super().get_initial(), **known}  # type: ignore[misc]
