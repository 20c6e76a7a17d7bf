"""Fields of Django for what families type and choose: cleaned to what is kept of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.ru import inn

from forms import snils
from forms.choosers import Choosers

REGION = "RU"
FIRST_YEAR = 1900
LAST_YEAR = 2100
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_AROUND_NUMBERS = re.compile(r"\s|(₽|руб(лей|ля|ль|\.)?|р\.)\s*$", re.IGNORECASE)


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


class TimeOfDayField(forms.TimeField):
    """Hours and minutes; kept as 09:30."""

    def clean(self, value: Any) -> str | None:
        time = super().clean(value)
        return f"{time:%H:%M}" if time else None


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
