"""The rules of a form in words, beside the builder: of what is being edited, saved or not."""

from __future__ import annotations

import contextlib
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.permissions import policy_registry

from forms.compiling import compile_form
from forms.models import FormDefinition
from forms.rules import places_of, rules_of


class RulesSidePanel(BaseSidePanel):
    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = _("Rules in words")
        icon_name = "clipboard-list"
        has_counter = False

    name = "rules"
    title = _("Rules in words")
    template_name = "intake_forms/admin/rules_panel.html"
    order = 350

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        return context | {"url": reverse("intake:rules")}


@require_POST
def rules(request: HttpRequest) -> HttpResponse:
    """The list for what the builder's page holds now; nothing is kept."""
    policy = policy_registry.get_by_type(FormDefinition)
    if not policy.user_has_any_permission(request.user, ["add", "change"]):
        raise PermissionDenied
    field: Any = FormDefinition._meta.get_field("steps")
    block = field.stream_block
    try:
        steps = block.value_from_datadict(request.POST, request.FILES, "steps")
    except (KeyError, ValueError):  # the page of the builder sends no such thing
        return HttpResponseBadRequest()
    with contextlib.suppress(ValidationError):  # what is being typed may be no number yet
        steps = block.clean_deferred(steps)
    found = told(FormDefinition(steps=steps))
    return render(request, "intake_forms/admin/rules.html", {"rules": found})


def told(definition: FormDefinition, edit: str = "") -> list[dict[str, str]]:
    """Each sentence with the way to its block.

    :param edit: address of the builder, where it is another page.
    """
    places = places_of(definition.steps)
    return [
        {
            "sentence": rule.sentence,
            "url": f"{edit}#block-{places[rule.about]}-section" if rule.about in places else "",
        }
        for rule in rules_of(compile_form(definition, strict=False))
    ]
