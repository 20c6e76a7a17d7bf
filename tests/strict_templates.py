"""Makes an undefined variable in a template of ours an error; libraries' templates stay as lax."""

from __future__ import annotations

import sys
from pathlib import Path

import django.test.signals  # noqa: F401 - its receivers go first
from django.core.signals import setting_changed
from django.template import engines
from django.template.base import Node

OURS = Path(__file__).resolve().parent.parent
LIBRARIES = "site-packages"


class UndefinedVariable(AssertionError):
    """A template of ours names a variable that its context does not hold."""


class _Strict(str):
    """What Django puts in place of an undefined variable, after asking whether it is anything.

    In libraries' templates it is an empty text, as in production: their filters go on with it.
    """

    def __bool__(self) -> bool:
        frame = sys._getframe(1)
        expression = frame.f_locals.get("self")
        while frame is not None:
            node = frame.f_locals.get("self")
            if isinstance(node, Node) and getattr(node, "origin", None) is not None:
                name = str(node.origin.name)
                if LIBRARIES not in name and name.startswith(str(OURS)):
                    variable = getattr(expression, "var", "")
                    raise UndefinedVariable(f"{variable} in {name}, line {node.token.lineno}")
                return False
            frame = frame.f_back
        return False


# Changed by a test, each of these makes Django build its engines anew.
_REBUILDING = {"TEMPLATES", "DEBUG", "INSTALLED_APPS"}


def forbid_undefined_variables() -> None:
    _forbid()
    setting_changed.connect(_forbid_again, dispatch_uid="strict_templates")


def _forbid_again(*, setting: str, **kwargs: object) -> None:
    if setting in _REBUILDING:
        _forbid()


def _forbid() -> None:
    engines["django"].engine.string_if_invalid = _Strict()
