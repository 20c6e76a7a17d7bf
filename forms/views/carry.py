"""A form as a file, a copy of a form, and where a form is used."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages
from wagtail.permissions import policy_registry

from forms.compiling import compile_form, nodes_of
from forms.consistency import NESTED
from forms.dry_run import mistakes
from forms.models import FormDefinition
from forms.portable import LARGEST, Arrived, NotAForm, as_file, from_file, tried
from forms.usage import usage_of

SALT = "forms.carry"
LONGEST_CARRIED = 600_000  # of a file between its report and the «yes»; packed
FORGOTTEN = 6 * 60 * 60  # seconds: then the file has to be chosen again


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest draft as a file."""
    definition = _editable(request, pk)
    response = HttpResponse(
        as_file(definition.get_latest_revision_as_object()),
        content_type="application/json; charset=utf-8",
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{definition.slug}.json"'
    return response


def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Another form with the same questions, as a draft."""
    definition = _editable(request, pk)
    _may_add(request)
    if request.method == "POST":
        draft = definition.get_latest_revision_as_object()
        made = from_file(as_file(draft).encode(), user=request.user).definition
        messages.success(
            request, _("This is the copy. Give it a name of its own: families do not see it yet.")
        )
        return redirect(_builder(made))
    return render(request, "intake_forms/admin/copy.html", {"definition": definition})


@require_safe
def usage(request: HttpRequest, pk: int) -> HttpResponse:
    definition = _editable(request, pk)
    context = {"definition": definition, "usage": usage_of(definition)}
    return render(request, "intake_forms/admin/usage.html", context)


def arrive(request: HttpRequest) -> HttpResponse:
    """A form from a file: what it would make is told first."""
    _may_add(request)
    if request.method != "POST":
        return _arrive_page(request)
    file = request.FILES.get("file")
    if file is None:
        return _arrive_page(request, error=_("Choose a file."))
    if (file.size or 0) > LARGEST:
        return _arrive_page(request, error=_("The file is too large for a form."))
    raw = file.read()
    try:
        with tried(raw) as arrived:
            report = _report(arrived)
            carried = signing.dumps(raw.decode(), salt=SALT, compress=True)
    except NotAForm as error:
        return _arrive_page(request, error=str(error))
    if len(carried) > LONGEST_CARRIED:
        return _arrive_page(request, error=_("The file is too large for a form."))
    context = {"report": report, "carried": carried}
    return render(request, "intake_forms/admin/arrived.html", context)


@require_POST
def take_in(request: HttpRequest) -> HttpResponse:
    """Make the form that the report told of."""
    _may_add(request)
    try:
        raw = signing.loads(request.POST.get("carried", ""), salt=SALT, max_age=FORGOTTEN)
        arrived = from_file(raw.encode(), user=request.user)
    except signing.BadSignature:
        return _arrive_page(request, error=_("It was too long ago. Choose the file again."))
    except NotAForm as error:
        return _arrive_page(request, error=str(error))
    messages.success(request, _("The form is here as a draft: families do not see it yet."))
    return redirect(_builder(arrived.definition))


def _report(arrived: Arrived) -> dict[str, Any]:
    """What the file would make, in figures and names; read while it is there to be looked at."""
    definition = arrived.definition
    schema = compile_form(definition, strict=False)
    kinds = [node["type"] for node in nodes_of(schema)]
    return {
        "title": definition.title,
        "slug": definition.slug,
        "wanted_slug": arrived.wanted_slug,
        "steps": [step["title"] for step in schema["steps"]],
        "questions": sum(kind not in (*NESTED, "info", "calc") for kind in kinds),
        "topic": str(definition.topic),
        "is_new_topic": arrived.is_new_topic,
        "measures": [str(measure) for measure in definition.measures.all()],
        "centres": [str(centre) for centre in definition.centres.all()],
        "missing_measures": arrived.missing_measures,
        "missing_centres": arrived.missing_centres,
        "mistakes": mistakes(schema) if schema["steps"] else [],
    }


def _arrive_page(request: HttpRequest, error: str = "") -> HttpResponse:
    context = {"error": error, "megabytes": LARGEST // 1024 // 1024}
    status = 400 if error else 200
    return render(request, "intake_forms/admin/arrive.html", context, status=status)


def _editable(request: HttpRequest, pk: int) -> FormDefinition:
    definition = get_object_or_404(FormDefinition.objects.select_related("topic"), pk=pk)
    policy = policy_registry.get_by_type(FormDefinition)
    if not policy.user_has_permission_for_instance(request.user, "change", definition):
        raise PermissionDenied
    return definition


def _may_add(request: HttpRequest) -> None:
    if not policy_registry.get_by_type(FormDefinition).user_has_permission(request.user, "add"):
        raise PermissionDenied


def _builder(definition: FormDefinition) -> str:
    return reverse(definition.snippet_viewset.get_url_name("edit"), args=[definition.pk])
