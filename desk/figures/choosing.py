"""What counts for an indicator, in the back office: a head chooses for the own centre, an analyst
for all."""

from __future__ import annotations

from typing import Any

from django.forms import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList

from catalogue.models import Indicator
from desk.figures.indicators import to_choose_for
from desk.figures.plans import OfCentresForm
from desk.models import CountedAs
from desk.own_centre import OwnCentreViewSet


class CountedAsForm(OfCentresForm):
    """Only indicators of which the desk does not know by itself what counts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["indicator"].queryset = Indicator.objects.filter(to_choose_for())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        indicator = cleaned.get("indicator")
        if indicator is None:
            return cleaned
        by_places = Indicator.objects.filter(to_choose_for("territories"), pk=indicator.pk).exists()
        needed, other = ("territories", "topics") if by_places else ("topics", "territories")
        if not cleaned.get(needed):
            said = _("Choose the places.") if by_places else _("Choose the topics.")
            self.add_error(needed, said)
        if cleaned.get(other):
            self.add_error(other, _("This indicator does not look at it: leave it empty."))
        return cleaned


class CountedAsViewSet(OwnCentreViewSet):
    model = CountedAs
    name = "counted_as"
    icon = "clipboard-list"
    menu_label = _("What counts for indicators")  # the page of figures leads to it
    list_select_related = ("centre", "indicator")
    list_display = ["indicator", "centre"]
    edit_handler = ObjectList(
        [
            FieldPanel("indicator"),
            FieldPanel("centre"),
            FieldPanel("topics", widget=CheckboxSelectMultiple),
            FieldPanel("territories", widget=CheckboxSelectMultiple),
        ],
        base_form_class=CountedAsForm,
    )
