"""Loads the scripts of dispatchers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from pydantic import Field, StrictBool, StrictStr

from catalogue.loading.dataset import Reader
from catalogue.loading.rows import Row, Slug, filled, up_to
from catalogue.models import Fact, Measure, Situation
from cms.loading import Report
from desk.blocks import LONGEST_MARK, LONGEST_TEXT
from desk.models import Script
from desk.scripting import check
from forms.models import FormDefinition

SCRIPTS = "scripts.json"
DATASET = Path(__file__).parent / "dataset"  # of this floor; a data set may bring its own
KIND = "intake_desk.script"
_IDS = uuid.UUID("b1a4a1c3-95a5-4f0e-8f43-6d5cf1c6a2d7")
_KINDS = {"say": "phrase", "do": "action", "ask": "ask", "danger": "warning", "tell": "tell", "fork": "branch"}  # fmt: skip

Say = Callable[[str], None]


class PhoneRow(Row):
    title: Annotated[str, filled(120)]
    phone: Annotated[str, filled(40)]


class AnswerRow(Row):
    text: Annotated[str, filled(120)]
    goto: Annotated[str, up_to(LONGEST_MARK)] = ""


class OnlyRow(Row):
    fork: Annotated[str, filled(LONGEST_MARK)]
    answers: list[Annotated[str, filled(120)]]


class StepRow(Row):
    kind: StrictStr
    text: Annotated[str, filled(LONGEST_TEXT)]
    mark: Annotated[str, up_to(LONGEST_MARK)] = ""
    only: OnlyRow | None = None
    key: StrictStr = ""
    fact: StrictStr = ""
    urgent: StrictBool = True
    phones: list[PhoneRow] = Field(default_factory=list)
    measures: list[Slug] = Field(default_factory=list)
    answers: list[AnswerRow] = Field(default_factory=list)


class ScriptRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    lead: Annotated[str, up_to(400)]
    situations: list[Slug]
    form: StrictStr = ""
    steps: list[StepRow]


def load(folder: Path, report: Report, say: Say) -> None:
    """Bring the scripts to what the file says; one that somebody has edited since is left as it is.

    :raises cms.loading.DataSetError: the file is malformed.
    """
    is_own = not (folder / SCRIPTS).exists()
    reader = Reader(DATASET if is_own else folder, report)
    rows = reader.rows(SCRIPTS, ScriptRow, lambda row: row.slug)
    if report.refusals:
        return
    say("Сценарии диспетчера")
    found = _Found(rows)
    for row in rows:
        unknown = found.unknown(row)
        if unknown and not is_own:
            reader.refuse(SCRIPTS, row.slug, f"нет в базе: {', '.join(unknown)}")
        elif any(slug in found.situations for slug in row.situations) or not is_own:
            _load(row, found, reader)


class _Found:
    """What the scripts name, by slug."""

    def __init__(self, rows: list[ScriptRow]) -> None:
        steps = [step for row in rows for step in row.steps]
        self.situations = _by_slug(Situation, {slug for row in rows for slug in row.situations})
        self.measures = _by_slug(Measure, {slug for step in steps for slug in step.measures})
        named = {step.fact for step in steps if step.fact}
        in_use = Fact.objects.in_use().filter(field__in=named)
        self.facts = set(in_use.values_list("field", flat=True))
        self.forms = _by_slug(FormDefinition, {row.form for row in rows if row.form})

    def unknown(self, row: ScriptRow) -> list[str]:
        measures = [slug for step in row.steps for slug in step.measures]
        return [
            *(slug for slug in row.situations if slug not in self.situations),
            *(slug for slug in measures if slug not in self.measures),
            *(slug for slug in [row.form] if slug and slug not in self.forms),
            *(step.fact for step in row.steps if step.fact and step.fact not in self.facts),
            *(step.kind for step in row.steps if step.kind not in _KINDS),
        ]


def _by_slug(model: Any, slugs: set[str]) -> dict[str, Any]:
    return {row.slug: row for row in model.objects.filter(slug__in=slugs)}


def _load(row: ScriptRow, found: _Found, reader: Reader) -> None:
    report = reader.report
    values: dict[str, Any] = {
        "title": row.title,
        "lead": row.lead,
        "form": found.forms.get(row.form),
        "steps": [_step(row.slug, number, step, found) for number, step in enumerate(row.steps)],
    }
    script = Script.objects.filter(slug=row.slug).first()
    if script is None:
        script = Script(slug=row.slug, live=False)
        counted = report.created
    elif not _differs(script, values):
        report.unchanged[KIND] += 1
        return
    elif script.revisions.filter(user__isnull=False).exists():
        report.keep(KIND, row.slug)
        return
    else:
        counted = report.changed
    for name, value in values.items():
        setattr(script, name, value)
    try:
        check(script)
    except ValidationError as error:
        reader.refuse(SCRIPTS, row.slug, " ".join(error.messages))
        return
    script.save()
    script.situations = [found.situations[one] for one in row.situations if one in found.situations]
    script.save()
    counted[KIND] += 1
    script.save_revision().publish(log_action=False)


def _differs(script: Script, values: Mapping[str, Any]) -> bool:
    if any(getattr(script, name) != value for name, value in values.items() if name != "steps"):
        return True
    block = script.steps.stream_block
    wanted = block.to_python(values["steps"]).get_prep_value()
    return bool(script.steps.get_prep_value() != wanted)


def _step(slug: str, number: int, row: StepRow, found: _Found) -> dict[str, Any]:
    """A step of the file as an editor's block holds it."""
    kind = _KINDS.get(row.kind, row.kind)
    only = row.only
    value: dict[str, Any] = {
        "text": row.text,
        "mark": row.mark,
        "only_if": {
            "fork": only.fork if only else "",
            "answers": "\n".join(only.answers) if only else "",
        },
    }
    if kind == "ask":
        value["key"] = row.key
        value["fact"] = row.fact if row.fact in found.facts else ""
    elif kind == "warning":
        phones = [phone.model_dump() for phone in row.phones]
        value |= {"urgent": row.urgent, "phones": _items(phones, slug, number)}
    elif kind == "tell":
        measures = [found.measures[one].pk for one in row.measures if one in found.measures]
        value["measures"] = _items(measures, slug, number)
    elif kind == "branch":
        answers = [answer.model_dump() for answer in row.answers]
        value["answers"] = _items(answers, slug, number)
    return {"type": kind, "id": _id(slug, number), "value": value}


def _items(values: list[Any], slug: str, number: int) -> list[dict[str, Any]]:
    return [
        {"type": "item", "id": _id(slug, number, place), "value": value}
        for place, value in enumerate(values)
    ]


def _id(*names: Any) -> str:
    return str(uuid.uuid5(_IDS, "/".join(map(str, names))))
