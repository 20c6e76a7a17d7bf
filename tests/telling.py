"""What a test counted, told at the end of the run: so many kills, so many refused, nobody lost."""

from __future__ import annotations

from collections.abc import Iterable

_SIGN = "counted: "


def tell_count(text: str) -> None:
    print(f"\n{_SIGN}{text.strip()}")


def told_in(captured: Iterable[str]) -> list[str]:
    """What was told in the captured output of tests."""
    lines = (line for text in captured for line in text.splitlines())
    return [line.removeprefix(_SIGN) for line in lines if line.startswith(_SIGN)]
