"""Filling in a register about a case: fields from its definition, first values from the case."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.models import Situation
from forms.choosers import Choosers
from forms.events import record
from forms.fields import ChosenField, TextField
from forms.models import EventKind, IntakeCase, Register, RegisterEntry

MAX_TEXT = 4000
# Not typed in by hand: numbers that the portal gives, files, facts of a family.
_NOT_TYPED = ("auto", "file", "files", "facts", "history")


class StaleEntry(Exception):
    """Somebody has saved the entry since the page was opened."""


class EntryForm(forms.Form):
    """The fields of a register. Nothing is demanded: a journal is filled in as the work goes.

    :param hidden: values that are shown masked, by names of fields: they cannot be changed so.
    """

    use_required_attribute = False

    def __init__(
        self, register: Register, *, hidden: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(prefix="r", **kwargs)
        self.hidden = {**hidden} if hidden else {}
        choosers = Choosers()
        for spec in register.fields:
            if spec["type"] not in _NOT_TYPED:
                field = _BUILDERS.get(spec["type"], _text)(choosers)
                field.label, field.required = spec["label"], False
                self.fields[spec["name"]] = field
        self.initial = {**self.initial, **self.hidden}
        for name in self.hidden:
            self.fields[name].disabled = True

    def values(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What was filled in, as plain JSON.

        :param before: what was there; it stays where it was hidden.
        """
        filled = {**self.cleaned_data, **{name: before[name] for name in self.hidden}}
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else _plain(value)
            for name, value in filled.items()
            if value not in (None, "")
        }


def registers_of(case: IntakeCase) -> list[Register]:
    """Registers that are kept about such a case."""
    rows = Register.objects.filter(on_case=True).prefetch_related("topics")
    return [
        register
        for register in rows
        if not (topics := register.topics.all()) or case.topic_id in {one.pk for one in topics}
    ]


def read_entry(entry: RegisterEntry, case: IntakeCase) -> dict[str, Any]:
    """:raises forms.models.Erased: the personal data of the case were erased."""
    plain = case.submission.data_key.open(_purpose(entry.register), entry.values)
    values: dict[str, Any] = json.loads(plain)
    return values


def initial_values(
    register: Register, case: IntakeCase, entry: RegisterEntry | None, known: Mapping[str, Any]
) -> dict[str, Any]:
    """What was saved before; in a new entry, what the case already tells: nothing twice.

    :param known: by name of field: text, moment, {"slug", "title"} or a list of these.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    values = known if entry is None else read_entry(entry, case)
    return {
        spec["name"]: _for_field(values.get(spec["name"], ""), spec["type"])
        for spec in register.fields
    }


@transaction.atomic
def save_entry(
    *, case: IntakeCase, register: Register, values: Mapping[str, Any], version: int, actor: Any
) -> RegisterEntry:
    """Keep what was filled in.

    :param version: of the entry on the page; 0 when there was none.
    :raises StaleEntry: somebody saved it meanwhile.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    locked = IntakeCase.objects.locked(case.pk)
    entry = RegisterEntry.objects.filter(case=locked, register=register).first()
    if (entry.version if entry else 0) != version:
        raise StaleEntry
    entry = entry or RegisterEntry(case=locked, register=register, version=0)
    plain = json.dumps(values, ensure_ascii=False).encode()
    entry.values = locked.submission.data_key.seal(_purpose(register), plain)
    entry.version += 1
    entry.updated_at, entry.updated_by = timezone.now(), actor
    entry.save()
    record(locked, EventKind.REGISTERED, actor=actor, register=register.pk, version=entry.version)
    return entry


def _purpose(register: Register) -> str:
    return f"register:{register.slug}"


def _for_field(value: Any, kind: str) -> Any:
    """A value as its field shows it; what it cannot show is left to whoever fills it in."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        return value["slug"]
    if kind in ("number", "money"):
        try:
            return Decimal(value)
        except InvalidOperation:
            return ""
    if kind in ("date", "datetime") and isinstance(value, str) and value:
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            return ""
    if isinstance(value, datetime.datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
        return value.date() if kind == "date" else value
    return value


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str | dict) else str(value)


def _text(choosers: Choosers) -> forms.Field:
    return TextField(max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 2}))


def _line(choosers: Choosers) -> forms.Field:
    return TextField(max_length=300)


def _day(choosers: Choosers) -> forms.Field:
    return forms.DateField(
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )


def _moment(choosers: Choosers) -> forms.Field:
    return forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M", "%d.%m.%Y"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )


def _flag(choosers: Choosers) -> forms.Field:
    return forms.ChoiceField(choices=[("", "–"), ("yes", _("yes")), ("no", _("no"))])


def _number(choosers: Choosers) -> forms.Field:
    return forms.DecimalField(max_digits=14, decimal_places=2, localize=True)


def _one_to_five(choosers: Choosers) -> forms.Field:
    return forms.ChoiceField(choices=[("", "–"), *((str(n), str(n)) for n in range(1, 6))])


def _of(options: Callable[[Choosers], list[Any]]) -> Callable[[Choosers], forms.Field]:
    return lambda choosers: ChosenField(choices=[("", "–"), *options(choosers)])


def _situations(choosers: Choosers) -> list[Any]:
    return list(Situation.objects.values_list("slug", "title"))


_BUILDERS: dict[str, Callable[[Choosers], forms.Field]] = {
    "int": _line,  # journals number in their own ways: 12/б
    "number": _number,
    "money": _number,
    "date": _day,
    "datetime": _moment,
    "bool": _flag,
    "choice": _line,
    "1-5": _one_to_five,
    "ref:person": _line,
    "ref:family": _line,
    "ref:user": _line,
    "ref:territory": _of(lambda choosers: choosers.territories),
    "ref:measure": _of(lambda choosers: choosers.measures),
    "ref:provider": _of(lambda choosers: choosers.providers),
    "ref:situation": _of(_situations),
}
