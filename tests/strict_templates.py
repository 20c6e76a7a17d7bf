"""Makes an undefined variable in a template of ours an error; libraries' templates stay as lax."""

from __future__ import annotations

import sys
from pathlib import Path

from django.template import engines
from django.template.base import Node

OURS = Path(__file__).resolve().parent.parent
LIBRARIES = "site-packages"


class UndefinedVariable(AssertionError):
    """A template of ours names a variable that its context does not hold."""


class _Strict(str):
    """What Django puts in place of an undefined variable: `string_if_invalid % variable`."""

    def __mod__(self, variable: object) -> str:
        frame = sys._getframe(1)
        while frame is not None:
            node = frame.f_locals.get("self")
            if isinstance(node, Node) and getattr(node, "origin", None) is not None:
                name = str(node.origin.name)
                if LIBRARIES not in name and name.startswith(str(OURS)):
                    raise UndefinedVariable(f"{variable} in {name}, line {node.token.lineno}")
                return ""
            frame = frame.f_back
        return ""


def forbid_undefined_variables() -> None:
    engines["django"].engine.string_if_invalid = _Strict("%s")
