"""How a family may be reached: what it answered to a question of the kind `contact`.

The answer is `{"ways": ["call", "sms"], "phone": "+79211234567", "voice": true, "time": "утром"}`:
`ways` is `["page"]` alone or some of call, sms and email; `phone` and `email` are there when a way
needs them, `voice` (a message may be left) and `time` only beside a call that they are about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forms.compiling import fields_of, lifted
from forms.models import ContactNow, IntakeCase, Submission

CALL, SMS, EMAIL, PAGE = "call", "sms", "email", "page"
WAYS: dict[str, str | Promise] = {
    CALL: _("You may call me"),
    SMS: _("You may send me an SMS"),
    EMAIL: _("You may write to my e-mail"),
    PAGE: _("None of this: I will look at the page of the request myself"),
}
LONGEST_TIME = 100


@dataclass(frozen=True)
class Wishes:
    """What a family allows. Nothing is sent, and nobody is called, in a way that is not among them."""

    ways: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    voice: bool = False
    time: str = ""

    @property
    def may_call(self) -> bool:
        return CALL in self.ways

    def addresses(self) -> Iterator[tuple[str, str]]:
        """The ways in which a message may be sent, each with where it goes."""
        for way, address in ((SMS, self.phone), (EMAIL, self.email)):
            if way in self.ways and address:
                yield way, address


def contact_in(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was answered when the form was sent; None when it was not asked, or nothing said."""
    for node in fields_of(lifted(dict(schema))):
        answer = answers.get(node["key"])
        if node["type"] == "contact" and answer:
            return dict(answer)
    return None


def changed_contact(submission: Submission) -> ContactNow | None:
    """What the family has said since (forms.recontacting)."""
    try:
        return submission.contact_now
    except ContactNow.DoesNotExist:
        return None


def contact_of(submission: Submission) -> dict[str, Any] | None:
    """The answer that counts now.

    :raises forms.models.Erased: the personal data were erased.
    """
    changed = changed_contact(submission)
    if changed is not None:
        return changed.read()
    return contact_in(submission.version.schema, submission.read_answers())


def wishes_of(case: IntakeCase) -> Wishes | None:
    """What the family allows now; None when it was not asked, or said nothing.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    return wishes_in(contact_of(case.submission))


def wishes_in(answer: Mapping[str, Any] | None) -> Wishes | None:
    return Wishes(**{**answer, "ways": tuple(answer["ways"])}) if answer else None


class ContactWidget(forms.MultiWidget):
    """The ways to tick, and what each of them needs; a stylesheet hides what no tick needs."""

    template_name = "intake_forms/contact.html"

    def __init__(self, parts: Mapping[str, forms.Field]) -> None:
        super().__init__({name: field.widget for name, field in parts.items()})
        self.parts = parts

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for inner, (part, field) in zip(
            context["widget"]["subwidgets"], self.parts.items(), strict=True
        ):
            inner["part"], inner["label"], inner["hint"] = part, field.label, field.help_text
        return context

    def decompress(self, value: Any) -> list[Any]:
        given = value if isinstance(value, Mapping) else {}
        return [given.get(name) for name in self.parts]


class ContactField(forms.MultiValueField):
    """What is typed beside a way that was not ticked is dropped, whatever it is."""

    default_error_messages = {
        "contradiction": _(
            "You have ticked that we should not write or call, and a way to do it. "
            "Please leave one of the two."
        ),
        "phone": _("Please give the phone that is safe for this."),
        "email": _("Please give the e-mail address that is safe for this."),
    }

    def __init__(self, *, phone: forms.Field, email: forms.Field, **kwargs: Any) -> None:
        self.parts: dict[str, forms.Field] = {
            "ways": forms.MultipleChoiceField(
                label=_("Ways"),
                choices=list(WAYS.items()),
                widget=forms.CheckboxSelectMultiple(),
                error_messages={"invalid_choice": _("Please choose from the list.")},
            ),
            "phone": phone,
            "email": email,
            "voice": forms.BooleanField(
                label=_("You may leave a voice message or say who called"),
            ),
            "time": forms.CharField(
                label=_("When is it best to call"),
                help_text=_("For example: on weekdays until noon."),
                max_length=LONGEST_TIME,
            ),
        }
        self.parts["phone"].label = _("Safe phone")
        self.parts["email"].label = _("Safe e-mail")
        for part in self.parts.values():
            part.required = part.widget.is_required = False
        super().__init__(
            fields=tuple(self.parts.values()),
            widget=ContactWidget(self.parts),
            require_all_fields=False,
            **kwargs,
        )
        self.choices = [*WAYS.items(), (str(True), self.parts["voice"].label)]

    def clean(self, value: Any) -> dict[str, Any] | None:
        typed = dict(zip(self.parts, value or [None] * len(self.parts), strict=True))
        ways = [way for way in WAYS if way in self.parts["ways"].clean(typed["ways"])]
        if not ways:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if PAGE in ways and len(ways) > 1:
            raise ValidationError(self.error_messages["contradiction"], code="invalid")
        answer: dict[str, Any] = {"ways": ways}
        for part, needing in (("phone", {CALL, SMS}), ("email", {EMAIL})):
            if needing & set(ways):
                answer[part] = self._needed(part, typed[part])
        if CALL in ways:
            told = {part: self.parts[part].clean(typed[part]) for part in ("voice", "time")}
            answer |= {part: said for part, said in told.items() if said}
        return answer

    def _needed(self, part: str, value: Any) -> Any:
        cleaned = self.parts[part].clean(value)
        if not cleaned:
            raise ValidationError(self.error_messages[part], code="invalid")
        return cleaned
