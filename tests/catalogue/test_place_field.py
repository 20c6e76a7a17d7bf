"""A place that staff type by its name."""

from __future__ import annotations

import pytest
from django import forms
from django.urls import reverse

from catalogue.place_field import PlaceField
from cms.access import Role
from tests.factories import TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db


class PlaceForm(forms.Form):
    place = PlaceField(required=False)


@pytest.fixture
def places():
    country = TerritoryFactory(title="Образец страны", kind="country")
    found = {}
    for region in ("Лесная область", "Степной край"):
        around = TerritoryFactory(title=region, kind="region", parent=country)
        found[region] = around
        found[f"район, {region}"] = TerritoryFactory(title="Октябрьский район", parent=around)
        found[f"посёлок, {region}"] = TerritoryFactory(
            title="Октябрьский", parent=found[f"район, {region}"], kind="rural_settlement"
        )
    found["Озёрный"] = TerritoryFactory(
        title="Озёрный район", aliases=["Озерки"], parent=found["Лесная область"]
    )
    return found


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Озёрный район, Лесная область", "Озёрный"),
        ("озерный", "Озёрный"),
        ("озерки", "Озёрный"),
        ("  Лесная  ", "Лесная область"),
        ("Лесная область", "Лесная область"),
        ("Октябрьский район, Степной край", "район, Степной край"),
        ("октябрьский район, степной", "район, Степной край"),
        ("Октябрьский, Октябрьский район, Лесная область", "посёлок, Лесная область"),
        ("", None),
    ],
)
def test_a_place_is_known_by_as_much_as_is_clear(places, typed, meant):
    form = PlaceForm({"place": typed})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["place"] == (meant and places[meant])


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Октябрьский район", "Октябрьский район, Степной край"),
        ("нет такого", "Такого места портал не знает"),
        ("Озёрный район, Степной край", "Такого места портал не знает"),
        (",", "Напишите так, как здесь"),
        ("я" * 401, "400"),
    ],
)
def test_what_is_not_clear_is_told_and_stays(places, typed, told):
    form = PlaceForm({"place": typed})
    assert not form.is_valid()
    assert told in str(form.errors)
    assert typed in str(form["place"])


def test_what_was_kept_is_shown_by_its_name(places):
    form = PlaceForm(initial={"place": places["район, Степной край"].pk})
    assert 'value="Октябрьский район, Степной край"' in str(form["place"])


def test_names_are_offered_to_staff_while_they_type(client, places):
    address = reverse("catalogue_places")
    assert "/login/" in client.get(address, {"q": "озе"})["Location"]
    client.force_login(UserFactory(role=Role.HEAD))
    assert client.get(address, {"q": "озе"}).json() == {"places": ["Озёрный район, Лесная область"]}
    assert client.get(address).json() == {"places": []}
    assert client.get(address, {"q": "\0" + "я" * 5000}).status_code == 200
