"""From what was typed to answers: a form of Django built from the questions of a version.

The server decides which questions are asked; answers to the others are dropped. Answers are
plain JSON under the questions' keys: text, number, true/false, a list, a day as 2027-02-01, or
{"slug", "title"} of a chosen record, so that they can be read when the record is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms.blocks import NUMBER_LIMIT
from forms.choosers import Choosers
from forms.compiling import fields_of
from forms.conditions import in_words, shown_fields

REGION = "RU"
MAX_PHONE = 40
MAX_EMAIL = 254
FIRST_YEAR = 1900
LAST_YEAR = 2100
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


class TextField(forms.CharField):
    """A text as people type it: one kind of line break, no control characters."""

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "")
        return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class PhoneField(forms.CharField):
    """A phone, kept as +79211234567."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return ""
        try:
            phone = phonenumbers.parse(text, REGION)
        except phonenumbers.NumberParseException:
            phone = None
        if phone is None or not phonenumbers.is_possible_number(phone):
            raise ValidationError(
                _("This does not look like a phone number. For example: 8 921 123-45-67."),
                code="invalid",
            )
        return phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164)


class ChosenField(forms.ChoiceField):
    """A record chosen from a list: its slug and the name that it had."""

    def clean(self, value: Any) -> Any:
        slug = super().clean(value)
        return {"slug": slug, "title": self._titles()[slug]} if slug else None

    def _titles(self) -> dict[str, str]:
        titles: dict[str, str] = {}
        for value, label in list(self.choices):  # type: ignore[arg-type]
            if isinstance(label, list | tuple):
                titles.update({str(slug): str(title) for slug, title in label})
            else:
                titles[str(value)] = str(label)
        return titles


@dataclass(frozen=True)
class Item:
    """A thing on the page of a form: a question with its field, or words."""

    spec: Mapping[str, Any]
    field: forms.BoundField | None
    condition: str  # as JSON, for the page's script; empty when it is always asked
    condition_words: str


@dataclass(frozen=True)
class Section:
    number: int
    title: str
    items: list[Item]


class AnswerForm(forms.Form):
    """The questions of a version. When valid, `answers` holds what was answered."""

    use_required_attribute = False  # whether an answer is needed may hang on another answer

    def __init__(
        self, schema: Mapping[str, Any], *, choosers: Choosers | None = None, **kwargs: Any
    ) -> None:
        super().__init__(prefix="a", **kwargs)
        self.schema = schema
        self.answers: dict[str, Any] = {}
        choosers = choosers or Choosers()
        for spec in fields_of(schema):
            if spec["type"] in _BUILDERS:
                self.fields[spec["key"]] = _build(spec, choosers)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        answers = {
            key: _plain(value) for key, value in cleaned.items() if value not in (None, "", [])
        }
        shown = shown_fields(fields_of(self.schema), answers)
        for key in self.fields:
            if key not in shown:
                self.errors.pop(key, None)
        self.answers = {key: value for key, value in answers.items() if key in shown}
        return cleaned

    def sections(self) -> Iterator[Section]:
        """The page from top to bottom."""
        specs = {spec["key"]: spec for spec in fields_of(self.schema)}
        for number, step in enumerate(self.schema["steps"], start=1):
            items = [
                Item(
                    spec,
                    self[spec["key"]] if spec["key"] in self.fields else None,
                    json.dumps(spec["show_if"], ensure_ascii=False) if spec["show_if"] else "",
                    in_words(spec["show_if"], specs) if spec["show_if"] else "",
                )
                for spec in step["fields"]
            ]
            yield Section(number, step["title"], items)


def prefilled(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """First values of a blank form from what is known by type of question, as `measure`: slug.

    Where the question hangs on another answer, that answer is given too.
    """
    initial: dict[str, Any] = {}
    for spec in fields_of(schema):
        if given.get(spec["type"]) and spec["key"] not in initial:
            initial[spec["key"]] = given[spec["type"]]
            condition = spec["show_if"]
            if condition and condition["op"] == "eq" and isinstance(condition["value"], str):
                initial.setdefault(condition["field"], condition["value"])
    return initial


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _build(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    field = _BUILDERS[spec["type"]](spec, choosers)
    field.label = spec["label"]
    field.required = spec["required"]
    field.help_text = spec["help"] or field.help_text
    field.widget.is_required = spec["required"]
    field.error_messages["required"] = _MISSING.get(spec["type"], _MISSING_ANSWER)
    return field


_MISSING_ANSWER = gettext_lazy("Please answer this question.")
_MISSING = {
    "phone": gettext_lazy("Please give a phone number."),
    "email": gettext_lazy("Please give an e-mail address."),
    "consent": gettext_lazy("We may not keep your answers without this permission."),
    "choice": gettext_lazy("Please choose an answer."),
    "yesno": gettext_lazy("Please choose an answer."),
    "multichoice": gettext_lazy("Please choose an answer."),
    "territory": gettext_lazy("Please choose the place where you live."),
}
_NOT_IN_LIST = {"invalid_choice": gettext_lazy("Please choose from the list.")}


def _text(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return TextField(max_length=spec["max_length"], widget=forms.TextInput())


def _long_text(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return TextField(max_length=spec["max_length"], widget=forms.Textarea(attrs={"rows": 5}))


def _number(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    whole = spec["whole"]
    field = forms.DecimalField(
        max_digits=15,
        decimal_places=0 if whole else 2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "numeric" if whole else "decimal"}),
        help_text=spec["unit"],
        error_messages={
            "invalid": _("Please write a number in digits."),
            "max_decimal_places": _("Please write a whole number.") if whole else _("Too precise."),
            "max_digits": _("The number is too long."),
            "max_whole_digits": _("The number is too long."),
        },
    )
    low = -NUMBER_LIMIT if spec["minimum"] is None else spec["minimum"]
    high = NUMBER_LIMIT if spec["maximum"] is None else spec["maximum"]
    field.validators += [
        MinValueValidator(low, _("Not less than %(limit_value)s.")),
        MaxValueValidator(high, _("Not more than %(limit_value)s.")),
    ]
    return field


def _date(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    def check(day: Any) -> None:
        today = timezone.localdate()
        if spec["when"] == "past" and day > today:
            raise ValidationError(_("This day is still to come. Please check the year."))
        if spec["when"] == "future" and day < today:
            raise ValidationError(_("This day has passed. Please choose a later one."))
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(_("Please check the year."))

    return forms.DateField(
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y"],
        validators=[check],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Please write the date as 25.12.2026.")},
    )


def _options(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(option["value"], option["label"]) for option in spec["options"]]


def _choice(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return forms.ChoiceField(
        choices=_options(spec), widget=forms.RadioSelect(), error_messages=_NOT_IN_LIST
    )


def _multichoice(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=_options(spec), widget=forms.CheckboxSelectMultiple(), error_messages=_NOT_IN_LIST
    )


def _yes_no(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return forms.TypedChoiceField(
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect(),
        error_messages=_NOT_IN_LIST,
    )


def _phone(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return PhoneField(
        max_length=MAX_PHONE,
        help_text=_("For example, 8 921 123-45-67."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


def _email(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return forms.EmailField(
        max_length=MAX_EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("This does not look like an e-mail address. For example: anna@mail.ru.")
        },
    )


def _consent(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    return forms.BooleanField()


def _chosen(options: list[Any]) -> forms.Field:
    blank = ("", _("— choose —"))
    return ChosenField(choices=[blank, *options], error_messages=_NOT_IN_LIST)


_BUILDERS: dict[str, Callable[[Mapping[str, Any], Choosers], forms.Field]] = {
    "text": _text,
    "longtext": _long_text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "multichoice": _multichoice,
    "yesno": _yes_no,
    "phone": _phone,
    "email": _email,
    "consent": _consent,
    "territory": lambda spec, choosers: _chosen(choosers.territories),
    "measure": lambda spec, choosers: _chosen(choosers.measures),
    "provider": lambda spec, choosers: _chosen(
        choosers.centres if spec["centres_only"] else choosers.providers
    ),
}
