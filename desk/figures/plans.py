"""Plans of indicators in the back office: a head tends those of the own centre, an analyst all."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList

from catalogue.models import Indicator, Provider
from desk.figures.asking import sees_all
from desk.figures.indicators import countable
from desk.models import Plan
from desk.own_centre import OwnCentreForm, OwnCentreViewSet
from forms.asking import NumberField


class OfCentresForm(OwnCentreForm):
    """A row of one centre or, from who sees all of them, of all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sees_all(self.for_user):
            centre = self.fields["centre"]
            centre.queryset, centre.required = Provider.objects.centres(), False
            centre.empty_label = _("all centres")


class PlanForm(OfCentresForm):
    """Only indicators that the desk can count have a fact beside their plan."""

    value = NumberField(label=_("plan"), max_digits=12, decimal_places=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["indicator"].queryset = Indicator.objects.filter(countable())


class PlanViewSet(OwnCentreViewSet):
    model = Plan
    name = "plans"
    icon = "clipboard-list"
    menu_label = _("Plans of indicators")  # the page of figures leads to it
    list_select_related = ("centre", "indicator")
    list_display = ["indicator", "year", "value", "centre"]
    edit_handler = ObjectList(
        [FieldPanel("indicator"), FieldPanel("year"), FieldPanel("value"), FieldPanel("centre")],
        base_form_class=PlanForm,
    )
