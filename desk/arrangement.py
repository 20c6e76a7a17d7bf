"""How a centre is arranged, in the back office: departments, queues, curators, duty, hours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.viewsets.base import ViewSetGroup

from catalogue.place_field import PlaceField
from cms.models import User
from desk.models import DepartmentTask, RiskSign
from desk.own_centre import OwnCentreForm, OwnCentreViewSet
from forms.hours import WEEKDAYS, check_day
from forms.models import CentreClock, CuratorArea, Department, DutyShift, Queue, SpecialDay


class DepartmentForm(OwnCentreForm):
    people = ("people",)


class QueueForm(OwnCentreForm):
    """Who may see the secret cases of a queue, and which department has it."""

    people = ("confidants",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.filter(retired=False).select_related("centre")
        self.fields["department"].queryset = departments.visible_to(self.for_user)
        if self.instance.pk is not None:
            self.fields["slug"].disabled = True
        if self.instance.unrouted:
            # It is made by the portal and stays with its centre.
            self.fields["centre"].disabled = self.fields["retired"].disabled = True

    def clean_confidants(self) -> Any:
        """Who may break the glass does not go around it: each look of theirs is told to somebody."""
        chosen, user = self.cleaned_data["confidants"], self.for_user
        known = (
            self.instance.confidants.filter(is_active=True)
            if self.instance.pk
            else User.objects.none()
        )
        breaks_glass = user.has_perm("intake_forms.break_glass") and not user.is_superuser
        if not breaks_glass or not known or user in known:
            return chosen
        if user in chosen:
            raise forms.ValidationError(
                _(
                    "You cannot name yourself: people are named here already. Open the case that "
                    "you need for an hour, or ask one of them to name you for it."
                )
            )
        if not chosen:
            raise forms.ValidationError(
                _(
                    "Leave at least one: without named people all secret cases of the queue would "
                    "be open to you."
                )
            )
        return chosen


class CuratorForm(OwnCentreForm):
    people = ("curator",)
    territory = PlaceField(label=capfirst(_("territory")), help_text=_("A part of its name."))


class DutyForm(OwnCentreForm):
    people = ("person",)


class HoursField(forms.CharField):
    """When a centre is open on a day of the week; empty: it is closed."""

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=60,
            validators=[check_day],
            widget=forms.TextInput(attrs={"placeholder": "09:00-13:00,14:00-18:00"}),
        )


# Those in which centres lie, from west to east.
ZONES = {
    "Europe/Kaliningrad": _("Kaliningrad, Moscow −1"),
    "Europe/Moscow": _("Moscow"),
    "Europe/Samara": _("Samara, Moscow +1"),
    "Asia/Yekaterinburg": _("Yekaterinburg, Moscow +2"),
    "Asia/Omsk": _("Omsk, Moscow +3"),
    "Asia/Krasnoyarsk": _("Krasnoyarsk, Moscow +4"),
    "Asia/Irkutsk": _("Irkutsk, Moscow +5"),
    "Asia/Yakutsk": _("Yakutsk, Moscow +6"),
    "Asia/Vladivostok": _("Vladivostok, Moscow +7"),
    "Asia/Magadan": _("Magadan, Moscow +8"),
    "Asia/Kamchatka": _("Kamchatka, Moscow +9"),
}


class ClockForm(OwnCentreForm):
    """The hours of each day in a field of its own."""

    time_zone = forms.ChoiceField(
        label=capfirst(_("time zone")), choices=list(ZONES.items()), initial="Europe/Moscow"
    )
    mo = HoursField(_("Monday"))
    tu = HoursField(_("Tuesday"))
    we = HoursField(_("Wednesday"))
    th = HoursField(_("Thursday"))
    fr = HoursField(_("Friday"))
    sa = HoursField(_("Saturday"))
    su = HoursField(_("Sunday"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["centre"].disabled = True
        for day, hours in self.instance.week.items():
            self.initial.setdefault(day, hours)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.instance.week = {day: cleaned[day] for day in WEEKDAYS if cleaned.get(day)}
        return cleaned


class DepartmentViewSet(OwnCentreViewSet):
    model = Department
    name = "departments"
    icon = "group"
    menu_label = _("Departments")
    list_display = ["title", "centre", BooleanColumn("retired", label=_("retired"))]
    search_fields = ["title"]
    edit_handler = ObjectList(
        [
            FieldPanel("centre"),
            FieldPanel("title"),
            FieldPanel("people", widget=forms.CheckboxSelectMultiple),
            FieldPanel("retired"),
        ],
        base_form_class=DepartmentForm,
    )


class QueueViewSet(OwnCentreViewSet):
    model = Queue
    name = "queues"
    icon = "list-ul"
    menu_label = _("Queues")
    list_select_related = ("centre", "department")
    list_display = [
        "title",
        "centre",
        "department",
        BooleanColumn("unrouted", label=_("for what no rule claims")),
        BooleanColumn("retired", label=_("retired")),
    ]
    list_filter = ["unrouted", "retired"]
    search_fields = ["title", "slug", "centre__short_name"]
    edit_handler = ObjectList(
        [
            FieldPanel("centre"),
            FieldPanel("title"),
            FieldPanel("slug"),
            FieldPanel("department"),
            FieldPanel("confidants", widget=forms.CheckboxSelectMultiple),
            FieldPanel("retired"),
        ],
        base_form_class=QueueForm,
    )


class CuratorViewSet(OwnCentreViewSet):
    model = CuratorArea
    name = "curators"
    icon = "user"
    menu_label = _("Areas of curators")
    list_select_related = ("centre", "territory", "curator")
    list_display = ["territory", "curator", "centre"]
    search_fields = ["territory__title", "curator__last_name"]
    edit_handler = ObjectList(
        [FieldPanel("centre"), FieldPanel("territory"), FieldPanel("curator")],
        base_form_class=CuratorForm,
    )


class DutyViewSet(OwnCentreViewSet):
    model = DutyShift
    name = "duty"
    icon = "warning"
    menu_label = _("Duty")
    list_select_related = ("centre", "person")
    list_display = ["starts_at", "ends_at", "person", "centre"]
    ordering = ["-starts_at"]
    edit_handler = ObjectList(
        [
            FieldPanel("centre"),
            FieldPanel("person"),
            FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")]),
        ],
        base_form_class=DutyForm,
    )


class ClockViewSet(OwnCentreViewSet):
    model = CentreClock
    name = "clocks"
    icon = "time"
    menu_label = _("Hours")
    list_display = [
        "centre",
        Column(
            "time_zone",
            label=_("time zone"),
            accessor=lambda row: ZONES.get(row.time_zone, row.time_zone),
        ),
    ]
    edit_handler = ObjectList(
        [
            FieldPanel("centre"),
            FieldPanel("time_zone"),
            *(FieldPanel(day) for day in WEEKDAYS),
            FieldPanel("records_since"),
        ],
        base_form_class=ClockForm,
    )


class SpecialDayViewSet(OwnCentreViewSet):
    model = SpecialDay
    name = "special-days"
    icon = "date"
    menu_label = _("Special days")
    list_display = ["day", "hours", "centre", "note"]
    list_filter = ["day"]
    edit_handler = ObjectList(
        [
            FieldPanel("centre"),
            FieldPanel("day"),
            FieldPanel("hours"),
            FieldPanel("note"),
        ],
        base_form_class=OwnCentreForm,
    )


class TaskForm(OwnCentreForm):
    """Departments of the own centre; the chosen one has to be of the chosen centre."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.filter(retired=False).select_related("centre")
        self.fields["department"].queryset = departments.visible_to(self.for_user)
        self.fields["signs"].queryset = RiskSign.objects.filter(retired=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        department = cleaned.get("department")
        if department is not None and department.centre != cleaned.get("centre"):
            self.add_error("department", _("This department is of another centre."))
        return cleaned


class TaskViewSet(OwnCentreViewSet):
    model = DepartmentTask
    name = "department-tasks"
    icon = "clipboard-list"
    menu_label = _("Who deals with what")
    list_select_related = ("centre", "department__centre")
    list_display = ["department", "centre"]
    edit_handler = ObjectList(
        [
            FieldPanel("centre"),
            FieldPanel("department"),
            FieldPanel("signs", widget=forms.CheckboxSelectMultiple),
        ],
        base_form_class=TaskForm,
    )


class Arrangement(ViewSetGroup):
    """The menu «Центр»."""

    menu_label = _("The centre")
    menu_name = "centre"
    menu_icon = "home"
    menu_order = 640
    items = (
        DutyViewSet,
        DepartmentViewSet,
        TaskViewSet,
        QueueViewSet,
        CuratorViewSet,
        ClockViewSet,
        SpecialDayViewSet,
    )
