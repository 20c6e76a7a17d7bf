"""Keys of questions and answers: random, made once, never from a label."""

from __future__ import annotations

import secrets

KEY = r"^[a-zA-Z][a-zA-Z0-9_]*$"
LONGEST_KEY = 60


def new_key() -> str:
    return f"q{secrets.token_hex(4)}"
