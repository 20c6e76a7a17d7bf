"""The back office's views of scripts: a snippet with drafts, review, preview, history."""

from __future__ import annotations

from typing import Any

from django.db.models import ProtectedError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import (
    FieldPanel,
    HelpPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import Column, UpdatedAtColumn
from wagtail.admin.widgets.slug import SlugInput
from wagtail.permissions import register_permission_policy
from wagtail.snippets.views.snippets import IndexView

from desk.models import Script
from forms.kept import KeptOncePublished, KeptViewSet

register_permission_policy(Script, KeptOncePublished(Script))


class ScriptListView(IndexView):
    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().select_related("form")


def state(script: Script) -> str:
    """Where a script stands between its drafts and the dispatchers."""
    if not script.live:
        return gettext("draft")
    changed = script.has_unpublished_changes
    return (
        gettext("dispatchers use it, there is a draft")
        if changed
        else gettext("dispatchers use it")
    )


class ScriptViewSet(KeptViewSet):
    model = Script
    refusals = {ProtectedError: _("People have talked by it: take it down instead.")}
    icon = "openquote"
    menu_label = _("Scripts")
    menu_name = "scripts"
    menu_order = 255
    add_to_admin_menu = True
    list_display = [
        "title",
        Column("form", label=_("Form")),
        Column("state", label=_("State"), accessor=state, sort_key="live"),
        UpdatedAtColumn(),
    ]
    list_filter = ["situations", "live"]
    search_fields = ["title", "lead"]
    list_per_page = 50
    search_backend_name = None
    index_view_class = ScriptListView

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    TitleFieldPanel("title", targets=["slug"], placeholder=_("Name")),
                    FieldPanel("lead"),
                    HelpPanel(template="intake_desk/script_help.html"),
                    FieldPanel("steps"),
                ],
                heading=_("Talk"),
            ),
            ObjectList(
                [
                    FieldPanel("form"),
                    FieldPanel("situations"),
                    FieldPanel("slug", widget=SlugInput),
                    PublishingPanel(),
                ],
                heading=_("Settings"),
            ),
        ]
    )
