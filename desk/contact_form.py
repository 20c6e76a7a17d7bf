"""What is asked of whoever registers: how it came, when, who said it, where it goes."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import Provider
from forms.models import BY_STAFF, CentreClock, Channel, Permission, Queue, Teller
from forms.registering import MOST_BACK, MOST_BACK_ON_PAPER, Registered

PREFIX = "r"
REGISTERS = "intake_forms.register_intakecase"
_AFTERWARDS = ("queue", "urgent", "take")
_NEEDS_HOUR = (Channel.VISIT, Channel.PHONE)


def own_centres(user: Any) -> Any:
    return Provider.objects.centres().of(user)


def registers_at(user: Any) -> Provider | None:
    """The centre that a person registers at; none for who has no right to, or no centre."""
    if not user.has_perm(REGISTERS):
        return None
    centre: Provider | None = own_centres(user).order_by("pk").first()
    return centre


class ContactForm(forms.Form):
    """The contact itself. What is wrong stands beside its field."""

    use_required_attribute = False
    channel = forms.ChoiceField(
        label=gettext_lazy("How it came"),
        choices=[(each.value, each.label) for each in BY_STAFF],
        widget=forms.RadioSelect(),
        error_messages={"required": gettext_lazy("Please choose how it came.")},
    )
    day = forms.DateField(
        label=gettext_lazy("Day"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("When they came, called or wrote. The term counts from this day."),
        error_messages={
            "invalid": gettext_lazy("There is no such day. Please write it as 25.12.2026."),
            "required": gettext_lazy("Please give the day."),
        },
    )
    hour = forms.TimeField(
        label=gettext_lazy("Time"),
        required=False,
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%H-%M"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text=gettext_lazy("Of a letter it may be left empty."),
        error_messages={"invalid": gettext_lazy("Please write the time as 14:30.")},
    )
    from_paper = forms.BooleanField(
        label=gettext_lazy("From paper: an entry of an old journal or card"),
        required=False,
        help_text=gettext_lazy(
            "Up to five years back. Term, journal and figures go by the day on the paper."
        ),
    )
    teller = forms.ChoiceField(
        label=gettext_lazy("Who says it"),
        choices=Teller.choices,
        widget=forms.RadioSelect(),
        error_messages={"required": gettext_lazy("Please choose who says it.")},
    )
    permission = forms.ChoiceField(
        label=gettext_lazy("Consent to keep the data"),
        choices=Permission.choices,
        widget=forms.RadioSelect(),
        help_text=gettext_lazy("Read the text of the consent aloud, or give it to be signed."),
        error_messages={"required": gettext_lazy("Please choose how the consent was given.")},
    )
    queue = forms.ModelChoiceField(
        Queue.objects.none(),
        label=gettext_lazy("Where it goes"),
        required=False,
        empty_label=gettext_lazy("by the rules"),
    )
    urgent = forms.BooleanField(label=gettext_lazy("It is urgent"), required=False)
    take = forms.BooleanField(label=gettext_lazy("Take to work at once"), required=False)

    def __init__(
        self, user: Any, *, needs_permission: bool, judged: bool = True, **kwargs: Any
    ) -> None:
        """:param needs_permission: the form asks for a consent.
        :param judged: False shows what was typed without telling what is wrong with it.
        """
        super().__init__(prefix=PREFIX, **kwargs)
        self.user, self.judged = user, judged
        if not needs_permission:
            del self.fields["permission"]
        field = self.fields["queue"]
        assert isinstance(field, forms.ModelChoiceField)
        queues = Queue.objects.in_use().filter(centre__in=own_centres(user))
        field.queryset = queues.select_related("centre")

    def first_part(self) -> list[forms.BoundField]:
        """Asked before the questions of the form; the rest after them."""
        return [field for field in self if field.name not in _AFTERWARDS]

    def last_part(self) -> list[forms.BoundField]:
        return [field for field in self if field.name in _AFTERWARDS]

    @staticmethod
    def at_first(channel: str = "") -> dict[str, Any]:
        """What stands in a blank one."""
        now = timezone.localtime()
        return {
            "channel": channel if channel in BY_STAFF else Channel.VISIT,
            "day": now.date(),
            "hour": now.time().replace(second=0, microsecond=0),
            "teller": Teller.PERSON,
            "permission": Permission.SPOKEN if channel == Channel.PHONE else Permission.SIGNED,
        }

    def full_clean(self) -> None:
        super().full_clean()
        if not self.judged:
            self._errors = ErrorDict()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "day" in cleaned and "hour" in cleaned and "channel" in cleaned:
            self._judge_moment(cleaned)
        return cleaned

    def _judge_moment(self, cleaned: dict[str, Any]) -> None:
        now, day = timezone.localtime(), cleaned["day"]
        hour = cleaned["hour"]
        if hour is None and cleaned["channel"] in _NEEDS_HOUR and not cleaned["from_paper"]:
            self.add_error("hour", _("Please give the time."))
            return
        moment = timezone.make_aware(datetime.datetime.combine(day, hour or datetime.time()))
        most = MOST_BACK_ON_PAPER if cleaned["from_paper"] else MOST_BACK
        first = self._records_since() if cleaned["from_paper"] else None
        if moment > now:
            wrong = "day" if day > now.date() else "hour"
            self.add_error(wrong, _("This is still to come. Please check it."))
        elif now - moment > most:
            self.add_error(
                "day",
                _("This is more than five years ago. Please check the year.")
                if cleaned["from_paper"]
                else _("This is more than a month ago. Is it old paper? Then tick it below."),
            )
        elif first and day < first:
            told = _("The records of the centre begin on %(day)s. Please check the day.")
            self.add_error("day", told % {"day": f"{first:%d.%m.%Y}"})
        cleaned["contacted_at"] = moment

    def _records_since(self) -> datetime.date | None:
        """The day before which the centre that registers has no paper."""
        clocks = CentreClock.objects.filter(centre=registers_at(self.user))
        first: datetime.date | None = clocks.values_list("records_since", flat=True).first()
        return first

    def told(self, unasked: list[str]) -> Registered:
        """The contact, once it is judged to be whole."""
        cleaned = self.cleaned_data
        permission = cleaned.get("permission")
        return Registered(
            by=self.user,
            contacted_at=cleaned["contacted_at"],
            teller=Teller(cleaned["teller"]),
            permission=Permission(permission) if permission else None,
            from_paper=cleaned["from_paper"],
            unasked=unasked,
        )
