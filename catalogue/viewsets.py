"""The back office's views of measures, organisations and their offices; partners see their own."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django.forms import CheckboxSelectMultiple, SelectMultiple
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
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
from wagtail.admin.ui.tables import BooleanColumn, Column, UpdatedAtColumn
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.slug import SlugInput
from wagtail.snippets.views.snippets import CreateView, EditView, IndexView, SnippetViewSet

from catalogue.choosing import MeasureChooser
from catalogue.dictionaries import CarefulDeleteView, RelatedIndexView
from catalogue.fact_choices import remembering
from catalogue.models import Measure, Office, Provider
from catalogue.partners import MeasureForm, OfficeForm, ProviderForm, free_slug
from catalogue.today import asked_to_correct
from cms.access import ScopedViews
from cms.prefill import Prefilled

SOON = datetime.timedelta(days=30)
LONG_LIST = SelectMultiple(attrs={"size": 12})


def ticks(name: str) -> FieldPanel:
    return FieldPanel(name, widget=CheckboxSelectMultiple)


def dates(*names: str, heading: Any) -> MultiFieldPanel:
    return MultiFieldPanel([FieldRowPanel([FieldPanel(name) for name in names])], heading=heading)


class TitleOfAddressPanel(TitleFieldPanel):
    """Writes the short name along with the title, where the form has it: a partner's has not."""

    class BoundPanel(TitleFieldPanel.BoundPanel):
        def get_attrs(self) -> dict[str, Any]:
            return super().get_attrs() if "slug" in self.form.fields else {}


class ReadsFactsOnce:
    """A form with fifty conditions reads facts and territories once, while it is drawn too."""

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with remembering():
            response = super().dispatch(*args, **kwargs)  # type: ignore[misc]
            return response.render() if isinstance(response, TemplateResponse) else response


class MeasureCreateView(Prefilled, ReadsFactsOnce, CreateView):
    prefilled = ("title", "synonyms")

    def get_initial(self) -> dict[str, Any]:
        initial = super().get_initial()
        if "title" in initial:  # the script writes the address only while somebody types
            initial["slug"] = free_slug(initial["title"])
        return initial


class MeasureEditView(ReadsFactsOnce, EditView):
    """Says above the form what the reviewer of a returned measure asks for."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if asked := asked_to_correct(self.object):
            messages.warning(request, asked)
        return super().get(request, *args, **kwargs)


def state(measure: Measure) -> str:
    """Where a measure stands between its drafts and families; asks the database nothing."""
    if not measure.live:
        return gettext("expired") if measure.expired else gettext("draft")
    return gettext("live, with a draft") if measure.has_unpublished_changes else gettext("live")


def trust(measure: Measure) -> str:
    """What stands behind the facts of a measure, and whether time has passed over them."""
    said = str(measure.get_verification_display())
    return gettext("%(verification)s; stale") % {"verification": said} if measure.stale else said


class MeasureIndexView(IndexView):
    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().select_related("owner")


class MeasureFilters(WagtailFilterSet):
    ending = django_filters.ChoiceFilter(
        label=_("Ends"), choices=[("soon", _("within 30 days"))], method="ending_soon"
    )

    class Meta:
        model = Measure
        fields = ["kind", "live", "verification", "stale", "territories", "situations", "owner"]

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
        Column("get_kind_display", label=_("Kind"), sort_key="kind"),
        Column("state", label=_("State"), accessor=state, sort_key="live"),
        Column("trust", label=_("Verification"), accessor=trust, sort_key="verification"),
        "owner",
        UpdatedAtColumn(),
    ]
    list_per_page = 50
    add_view_class = MeasureCreateView
    edit_view_class = MeasureEditView
    index_view_class = MeasureIndexView
    filterset_class = MeasureFilters
    chooser_viewset_class = MeasureChooser
    search_fields = ["title", "slug", "synonyms"]
    search_backend_name = None

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    TitleOfAddressPanel("title", targets=["slug"], placeholder=_("Name")),
                    FieldPanel("kind"),
                    FieldPanel("summary"),
                    FieldPanel("synonyms"),
                    ticks("situations"),
                    ticks("categories"),
                ],
                heading=_("Main"),
            ),
            ObjectList(
                [
                    FieldPanel("who"),
                    FieldPanel("rules"),
                    MultiFieldPanel(
                        [FieldPanel("excludes"), FieldPanel("excludes_note")],
                        heading=_("Either this or that"),
                        classname="collapsed",
                    ),
                ],
                heading=_("For whom"),
            ),
            ObjectList(
                [
                    InlinePanel("amounts", heading=_("How much"), label=_("amount")),
                    InlinePanel("documents", heading=_("What you need"), label=_("paper")),
                ],
                heading=_("How much and what is needed"),
            ),
            ObjectList(
                [
                    InlinePanel("steps", heading=_("How to get it"), label=_("step of applying")),
                    FieldPanel("deadline_days"),
                    dates("valid_from", "valid_to", heading=_("Open for applications")),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("apply_from"), FieldPanel("apply_to")]),
                            FieldPanel("apply_yearly"),
                            FieldPanel("apply_note"),
                        ],
                        heading=_("Window of applying"),
                        classname="collapsed",
                    ),
                    MultiFieldPanel(
                        [ticks("territories"), FieldPanel("levels")],
                        heading=_("Where it is in force"),
                    ),
                    MultiFieldPanel(
                        [ticks("providers")], heading=_("Who gives it"), classname="collapsed"
                    ),
                ],
                heading=_("Where and when"),
            ),
            ObjectList(
                [
                    InlinePanel("legal_basis", heading=_("The law"), label=_("legal act")),
                    MultiFieldPanel(
                        [
                            FieldPanel("verification"),
                            FieldRowPanel([FieldPanel("verified_on"), FieldPanel("verified_by")]),
                            FieldPanel("verification_note"),
                            FieldRowPanel([FieldPanel("as_of"), FieldPanel("as_of_estimated")]),
                            FieldPanel("stale"),
                            FieldPanel("source"),
                        ],
                        heading=_("Verification"),
                    ),
                    FieldPanel("owner"),
                    FieldPanel("slug", widget=SlugInput),
                    PublishingPanel(),
                ],
                heading=_("Verification and page"),
            ),
        ],
        base_form_class=MeasureForm,
    )


class ProviderViewSet(ScopedViews, ModelViewSet):
    delete_view_class = CarefulDeleteView
    model = Provider
    name = "providers"
    icon = "group"
    menu_label = _("Organisations")
    menu_name = "providers"
    menu_order = 210
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = [
        "short_name",
        Column("get_kind_display", label=_("Kind")),
        BooleanColumn("is_centre", label=_("Has an intake desk")),
    ]
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
    index_view_class = RelatedIndexView
    model = Office
    name = "offices"
    icon = "site"
    menu_label = _("Offices")
    menu_name = "offices"
    menu_order = 220
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = ["title", "provider", "address", "contact"]
    list_select_related = ("provider",)
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

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        related = {"list_select_related": self.list_select_related}
        return super().get_index_view_kwargs(**related, **kwargs)
