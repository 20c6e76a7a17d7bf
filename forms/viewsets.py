"""The back office's views of forms: a snippet with drafts, review, preview, history."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import (
    FieldPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
)
from wagtail.admin.ui.tables import Column, UpdatedAtColumn
from wagtail.snippets.views.snippets import SnippetViewSet

from forms.models import FormDefinition


class FormDefinitionViewSet(SnippetViewSet):
    model = FormDefinition
    icon = "form"
    menu_label = _("Forms")
    menu_name = "forms"
    menu_order = 250
    add_to_admin_menu = True
    list_display = ["title", Column("topic", label=_("topic")), "live", UpdatedAtColumn()]
    list_filter = ["topic", "urgent", "live"]
    search_fields = ["title", "slug"]
    list_per_page = 50

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("title"),
                    FieldPanel("lead"),
                    FieldPanel("steps"),
                ],
                heading=_("Questions"),
            ),
            ObjectList(
                [
                    FieldPanel("slug"),
                    FieldPanel("minutes"),
                    FieldPanel("topic"),
                    FieldPanel("urgent"),
                    MultiFieldPanel(
                        [
                            FieldPanel("measures"),
                            FieldPanel("centres"),
                            FieldPanel("offered_everywhere"),
                        ],
                        heading=_("Where it is offered and who answers"),
                    ),
                    PublishingPanel(),
                ],
                heading=_("Settings"),
            ),
            ObjectList(
                [FieldPanel("consent_text"), FieldPanel("retention_days")],
                heading=_("Personal data"),
            ),
        ]
    )
