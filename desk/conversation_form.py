"""«Записать разговор»: how and when the family was talked to, what was said, when to try again."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms import conversing, talk
from forms.conversing import Held
from forms.fields import TextField
from forms.models import Direction, IntakeCase, State, TalkResult, TalkWay
from themes.templatetags.russian import human_date

LONGEST_AHEAD = datetime.timedelta(days=183)
NOT_MET = (TalkResult.NOT_REACHED, TalkResult.WRONG)
_DIRECTIONS = (
    (Direction.TO_FAMILY, gettext_lazy("we turned to the family")),
    (Direction.FROM_FAMILY, gettext_lazy("the family turned to us")),
)


def moment_field(label: Any, **more: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        error_messages={
            "invalid": gettext_lazy("Please write day and time: 25.12.2026 14:30."),
            "required": gettext_lazy("Please write day and time: 25.12.2026 14:30."),
        },
        **more,
    )


class ConversationForm(forms.Form):
    """A talk that was held, or a try that did not reach the family."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    writing_id = forms.UUIDField(widget=forms.HiddenInput())
    way = forms.ChoiceField(
        label=gettext_lazy("How you talked"),
        choices=TalkWay.choices,
        error_messages={"required": gettext_lazy("Please choose how you talked.")},
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Who began"),
        choices=_DIRECTIONS,
        error_messages={"required": gettext_lazy("Please choose who began.")},
    )
    held_at = moment_field(gettext_lazy("When"))
    result = forms.ChoiceField(
        label=gettext_lazy("What came of it"),
        choices=TalkResult.choices,
        error_messages={"required": gettext_lazy("Please choose what came of it.")},
    )
    text = TextField(
        label=gettext_lazy("What was said, for colleagues only"),
        required=False,
        max_length=talk.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "class": "is-note"}),
    )
    next_try_at = moment_field(
        gettext_lazy("Next try"),
        required=False,
        help_text=gettext_lazy("May be left empty. Whoever holds the case finds it in “Today”."),
    )
    for_family = TextField(
        label=gettext_lazy("What the family reads on its page"),
        help_text=gettext_lazy(
            "May be left empty: then it sees nothing of the talk. What you write goes as a message."
        ),
        required=False,
        max_length=talk.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    goes_on = forms.BooleanField(
        label=gettext_lazy("The family has answered: go on with the work"), required=False
    )

    def __init__(self, case: IntakeCase, user: Any, data: Any = None, initial: Any = None) -> None:
        at_first = {
            "writing_id": uuid.uuid4(),
            "held_at": timezone.localtime().replace(second=0, microsecond=0, tzinfo=None),
            "direction": Direction.TO_FAMILY,
        }
        super().__init__(data, initial={**at_first, **(initial or {})}, auto_id="talk-%s")
        self.case = case
        if not conversing.may_write(case, user):
            del self.fields["for_family"]
        if case.state != State.WAITING_FAMILY:
            del self.fields["goes_on"]

    def clean_held_at(self) -> datetime.datetime:
        held: datetime.datetime = self.cleaned_data["held_at"]
        first = min(self.case.created_at, self.case.contact_at)
        if held > timezone.now():
            raise forms.ValidationError(_("This has not happened yet."))
        if timezone.localdate(held) < timezone.localdate(first):
            raise forms.ValidationError(
                _("The case came on %(day)s: the talk was not before it. Is the day right?")
                % {"day": human_date(first)}
            )
        return held

    def clean_next_try_at(self) -> datetime.datetime | None:
        moment: datetime.datetime | None = self.cleaned_data["next_try_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError(_("This is over already. Please give a later moment."))
        if moment is not None and moment > timezone.now() + LONGEST_AHEAD:
            raise forms.ValidationError(_("This is in more than half a year. Is the day right?"))
        return moment

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        result = cleaned.get("result")
        if cleaned.get("direction") == Direction.FROM_FAMILY and result in NOT_MET:
            self.add_error("result", _("It turned to you itself: so it was reached."))
        if result == TalkResult.TALKED and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("Please write in a few words what was said."))
        if cleaned.get("goes_on") and result in NOT_MET:
            self.add_error("goes_on", _("It was not reached, so it has not answered."))
        return cleaned

    @property
    def held(self) -> Held:
        """The talk, once it is judged to be whole."""
        cleaned = self.cleaned_data
        return Held(
            TalkWay(cleaned["way"]),
            Direction(cleaned["direction"]),
            cleaned["held_at"],
            TalkResult(cleaned["result"]),
            cleaned["text"],
            cleaned["next_try_at"],
            cleaned.get("for_family", ""),
            cleaned.get("goes_on", False),
        )
