"""A form as a file: carried from one installation to another, or copied in this one.

The file is JSON and holds what an editor has built, no answers and nobody's data. What it names –
topic, measures, centres – is found by slug where it arrives; what is not there is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as ShapeError
from wagtail.blocks import ListBlock, StreamBlock, StructBlock

from catalogue.models import Measure, Provider
from forms.blocks.conditions import ConditionsBlock, as_stream
from forms.models import FormDefinition, Topic

KIND = "form"
FILE_FORMAT = 1
LARGEST = 2 * 1024 * 1024  # bytes
_COPIED = (
    *("title", "lead", "about", "minutes", "urgent", "sensitive", "with_time", "layout"),
    *("retention_days", "retention_method", "basis", "basis_text", "consent_text"),
)
# What belongs to an installation, or to the work on a draft, stays where it is.
NOT_CARRIED = ("offered_everywhere", "go_live_at", "expire_at", "locked_by")


class NotAForm(Exception):
    """The file cannot become a form; says why in words for an editor."""


class TopicPart(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    slug: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,80}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    answer_days: Annotated[int, Field(ge=1, le=60)]


class FormFile(BaseModel):
    """The shape of the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["form"]
    file_format: Literal[1]
    slug: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,80}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    lead: Annotated[str, Field(max_length=600)]
    minutes: Annotated[int, Field(ge=1, le=120)]
    about: Annotated[str, Field(max_length=1000)] = ""
    urgent: bool
    sensitive: bool = False
    with_time: bool = False
    retention_days: Annotated[int, Field(ge=1, le=3650)]
    retention_method: Literal["delete", "anonymise"] = "delete"
    basis: Literal["consent", "law", "contract"] = "consent"
    basis_text: Annotated[str, Field(max_length=300)] = ""
    consent_text: Annotated[str, Field(max_length=4000)]
    layout: Literal["auto", "one", "steps"] = "auto"
    topic: TopicPart
    measures: Annotated[list[str], Field(max_length=10_000)]
    centres: Annotated[list[str], Field(max_length=10_000)]
    steps: Annotated[list[dict[str, Any]], Field(max_length=100)]


@dataclass(frozen=True)
class Arrived:
    """A form made from a file: a draft that nobody sees yet."""

    definition: FormDefinition
    missing_measures: list[str]  # slugs that this installation does not have
    missing_centres: list[str]
    is_new_topic: bool
    wanted_slug: str

    @property
    def missing(self) -> list[str]:
        return [*self.missing_measures, *self.missing_centres]


class _TryOut(Exception):
    """Takes back what was made."""


def as_file(definition: FormDefinition) -> str:
    """The form as it stands, as the text of a file."""
    topic = definition.topic
    content = {
        "kind": KIND,
        "file_format": FILE_FORMAT,
        "slug": definition.slug,
        **{name: getattr(definition, name) for name in _COPIED},
        "topic": {"slug": topic.slug, "title": topic.title, "answer_days": topic.answer_days},
        "measures": sorted(measure.slug for measure in definition.measures.all()),
        "centres": sorted(centre.slug for centre in definition.centres.all()),
        "steps": _whole(definition.steps),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, cls=DjangoJSONEncoder)


@transaction.atomic
def from_file(raw: bytes, *, user: Any = None) -> Arrived:
    """A new form from a file, as a draft; its short name gets a number when it is taken.

    It is offered on every measure only when somebody here says so.

    :raises NotAForm: the file is no form, or no form of this version.
    """
    content = _read(raw)
    topic, is_new_topic = Topic.objects.get_or_create(
        slug=content.topic.slug, defaults=content.topic.model_dump(exclude={"slug"})
    )
    definition = FormDefinition(
        slug=free_slug(content.slug),
        topic=topic,
        live=False,
        steps=_steps(content.steps),
        **{name: getattr(content, name) for name in _COPIED},
    )
    try:
        definition.full_clean(exclude=["steps"])
    except ValidationError as error:
        raise NotAForm(" ".join(error.messages)) from error
    definition.save()
    measures = list(Measure.objects.filter(slug__in=content.measures))
    centres = list(Provider.objects.centres().filter(slug__in=content.centres))
    definition.measures.set(measures)
    definition.centres.set(centres)
    definition.save()
    definition.save_revision(user=user, log_action=True)
    return Arrived(
        definition,
        _missing(content.measures, measures),
        _missing(content.centres, centres),
        is_new_topic,
        content.slug,
    )


@contextmanager
def tried(raw: bytes) -> Iterator[Arrived]:
    """What the file would make, to be looked at; when the block ends, nothing was made.

    :raises NotAForm: the file is no form, or no form of this version.
    """
    try:
        with transaction.atomic():
            yield from_file(raw)
            raise _TryOut
    except _TryOut:
        pass


def _missing(wanted: list[str], found: list[Any]) -> list[str]:
    here = {record.slug for record in found}
    return [slug for slug in wanted if slug not in here]


def free_slug(slug: str) -> str:
    """The short name, with a number behind it when a form has it already."""
    taken = set(
        FormDefinition.objects.filter(slug__startswith=slug[:70]).values_list("slug", flat=True)
    )
    if slug not in taken:
        return slug
    return next(
        name
        for number in range(2, len(taken) + 3)
        if (name := f"{slug[:70]}-{number}") not in taken
    )


def _read(raw: bytes) -> FormFile:
    if len(raw) > LARGEST:
        raise NotAForm(_("The file is too large for a form."))
    if rb"\u0000" in raw:  # no database keeps it
        raise NotAForm(_("The questions of the file cannot be read."))
    try:
        return FormFile.model_validate_json(raw)
    except ShapeError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"]))
        raise NotAForm(
            _("This is not a file of a form: %(place)s.") % {"place": place or wrong["type"]}
        ) from error


def _whole(steps: Any) -> Any:
    """The blocks with every part of theirs, however they were written down."""
    with suppress(ValidationError):  # an unfinished draft may hold what is no number yet
        steps = steps.stream_block.clean_deferred(steps)
    return steps.get_prep_value()


def _steps(raw: list[dict[str, Any]]) -> Any:
    """The builder's blocks. An unfinished form may arrive; one that is no form may not."""
    block = FormDefinition._meta.get_field("steps").stream_block
    if not _fits(block, raw):
        raise NotAForm(_("The file has questions that this version does not know."))
    try:
        return block.clean_deferred(block.to_python(raw))
    except ValidationError as error:
        raise NotAForm(_("The questions of the file do not fit together.")) from error
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise NotAForm(_("The questions of the file cannot be read.")) from error


def _fits(block: Any, raw: Any) -> bool:
    """The raw value has the shape of the block; Wagtail passes over in silence what has not."""
    if isinstance(block, ConditionsBlock):
        raw = as_stream(raw)
    if isinstance(block, StreamBlock):
        return isinstance(raw, list) and all(
            isinstance(child, dict)
            and isinstance(child.get("id", ""), str)
            and child.get("type") in block.child_blocks
            and _fits(block.child_blocks[child["type"]], child.get("value"))
            for child in raw
        )
    if isinstance(block, ListBlock):
        return isinstance(raw, list) and all(
            isinstance(child, dict) and _fits(block.child_block, child.get("value"))
            for child in raw
        )
    if isinstance(block, StructBlock):
        return isinstance(raw, dict) and all(
            name in block.child_blocks and _fits(block.child_blocks[name], value)
            for name, value in raw.items()
        )
    return raw is None or isinstance(raw, str | int | float | bool)
