"""Publishing from the check: after what changes for families has been seen."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.permissions import policy_registry

from forms.compiling import SchemaError, compile_form, lifted
from forms.linting.changes import CHANGED, Change, Detail, changes
from forms.models import FormDefinition, FormDraft, FormVersion
from forms.publishing import consent_body, put_words

APPROVE, PUBLISH = "approve", "publish"
LONGEST_COMMENT = 2000


def way_to_publish(user: Any, definition: FormDefinition) -> str:
    """How this person may put the draft in force: by approving it, by publishing it, or not."""
    task = definition.current_workflow_task
    if task and any(name == APPROVE for name, *_rest in task.get_actions(definition, user)):
        return APPROVE
    lock = definition.get_lock()
    policy = policy_registry.get_by_type(FormDefinition)
    may = policy.user_has_permission_for_instance(user, "publish", definition)
    return PUBLISH if may and not (lock and lock.for_user(user)) else ""


def difference(in_force: FormVersion | None, draft: FormDefinition) -> list[Change]:
    """What publishing the draft would change for families: questions, and the consent's words."""
    if in_force is None:
        return []
    schema = compile_form(draft, strict=False)
    consents = put_words(schema, draft)
    found = changes(lifted(dict(in_force.schema)), schema)
    before = in_force.consent_text.body if in_force.consent_text else ""
    under_form_text = any(not field["text"] for field in consents)
    after = consent_body(draft) if under_form_text else ""
    if before != after:
        words = Detail(_("wording"), before or "–", after or "–")
        found.append(Change(CHANGED, _("The text of the consent"), (words,)))
    return found


def begun(definition: FormDefinition) -> int:
    """Forms that families have begun and not sent yet: each is finished on its own version."""
    drafts = FormDraft.objects.filter(version__form=definition, expires_at__gt=timezone.now())
    return drafts.count()


@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Put in force what the check has shown, or say why not."""
    definition = get_object_or_404(FormDefinition, pk=pk)
    way = way_to_publish(request.user, definition)
    if not way:
        raise PermissionDenied
    check = redirect("intake:check", pk)
    revision = definition.get_latest_revision()
    if revision is None or str(revision.pk) != request.POST.get("revision"):
        messages.warning(request, _("The form was changed meanwhile. Look at it once more."))
        return check
    try:
        if way == APPROVE:
            comment = request.POST.get("comment", "")[:LONGEST_COMMENT]
            task, state = definition.current_workflow_task, definition.current_workflow_task_state
            task.on_action(state, request.user, APPROVE, comment=comment)
        else:
            revision.publish(user=request.user)
    except SchemaError as error:
        told = _("The form cannot be published as it is: %(reasons)s") % {"reasons": error}
        messages.error(request, told)
        return check
    definition.refresh_from_db()
    messages.success(request, _told(definition))
    return redirect(reverse(definition.snippet_viewset.get_url_name("list")))


def _told(definition: FormDefinition) -> str:
    words = {"form": definition.title}
    if definition.current_workflow_state:
        return _("“%(form)s” is approved and goes to the next check.") % words
    if definition.approved_schedule:
        return _("“%(form)s” will be published at the time that is set.") % words
    return _("“%(form)s” is published.") % words
