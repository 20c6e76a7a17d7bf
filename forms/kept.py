"""The back office of what stays once it was published: forms and scripts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.views import View
from wagtail.admin import messages
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views.snippets import SnippetViewSet


class KeptOncePublished(ModelPermissionPolicy):
    """What was published once stays, with everything that was sent through it or led by it."""

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        if action == "delete" and instance.first_published_at is not None:
            return False
        return super().user_has_permission_for_instance(user, action, instance)


class _Telling(View):
    """Mixed in front of Wagtail's views: what is forbidden is told and breaks nothing."""

    kept: KeptViewSet

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except tuple(self.kept.refusals) as error:
            words = next(
                words for kind, words in self.kept.refusals.items() if isinstance(error, kind)
            )
            messages.error(request, str(words) % {"reasons": error})
        return redirect(self.kept.place_to_mend(request, getattr(self, "object", None)))


class KeptViewSet(SnippetViewSet):
    """Views of snippets that may refuse to be published or deleted.

    `refusals` has the words for each kind of error; `%(reasons)s` in them stands for the error.
    """

    refusals: ClassVar[dict[type[Exception], str | Promise]]

    def construct_view(self, view_class: type, **kwargs: Any) -> Any:
        if hasattr(view_class, "dispatch"):
            name = f"Telling{view_class.__name__}"
            view_class = type(name, (_Telling, view_class), {"kept": self})
        return super().construct_view(view_class, **kwargs)

    def place_to_mend(self, request: HttpRequest, instance: Any) -> str:
        """Where to go after a refusal: the list, where a viewset knows no better place."""
        return reverse(self.get_url_name("list"))
