"""A stream of blocks that the builder's page sends as one field.

A form of some hundred questions has thousands of inputs, more than a request may have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import BadRequest
from django.utils.datastructures import MultiValueDict

PACKED = "packed"  # behind the name of the stream; its script packs the inputs by parts of names


class PackedStream:
    """Mixed in front of a stream block: reads what is packed, and what is not."""

    def value_from_datadict(self, data: Any, files: Any, prefix: str) -> Any:
        return super().value_from_datadict(_unpacked(data, prefix), files, prefix)  # type: ignore[misc]

    def value_omitted_from_data(self, data: Any, files: Any, prefix: str) -> Any:
        return super().value_omitted_from_data(_unpacked(data, prefix), files, prefix)  # type: ignore[misc]


def _unpacked(data: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    raw = data.get(f"{prefix}-{PACKED}")
    if raw is None:
        return data
    try:
        inputs = _inputs(json.loads(raw), prefix)
        return MultiValueDict({name: [value] for name, value in inputs})
    except (ValueError, RecursionError) as error:
        raise BadRequest("The blocks of a form cannot be unpacked.") from error


def _inputs(part: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(part, str):
        yield name, part
    elif isinstance(part, dict):
        for inner, value in part.items():
            yield from _inputs(value, f"{name}-{inner}")
    else:
        raise ValueError("An input holds a string.")
