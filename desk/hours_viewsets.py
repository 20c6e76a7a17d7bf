"""The back office's views of rooms, kinds of appointments, hours and changed days."""

from __future__ import annotations

from typing import Any

from django.forms import CheckboxSelectMultiple
from django.http import HttpResponse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views.generic import CreateView, EditView

from catalogue.dictionaries import CarefulDeleteView, RelatedIndexView
from desk.hours_forms import ChangedDayForm, HoursForm, RoomForm
from desk.models import AppointmentKind, ChangedDay, Room, WorkingHours
from desk.own_centre import OwnCentreViewSet
from desk.planning import Planned, plan
from forms.hours import WEEKDAYS


class PlansAnew:
    """Mixed in front of Wagtail's views: slots follow at once, and what stands in the way is told."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)  # type: ignore[misc]
        done = plan(centre=self.object.centre)  # type: ignore[attr-defined]
        tell(self.request, done)  # type: ignore[attr-defined]
        return response


def tell(request: Any, done: Planned) -> None:
    if done.made:
        told = ngettext("%(count)d new time.", "%(count)d new times.", done.made)
        messages.info(request, told % {"count": done.made})
    if done.booked:
        told = ngettext(
            "%(count)d appointment stands outside of the hours now: move the family.",
            "%(count)d appointments stand outside of the hours now: move the families.",
            done.booked,
        )
        messages.warning(request, told % {"count": done.booked})
    if done.refused:
        told = gettext(
            "%(count)d times could not be set: the specialist or the room has something else then."
        )
        messages.warning(request, told % {"count": done.refused})


class PlanningCreateView(PlansAnew, CreateView):
    """Adding."""


class PlanningEditView(PlansAnew, EditView):
    """Changing."""


class PlanningDeleteView(CarefulDeleteView):
    """Deleting: the free times go, too."""

    def form_valid(self, form: Any) -> HttpResponse:
        centre = self.object.centre
        response = super().form_valid(form)
        tell(self.request, plan(centre=centre))
        return response


class PlanningViewSet(OwnCentreViewSet):
    """Rows of centres from which slots are made."""

    add_view_class = PlanningCreateView
    edit_view_class = PlanningEditView
    delete_view_class = PlanningDeleteView


def _handler(form: type[RoomForm], *panels: Any) -> ObjectList:
    return ObjectList([FieldPanel("centre"), *panels], base_form_class=form)


class RoomViewSet(PlanningViewSet):
    model = Room
    name = "rooms"
    icon = "home"
    menu_label = _("Rooms")
    list_display = ["title", "centre", "seats", BooleanColumn("retired", label=_("retired"))]
    search_fields = ["title"]
    edit_handler = _handler(
        RoomForm, FieldPanel("title"), FieldPanel("seats"), FieldPanel("retired")
    )


class AppointmentKindViewSet(PlanningViewSet):
    model = AppointmentKind
    name = "appointment_kinds"
    icon = "list-ul"
    menu_label = _("Kinds of appointments")
    list_display = [
        "title",
        Column("get_meeting_display", label=_("How")),
        "minutes",
        "seats",
        BooleanColumn("by_family", label=_("families book it themselves")),
        "centre",
    ]
    search_fields = ["title"]
    edit_handler = _handler(
        RoomForm,
        FieldPanel("title"),
        FieldPanel("meeting"),
        FieldRowPanel([FieldPanel("minutes"), FieldPanel("seats")]),
        FieldPanel("office"),
        FieldPanel("how"),
        MultiFieldPanel(
            [
                FieldPanel("by_family"),
                FieldPanel("topics", widget=CheckboxSelectMultiple),
                FieldRowPanel([FieldPanel("hours_before"), FieldPanel("weeks_ahead")]),
            ],
            heading=_("Who books, and when"),
        ),
        FieldPanel("retired"),
    )


class HoursIndexView(RelatedIndexView):
    """The list of hours, with what they are for."""

    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().prefetch_related("kinds")


def what_for(hours: WorkingHours) -> str:
    return ", ".join(str(kind) for kind in hours.kinds.all())


def week(hours: WorkingHours) -> str:
    """«пн 09:00-12:45, ср 14:00-16:00»."""
    days = ((WEEKDAYS_ABBR[number], getattr(hours, day)) for number, day in enumerate(WEEKDAYS))
    return ", ".join(f"{name} {said}".lower() for name, said in days if said)


class WorkingHoursViewSet(PlanningViewSet):
    model = WorkingHours
    name = "working_hours"
    icon = "time"
    menu_label = _("Hours of specialists")
    list_select_related = ("centre", "person", "room")
    index_view_class = HoursIndexView
    list_display = [
        "person",
        Column("kinds", label=_("For what"), accessor=what_for),
        Column("week", label=_("Hours"), accessor=week),
        "room",
        "valid_from",
        "valid_until",
    ]
    edit_handler = _handler(
        HoursForm,
        FieldPanel("person"),
        FieldPanel("kinds", widget=CheckboxSelectMultiple),
        FieldPanel("room"),
        FieldRowPanel([FieldPanel("valid_from"), FieldPanel("valid_until")]),
        FieldPanel("every_weeks"),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("mo"), FieldPanel("tu")]),
                FieldRowPanel([FieldPanel("we"), FieldPanel("th")]),
                FieldRowPanel([FieldPanel("fr"), FieldPanel("sa")]),
                FieldPanel("su"),
            ],
            heading=_("Hours by day, as 09:00-13:00,14:00-18:00"),
        ),
    )


class ChangedDayViewSet(PlanningViewSet):
    model = ChangedDay
    name = "changed_days"
    icon = "calendar-alt"
    menu_label = _("Leave and changed days")
    list_select_related = ("centre", "person")
    list_display = ["person", "first_day", "last_day", "hours", "centre"]
    edit_handler = _handler(
        ChangedDayForm,
        FieldPanel("person"),
        FieldRowPanel([FieldPanel("first_day"), FieldPanel("last_day")]),
        FieldPanel("hours"),
        FieldPanel("like"),
    )


VIEWSETS = (WorkingHoursViewSet(), ChangedDayViewSet(), AppointmentKindViewSet(), RoomViewSet())
