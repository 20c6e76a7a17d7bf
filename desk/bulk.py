"""The same done to many cases: chosen on the list, done in the background, told for each.

A row is done in one transaction with its mark, so a worker that is killed leaves it done or not
begun. Rights are looked at when it is done, as if the owner had pressed the button of that case.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.models import User
from desk.models import BulkAction, BulkJob, BulkRow, RowState
from desk.narrowing import FilterForm, narrowed, tab_of
from forms import moves, reasons, sorting
from forms.absences import away
from forms.actions import MOVES, Action
from forms.crypto import CryptoError
from forms.models import Absence, Erased, IntakeCase, Queue
from forms.reasons import Reason
from forms.visibility import scope_of

LONGEST_QUERY = 1000
# Without the one that points to a note: for many cases at once none is typed.
_REASONS = {
    action: tuple(one for one in known if one != Reason.OTHER)
    for action, known in (
        (BulkAction.ASSIGN, reasons.TO_ASSIGN),
        (BulkAction.ROUTE, reasons.TO_ROUTE),
        (BulkAction.RELEASE, reasons.TO_RELEASE),
    )
}
_PERSON = (BulkAction.ASSIGN, BulkAction.CURATOR)


class BulkForm(forms.Form):
    """What shall be done, with whom or where, and to which cases."""

    MOST = 1000
    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    query = forms.CharField(required=False, max_length=LONGEST_QUERY, widget=forms.HiddenInput())
    all = forms.BooleanField(
        label=gettext_lazy("With all that the tab and the filter find"), required=False
    )
    action = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[("", gettext_lazy("Choose")), *BulkAction.choices],
        error_messages={"required": gettext_lazy("Please choose what to do.")},
    )
    person = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Colleague"), required=False
    )
    queue = forms.ModelChoiceField(
        Queue.objects.none(), label=gettext_lazy("Queue"), required=False
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)

    def __init__(self, user: Any, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="bulk-%s", **kwargs)
        self.user = user
        people = User.objects.filter(
            memberships__provider__in=scope_of(user).centres, is_active=True
        ).exclude(pk__in=away())
        people = people.distinct()
        for name, rows in (
            ("person", people.order_by("last_name", "first_name", "pk")),
            ("queue", Queue.objects.in_use().select_related("centre")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset, field.empty_label = rows, _("Choose")
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)
        # Under the name of the action that each belongs to.
        reason.choices = [
            ("", _("Choose")),
            *(
                (BulkAction(action).label, [(one.value, one.label) for one in known])
                for action, known in _REASONS.items()
            ),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        action = cleaned.get("action")
        if action in _PERSON and not cleaned.get("person"):
            self.add_error("person", _("Please choose the colleague."))
        if action == BulkAction.ROUTE and not cleaned.get("queue"):
            self.add_error("queue", _("Please choose the queue."))
        if action in _REASONS and cleaned.get("reason") not in _REASONS[BulkAction(action)]:
            self.add_error("reason", _("Please choose a reason of this action."))
        return cleaned

    def cases(self, ticked: Iterable[str]) -> list[int]:
        """Keys of the cases: those that were ticked, or all that the filter finds."""
        visible = IntakeCase.objects.visible_to(self.user)
        if self.cleaned_data["all"]:
            asked = QueryDict(self.cleaned_data["query"])
            filtering = FilterForm(self.user, data=asked)
            visible = narrowed(visible, tab_of(self.user, asked), filtering)
        else:
            keys = {int(key) for key in ticked if key.isdecimal() and len(key) < 19}
            visible = visible.filter(pk__in=keys)
        return list(visible.order_by("due_at", "pk").values_list("pk", flat=True)[: self.MOST])

    def given(self) -> dict[str, Any]:
        """Codes and ids of what belongs to the action, and nothing else."""
        cleaned, action = self.cleaned_data, BulkAction(self.cleaned_data["action"])
        given: dict[str, Any] = {}
        if action in _PERSON:
            given["person"] = cleaned["person"].pk
        if action == BulkAction.ROUTE:
            given["queue"] = cleaned["queue"].pk
        if action in _REASONS:
            given["reason"] = cleaned["reason"]
        return given


@transaction.atomic
def begin(*, owner: Any, action: str, given: dict[str, Any], cases: Iterable[int]) -> BulkJob:
    """Write down what shall be done; the task comes with it or not at all."""
    from desk.tasks import do_bulk

    job = BulkJob.objects.create(owner=owner, action=action, given=given)
    BulkRow.objects.bulk_create([BulkRow(job=job, case_id=key) for key in cases])
    do_bulk.defer(job=str(job.pk))
    return job


def work(job_id: uuid.UUID | str) -> int:
    """Do what is left of a job; how many rows. Harmless when repeated, and beside another worker."""
    job = BulkJob.objects.select_related("owner").filter(pk=job_id).first()
    done = 0
    while job is not None and _one(job):
        done += 1
    return done


@transaction.atomic
def _one(job: BulkJob) -> bool:
    rows = BulkRow.objects.filter(job=job, state=RowState.WAITING)
    row = rows.select_for_update(skip_locked=True).order_by("pk").first()
    if row is None:
        return False
    # Read anew for each row: who has left, or has lost a right, does nothing more.
    owner = User.objects.get(pk=job.owner_id)
    row.why = _do(job, row.case_id, owner)[:200]
    row.state = RowState.NOT_DONE if row.why else RowState.DONE
    row.save(update_fields=["state", "why"])
    return True


def _do(job: BulkJob, case_id: int, owner: User) -> str:
    """Do it to one case; why it was not done, empty when it was."""
    case = IntakeCase.objects.visible_to(owner).filter(pk=case_id).first()
    if case is None:
        return _("The case is no longer open to you.")
    try:
        with transaction.atomic():
            if job.action == BulkAction.CURATOR:
                return _name_curator(job, case, owner)
            return _move(job, case, owner)
    except IntakeCase.DoesNotExist:
        return _("The case is no longer open to you.")
    except moves.StaleCase:
        return _("Somebody has changed the case at the same moment.")
    except (moves.NotAllowed, Erased, CryptoError):
        return _("This cannot be done with this case.")


def _move(job: BulkJob, case: IntakeCase, owner: User) -> str:
    move = MOVES[Action(job.action)]
    if why_not := moves.obstacle(move, case, owner):
        return str(why_not)
    chosen: dict[str, Any] = {"reason": job.given["reason"]}
    if job.action == BulkAction.ASSIGN:
        chosen["person"] = User.objects.filter(pk=job.given["person"]).first()
        if why_not := _cannot_have(case, job.given["person"]):
            return why_not
        if case.assignee_id == job.given["person"]:
            return _("The colleague holds it already.")
    else:
        # The note that such a move wants: the reason in words, so that nothing is typed for many.
        labels = {one.value: one.label for one in _REASONS[BulkAction(job.action)]}
        chosen["text"] = str(labels[job.given["reason"]])
    if job.action == BulkAction.ROUTE:
        chosen["queue"] = Queue.objects.in_use().filter(pk=job.given["queue"]).first()
        if chosen["queue"] is None or case.queue_id == job.given["queue"]:
            return _("It lies in this queue already, or the queue is retired.")
    moves.move(case_id=case.pk, action=move.action, actor=owner, version=case.version, **chosen)
    return ""


def _cannot_have(case: IntakeCase, person: int) -> str:
    """Why a colleague gets no such case; empty when it does."""
    if moves.colleagues(case).filter(pk=person).exists():
        return ""
    if Absence.objects.in_force().filter(person=person).exists():
        return _("The colleague is away now.")
    return _("The colleague does not work on such cases.")


def _name_curator(job: BulkJob, case: IntakeCase, owner: User) -> str:
    if not sorting.may_sort(case, owner):
        return _("This cannot be done with this case.")
    if why_not := _cannot_have(case, job.given["person"]):
        return why_not
    curator = User.objects.get(pk=job.given["person"])
    wanted = sorting.Sorted(case.topic, case.urgent, case.secret, curator)
    sorting.sort(case_id=case.pk, actor=owner, version=case.version, wanted=wanted)
    return ""
