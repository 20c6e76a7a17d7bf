"""Loads topics, queues with their rules, registers and the forms for families."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from catalogue.loading.dataset import Reader, part
from catalogue.models import Provider
from cms.loading import Report, read_json
from forms.compiling import SchemaError
from forms.loading.rows import FieldRow, FormRow, ReadyRow, RegisterRow
from forms.models import FormDefinition, Queue, ReadyBlock, Register, RoutingRule, Topic
from forms.routing import unrouted_queue

FORMS = "forms_public.json"
REGISTERS = "indicators.json"
READY = "ready_blocks.json"
DATASET = Path(__file__).parent.parent / "dataset"  # of this floor; a data set may bring its own
# The general question to the centre: it is offered beside every measure.
GENERAL = "konsultaciya-specialista"
# Journals and cards that are kept about every case, or about those of some topics, and numbered
# from the beginning.
ON_CASE: dict[str, tuple[str, ...]] = {
    "zhurnal-priema-semej": (),
    "kartochka-priema": (),
    "zhurnal-zayavok-distant": ("distancionnaya-konsultaciya",),
}
# An urgent case is read on the next working day at the latest.
URGENT_DAYS = 1
# What one row of a repeating group is called: the file does not say.
_ROW_TITLES = {"children": "Ребёнок", "papers": "Документ"}
_ROW_TITLE = "Запись"
_IDS = uuid.UUID("6f0f3a52-2f0c-4a51-9b8e-6a3a3c1f5d10")

Say = Callable[[str], None]


def load(folder: Path, report: Report, say: Say) -> None:
    """Bring forms, queues and registers to what the folder's files say.

    A form that somebody has edited since is left as it is.

    :raises cms.loading.DataSetError: a file is missing or malformed.
    """
    reader = Reader(folder, report)
    forms = reader.rows(FORMS, FormRow, lambda row: row.slug)
    raw = part(read_json(folder, REGISTERS, dict), REGISTERS, "forms")
    registers = reader.rows(REGISTERS, RegisterRow, lambda row: row.slug, raw)
    ready = _ready_rows(folder, report)
    if report.refusals:
        return
    say("Темы, очереди и правила")
    _load_queues(report)
    say("Формы для семей")
    topics = load_forms(forms, reader)
    say("Готовые блоки")
    for place, block in enumerate(ready, start=1):
        _load_ready(block, place * 10, report)
    say("Журналы и карточки")
    for register in registers:
        _load_register(register, topics, report)


def load_forms(rows: list[FormRow], reader: Reader) -> dict[str, Topic]:
    """Bring forms and their topics to what the rows say."""
    topics = _load_topics(rows, reader.report)
    for row in rows:
        _load_form(row, topics, reader)
    return topics


def _ready_rows(folder: Path, report: Report) -> list[ReadyRow]:
    folder = folder if (folder / READY).exists() else DATASET
    return Reader(folder, report).rows(READY, ReadyRow, lambda row: row.slug)


def _load_topics(forms: list[FormRow], report: Report) -> dict[str, Topic]:
    topics = {}
    for row in forms:
        values: dict[str, Any] = {"title": row.title}
        if row.urgent:
            values["answer_days"] = URGENT_DAYS
        topics[row.queue_topic] = _made_once(
            Topic, report, "intake_forms.topic", slug=row.queue_topic, defaults=values
        )
    return topics


def _load_queues(report: Report) -> None:
    unrouted_queue(None)
    for centre in Provider.objects.centres().prefetch_related("territories"):
        unrouted_queue(centre)
        queue = _made_once(
            Queue,
            report,
            "intake_forms.queue",
            slug=centre.slug,
            defaults={"title": "Общая очередь", "centre": centre},
        )
        for territory in centre.territories.all():
            _made_once(
                RoutingRule, report, "intake_forms.routingrule", territory=territory, queue=queue
            )


def _load_form(row: FormRow, topics: Mapping[str, Topic], reader: Reader) -> None:
    report, values = reader.report, _form_values(row, topics)
    definition = FormDefinition.objects.filter(slug=row.slug).first()
    try:
        if definition is None:
            definition = FormDefinition(slug=row.slug, live=False, **values)
            definition.full_clean()
            definition.save()
            report.created["intake_forms.formdefinition"] += 1
        elif not _differs(definition, values):
            report.unchanged["intake_forms.formdefinition"] += 1
            return
        elif not _is_ours(definition):
            report.keep("intake_forms.formdefinition", row.slug)
            return
        else:
            for name, value in values.items():
                setattr(definition, name, value)
            report.changed["intake_forms.formdefinition"] += 1
        definition.save_revision().publish(log_action=False)
    except ValidationError as error:
        reader.refuse(FORMS, row.slug, _in_words(error))
    except (SchemaError, ValueError) as error:
        reader.refuse(FORMS, row.slug, str(error))


def _load_ready(row: ReadyRow, position: int, report: Report) -> None:
    """Made once; then it belongs to the editors."""
    values = {
        "title": row.title,
        "help": row.help,
        "position": position,
        "questions": _questions(row.slug, row.fields),
    }
    _made_once(ReadyBlock, report, "intake_forms.readyblock", slug=row.slug, defaults=values)


def _in_words(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())


def _is_ours(definition: FormDefinition) -> bool:
    """Nobody but this loader has saved it."""
    return not definition.revisions.filter(user__isnull=False).exists()


def _differs(definition: FormDefinition, values: Mapping[str, Any]) -> bool:
    if any(getattr(definition, name) != value for name, value in values.items() if name != "steps"):
        return True
    block = definition.steps.stream_block
    return bool(
        definition.steps.get_prep_value() != block.to_python(values["steps"]).get_prep_value()
    )


def _form_values(row: FormRow, topics: Mapping[str, Topic]) -> dict[str, Any]:
    return {
        "title": row.title,
        "lead": row.lead,
        "minutes": row.minutes,
        "urgent": row.urgent,
        "sensitive": row.sensitive,
        "with_time": row.with_time,
        "topic": topics[row.queue_topic],
        "retention_days": row.retention_days,
        "consent_text": row.consent_text,
        "offered_everywhere": row.slug == GENERAL,
        "steps": [
            {
                "type": "step",
                "id": _id(row.slug, f"step {number}"),
                "value": {
                    "title": step.title,
                    "fields": _questions(row.slug, step.fields),
                },
            }
            for number, step in enumerate(row.steps, start=1)
        ],
    }


def _questions(slug: str, fields: list[FieldRow]) -> list[dict[str, Any]]:
    return [
        {"type": field.type, "id": _id(slug, field.key), "value": _question(slug, field)}
        for field in fields
    ]


def _question(slug: str, field: FieldRow) -> dict[str, Any]:
    """A question of the file as an editor's block holds it."""
    value: dict[str, Any] = {
        "label": field.label,
        "key": field.key,
        "show_if": _conditions(field),
    }
    if field.type == "info":
        return value
    value["help"] = field.help or ""
    if field.type == "repeat":
        return value | {
            "row_title": field.row_title or _ROW_TITLES.get(field.key, _ROW_TITLE),
            "minimum": int(field.required),
            "fields": _questions(slug, field.fields),
        }
    value |= {"required": field.required, "personal": field.personal, "purpose": field.purpose}
    if field.type == "birth_date":
        value["unborn"] = "должен родиться" in field.label
    if field.options:
        value["options"] = [
            {"type": "item", "id": _id(field.key, option.value), "value": option.model_dump()}
            for option in field.options
        ]
    return value


def _conditions(field: FieldRow) -> list[dict[str, Any]]:
    """The condition of the file as a block of one comparison."""
    condition = field.show_if
    if condition is None:
        return []
    wanted = condition.value if isinstance(condition.value, list) else [condition.value]
    words = [{True: "yes", False: "no"}[one] if isinstance(one, bool) else one for one in wanted]
    test = {"field": condition.field, "op": condition.op, "value": ", ".join(words)}
    return [{"type": "test", "id": _id("if", field.key), "value": test}]


def _id(*names: str) -> str:
    return str(uuid.uuid5(_IDS, "/".join(names)))


def _load_register(row: RegisterRow, topics: Mapping[str, Topic], report: Report) -> None:
    values = row.model_dump(exclude={"slug"})
    register = _made_once(
        Register,
        report,
        "intake_forms.register",
        slug=row.slug,
        defaults={
            **values,
            "on_case": row.slug in ON_CASE,
            "numbered_since": timezone.now() if row.slug in ON_CASE else None,
        },
    )
    wanted = [topics[topic] for topic in ON_CASE.get(row.slug, ()) if topic in topics]
    if wanted and not register.topics.exists():
        register.topics.set(wanted)


def _made_once(
    model: Any, report: Report, kind: str, *, defaults: Mapping[str, Any] | None = None, **key: Any
) -> Any:
    """The row with this key; made when there is none, and then left to those who keep it."""
    found, made = model.objects.get_or_create(**key, defaults=dict(defaults or {}))
    (report.created if made else report.unchanged)[kind] += 1
    return found
