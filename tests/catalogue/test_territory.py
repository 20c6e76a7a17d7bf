"""Territories keep their own path through the tree."""

import pytest
from django.db import IntegrityError, transaction

from catalogue.models import Territory
from tests.factories import TerritoryFactory

pytestmark = pytest.mark.django_db


def test_path_leads_from_the_country_to_the_territory():
    country = TerritoryFactory(kind="country")
    region = TerritoryFactory(parent=country)
    town = TerritoryFactory(parent=region)
    assert town.ancestor_ids == [country.pk, region.pk, town.pk]
    assert town.depth == 2


def test_moving_a_territory_moves_everything_inside_it():
    old, new = TerritoryFactory(), TerritoryFactory()
    district = TerritoryFactory(parent=old)
    village = TerritoryFactory(parent=district)
    district.parent = new
    district.save()
    village.refresh_from_db()
    assert village.ancestor_ids == [new.pk, district.pk, village.pk]
    assert set(Territory.objects.within(new)) == {new, district, village}


def test_bulk_insert_of_a_tree_in_one_statement_makes_paths():
    parent = TerritoryFactory()
    rows = [Territory(slug=f"row-{n}", title=f"Row {n}", parent=parent) for n in range(3)]
    Territory.objects.bulk_create(rows)
    assert Territory.objects.within(parent).count() == 4


def test_a_territory_cannot_lie_inside_itself():
    region = TerritoryFactory()
    town = TerritoryFactory(parent=region)
    region.parent = town
    with pytest.raises(IntegrityError), transaction.atomic():
        region.save()


def test_lists_sort_as_russians_do():
    for title in ("Ель", "Ёлкино", "Жуково", "Елец", "абаза"):
        TerritoryFactory(title=title)
    assert [str(t) for t in Territory.objects.all()] == [
        "абаза",
        "Елец",
        "Ель",
        "Ёлкино",
        "Жуково",
    ]
