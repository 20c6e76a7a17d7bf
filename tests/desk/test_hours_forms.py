"""A head tends rooms, kinds and hours of its own centre; slots follow at once."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from cms.access import Role
from desk.models import AppointmentKind, Booking, ChangedDay, Room, Slot, WorkingHours
from tests.appointments import make_hours, make_kind, make_room, make_specialist
from tests.factories import ProviderFactory, UserFactory
from tests.intake import TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(centre):
    client = Client()
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    return client


@pytest.fixture
def elsewhere(db):
    return ProviderFactory(centre=True)


def hours(centre, who, kind, **more):
    days = dict.fromkeys(("mo", "tu", "we", "th", "fr", "sa", "su"), "")
    return {
        "centre": centre.pk,
        "person": who.pk,
        "kinds": [kind.pk],
        "valid_from": f"{timezone.localdate():%d.%m.%Y}",
        "every_weeks": 1,
        **days,
        "tu": "10:00-12:00",
        **more,
    }


def errors(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer.headers
    return dict(answer.context["form"].errors)


def test_a_room_is_added_to_the_own_centre(head, centre):
    answer = head.post("/admin/rooms/new/", {"centre": centre.pk, "title": "Зал", "seats": 12})
    assert answer.status_code == 302
    assert Room.objects.get().centre == centre


def test_nothing_is_added_to_another_centre(head, elsewhere):
    answer = head.post("/admin/rooms/new/", {"centre": elsewhere.pk, "title": "Зал", "seats": 12})
    assert "centre" in errors(answer)
    assert not Room.objects.exists()


def test_hours_make_slots_at_once(head, centre, specialist):
    kind = make_kind(centre, minutes=30)
    answer = head.post("/admin/working_hours/new/", hours(centre, specialist, kind), follow=True)
    assert "для записи" in answer.content.decode()
    assert Slot.objects.filter(person=specialist, kind=kind).count() >= 12


def test_hours_take_only_what_is_of_the_own_centre(head, centre, elsewhere, specialist):
    kind, there = make_kind(centre), make_kind(elsewhere)
    page = head.get("/admin/working_hours/new/").content.decode()
    stranger, room = make_specialist(elsewhere, last_name="Чужой"), make_room(elsewhere)
    assert "Чужой" not in page
    assert there.title in page  # the own kind has the same name
    for wrong in (
        {"kinds": [there.pk]},
        {"person": stranger.pk},
        {"room": room.pk},
        {"tu": "12:00-10:00"},
        {"tu": ""},
        {"valid_until": "01.01.2020"},
        {"every_weeks": 0},
    ):
        answer = head.post("/admin/working_hours/new/", hours(centre, specialist, kind, **wrong))
        assert errors(answer), wrong
    assert not WorkingHours.objects.exists()


def test_several_seats_are_for_groups(head, centre):
    typed = {
        "centre": centre.pk,
        "title": "Беседа",
        "meeting": "visit",
        "minutes": 30,
        "seats": 5,
        "hours_before": 3,
        "weeks_ahead": 4,
    }
    answer = head.post("/admin/appointment_kinds/new/", typed)
    assert "Несколько мест бывает только у клуба или группы." in str(errors(answer))
    assert (
        head.post("/admin/appointment_kinds/new/", typed | {"meeting": "group"}).status_code == 302
    )
    assert AppointmentKind.objects.get().seats == 5


def test_the_topics_of_a_kind_are_ticked(head, centre):
    kind, topic = make_kind(centre, title="Беседа"), TopicFactory(title="Психологическая помощь")
    page = head.get(f"/admin/appointment_kinds/edit/{kind.pk}/").content.decode()
    assert "Психологическая помощь" in page
    assert "По каким темам" in page
    typed = {
        "centre": centre.pk,
        "title": "Беседа",
        "meeting": "visit",
        "minutes": 30,
        "seats": 1,
        "by_family": "on",
        "topics": [topic.pk],
        "hours_before": 3,
        "weeks_ahead": 4,
    }
    assert head.post(f"/admin/appointment_kinds/edit/{kind.pk}/", typed).status_code == 302
    assert list(kind.topics.all()) == [topic]


def test_leave_tells_how_many_have_to_be_moved(head, centre, specialist, case):
    kind = make_kind(centre, minutes=30)
    head.post("/admin/working_hours/new/", hours(centre, specialist, kind))
    slot = Slot.objects.order_by("starts_at").last()
    Booking.objects.create(slot=slot, case=case)
    day = timezone.localtime(slot.starts_at).date()
    typed = {
        "centre": centre.pk,
        "person": specialist.pk,
        "first_day": f"{day:%d.%m.%Y}",
        "last_day": f"{day + datetime.timedelta(days=1):%d.%m.%Y}",
    }
    answer = head.post("/admin/changed_days/new/", typed, follow=True)
    assert "1 запись теперь вне часов приёма" in answer.content.decode()
    assert list(Slot.objects.filter(closed=True)) == [slot]
    assert ChangedDay.objects.get().person == specialist


def test_other_hours_want_to_know_for_what(head, centre, specialist):
    typed = {
        "centre": centre.pk,
        "person": specialist.pk,
        "first_day": "24.11.2026",
        "last_day": "24.11.2026",
        "hours": "10:00-12:00",
    }
    assert errors(head.post("/admin/changed_days/new/", typed))
    other = make_hours(centre, make_specialist(centre), make_kind(centre))
    answer = head.post("/admin/changed_days/new/", typed | {"like": other.pk})
    assert "Это часы другого специалиста." in str(errors(answer))


@pytest.mark.parametrize("name", ["rooms", "appointment_kinds", "working_hours", "changed_days"])
def test_rows_of_another_centre_are_not_found(head, elsewhere, name):
    kind, room = make_kind(elsewhere), make_room(elsewhere)
    person = make_specialist(elsewhere)
    row = make_hours(elsewhere, person, kind)
    day = datetime.date(2026, 11, 24)
    changed = ChangedDay.objects.create(
        centre=elsewhere, person=person, first_day=day, last_day=day
    )
    key = {"rooms": room, "appointment_kinds": kind, "working_hours": row, "changed_days": changed}
    for place in ("edit", "delete"):
        for method in (head.get, head.post):
            assert method(f"/admin/{name}/{place}/{key[name].pk}/").status_code == 404
    assert f"/{name}/edit/" not in head.get(f"/admin/{name}/").content.decode()


def test_what_is_used_is_not_deleted(head, centre, specialist):
    kind = make_kind(centre)
    make_hours(centre, specialist, kind, room=make_room(centre))
    answer = head.post(f"/admin/rooms/delete/{Room.objects.get().pk}/", follow=True)
    assert answer.status_code == 200
    assert Room.objects.count() == 1


def test_hours_that_are_deleted_take_their_free_times_along(head, centre, specialist):
    kind = make_kind(centre)
    head.post("/admin/working_hours/new/", hours(centre, specialist, kind))
    assert Slot.objects.exists()
    head.post(f"/admin/working_hours/delete/{WorkingHours.objects.get().pk}/")
    assert not Slot.objects.exists()


def test_the_list_of_hours_tells_what_they_are_for_in_as_many_queries_for_many(
    head, centre, specialist, django_assert_max_num_queries
):
    make_hours(centre, specialist, make_kind(centre), tu="10:00-12:00")
    head.get("/admin/working_hours/")
    with django_assert_max_num_queries(30) as first:
        page = head.get("/admin/working_hours/").content.decode()
    assert "Приём психолога" in page
    assert "вт 10:00-12:00" in page
    for number in range(10):
        make_hours(centre, specialist, make_kind(centre, title=f"Вид {number}"))
    with django_assert_max_num_queries(len(first.captured_queries)):
        head.get("/admin/working_hours/")
