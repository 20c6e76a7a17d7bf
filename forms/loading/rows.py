"""The rows of the data set's files of forms and registers, with their types."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr

from catalogue.loading.rows import Row, Slug, filled, up_to
from forms.models.registers import RegisterKind


class OptionRow(Row):
    value: Annotated[str, filled(60)]
    label: Annotated[str, filled(200)]


class ConditionRow(Row):
    field: Annotated[str, filled(60)]
    op: Annotated[str, filled(20)]
    value: StrictStr | StrictBool | list[StrictStr]


class FieldRow(Row):
    """A question. What its type allows is checked by the editor's blocks."""

    key: Annotated[str, filled(60)]
    type: Annotated[str, filled(20)]
    label: StrictStr
    help: StrictStr | None = None
    required: StrictBool
    personal: StrictBool
    purpose: StrictStr
    options: list[OptionRow] = Field(default_factory=list)
    fields: list[FieldRow] = Field(default_factory=list)
    show_if: ConditionRow | None = None
    row_title: StrictStr | None = None


class StepRow(Row):
    title: StrictStr
    fields: list[FieldRow]


class FormRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    lead: Annotated[str, up_to(600)]
    minutes: StrictInt
    urgent: StrictBool
    sensitive: StrictBool = False
    with_time: StrictBool = False
    queue_topic: Slug
    retention_days: StrictInt
    consent_text: Annotated[str, filled(4000)]
    steps: list[StepRow]


class ReadyRow(Row):
    """Questions that editors put into forms with one choice."""

    slug: Slug
    title: Annotated[str, filled(60)]
    help: Annotated[str, up_to(200)]
    fields: list[FieldRow]


class RegisterFieldRow(Row):
    name: Annotated[str, filled(60)]
    label: Annotated[str, filled(200)]
    type: Annotated[str, filled(40)]
    required: StrictBool


class RegisterRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    kind: RegisterKind
    purpose: Annotated[str, up_to(400)]
    source: Annotated[str, up_to(300)]
    named_in_seed: StrictBool
    fields: list[RegisterFieldRow]
