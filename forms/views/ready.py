"""The ready blocks, as the builder puts them into a form."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from wagtail.permissions import policy_registry

from forms.models import FormDefinition, ReadyBlock


@require_safe
def ready_blocks(request: HttpRequest) -> HttpResponse:
    """Every ready block with the state of its questions; the page's script puts in a copy."""
    policy = policy_registry.get_by_type(FormDefinition)
    if not policy.user_has_any_permission(request.user, ["add", "change"]):
        raise PermissionDenied
    field: Any = ReadyBlock._meta.get_field("questions")
    blocks = [
        {
            "pk": ready.pk,
            "title": ready.title,
            "help": ready.help,
            "questions": field.stream_block.get_form_state(ready.questions),
        }
        for ready in ReadyBlock.objects.all()
    ]
    return JsonResponse({"blocks": blocks})
