"""What the builder's page sends for a form, made from the form itself."""

from __future__ import annotations

import json
from typing import Any

from django.forms import CheckboxInput
from wagtail.blocks import Block, FieldBlock, ListBlock, StreamBlock, StructBlock

from forms.models import FormDefinition

_PLAIN = (
    *("title", "slug", "lead", "about", "minutes", "layout"),
    *("consent_text", "retention_days", "retention_method", "basis", "basis_text"),
)
_TICKED = ("urgent", "sensitive", "with_time", "offered_everywhere")


def packed(data: dict[str, Any], stream: str = "steps") -> dict[str, Any]:
    """The same as the page's script sends it: the inputs of a stream in one field."""
    tree: dict[str, Any] = {}
    for name in [name for name in data if name.startswith(f"{stream}-")]:
        *path, last = name.split("-")[1:]
        part = tree
        for each in path:
            part = part.setdefault(each, {})
        part[last] = str(data.pop(name))
    return data | {f"{stream}-packed": json.dumps(tree)}


def posted(form: FormDefinition, **more: Any) -> dict[str, Any]:
    """The builder's page with this form in it, as a browser would send it."""
    data: dict[str, Any] = {name: getattr(form, name) for name in _PLAIN}
    data["topic"] = form.topic_id
    data |= dict.fromkeys((name for name in _TICKED if getattr(form, name)), "on")
    data |= {"measures": [], "centres": [], "go_live_at": "", "expire_at": ""}
    data |= _sent(form.steps.stream_block, form.steps, "steps")
    return data | more


def _sent(block: Block, value: Any, prefix: str) -> dict[str, Any]:
    if isinstance(block, StructBlock):
        found: dict[str, Any] = {}
        for name, child in block.child_blocks.items():
            found |= _sent(child, value[name], f"{prefix}-{name}")
        return found
    if isinstance(block, StreamBlock | ListBlock):
        children = list(value) if isinstance(block, StreamBlock) else list(value.bound_blocks)
        found = {f"{prefix}-count": len(children)}
        for index, child in enumerate(children):
            own = f"{prefix}-{index}"
            found |= {f"{own}-order": index, f"{own}-deleted": "", f"{own}-id": child.id or ""}
            if isinstance(block, StreamBlock):
                found[f"{own}-type"] = child.block_type
            found |= _sent(child.block, child.value, f"{own}-value")
        return found
    assert isinstance(block, FieldBlock)
    if isinstance(block.field.widget, CheckboxInput):
        return {prefix: "on"} if value else {}
    shown = block.field.prepare_value(block.value_for_form(value))
    return {prefix: "" if shown is None else shown}
