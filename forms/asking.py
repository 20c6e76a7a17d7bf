"""Each kind of question as a field of Django: what is typed, what is kept, what is told.

Kept are plain JSON values: a text, a number, true or false, a list, a day as 2027-02-01 (a month
as 2027-02, a year as 2027), `{"slug", "title"}` of a chosen record, so that it can be read when the
record is gone, of a place with `around`, the slugs of what it lies in; `{"family", "given",
"patronymic"}` of a name; of a contact see forms.contacts.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms.blocks import NUMBER_LIMIT
from forms.choosers import Choosers
from forms.contacts import ContactField
from forms.detecting import ACCEPTED, ENDINGS
from forms.fields import (
    FIRST_YEAR,
    LAST_YEAR,
    AddressField,
    AddressWidget,
    ChosenField,
    FilesField,
    FilesWidget,
    InnField,
    NumberField,
    PartOfDateField,
    PartsField,
    PhoneField,
    PlaceField,
    SnilsField,
    TextField,
    TimeOfDayField,
)

MAX_PHONE = 40
MAX_EMAIL = 254
MAX_NAME = 100
MAX_STREET = 300

Spec = Mapping[str, Any]


def field_for(spec: Spec, choosers: Choosers) -> forms.Field:
    """The field of a question. Whether an answer is needed is decided with the other answers."""
    field = _BUILDERS[spec["type"]](spec, choosers)
    field.label = spec["label"]
    field.required = spec["required"]
    if spec["type"] != "file":  # an editor's hint takes the place of ours, but not of limits
        field.help_text = spec["help"] or field.help_text
    field.widget.is_required = spec["required"]
    field.error_messages["required"] = _MISSING.get(spec["type"], _MISSING_ANSWER)
    return field


def can_ask(kind: str) -> bool:
    """Something is typed or chosen for this kind of node."""
    return kind in _BUILDERS


_MISSING_ANSWER = gettext_lazy("Please answer this question.")
_MISSING = {
    "phone": gettext_lazy("Please give a phone number."),
    "email": gettext_lazy("Please give an e-mail address."),
    "contact": gettext_lazy("Please choose how we may reach you."),
    "file": gettext_lazy("Please add a file."),
    "consent": gettext_lazy("We may not keep your answers without this permission."),
    "choice": gettext_lazy("Please choose an answer."),
    "yesno": gettext_lazy("Please choose an answer."),
    "multichoice": gettext_lazy("Please choose an answer."),
    "territory": gettext_lazy("Please choose the place where you live."),
}
_NOT_IN_LIST = {"invalid_choice": gettext_lazy("Please choose from the list.")}


def _text(spec: Spec, choosers: Choosers) -> forms.Field:
    return TextField(max_length=spec["max_length"], widget=forms.TextInput())


def _long_text(spec: Spec, choosers: Choosers) -> forms.Field:
    return TextField(max_length=spec["max_length"], widget=forms.Textarea(attrs={"rows": 5}))


def _number(spec: Spec, choosers: Choosers) -> forms.Field:
    whole = spec["whole"]
    field = NumberField(
        max_digits=15,
        decimal_places=0 if whole else 2,
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


def _money(spec: Spec, choosers: Choosers) -> forms.Field:
    field = _number({**spec, "whole": False, "unit": ""}, choosers)
    field.help_text = _("In roubles. For example: 12 500 or 12500,50.")
    return field


def _date(spec: Spec, choosers: Choosers) -> forms.Field:
    precision = spec.get("precision", "day")
    if precision != "day":
        return _part_of_date(precision, spec["when"])
    return _day(_allowed(spec["when"]))


def _birth_date(spec: Spec, choosers: Choosers) -> forms.Field:
    field = _day(_allowed("any" if spec["unborn"] else "past"))
    field.widget.attrs["autocomplete"] = "bday"
    return field


def _allowed(when: str) -> Callable[[datetime.date], None]:
    def check(day: datetime.date) -> None:
        today = timezone.localdate()
        if when == "past" and day > today:
            raise ValidationError(_("This day is still to come. Please check the year."))
        if when == "future" and day < today:
            raise ValidationError(_("This day has passed. Please choose a later one."))
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(_("Please check the year."))

    return check


def _day(check: Callable[[datetime.date], None]) -> forms.Field:
    return forms.DateField(
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y"],
        validators=[check],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Please write the date as 25.12.2026.")},
    )


def _time(spec: Spec, choosers: Choosers) -> forms.Field:
    return TimeOfDayField(
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%H-%M"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Please write the time as 14:30.")},
    )


def _part_of_date(precision: str, when: str) -> forms.Field:
    month = precision == "month"
    return PartOfDateField(
        precision=precision,
        when=when,
        help_text=_("For example, 12.2026.") if month else _("For example, 2026."),
        widget=forms.TextInput(attrs={"inputmode": "decimal" if month else "numeric"}),
    )


def _options(spec: Spec) -> list[tuple[str, str]]:
    return [(option["value"], option["label"]) for option in spec["options"]]


def _choice(spec: Spec, choosers: Choosers) -> forms.Field:
    return forms.ChoiceField(
        choices=_options(spec), widget=forms.RadioSelect(), error_messages=_NOT_IN_LIST
    )


def _multichoice(spec: Spec, choosers: Choosers) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=_options(spec), widget=forms.CheckboxSelectMultiple(), error_messages=_NOT_IN_LIST
    )


def _yes_no(spec: Spec, choosers: Choosers) -> forms.Field:
    return forms.TypedChoiceField(
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect(),
        error_messages=_NOT_IN_LIST,
    )


def _phone(spec: Spec, choosers: Choosers) -> forms.Field:
    return PhoneField(
        max_length=MAX_PHONE,
        help_text=_("For example, 8 921 123-45-67."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


def _email(spec: Spec, choosers: Choosers) -> forms.Field:
    return forms.EmailField(
        max_length=MAX_EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("This does not look like an e-mail address. For example: anna@mail.ru.")
        },
    )


def _contact(spec: Spec, choosers: Choosers) -> forms.Field:
    return ContactField(phone=_phone(spec, choosers), email=_email(spec, choosers))


def _consent(spec: Spec, choosers: Choosers) -> forms.Field:
    return forms.BooleanField()


def _chosen(options: list[Any]) -> forms.Field:
    blank = ("", _("— choose —"))
    return ChosenField(choices=[blank, *options], error_messages=_NOT_IN_LIST)


def _place(choosers: Choosers) -> PlaceField:
    return PlaceField(choosers=choosers, error_messages=_NOT_IN_LIST)


def _name(spec: Spec, choosers: Choosers) -> forms.Field:
    def part(label: str, autocomplete: str, *, required: bool) -> forms.Field:
        return TextField(
            label=label,
            max_length=MAX_NAME,
            required=required,
            widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
            error_messages={"incomplete": _("Please write it, too: %(part)s.") % {"part": label}},
        )

    return PartsField(
        {
            "family": part(_("Family name"), "family-name", required=True),
            "given": part(_("Given name"), "given-name", required=True),
            "patronymic": part(_("Patronymic"), "additional-name", required=False),
        }
    )


def _address(spec: Spec, choosers: Choosers) -> forms.Field:
    place = _place(choosers)
    place.label, place.required = _("Town, district or village"), True
    place.error_messages["incomplete"] = _("Please choose the place.")
    street = TextField(
        label=_("Street, house, flat"),
        max_length=MAX_STREET,
        required=True,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
        error_messages={"incomplete": _("Please write the street and the house.")},
    )
    field = AddressField({"place": place, "street": street})
    field.widget = AddressWidget(field.parts)
    return field


def accepted(what: str) -> str:
    """The files of a question as a browser's chooser of files understands it."""
    return ",".join(sorted([*ACCEPTED[what], *(ENDINGS[kind] for kind in ACCEPTED[what])]))


def _file(spec: Spec, choosers: Choosers) -> forms.Field:
    multiple = spec["most_files"] > 1
    told = _("Up to %(files)s files, each at most %(most)s MB.") if spec["help"] else ""
    hint = told or (
        _("Up to %(files)s files, each at most %(most)s MB: photos, PDF, documents.")
        if spec["accepts"] == "papers"
        else _("Up to %(files)s files, each at most %(most)s MB: photos or PDF.")
    )
    attrs = {
        "accept": accepted(spec["accepts"]),
        "data-most-megabytes": spec["most_megabytes"],
        "data-most-files": spec["most_files"],
        **({"multiple": True} if multiple else {}),
    }
    words = {"files": spec["most_files"], "most": spec["most_megabytes"]}
    own = f"{spec['help'].rstrip(' .')}. " if spec["help"] else ""
    return FilesField(widget=FilesWidget(attrs=attrs), help_text=own + hint % words)


def _snils(spec: Spec, choosers: Choosers) -> forms.Field:
    return SnilsField(
        max_length=20,
        help_text=_("11 digits, as on the green card. For example: 112-233-445 95."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def _inn(spec: Spec, choosers: Choosers) -> forms.Field:
    return InnField(
        lengths=(12,) if spec["whose"] == "person" else (10, 12),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


_BUILDERS: dict[str, Callable[[Spec, Choosers], forms.Field]] = {
    "text": _text,
    "longtext": _long_text,
    "number": _number,
    "date": _date,
    "time": _time,
    "choice": _choice,
    "multichoice": _multichoice,
    "yesno": _yes_no,
    "phone": _phone,
    "email": _email,
    "contact": _contact,
    "consent": _consent,
    "money": _money,
    "birth_date": _birth_date,
    "name": _name,
    "address": _address,
    "snils": _snils,
    "inn": _inn,
    "file": _file,
    "territory": lambda spec, choosers: _place(choosers),
    "measure": lambda spec, choosers: _chosen(choosers.measures),
    "provider": lambda spec, choosers: _chosen(
        choosers.centres if spec["centres_only"] else choosers.providers
    ),
}
