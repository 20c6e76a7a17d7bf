"""From the editor's blocks to a version of a script: plain JSON that never changes.

A version holds `title`, `lead`, `form`, `situations` and `steps`, each with an `id`, a `kind` (that
of its block), `text` and `mark`; a question has the `key` of the form's, or the `fact` of the family
that it is about, as it was when the version was made; a danger `urgent` and
`phones`, what is told `measures`, a fork `answers` with the ids that they lead to. A step that is shown only
with an answer to an earlier fork has `show_if`, a condition of forms.logic on the id of the fork;
its answers are told apart by their places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalogue.words import FactWords, facts_in_words
from desk.blocks import only_with
from desk.fact_form import as_json
from desk.models import Script, ScriptVersion
from forms.compiling import digest, reasons
from forms.logic import Condition


@transaction.atomic
def cut_version(script: Script, *, by: Any = None) -> ScriptVersion:
    """The version in force for a script as published; a new one only when something changed."""
    Script.objects.select_for_update().get(pk=script.pk)
    content = compile_script(script)
    sha256, last = digest(content), script.version_in_force()
    if last is not None and last.sha256 == sha256:
        return last
    return ScriptVersion.objects.create(
        script=script,
        number=last.number + 1 if last else 1,
        content=content,
        sha256=sha256,
        published_by=by,
    )


def check(script: Script) -> None:
    """As the editor's page checks it.

    :raises ValidationError: with the way to each step that is wrong.
    """
    script.full_clean()
    try:
        script.steps.stream_block.clean(script.steps)
    except ValidationError as error:
        raise ValidationError({"steps": list(reasons(error, script.steps))}) from error


def compile_script(script: Script) -> dict[str, Any]:
    """The steps of a script as it stands; what leads nowhere leads to the next step."""
    marked = {step.value["mark"]: step for step in script.steps if step.value["mark"]}
    facts = facts_in_words({step.value["fact"] for step in script.steps if step.value.get("fact")})
    return {
        "title": script.title,
        "lead": script.lead,
        "form": script.form.slug if script.form else "",
        "situations": [
            {"slug": each.slug, "title": each.title} for each in script.situations.all()
        ],
        "steps": [_step(step, marked, facts) for step in script.steps],
    }


def _step(step: Any, marked: dict[str, Any], facts: Mapping[str, FactWords]) -> dict[str, Any]:
    kind, value = step.block_type, step.value
    compiled = {"id": _id(step), "kind": kind, "text": value["text"] or ""}
    if condition := _condition(step, marked):
        compiled["show_if"] = condition
    if kind == "ask":
        compiled["key"] = value["key"] or ""
        if value["fact"] in facts:
            compiled["fact"] = as_json(facts[value["fact"]])
    elif kind == "warning":
        compiled["urgent"] = bool(value["urgent"])
        compiled["phones"] = [
            {"title": each["title"], "phone": each["phone"]} for each in value["phones"]
        ]
    elif kind == "tell":
        compiled["measures"] = [
            {"slug": each.slug, "title": each.title} for each in value["measures"] if each
        ]
    elif kind == "branch":
        compiled["answers"] = [
            {
                "text": each["text"] or "",
                "goto": _id(marked[each["goto"]]) if each["goto"] in marked else "",
            }
            for each in value["answers"]
        ]
    return compiled


def _condition(step: Any, marked: dict[str, Any]) -> Condition | None:
    """None also for a draft that names what is not there: its step is shown always."""
    name, wanted = only_with(step)
    fork = marked.get(name)
    if fork is None or fork.block_type != "branch":
        return None
    places = [str(n) for n, each in enumerate(fork.value["answers"]) if each["text"] in wanted]
    return {"op": "in", "field": _id(fork), "value": places}


def _id(step: Any) -> str:
    return str(step.id).replace("-", "")[:12]
