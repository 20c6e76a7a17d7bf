"""Forms of what a centre offers for appointments: everything chosen is of the own centre."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from catalogue.models import Office
from desk.models import AppointmentKind, Room, WorkingHours
from desk.own_centre import OwnCentreForm, own_centres


class RoomForm(OwnCentreForm):
    """What hangs on a row is of its centre, so the centre of a row stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["centre"].disabled = True
        own = own_centres(self.for_user).values("pk")
        for name, rows in _offered(own).items():
            if name in self.fields:
                self.fields[name].queryset = rows

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in ("room", "office", "like", "kinds"):
            for chosen in _each(cleaned.get(name)):
                if cleaned.get("centre") and _centre_of(chosen) != cleaned["centre"].pk:
                    self.add_error(name, _("This belongs to another centre."))
        return cleaned


class HoursForm(RoomForm):
    people = ("person",)


class ChangedDayForm(HoursForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        like = cleaned.get("like")
        if like is not None and like.person != cleaned.get("person"):
            self.add_error("like", _("These are the hours of somebody else."))
        return cleaned


def _offered(centres: Any) -> dict[str, Any]:
    return {
        "office": Office.objects.filter(provider__in=centres),
        "room": Room.objects.filter(centre__in=centres, retired=False),
        "kinds": AppointmentKind.objects.filter(centre__in=centres, retired=False),
        "like": WorkingHours.objects.filter(centre__in=centres).select_related("person"),
    }


def _each(chosen: Any) -> Any:
    if chosen is None:
        return ()
    return [chosen] if hasattr(chosen, "pk") else chosen


def _centre_of(chosen: Any) -> int:
    return int(chosen.provider_id if isinstance(chosen, Office) else chosen.centre_id)
