"""The form of each move: only what it needs, with what may be chosen for this case."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms import moves, talk
from forms.actions import MOVES, Move, Need, Text, reasons_of
from forms.fields import TextField
from forms.models import OPEN, IntakeCase, Queue
from forms.references import MAX_TYPED, folded

NO_CHOICE = ("", gettext_lazy("Choose"))


class MoveForm(forms.Form):
    """What a move needs, and the version of the page that it is made from.

    `cleaned_data` without `version` is what `forms.moves.move` takes.
    """

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput())
    writing_id = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, move: Move, case: IntakeCase, user: Any, data: Any = None, initial: Any = None
    ) -> None:
        initial = {"version": case.version, "writing_id": uuid.uuid4(), **(initial or {})}
        super().__init__(data, initial=initial, auto_id=f"{move.action}-%s")
        self.move, self.case, self.user = move, case, user
        for name, field in _FIELDS.items():
            made = field(self)
            if made is not None:
                self.fields[name] = made

    def clean_other(self) -> IntakeCase | None:
        """The case of a number; only an open one of the centre that the person sees."""
        visible = IntakeCase.objects.visible_to(self.user).filter(centre=self.case.centre_id)
        ref = folded(self.cleaned_data["other"])
        found = visible.filter(ref=ref, state__in=OPEN).exclude(pk=self.case.pk).first()
        if found is None:
            raise forms.ValidationError(_("There is no open case with this number."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.move.outcomes and "outcome" in cleaned:
            wanted = reasons_of(self.move, cleaned["outcome"])
            if wanted and cleaned.get("reason") not in wanted:
                self.add_error("reason", _("Please choose the reason."))
            elif not wanted:
                cleaned["reason"] = ""
        return cleaned


def panels(case: IntakeCase, user: Any, typed: MoveForm | None = None) -> list[dict[str, Any]]:
    """Every move with its form, or with the reason why it cannot be made now.

    :param typed: a form that could not be used; it stands in its place with what was typed.
    """
    found = []
    for move in MOVES.values():
        why_not = moves.obstacle(move, case, user)
        mine = typed is not None and typed.move == move
        form = typed if mine else None if why_not else MoveForm(move, case, user)
        found.append({"move": move, "why_not": why_not, "form": form, "open": mine})
    return found


def _text(form: MoveForm) -> forms.Field | None:
    if form.move.text == Text.NONE:
        return None
    to_family = form.move.text == Text.MESSAGE
    return TextField(
        label=_("Text for the family") if to_family else _("Reason, for colleagues only"),
        max_length=talk.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "class": "" if to_family else "is-note"}),
        error_messages={"required": _("Please write something first.")},
    )


def _outcome(form: MoveForm) -> forms.Field | None:
    if not form.move.outcomes:
        return None
    return forms.ChoiceField(
        label=_("Outcome"),
        choices=[NO_CHOICE, *((one.value, one.label) for one in form.move.outcomes)],
        error_messages={"required": _("Please choose the outcome.")},
    )


def _reason(form: MoveForm) -> forms.Field | None:
    """Where it hangs on the outcome, it is demanded when the outcome is known."""
    if not form.move.reasons:
        return None
    always = reasons_of(form.move)
    known = always or [one for some in form.move.reasons.values() for one in some]
    (outcome, *_rest) = form.move.reasons
    return forms.ChoiceField(
        label=_("Reason"),
        required=bool(always),
        choices=[NO_CHOICE, *((one.value, one.label) for one in known)],
        help_text=""
        if always
        else _("Only for the outcome “%(outcome)s”.")
        % {"outcome": next(one.label for one in form.move.outcomes if one == outcome)},
        error_messages={"required": _("Please choose the reason.")},
    )


def _queue(form: MoveForm) -> forms.Field | None:
    if form.move.needs != Need.QUEUE:
        return None
    queues = Queue.objects.in_use().select_related("centre").exclude(pk=form.case.queue_id)
    return forms.ModelChoiceField(
        queues,
        label=_("Queue"),
        empty_label=_("Choose"),
        error_messages={"required": _("Please choose the queue.")},
    )


def _person(form: MoveForm) -> forms.Field | None:
    if form.move.needs != Need.PERSON:
        return None
    people = moves.colleagues(form.case)
    if form.case.assignee_id is not None:
        people = people.exclude(pk=form.case.assignee_id)
    return forms.ModelChoiceField(
        people,
        label=_("Colleague"),
        empty_label=_("Choose"),
        error_messages={"required": _("Please choose the colleague.")},
    )


def _other(form: MoveForm) -> forms.Field | None:
    if form.move.needs != Need.CASE:
        return None
    return forms.CharField(
        label=_("Number of the other case"),
        max_length=MAX_TYPED,
        help_text=_("It stays open; this one is closed as sent twice."),
        error_messages={"required": _("Please write the number.")},
    )


_FIELDS = {
    "outcome": _outcome,
    "reason": _reason,
    "queue": _queue,
    "person": _person,
    "other": _other,
    "text": _text,
}
