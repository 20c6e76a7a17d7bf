"""«Проверка формы»: what an editor sees before a form is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from wagtail.permissions import policy_registry

from forms import dry_run
from forms.answers import AnswerForm
from forms.compiling import SchemaError, compile_form
from forms.linting.findings import Finding
from forms.linting.paths import Paths
from forms.linting.samples import Sample, samples
from forms.models import FormDefinition
from forms.reading import AnsweredStep, Heading, as_asked
from forms.terms import Calendar
from forms.views.preview import previewed
from forms.views.publish import begun, difference, way_to_publish
from forms.views.rules import told as told_rules

COMMENT = "form_approval_comment"  # in the session: what a reviewer wrote before the check


@dataclass(frozen=True)
class Told:
    """A finding, or a sample, with its answers in words."""

    about: Finding | Sample
    steps: list[AnsweredStep]
    number: str = ""  # under which the preview is opened


def check(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of the check."""
    definition, schema = _draft(request, pk)
    report = dry_run.check(definition, schema)
    in_force = definition.version_in_force()
    context = {
        "definition": definition,
        "refusal": _refusal(definition),
        "report": report,
        "errors": _told(report.errors, schema, "e"),
        "warnings": _told(report.warnings, schema, "w"),
        "samples": _told(_samples(definition, schema), schema, "s"),
        "due": Calendar().due_after(timezone.now(), definition.topic.answer_days),
        "rules": told_rules(definition, _builder(definition)),
        "in_force": in_force,
        "changes": difference(in_force, definition),
        "begun": begun(definition) if in_force else 0,
        "way": way_to_publish(request.user, definition),
        "revision": definition.latest_revision_id,
        "comment": request.session.pop(COMMENT, ""),
        "is_new": definition.has_unpublished_changes or not definition.live,
        "later": definition.go_live_at if _is_later(definition) else None,
    }
    return render(request, "intake_forms/admin/check.html", context)


def preview(request: HttpRequest, pk: int, number: str) -> HttpResponse:
    """The form with the answers of a finding or of a sample."""
    definition, schema = _draft(request, pk)
    report = dry_run.check(definition, schema)
    lists = {"e": report.errors, "w": report.warnings, "s": None}
    if number[:1] not in lists or not number[1:].isascii() or not number[1:].isdigit():
        raise Http404
    found: Any = lists[number[0]]
    if found is None:
        found = _samples(definition, schema)
    index = int(number[1:6])
    if index >= len(found):
        raise Http404
    return previewed(request, definition, AnswerForm(schema, known=found[index].answers))


def _draft(request: HttpRequest, pk: int) -> tuple[FormDefinition, dict[str, Any]]:
    """The newest draft of a form that this person may edit or put in force."""
    definition = get_object_or_404(FormDefinition.objects.select_related("topic"), pk=pk)
    policy = policy_registry.get_by_type(FormDefinition)
    may = policy.user_has_permission_for_instance(request.user, "change", definition)
    if not may and not way_to_publish(request.user, definition):
        raise PermissionDenied
    draft = definition.get_latest_revision_as_object()
    return draft, compile_form(draft, strict=False)


def _is_later(definition: FormDefinition) -> bool:
    return bool(definition.go_live_at and definition.go_live_at > timezone.now())


def _builder(definition: FormDefinition) -> str:
    return reverse(definition.snippet_viewset.get_url_name("edit"), args=[definition.pk])


def _refusal(definition: FormDefinition) -> str:
    """Why the blocks themselves cannot be published yet."""
    try:
        compile_form(definition)
    except SchemaError as error:
        return str(error)
    return ""


def _samples(definition: FormDefinition, schema: dict[str, Any]) -> list[Sample]:
    paths = Paths(schema, dry_run.lists_for(schema), timezone.localdate())
    return samples(paths, dry_run.router_for(definition))


def _told(found: Any, schema: dict[str, Any], letter: str) -> list[Told]:
    day = timezone.localdate()
    return [
        Told(each, _answered(each.answers, schema, day), f"{letter}{number}")
        for number, each in enumerate(found)
    ]


def _answered(answers: Mapping[str, Any], schema: dict[str, Any], day: Any) -> list[AnsweredStep]:
    """Only what was answered."""
    steps = [
        AnsweredStep(
            step.title,
            [each for each in step.answers if isinstance(each, Heading) or each.text],
        )
        for step in as_asked(schema, answers, day)
    ]
    return [step for step in steps if step.answers] if answers else []
