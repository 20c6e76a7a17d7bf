"""The rows of the data set's files, with their types; what is wrong with one, in Russian."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from catalogue.models.measure import Channel, Level, MeasureKind, Period, Verification
from catalogue.models.providers import (
    CoordinatesPrecision,
    HotlineKind,
    OfficeContact,
    ProviderKind,
)
from catalogue.models.taxonomy import Counted, FactType
from catalogue.models.territory import TerritoryKind


def _iso_day(value: object) -> object:
    """Only the text of a day is a date here: not a number of seconds, not a moment."""
    if value is None or (isinstance(value, str) and len(value) == len("2026-01-31")):
        return value
    raise PydanticCustomError("date", "date")


def _exact(value: object) -> object:
    """A number of JSON as the decimal that is written there."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "number")
    return Decimal(str(value))


Day = Annotated[datetime.date | None, BeforeValidator(_iso_day)]
Exact = Annotated[Decimal, BeforeValidator(_exact)]
Number = Annotated[Exact, Field(gt=-(10**12), lt=10**12)] | None
Slug = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)
]
Key = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9_]+$", max_length=60)]
Text = StrictStr | None


def filled(limit: int) -> StringConstraints:
    return StringConstraints(strict=True, min_length=1, max_length=limit)


def up_to(limit: int) -> StringConstraints:
    return StringConstraints(strict=True, max_length=limit)


# Families follow it: nothing but an address of the web.
Address = Annotated[str, StringConstraints(strict=True, pattern=r"^https?://\S+$", max_length=200)]


class Row(BaseModel):
    """A record of a file: exactly the fields that are named, of exactly these types."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TerritoryRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    kind: TerritoryKind
    parent: Slug | None
    okato: Annotated[str, StringConstraints(pattern=r"^(\d{2}|\d{5}|\d{8}|\d{11})$")] | None
    oktmo: Annotated[str, StringConstraints(pattern=r"^(\d{8}|\d{11})$")] | None
    aliases: list[Annotated[str, filled(120)]]
    source: Text
    note: Text


class CategoryRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    definition: StrictStr
    legal_basis: list[Annotated[str, filled(400)]]
    source: list[Annotated[str, filled(400)]]
    synonyms: list[Annotated[str, filled(120)]]


class SituationRow(Row):
    """The term only; the steps of the story belong to the pages."""

    slug: Slug
    title: Annotated[str, filled(200)]
    lead: StrictStr
    who: Annotated[str, filled(300)]
    urgent: StrictBool
    categories: list[Slug]
    synonyms: list[Annotated[str, filled(120)]]
    source: StrictStr
    related: list[Slug]
    steps: list[Any]
    emergency_contacts: list[Any]


class OptionRow(Row):
    value: Key
    label: Annotated[str, filled(200)]


class FactRow(Row):
    field: Key
    type: FactType
    title: Annotated[str, filled(200)]
    question: Annotated[str, filled(300)]
    help: Annotated[str, up_to(300)] | None
    options: list[OptionRow] | None
    per_child: StrictBool
    sensitive: StrictBool
    min: Number = None
    max: Number = None
    unit: Annotated[str, up_to(20)] | None = None
    derived_from: Key | None = None

    @model_validator(mode="after")
    def options_suit_the_type(self) -> FactRow:
        if (self.type in {"choice", "multi"}) != bool(self.options):
            raise _wrong("варианты ответа бывают у фактов choice и multi, и только у них")
        values = [option.value for option in self.options or []]
        if len(set(values)) != len(values):
            raise _wrong("варианты ответа повторяются")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise _wrong("min больше, чем max")
        return self


class FactWordsRow(Row):
    """How a fact is said in a list of conditions."""

    words: Annotated[str, up_to(200)] | None = None
    no: Annotated[str, up_to(200)] | None = None
    counted: Counted = Counted.PLAIN
    units: Annotated[str, up_to(120)] | None = None
    options: dict[str, Annotated[str, filled(200)]] = Field(default_factory=dict)


class WordsFile(Row):
    facts: dict[str, FactWordsRow]
    territories: dict[str, Annotated[str, filled(200)]]


class ProviderRow(Row):
    slug: Slug
    full_name: Annotated[str, filled(400)]
    short_name: Annotated[str, filled(200)]
    kind: ProviderKind
    territory: Slug
    website: Address | None
    source: Text
    note: Text
    aliases: list[Annotated[str, filled(200)]]
    is_group: StrictBool
    parent: Slug | None


_HOURS = r"^\d\d:\d\d-\d\d:\d\d(,\d\d:\d\d-\d\d:\d\d)*$"
Weekday = Literal["mo", "tu", "we", "th", "fr", "sa", "su"]


class OfficeRow(Row):
    provider: Slug
    title: Annotated[str, filled(200)]
    address: Annotated[str, up_to(300)] | None
    settlement: Annotated[str, up_to(120)] | None
    territory: Slug
    phones: list[Annotated[str, filled(60)]]
    email: Annotated[str, up_to(254)] | None
    website: Address | None
    hours: Annotated[str, up_to(300)] | None
    hours_structured: dict[Weekday, Annotated[str, StringConstraints(pattern=_HOURS)]] | None
    lat: Annotated[Exact, Field(ge=-90, le=90)] | None
    lon: Annotated[Exact, Field(ge=-180, le=180)] | None
    coordinates_precision: CoordinatesPrecision | None
    source: Text
    as_of: Day
    verified: StrictBool
    verified_fields: list[Annotated[str, filled(30)]]
    stale: StrictBool
    contact: OfficeContact
    note: Text

    @model_validator(mode="after")
    def both_coordinates(self) -> OfficeRow:
        if (self.lat is None) != (self.lon is None):
            raise _wrong("нужны обе координаты, lat и lon, или ни одной")
        return self


class HotlineRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    phone: Annotated[str, filled(60)]
    for_whom: Annotated[str, up_to(300)] | None
    hours: Annotated[str, up_to(200)] | None
    territory: Slug
    source: Text
    verified: StrictBool
    as_of: Day
    kind: HotlineKind
    publish: StrictBool
    note: Text


class FallbackRow(Row):
    rule: StrictStr
    rule_text: StrictStr
    when: StrictStr
    order: list[str]
    only: StrictStr
    skip_kinds_unless_matching: dict[str, str]
    primary: dict[Slug, Slug]
    text: Annotated[str, filled(1000)]


class ConditionRow(Row):
    field: Key
    operator: StrictStr
    value: Any
    note: Annotated[str, up_to(300)] | None


class ShownConditionRow(ConditionRow):
    group: StrictInt | None


class AmountRow(Row):
    text: Annotated[str, filled(600)]
    number: Annotated[Exact, Field(ge=0, lt=10**12)] | None
    currency: Annotated[str, up_to(3)] | None
    period: Period | None
    as_of: Day
    valid_to: Day = None


class StepRow(Row):
    channel: Channel
    text: Annotated[str, filled(600)]


class MeasureRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    kind: MeasureKind
    summary: Annotated[str, filled(400)]
    who: Annotated[str, up_to(600)] | None
    conditions: list[ShownConditionRow]
    condition_groups: list[list[ConditionRow]]
    amount: AmountRow | None
    documents: list[Annotated[str, filled(300)]]
    how_to_apply: list[StepRow]
    deadline_days: Annotated[StrictInt, Field(ge=0, le=32767)] | None
    legal_basis: list[Annotated[str, filled(500)]]
    levels: Annotated[list[Level], Field(min_length=1)]
    territories: list[Slug]
    situations: list[Slug]
    categories: list[Slug]
    providers: list[Slug]
    valid_from: Day
    valid_to: Day
    synonyms: list[Annotated[str, filled(120)]]
    source: StrictStr
    verified: StrictBool
    verification: Verification
    verification_note: Text
    as_of: Day
    as_of_estimated: StrictBool
    stale: StrictBool
    apply_from: Day
    apply_to: Day
    apply_note: Annotated[str, up_to(300)] | None
    apply_yearly: StrictBool
    excludes: list[Slug]
    excludes_note: Text

    @model_validator(mode="after")
    def hangs_together(self) -> MeasureRow:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise _wrong("valid_from позже, чем valid_to")
        if self.apply_from and self.apply_to and self.apply_from > self.apply_to:
            raise _wrong("apply_from позже, чем apply_to")
        if self.apply_yearly and not self.apply_to:
            raise _wrong("apply_yearly: у ежегодного окна подачи должен быть apply_to")
        if self.verified != (self.verification == Verification.PAGE):
            raise _wrong("verified и verification говорят разное")
        for name in ("territories", "situations", "categories", "providers", "excludes"):
            slugs = getattr(self, name)
            if len(set(slugs)) != len(slugs):
                raise _wrong(f"повторы в {name}")
        return self


class ValueRow(Row):
    period: StrictStr
    value: Any


class IndicatorRow(Row):
    seed: Annotated[str, filled(200)]
    table: Annotated[str, filled(300)]
    no: Annotated[str, up_to(20)] | None
    group: Annotated[str, up_to(300)] | None
    name: Annotated[str, filled(500)]
    unit: Annotated[str, up_to(60)] | None
    values: list[ValueRow]
    parent: Annotated[str, up_to(300)] | None
    note: Text


class SampleFamilyRow(Row):
    slug: Slug
    title: Annotated[str, filled(300)]
    facts: dict[Key, Any]
    must_match: list[Slug]
    must_not_match: list[Slug]


RowType = TypeVar("RowType", bound=Row)


def parse(kind: type[RowType], raw: object) -> RowType | str:
    """The row, or what is wrong with it."""
    if not _can_be_stored(raw):
        return "в тексте есть знаки, которых база данных не хранит"
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        return "; ".join(_in_russian(each) for each in error.errors(include_url=False)[:5])


def _can_be_stored(raw: object) -> bool:
    """JSON can spell what PostgreSQL does not keep: the character 0 and halves of characters."""
    try:
        return b"\\u0000" not in json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False


def _wrong(reason: str) -> PydanticCustomError:
    return PydanticCustomError("row", "{reason}", {"reason": reason})


_REASONS = {
    "missing": "нет поля {where}",
    "extra_forbidden": "лишнее поле {where}",
    "string_type": "{where}: нужен текст, а не {input}",
    "string_too_long": "{where}: длиннее {max_length} знаков",
    "string_too_short": "{where}: пустой текст",
    "bool_type": "{where}: нужно true или false, а не {input}",
    "int_type": "{where}: нужно целое число, а не {input}",
    "list_type": "{where}: нужен список, а не {input}",
    "dict_type": "{where}: нужен объект, а не {input}",
    "model_type": "{where}: нужен объект, а не {input}",
    "model_attributes_type": "{where}: нужен объект, а не {input}",
    "enum": "{where}: {input} – такого значения нет, бывает: {choices}",
    "literal_error": "{where}: {input} – такого значения нет",
    "string_pattern_mismatch": "{where}: {input} написано не по правилам",
    "date": "{where}: {input} – не дата вида ГГГГ-ММ-ДД",
    "number": "{where}: нужно число, а не {input}",
    "greater_than_equal": "{where}: {input} меньше, чем {ge}",
    "less_than": "{where}: {input} слишком много",
    "greater_than": "{where}: {input} слишком мало",
    "less_than_equal": "{where}: {input} больше, чем {le}",
    "too_short": "{where}: список пуст",
    "row": "{reason}",
}


def _in_russian(error: ErrorDetails) -> str:
    context = dict(error.get("ctx", {}))
    kind = "date" if error["type"].startswith("date") else error["type"]
    where = ".".join(str(part) for part in error["loc"]) or "запись"
    if kind == "enum":
        context["choices"] = str(context["expected"]).replace(" or ", ", ").replace("'", "")
    shown = repr(error["input"]) if not isinstance(error["input"], str) else f"«{error['input']}»"
    reason = _REASONS.get(kind, "{where}: значение {input} не подходит")
    return reason.format(where=where, input=shown[:120], **context)
