"""The back office's views of measures, organisations and their offices; partners see their own."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django.forms import CheckboxSelectMultiple, SelectMultiple
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import Column, UpdatedAtColumn
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.snippets.views.snippets import SnippetViewSet

from catalogue.models import Measure, Office, Provider
from catalogue.partners import MeasureForm, OfficeForm, ProviderForm
from cms.access import ScopedViews

SOON = datetime.timedelta(days=30)
LONG_LIST = SelectMultiple(attrs={"size": 12})


class MeasureFilters(WagtailFilterSet):
    ending = django_filters.ChoiceFilter(
        label=_("Ends"), choices=[("soon", _("within 30 days"))], method="ending_soon"
    )

    class Meta:
        model = Measure
        fields = ["kind", "live", "verification", "stale", "situations", "owner"]

    def ending_soon(self, measures: Any, name: str, value: str) -> Any:
        today = timezone.localdate()
        return measures.filter(valid_to__range=(today, today + SOON))


class MeasureViewSet(ScopedViews, SnippetViewSet):
    model = Measure
    icon = "list-ul"
    menu_label = _("Measures")
    menu_name = "measures"
    menu_order = 200
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = [
        "title",
        Column("get_kind_display", label=_("Kind")),
        "owner",
        UpdatedAtColumn(),
    ]
    list_per_page = 50
    filterset_class = MeasureFilters
    search_fields = ["title", "slug", "synonyms"]
    search_backend_name = None

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    TitleFieldPanel("title", targets=["slug"]),
                    FieldPanel("kind"),
                    FieldPanel("summary"),
                    FieldPanel("who"),
                    InlinePanel("amounts", heading=_("How much"), label=_("Amount")),
                    FieldPanel("synonyms"),
                ],
                heading=_("What it is"),
            ),
            ObjectList(
                [
                    FieldPanel("rules"),
                    FieldPanel("categories", widget=CheckboxSelectMultiple),
                    FieldPanel("situations", widget=CheckboxSelectMultiple),
                ],
                heading=_("Who gets it"),
            ),
            ObjectList(
                [
                    InlinePanel("documents", heading=_("Papers"), label=_("Paper")),
                    InlinePanel("steps", heading=_("Steps"), label=_("Step")),
                    FieldPanel("deadline_days"),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("apply_from"), FieldPanel("apply_to")]),
                            FieldPanel("apply_yearly"),
                            FieldPanel("apply_note"),
                        ],
                        heading=_("When one can apply"),
                    ),
                ],
                heading=_("How to get it"),
            ),
            ObjectList(
                [
                    FieldPanel("territories", widget=LONG_LIST),
                    FieldPanel("owner"),
                    FieldPanel("providers", widget=LONG_LIST),
                    FieldPanel("levels"),
                    FieldRowPanel(
                        [FieldPanel("valid_from"), FieldPanel("valid_to")],
                        heading=_("The measure is open"),
                    ),
                ],
                heading=_("Where and who gives it"),
            ),
            ObjectList(
                [
                    InlinePanel("legal_basis", heading=_("Legal basis"), label=_("Act")),
                    MultiFieldPanel(
                        [FieldPanel("excludes", widget=LONG_LIST), FieldPanel("excludes_note")],
                        heading=_("Not given together"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("verification"),
                            FieldPanel("verified_on"),
                            FieldPanel("verified_by"),
                            FieldPanel("verification_note"),
                            FieldRowPanel([FieldPanel("as_of"), FieldPanel("as_of_estimated")]),
                            FieldPanel("stale"),
                            FieldPanel("source"),
                        ],
                        heading=_("How it was checked"),
                    ),
                ],
                heading=_("Law and check"),
            ),
            ObjectList([FieldPanel("slug"), PublishingPanel()], heading=_("Page")),
        ],
        base_form_class=MeasureForm,
    )


class ProviderViewSet(ScopedViews, ModelViewSet):
    model = Provider
    name = "providers"
    icon = "group"
    menu_label = _("Organisations")
    menu_name = "providers"
    menu_order = 210
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = ["short_name", Column("get_kind_display", label=_("Kind")), "is_centre"]
    list_filter = ["kind", "is_centre", "is_group"]
    list_per_page = 50
    search_fields = ["short_name", "full_name", "slug"]
    search_backend_name = None
    edit_handler = ObjectList(
        [
            FieldPanel("short_name"),
            FieldPanel("full_name"),
            FieldPanel("website"),
            FieldPanel("aliases"),
            FieldPanel("slug"),
            FieldPanel("kind"),
            FieldPanel("is_centre"),
            FieldPanel("is_group"),
            FieldPanel("parent"),
            FieldPanel("territories", widget=LONG_LIST),
            FieldPanel("source"),
            FieldPanel("note"),
        ],
        base_form_class=ProviderForm,
    )


class OfficeViewSet(ScopedViews, ModelViewSet):
    model = Office
    name = "offices"
    icon = "site"
    menu_label = _("Offices")
    menu_name = "offices"
    menu_order = 220
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = ["title", "provider", "address", "contact"]
    list_filter = ["contact", "verified", "stale"]
    list_per_page = 50
    search_fields = ["title", "address", "provider__short_name"]
    search_backend_name = None
    edit_handler = ObjectList(
        [
            FieldPanel("provider"),
            FieldPanel("title"),
            FieldPanel("territory"),
            FieldPanel("settlement"),
            FieldPanel("address"),
            FieldPanel("phones"),
            FieldPanel("email"),
            FieldPanel("website"),
            FieldPanel("hours"),
            FieldPanel("hours_structured"),
            FieldRowPanel([FieldPanel("lat"), FieldPanel("lon")]),
            FieldPanel("coordinates_precision"),
            FieldPanel("contact"),
            FieldPanel("verified"),
            FieldPanel("verified_fields"),
            FieldPanel("stale"),
            FieldPanel("as_of"),
            FieldPanel("source"),
            FieldPanel("note"),
        ],
        base_form_class=OfficeForm,
    )
