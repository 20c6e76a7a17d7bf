"""Streams of Wagtail's pages as it keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import uuid4


def stream(blocks: Iterable[tuple[str, Any]]) -> str:
    """A stream of blocks, each a kind and a value."""
    return json.dumps([_block(kind, value) for kind, value in blocks])


def items(*values: Any) -> list[dict[str, Any]]:
    """The value of a list block."""
    return [_block("item", value) for value in values]


def _block(kind: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "id": str(uuid4())}
