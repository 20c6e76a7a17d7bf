"""Closes those views of the back office that belong to no viewset of ours.

Wagtail shows its reports, page tools, files and bulk actions to whoever may log in, and checks
permissions of the model at most. Here stands who may open them; everybody else gets 404.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import walk_tb
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.datastructures import MultiValueDictKeyError
from django.utils.translation import gettext as _
from django.views.defaults import bad_request
from wagtail.admin import messages
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page, Workflow, WorkflowState
from wagtail.permissions import policy_registry

from cms.access import visible

Door = Callable[[HttpRequest, dict[str, Any]], bool]

WRITE = ("add", "change", "delete", "publish", "lock", "unlock")


def may_any(model: type, *actions: str) -> Door:
    """Opens to those who may do one of the actions on some rows of a model."""

    def opens(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
        return policy_registry.get_by_type(model).user_has_any_permission(request.user, actions)

    return opens


def nobody(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    return False


def reports(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    """Reports tell of everybody's work: for those who tend all of it, or the accounts."""
    return request.user.has_perm("cms.change_user") or pages(request, kwargs)


def bulk(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    """A bulk action names the rows that it refuses, so all of them have to be visible."""
    model = _model(kwargs["app_label"], kwargs["model_name"])
    if model is None or not may_any(model, *WRITE)(request, kwargs):
        return False
    ids = request.GET.getlist("id")
    if model is get_user_model():
        keys = [key for key in ids if _is_key(model, key)]
        which = {} if "all" in ids else {"pk__in": keys}
        if _almighty(request, **which).exists():
            return False
    scoped = hasattr(model._default_manager, "visible_to")
    if "all" in ids:
        if not scoped:
            return True
        return (
            model._default_manager.visible_to(request.user).count()
            == model._default_manager.count()
        )
    if scoped:
        return visible(model, request.user, ids)
    return all(_is_key(model, key) for key in ids)


def people(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    """Who tends accounts does not tend those that may do more: a password is as good as a right.

    Who tends none is not told which there are.
    """
    if not may_any(get_user_model(), *WRITE)(request, kwargs):
        return False
    key = kwargs.get("pk")
    return key is None or (
        _is_key(get_user_model(), key) and not _almighty(request, pk=key).exists()
    )


def _almighty(request: HttpRequest, **which: Any) -> Any:
    """Superusers, as far as they are closed to this person."""
    superusers = get_user_model()._default_manager.filter(is_superuser=True, **which)
    return superusers.none() if request.user.is_superuser else superusers


def review(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    """A step of a review is one of the row in the address; Wagtail takes that of any other."""
    step, states = kwargs.get("task_state_id"), kwargs.get("workflow_state_id")
    if step is None and states is None:
        return True
    view = request.resolver_match and request.resolver_match.func
    model = getattr(view, "view_initkwargs", {}).get("model", Page)
    key = kwargs.get("page_id", kwargs.get("pk"))
    if hasattr(model._default_manager, "visible_to") and not visible(model, request.user, [key]):
        return False
    of_row = WorkflowState.objects.filter(
        base_content_type=ContentType.objects.get_for_model(model), object_id=str(key)
    )
    if step is not None:
        of_row = of_row.filter(task_states=step)
    if states is not None:
        of_row = of_row.filter(pk=states)
    return of_row.exists() and may_any(model, *WRITE)(request, kwargs)


def chooser(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    """Nothing is made inside a chooser; Wagtail fails over the form that is not there."""
    return request.resolver_match is not None and request.resolver_match.url_name != "create"


def outside_link(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    """Wagtail fails over a link that was sent empty."""
    sent = request.method != "POST" or bool(request.POST.get("external-link-chooser-url"))
    return sent and pages(request, kwargs)


def ping(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    """An open editor tells who else has the row open."""
    model = _model(kwargs["app_label"], kwargs["model_name"])
    if model is None:
        return False
    if hasattr(model._default_manager, "visible_to"):
        return visible(model, request.user, [kwargs["object_id"]])
    return _is_key(model, kwargs["object_id"])


def pages(request: HttpRequest, kwargs: dict[str, Any]) -> bool:
    return may_any(Page, *WRITE)(request, kwargs) and review(request, kwargs)


images = may_any(get_image_model(), "add", "change", "delete", "choose")
documents = may_any(get_document_model(), "add", "change", "delete", "choose")

# The longest name that a view's name starts with decides.
DOORS: dict[str, Door] = {
    "wagtailadmin_error_test": nobody,
    "wagtailadmin_reports:": reports,
    "wagtailadmin_pages:": pages,
    "wagtailadmin_explore": pages,
    "wagtailadmin_choose_": pages,
    "wagtailadmin_choose_page_external_link": outside_link,
    "wagtailadmin_tag_": pages,
    "wagtailadmin_api:": pages,
    "wagtailadmin_api:images:": images,
    "wagtailadmin_api:documents:": documents,
    "wagtailadmin_workflows:": may_any(Workflow, "add", "change", "delete"),
    "wagtailadmin_editing_sessions:ping": ping,
    "wagtail_bulk_action": bulk,
    "wagtailusers_users:": people,
    "wagtailsnippets_": review,
    "wagtailsnippetchoosers_": chooser,
    "wagtailembeds:": nobody,
    "wagtailimages": images,
    "wagtaildocs:": documents,
    "wagtaildocs_chooser:": documents,
}


class GuardMiddleware:
    """Stands in front of the back office's views, behind the login."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        doors = [start for start in DOORS if name.startswith(start)]
        if not doors or not request.user.is_authenticated:
            return
        if not DOORS[max(doors, key=len)](request, kwargs):
            raise Http404

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What Wagtail leaves unanswered in the back office.

        A form of the editor without its parts: cut off on the way, or made by hand, or nested a
        thousand deep. A row that cannot be deleted because others rest on it.
        """
        if not request.path.startswith(reverse("wagtailadmin_home")):
            return None
        if isinstance(error, MultiValueDictKeyError | RecursionError) or _in_blocks(error):
            return bad_request(request, error)
        if isinstance(error, ProtectedError):
            messages.error(request, _("It cannot be deleted: other records rest on it."))
            return redirect(request.path)
        return None


def _model(app_label: str, name: str) -> Any:
    try:
        return apps.get_model(app_label, name)
    except LookupError:
        return None


def _is_key(model: Any, key: str) -> bool:
    try:
        model._meta.pk.to_python(key)
    except ValidationError:
        return False
    return True


def _in_blocks(error: Exception) -> bool:
    """A number among the parts of a sent editor is none: Wagtail reads them unchecked."""
    last = [frame for frame, _line in walk_tb(error.__traceback__)][-1:]
    return isinstance(error, ValueError) and any(
        frame.f_code.co_name == "value_from_datadict" for frame in last
    )
