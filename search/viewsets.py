"""The back office's register of synonyms: an edit is live with the next search."""

from __future__ import annotations

from django.forms import SelectMultiple
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.model import ModelViewSet

from search.models import Synonym

_LONG_LIST = SelectMultiple(attrs={"size": 8})


def _words(synonym: Synonym) -> str:
    return ", ".join(synonym.terms)


class SynonymViewSet(ModelViewSet):
    model = Synonym
    name = "synonyms"
    icon = "edit"
    menu_label = _("Synonyms of search")
    menu_name = "synonyms"
    menu_order = 300
    add_to_admin_menu = True
    copy_view_enabled = False
    inspect_view_enabled = False
    list_display = [
        "canonical",
        Column("words", label=_("Other words"), accessor=_words),
        Column("get_kind_display", label=_("Kind")),
    ]
    list_filter = ["kind", "one_way"]
    list_per_page = 50
    ordering = ["sort_key"]
    search_fields = ["canonical", "terms"]
    search_backend_name = None

    edit_handler = ObjectList(
        [
            FieldPanel("canonical"),
            FieldPanel("terms"),
            FieldPanel("kind"),
            FieldPanel("one_way"),
            MultiFieldPanel(
                [
                    FieldPanel(name, widget=_LONG_LIST)
                    for name in (
                        "measures",
                        "situations",
                        "categories",
                        "providers",
                        "territories",
                    )
                ],
                heading=_("Leads to"),
                classname="collapsed",
            ),
        ]
    )
