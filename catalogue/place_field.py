"""A place that staff type: found by its name, however many places there are.

A list of all of them would be a megabyte on every page of a whole country.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, JsonResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue.models import Territory
from catalogue.models.territory import TerritoryKind
from catalogue.place import LONGEST_WORDS, MOST_FOUND, called, folded

MOST_TOLD = 6
MOST_AROUND = 200
LONGEST_NAME = 400


class PlaceInput(forms.TextInput):
    """The page's script offers names while one types."""

    class Media:
        js = ["catalogue/admin/place.js"]

    def __init__(self, attrs: Any = None) -> None:
        own = {"autocomplete": "off", "data-places": reverse_lazy("catalogue_places")}
        super().__init__({**own, **(attrs or {})})


class PlaceField(forms.CharField):
    """A territory by its name: «Тихвинский район, Ленинградская область», or as much as is clear."""

    widget = PlaceInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_NAME)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """What a form of a model begins with is a key."""
        if isinstance(value, int):
            value = Territory.objects.filter(pk=value).first()
        return name_of(value) if isinstance(value, Territory) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        fitting = _fitting(typed)
        if len(fitting) == 1:
            return fitting[0][0]
        if not fitting:
            raise forms.ValidationError(_("There is no such place. Write a part of its name."))
        told = "; ".join(name for _place, name in fitting[:MOST_TOLD])
        raise forms.ValidationError(
            _("There are several such places. Write it as here: %(places)s.") % {"places": told}
        )


@require_safe
def places(request: HttpRequest) -> JsonResponse:
    """Names to choose from while one types."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_WORDS]
    names = [name for _place, name in _named(_search(words))] if words else []
    return JsonResponse({"places": names})


def name_of(place: Territory) -> str:
    ((_place, name),) = _named([place])
    return name


def _fitting(typed: str) -> list[tuple[Territory, str]]:
    """What may be meant: the one that is called just so, else all that it may be."""
    found = _named(_search(typed))
    for said in (lambda place, name: name, lambda place, name: place.title):
        exact = [one for one in found if folded(said(*one)) == folded(typed)]
        if len(exact) == 1:
            return exact
    return found


def _search(typed: str) -> QuerySet[Territory]:
    """By the first part of the name; the other parts are of what it lies in."""
    first, *around = [part.strip() for part in typed.split(",")]
    found = called(first, Territory.objects.all())
    for part in filter(None, around):
        outer = called(part, Territory.objects.all()).values_list("pk", flat=True)
        found = found.filter(ancestor_ids__overlap=list(outer[:MOST_AROUND]))
    is_exact = Case(When(title__iexact=first, then=Value(0)), default=Value(1))
    return found.order_by(is_exact, "depth", "sort_key")[:MOST_FOUND]


def _named(found: Iterable[Territory]) -> list[tuple[Territory, str]]:
    """With the names of what each lies in; the country is not said."""
    places = list(found)
    keys = {key for place in places for key in place.ancestor_ids}
    outer = Territory.objects.filter(pk__in=keys).exclude(kind=TerritoryKind.COUNTRY)
    titles = dict(outer.values_list("pk", "title"))
    return [
        (
            place,
            ", ".join(
                [
                    place.title,
                    *(titles[key] for key in reversed(place.ancestor_ids[:-1]) if key in titles),
                ]
            ),
        )
        for place in places
    ]
