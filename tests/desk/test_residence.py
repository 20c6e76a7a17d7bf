"""A family moves: the corrected place takes its case, and the curator of the area, along."""

from __future__ import annotations

import pytest

from cms.access import Role
from desk import amending
from forms.actions import Action
from forms.models import CuratorArea, IntakeCase
from forms.moves import move, take
from forms.routing import unrouted_queue
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import make_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    country = TerritoryFactory(slug="strana", kind="country")
    region = TerritoryFactory(parent=country, kind="region")
    return [
        TerritoryFactory(parent=region, title=title) for title in ("Озёрный", "Лесной", "Южный")
    ]


@pytest.fixture
def curators(centre, places):
    """Of the first two places; nobody is curator of the third."""
    people = [UserFactory(role=Role.SPECIALIST, provider=centre) for _ in range(2)]
    for place, person in zip(places, people, strict=False):
        CuratorArea.objects.create(centre=centre, territory=place, curator=person)
    return people


@pytest.fixture
def case(centre, places, curators, specialist):
    made = make_case(centre=centre, territory=places[0])
    IntakeCase.objects.filter(pk=made.pk).update(curator=curators[0])
    take(case_id=made.pk, actor=specialist)
    return IntakeCase.objects.get(pk=made.pk)


def correct(case, specialist, place, path="place"):
    value = {"slug": place.slug, "title": place.title} if path == "place" else place
    amending.amend(case_id=case.pk, actor=specialist, version=IntakeCase.objects.get(pk=case.pk).version, path=path, value=value, reason="changed")  # fmt: skip
    case.refresh_from_db()


def test_the_curator_of_the_new_place_has_the_family(case, specialist, places, curators, client):
    correct(case, specialist, places[1])
    assert (case.territory, case.curator) == (places[1], curators[1])
    event = case.events.order_by("-seq").first()
    assert event.data["curator"] == [curators[0].pk, curators[1].pk]
    client.force_login(specialist)
    page = client.get(f"/admin/intake/{case.pk}/").content.decode()
    assert f"куратор: {curators[1]}" in page


def test_where_nobody_is_curator_the_old_one_is_none_any_more(case, specialist, places):
    correct(case, specialist, places[2])
    assert (case.territory, case.curator) == (places[2], None)


def test_who_was_chosen_by_hand_stays(case, specialist, places):
    IntakeCase.objects.filter(pk=case.pk).update(curator=specialist)
    correct(case, specialist, places[1])
    assert (case.territory, case.curator) == (places[1], specialist)


def test_another_answer_moves_nobody(case, specialist, places, curators):
    correct(case, specialist, "Образец Другой", path="name")
    assert (case.territory, case.curator) == (places[0], curators[0])
    assert "curator" not in case.events.order_by("-seq").first().data


def test_another_centre_has_a_curator_of_its_own(case, places, centre):
    """Whoever routes it there: the area of the new centre counts, not that of the old one."""
    other = ProviderFactory(centre=True)
    theirs = UserFactory(role=Role.SPECIALIST, provider=other)
    CuratorArea.objects.create(centre=other, territory=places[0], curator=theirs)
    dispatcher = UserFactory(role=Role.DISPATCHER, provider=centre)
    move(case_id=case.pk, action=Action.ROUTE, actor=dispatcher, version=case.version, queue=unrouted_queue(other), reason="other_topic", text="образец")  # fmt: skip
    case.refresh_from_db()
    assert (case.centre, case.curator) == (other, theirs)
