"""What the pages of a form show: a step or the whole of it, and the answers before they are sent."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.models import Hotline, Territory
from catalogue.place import chosen_territory
from forms import drafts, keeping, protection, written
from forms.answers import AnswerForm
from forms.compiling import conditions_of, fields_of, nodes_of
from forms.files import has_files, infected_of, uploads_of
from forms.formulas import fields_of as fields_of_formula
from forms.logic import fields_in, operators_in
from forms.models import FormDraft, FormVersion, IntakeCase
from forms.models.definition import DEFAULT_ABOUT
from forms.reading import as_asked

HONEYPOT = "leave_this_empty"
CHECK = "check"  # the page between the last step and sending
EMERGENCY = "112"
MOST_PHONES = 4
URGENT_KINDS = ("emergency", "help")


@dataclass(frozen=True)
class Notice:
    """What to tell above the form."""

    kind: str
    title: str
    text: str


def is_sensitive(about: IntakeCase | Mapping[str, Any]) -> bool:
    """Somebody at home should perhaps not see it. Versions of old do not tell it apart from urgency."""
    schema = about.submission.version.schema if isinstance(about, IntakeCase) else about
    return bool(schema.get("sensitive", schema["urgent"]))


def no_room(request: HttpRequest) -> HttpResponse:
    """Answers are kept, the file is not: said plainly."""
    return render(request, "intake_forms/no_room.html", status=503)


def first_step(schema: Mapping[str, Any]) -> str | None:
    """The step of the first page; None when the whole form stands on it."""
    return schema["steps"][0]["id"] if is_in_steps(schema) else None


def is_in_steps(schema: Mapping[str, Any]) -> bool:
    return schema.get("pages") == "steps" and bool(schema["steps"])


def filled_form(draft: FormDraft, step: str | None, *, judged: bool = True) -> AnswerForm:
    """What was typed so far as a form that shows and judges a step, or all of it."""
    schema = draft.version.schema
    return AnswerForm(
        schema,
        data=written.as_data(draft.read_typed()),
        uploads=uploads_of(draft) if has_files(schema) else None,
        judged=judged,
        only=step,
    )


def address_of_step(draft: FormDraft, step: str | None) -> str:
    numbers = {each["id"]: n for n, each in enumerate(draft.version.schema["steps"], start=1)}
    place = CHECK if step == CHECK else str(numbers[step] if step else 1)
    return reverse("intake_forms:draft_page", args=[draft.ref, place])


def see_other(address: str) -> HttpResponse:
    """After a page was sent: what comes next is looked at, and may be looked at again."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def form_page(
    request: HttpRequest,
    version: FormVersion,
    answers: AnswerForm,
    *,
    draft: FormDraft | None = None,
    token: str = "",
    notice: Notice | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """:param token: of the key of a form that has not been begun; a draft has its own."""
    token = drafts.issue(version.pk, draft.pk, draft.revision) if draft else token
    context = page_context(request, version.schema, answers) | {
        "consent": version.consent_text.body if version.consent_text else "",
        "action": reverse("intake_forms:form", args=[version.form.slug]),
        "draft": token,
        # A page after which others come is not sent from.
        "work": None if answers.only else _work(version, drafts.read(token).key),
        "notice": notice or _infected(draft),
        "show_honeypot": bool(request.POST.get(HONEYPOT)),
    }
    return render(request, "intake_forms/form.html", context | more, status=status)


def check_page(
    request: HttpRequest,
    draft: FormDraft,
    *,
    notice: Notice | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Everything that was answered, with a way back to each step."""
    version = draft.version
    answers = filled_form(draft, None)
    answers.is_valid()
    asked = as_asked(version.schema, answers.answers, answers.day)
    steps = [step for step in answers.schema["steps"] if step["id"] in answers.course.steps]
    context = around(request, version.schema) | {
        "action": reverse("intake_forms:form", args=[version.form.slug]),
        "draft": drafts.issue(version.pk, draft.pk, draft.revision),
        "form": AnswerForm(version.schema),
        "work": _work(version, draft.pk),
        "wait_minutes": 0,
        "notice": notice or _infected(draft),
        "steps": steps_list(answers, CHECK),
        "check": CHECK,
        "parts": [
            {"step": step, "url": address_of_step(draft, step["id"]), "answers": part.answers}
            for step, part in zip(steps, asked, strict=True)
        ],
        "show_honeypot": bool(request.POST.get(HONEYPOT)),
    }
    return render(request, "intake_forms/check.html", context | more, status=status)


def not_yet(
    request: HttpRequest,
    version: FormVersion,
    key: uuid.UUID,
    filled: AnswerForm,
    demand: protection.Demand,
) -> HttpResponse:
    """Too much comes at once: the page with everything typed, and what to do first."""
    draft = keeping.begun(key)
    more: dict[str, Any] = {"work": demand, "wait_minutes": math.ceil(demand.wait / 60)}
    if draft and is_in_steps(version.schema) and filled.only is None:
        response = check_page(request, draft, status=429, **more)
    else:
        token = drafts.issue(version.pk, key)
        response = form_page(request, version, filled, draft=draft, token=token, status=429, **more)
    response.headers["Retry-After"] = str(demand.wait)
    return response


def _infected(draft: FormDraft | None) -> Notice | None:
    names = infected_of(draft) if draft and has_files(draft.version.schema) else []
    if not names:
        return None
    return Notice(
        "warning",
        _("There was a virus in a file: we have destroyed it"),
        _("The file: %(names)s. Please add another one, or send the form without it.")
        % {"names": ", ".join(names)},
    )


def _work(version: FormVersion, key: uuid.UUID) -> protection.Demand | None:
    """The work of a page that may be sent, for its script; none where there is no pace."""
    if not settings.NAVIGATOR_FORM_PACE:
        return None
    ticket = protection.ticket_for(version, key)
    return protection.Demand(ticket, settings.NAVIGATOR_FORM_WORK, wait=0)


def page_context(
    request: HttpRequest, schema: dict[str, Any], answers: AnswerForm
) -> dict[str, Any]:
    """What the page of a form shows, also in a preview of a draft."""
    sections = list(answers.sections())
    return around(request, schema) | {
        "form": answers,
        "sections": sections,
        "step": answers.only or "",
        "steps": steps_list(answers, answers.only) if answers.only else [],
        "is_first": answers.only in (None, *(step["id"] for step in schema["steps"][:1])),
        "beside": [] if answers.is_bound else list(_beside(answers)),
        "script_data": _for_script(answers),
        "purposes": [
            spec for spec in fields_of(_shown(answers)) if spec["personal"] and spec["purpose"]
        ],
        "work": None,
        "wait_minutes": 0,
        "is_preview": False,
        "is_begun": False,
        "begun_before": None,
        "others": [],
    }


def about_of(schema: Mapping[str, Any]) -> str:
    """What a form is and is not; versions of old do not say it themselves."""
    return str(schema.get("about") or DEFAULT_ABOUT)


def steps_list(answers: AnswerForm, current: str | None) -> list[dict[str, Any]]:
    """The steps that are asked, as far as the answers tell, and the check of them."""
    asked = answers.course.steps or [step["id"] for step in answers.schema["steps"]]
    steps = [
        {"id": step["id"], "label": step["title"]}
        for step in answers.schema["steps"]
        if step["id"] in asked or step["id"] == current
    ]
    steps.append({"id": CHECK, "label": ""})
    here = next((n for n, step in enumerate(steps) if step["id"] == current), 0)
    return [
        {**step, "done": number < here, "current": number == here}
        for number, step in enumerate(steps)
    ]


def around(request: HttpRequest, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": schema,
        "about": about_of(schema),
        "is_sensitive": is_sensitive(schema),
        "urgent_phones": _urgent_phones(chosen_territory(request)) if is_sensitive(schema) else [],
        "honeypot": HONEYPOT,
    }


def _shown(answers: AnswerForm) -> dict[str, Any]:
    steps = answers.schema["steps"]
    return {"steps": [step for step in steps if answers.only in (None, step["id"])]}


def _beside(answers: AnswerForm) -> Iterable[tuple[str, Any]]:
    """What is known of other pages before the first answer: it travels with the first page."""
    for path, value in answers.initial.items():
        if path in answers.fields and answers.only not in (None, answers.step_of(path)):
            yield answers.add_prefix(path), value


def _for_script(answers: AnswerForm) -> dict[str, Any]:
    """What the page's script needs to show the questions that are asked.

    Of the answers of earlier pages only those that something on this page hangs on.
    """
    shown = _shown(answers)
    if answers.only is not None:
        shown = {"steps": [{**step, "show_if": None} for step in shown["steps"]]}
    conditions = list(conditions_of(shown))
    looked_at = {field for each in conditions for field in fields_in(each)}
    for node in nodes_of(shown):
        if node["type"] == "calc":
            looked_at.update(fields_of_formula(node["formula"]))
    here = {node["key"] for node in nodes_of(shown)}
    known, asked = answers.course.answers, answers.course.asked
    operators = {op for each in conditions for op in operators_in(each)}
    return {
        "schema": shown,
        "before": {
            key: known.get(key) for key in sorted(looked_at - here) if key in known or key in asked
        },
        "around": answers.places() if "within" in operators else {},
        "today": answers.day.isoformat(),
    }


def _urgent_phones(place: Territory | None) -> list[Any]:
    lines = Hotline.objects.public().filter(kind__in=URGENT_KINDS)
    around = place.ancestor_ids if place else None
    lines = lines.filter(territory__in=around) if around else lines.filter(territory__parent=None)
    # The short number of the emergency services is what everybody knows: it comes first.
    found = sorted(lines, key=lambda line: (line.phone != EMERGENCY, line.kind, line.title))
    return [
        {"title": line.title, "phone": line.phone, "note": line.hours}
        for line in found[:MOST_PHONES]
    ]
