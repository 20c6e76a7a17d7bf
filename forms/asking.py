"""Each kind of question as a field of Django: what is typed, what is kept, what is told.

Kept are plain JSON values: a text, a number, true or false, a list, a day as 2027-02-01 (a month
as 2027-02, a year as 2027), `{"slug", "title"}` of a chosen record, so that it can be read when the
record is gone, of a place with `around`, the slugs of what it lies in; `{"family", "given",
"patronymic"}` of a name; of a contact see forms.contacts.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.ru import inn

from forms import snils
from forms.blocks import NUMBER_LIMIT
from forms.choosers import Choosers
from forms.contacts import ContactField
from forms.detecting import ACCEPTED, ENDINGS

REGION = "RU"
MAX_PHONE = 40
MAX_EMAIL = 254
MAX_NAME = 100
MAX_STREET = 300
FIRST_YEAR = 1900
LAST_YEAR = 2100
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_AROUND_NUMBERS = re.compile(r"\s|(₽|руб(лей|ля|ль|\.)?|р\.)\s*$", re.IGNORECASE)

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


class TextField(forms.CharField):
    """A text as people type it: one kind of line break, no control characters."""

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "")
        return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class NumberField(forms.DecimalField):
    """A number as people type it: with spaces between thousands, a comma, roubles behind it."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = _AROUND_NUMBERS.sub("", value).replace(",", ".")
        return super().to_python(value)


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


class SnilsField(forms.CharField):
    """A СНИЛС, kept as eleven digits."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return ""
        try:
            return snils.compact(text)
        except snils.WrongSnils as error:
            raise ValidationError(
                _("There have to be 11 digits. For example: 112-233-445 95.")
                if error.args[0] == "length"
                else _("There is a mistake in the number. Please compare it with your paper."),
                code="invalid",
            ) from error


class InnField(forms.CharField):
    """An ИНН, kept as its digits: 12 of a person, 10 of an organisation."""

    def __init__(self, *, lengths: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lengths = lengths

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return ""
        digits = inn.compact(text)
        if not digits.isdigit() or len(digits) not in self.lengths:
            raise ValidationError(
                _("An INN of a person has 12 digits.")
                if self.lengths == (12,)
                else _("An INN has 12 digits, that of an organisation 10."),
                code="invalid",
            )
        try:
            return inn.validate(digits)
        except StdnumError as error:
            raise ValidationError(
                _("There is a mistake in the number. Please compare it with your paper."),
                code="invalid",
            ) from error


LONGEST_SLUG = 80


class ChosenField(forms.ChoiceField):
    """A record chosen from a list: its slug and the name that it had."""

    def clean(self, value: Any) -> Any:
        slug = super().clean(value)
        return {"slug": slug, "title": self._titles()[slug]} if slug else None

    def prepare_value(self, value: Any) -> Any:
        return value["slug"] if isinstance(value, Mapping) else value

    def _titles(self) -> dict[str, str]:
        titles: dict[str, str] = {}
        for value, label in list(self.choices):  # type: ignore[arg-type]
            if isinstance(label, list | tuple):
                titles.update({str(slug): str(title) for slug, title in label})
            else:
                titles[str(value)] = str(label)
        return titles


class PlaceField(ChosenField):
    """A place from the list, with what it lies in."""

    def __init__(self, *, choosers: Choosers, **kwargs: Any) -> None:
        blank = ("", _("— choose —"))
        super().__init__(choices=lambda: [blank, *choosers.territories], **kwargs)
        self.choosers = choosers

    def valid_value(self, value: Any) -> bool:
        """Looked up by itself: the whole list is read for drawing only."""
        slug = str(value)
        return len(slug) <= LONGEST_SLUG and "\0" not in slug and bool(self.choosers.place(slug))

    def clean(self, value: Any) -> Any:
        slug = forms.ChoiceField.clean(self, value)
        return self.choosers.place(slug) if slug else None


class FilesWidget(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.Field):
    """Files travel beside the answers (forms.files): here stand only their place and errors."""

    widget = FilesWidget

    def clean(self, value: Any) -> Any:
        return None


class PartsWidget(forms.MultiWidget):
    """Several inputs of one answer, each with a label of its own."""

    template_name = "intake_forms/parts.html"

    def __init__(self, parts: Mapping[str, forms.Field]) -> None:
        super().__init__({name: field.widget for name, field in parts.items()})
        self.parts = parts

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for inner, field in zip(context["widget"]["subwidgets"], self.parts.values(), strict=True):
            inner["label"], inner["is_optional"] = field.label, not field.required
        return context

    def decompress(self, value: Any) -> list[Any]:
        given = value if isinstance(value, Mapping) else {}
        return [given.get(name, "") for name in self.parts]


class PartsField(forms.MultiValueField):
    """Several inputs of one answer: a mapping of what was typed in each."""

    def __init__(self, parts: Mapping[str, forms.Field], **kwargs: Any) -> None:
        self.parts = parts
        super().__init__(
            fields=tuple(parts.values()),
            widget=PartsWidget(parts),
            require_all_fields=False,
            **kwargs,
        )

    def compress(self, data_list: Any) -> Any:
        given = dict(zip(self.parts, data_list or (), strict=False))
        return {name: value for name, value in given.items() if value} or None


class AddressField(PartsField):
    """A place from the list, and the street with the house in words."""

    def compress(self, data_list: Any) -> Any:
        given = super().compress(data_list) or {}
        return {**given["place"], "street": given.get("street", "")} if "place" in given else None


class AddressWidget(PartsWidget):
    def decompress(self, value: Any) -> list[Any]:
        given = value if isinstance(value, Mapping) else {}
        return [given.get("slug", ""), given.get("street", "")]


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


class TimeOfDayField(forms.TimeField):
    """Hours and minutes; kept as 09:30."""

    def clean(self, value: Any) -> str | None:
        time = super().clean(value)
        return f"{time:%H:%M}" if time else None


def _time(spec: Spec, choosers: Choosers) -> forms.Field:
    return TimeOfDayField(
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%H-%M"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Please write the time as 14:30.")},
    )


class PartOfDateField(forms.CharField):
    """A month, kept as 2026-12, or a year, kept as 2026."""

    def __init__(self, *, precision: str, when: str, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)
        self.precision, self.when = precision, when

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return ""
        first = self._first_day(text)
        today = timezone.localdate()
        if not FIRST_YEAR <= first.year <= LAST_YEAR:
            raise ValidationError(_("Please check the year."))
        kept, now = self._kept(first), self._kept(today)
        if self.when == "past" and kept > now:
            raise ValidationError(_("This is still to come. Please check the year."))
        if self.when == "future" and kept < now:
            raise ValidationError(_("This has passed. Please choose a later one."))
        return kept

    def _first_day(self, text: str) -> datetime.date:
        formats = ["%Y-%m", "%m.%Y", "%m/%Y"] if self.precision == "month" else ["%Y"]
        for each in formats:
            try:
                return datetime.datetime.strptime(text, each).date()
            except ValueError:
                continue
        raise ValidationError(
            _("Please write the month as 12.2026.")
            if self.precision == "month"
            else _("Please write the year with four digits."),
            code="invalid",
        )

    def _kept(self, day: datetime.date) -> str:
        return f"{day:%Y-%m}" if self.precision == "month" else f"{day:%Y}"


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
