"""The back office's views of the dictionaries that measures are described with."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.forms import CheckboxSelectMultiple
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    InlinePanel,
    MultiFieldPanel,
)
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views.generic import DeleteView, IndexView
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup

from catalogue.models import Category, DocumentType, Fact, Hotline, Situation, Territory


class CarefulDeleteView(DeleteView):
    """What others rest on is not deleted; the person learns why."""

    def form_valid(self, form: Any) -> HttpResponse:
        # Wagtail's index of references knows nothing of rows written in bulk: the database decides.
        self.usage = None
        self.said = super().get_success_message()  # what is gone may have no name any more
        try:
            with transaction.atomic():
                return super().form_valid(form)
        except ProtectedError as error:
            used = ", ".join(sorted({str(each) for each in error.protected_objects})[:5])
            messages.error(
                self.request,
                gettext("“%(object)s” is in use and cannot be deleted: %(used)s.")
                % {"object": self.object, "used": used},
            )
            return HttpResponseRedirect(self.get_success_url())

    def get_success_message(self) -> Any:
        return self.said


class RelatedIndexView(IndexView):
    """A list that reads what its columns name together with its rows."""

    list_select_related: tuple[str, ...] = ()

    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().select_related(*self.list_select_related)


class Dictionary(ModelViewSet):
    """A list of terms that measures are described with."""

    index_view_class = RelatedIndexView
    list_select_related: tuple[str, ...] = ()
    delete_view_class = CarefulDeleteView
    list_per_page = 50
    search_backend_name = None
    copy_view_enabled = False

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        related = {"list_select_related": self.list_select_related}
        return super().get_index_view_kwargs(**related, **kwargs)


class TerritoryViewSet(Dictionary):
    model = Territory
    icon = "site"
    menu_label = _("Territories")
    list_select_related = ("parent",)
    list_display = ["title", "kind", Column("parent", label=_("lies in")), "oktmo"]
    list_filter = ["kind"]
    search_fields = ["title", "slug"]
    panels = [
        FieldPanel("title"),
        FieldPanel("locative"),
        FieldPanel("slug"),
        FieldPanel("kind"),
        FieldPanel("parent"),
        FieldPanel("primary_hotline"),
        FieldPanel("aliases"),
        FieldRowPanel([FieldPanel("okato"), FieldPanel("oktmo")]),
        FieldPanel("note"),
        FieldPanel("source"),
    ]


class CategoryViewSet(Dictionary):
    model = Category
    icon = "group"
    menu_label = _("Categories of families")
    list_display = ["title", "definition"]
    search_fields = ["title", "slug", "definition"]
    panels = [
        FieldPanel("title"),
        FieldPanel("slug"),
        FieldPanel("definition"),
        FieldPanel("synonyms"),
        FieldPanel("legal_basis"),
        FieldPanel("source"),
    ]


class SituationViewSet(Dictionary):
    model = Situation
    icon = "help"
    menu_label = _("Life situations")
    list_display = ["title", "summary", BooleanColumn("urgent", label=_("urgent"))]
    list_filter = ["urgent", "categories"]
    search_fields = ["title", "slug", "summary"]
    panels = [
        HelpPanel(content=_("The story of a situation is told on its page; here is the term.")),
        FieldPanel("title"),
        FieldPanel("slug"),
        FieldPanel("summary"),
        FieldPanel("who"),
        FieldPanel("urgent"),
        FieldPanel("categories", widget=CheckboxSelectMultiple),
        FieldPanel("synonyms"),
        FieldPanel("source"),
    ]


class FactDeleteView(CarefulDeleteView):
    """Facts are retired, never deleted: answers and rules of old speak of them."""

    def form_valid(self, form: Any) -> HttpResponse:
        messages.error(self.request, gettext("Facts are not deleted. Mark the fact as retired."))
        return HttpResponseRedirect(self.get_success_url())


class FactViewSet(Dictionary):
    model = Fact
    icon = "form"
    menu_label = _("Facts about a family")
    delete_view_class = FactDeleteView
    list_display = [
        "title",
        "question",
        Column("get_type_display", label=_("type of the answer"), sort_key="type"),
        BooleanColumn("retired", label=_("retired")),
    ]
    list_filter = ["type", "per_child", "sensitive", "retired"]
    search_fields = ["title", "field", "question"]
    panels = [
        FieldPanel("title"),
        FieldPanel("field"),
        FieldPanel("type"),
        MultiFieldPanel([FieldPanel("question"), FieldPanel("help")], heading=_("As asked")),
        InlinePanel("options", heading=_("Answers"), label=_("answer")),
        MultiFieldPanel(
            [
                FieldPanel("words"),
                FieldPanel("words_no"),
                FieldRowPanel([FieldPanel("counted"), FieldPanel("unit_forms")]),
            ],
            heading=_("As said in conditions"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("minimum"), FieldPanel("maximum"), FieldPanel("unit")]),
                FieldPanel("per_child"),
                FieldPanel("sensitive"),
                FieldPanel("derived_from"),
                FieldPanel("position"),
                FieldPanel("retired"),
            ],
            heading=_("Settings"),
        ),
    ]


class DocumentTypeViewSet(Dictionary):
    model = DocumentType
    icon = "doc-full"
    menu_label = _("Papers")
    list_display = ["name"]
    search_fields = ["name"]
    panels = [FieldPanel("name")]


class HotlineViewSet(Dictionary):
    model = Hotline
    icon = "mobile-alt"
    menu_label = _("Hotlines")
    list_select_related = ("territory",)
    list_display = [
        "title",
        "phone",
        "territory",
        BooleanColumn("publish", label=_("shown to families")),
    ]
    list_filter = ["kind", "publish", "verified", "territory"]
    search_fields = ["title", "phone"]
    panels = [
        FieldPanel("title"),
        FieldPanel("phone"),
        FieldPanel("kind"),
        FieldPanel("for_whom"),
        FieldPanel("hours"),
        FieldPanel("territory"),
        FieldPanel("publish"),
        FieldRowPanel([FieldPanel("verified"), FieldPanel("as_of")]),
        FieldPanel("slug"),
        FieldPanel("source"),
        FieldPanel("note"),
    ]


class Dictionaries(ModelViewSetGroup):
    menu_label = _("Dictionaries")
    menu_icon = "folder-open-inverse"
    menu_order = 230
    items = (
        HotlineViewSet,
        TerritoryViewSet,
        SituationViewSet,
        CategoryViewSet,
        FactViewSet,
        DocumentTypeViewSet,
    )
