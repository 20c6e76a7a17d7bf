"""What this floor answers to other systems."""

from __future__ import annotations

from ninja import Router

router = Router()
