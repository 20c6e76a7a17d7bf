"""Heads arrange their own centre, with their own people; nobody arranges that of others."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cms.access import Role
from cms.models import User
from forms.models import (
    CentreClock,
    Department,
    DutyShift,
    IntakeCase,
    Queue,
    SpecialDay,
)
from forms.routing import unrouted_queue
from tests.arrangement import rows_of
from tests.factories import ProviderFactory, UserFactory
from tests.intake import QueueFactory, make_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(centre, client):
    person = UserFactory(role=Role.HEAD, provider=centre)
    client.force_login(person)
    return person


@pytest.fixture
def other():
    return ProviderFactory(centre=True)


def test_rows_of_another_centre_do_not_exist(head, client, centre, other):
    own, foreign = rows_of(centre), rows_of(other)
    for name, row in own.items():
        listed = client.get(reverse(f"{name}:index"))
        assert listed.status_code == 200, name
        assert client.get(reverse(f"{name}:edit", args=[row.pk])).status_code == 200, name
    for name, row in foreign.items():
        for view in ("edit", "delete", "history", "usage"):
            address = reverse(f"{name}:{view}", args=[row.pk])
            assert client.get(address).status_code == 404, address
            assert client.post(address, {}).status_code == 404, address


def test_head_deletes_what_nothing_rests_on(head, client, centre):
    """A clock is named by its centre, which it does not know any more when it is gone."""
    rows = rows_of(centre)
    for name in ("clocks", "special-days", "duty", "curators", "department-tasks"):
        answer = client.post(reverse(f"{name}:delete", args=[rows[name].pk]), follow=True)
        assert answer.status_code == 200, name
        assert not type(rows[name]).objects.filter(pk=rows[name].pk).exists(), name
    assert not CentreClock.objects.exists()


@pytest.mark.parametrize(
    "role", [Role.SPECIALIST, Role.DISPATCHER, Role.PARTNER, Role.EDITOR, Role.ANALYST]
)
def test_others_do_not_arrange(client, centre, role):
    client.force_login(UserFactory(role=role, provider=centre))
    for name, row in rows_of(centre).items():
        for view, args in (("index", []), ("add", []), ("edit", [row.pk]), ("delete", [row.pk])):
            answer = client.get(reverse(f"{name}:{view}", args=args))
            assert answer.status_code in (302, 403, 404), (name, view)


def test_head_plans_duty_of_own_people_only(head, client, centre, other):
    stranger = UserFactory(role=Role.SPECIALIST, provider=other)
    data = {
        "centre": centre.pk,
        "person": head.pk,
        "starts_at": "2026-11-23 18:00",
        "ends_at": "2026-11-24 09:00",
    }
    for wrong in (
        {"person": stranger.pk},
        {"centre": other.pk},
        {"centre": ""},
        {"ends_at": "2026-11-23 18:00"},
    ):
        answer = client.post(reverse("duty:add"), data | wrong)
        assert answer.status_code == 200, wrong
        assert not DutyShift.objects.exists(), wrong
    assert client.post(reverse("duty:add"), data).status_code == 302
    assert DutyShift.objects.get().person == head


def test_who_tends_all_centres_still_chooses_people_of_the_centre(client, centre, other):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    stranger = UserFactory(role=Role.SPECIALIST, provider=other)
    data = {"centre": centre.pk, "title": "Отдел", "people": [stranger.pk]}
    answer = client.post(reverse("departments:add"), data)
    assert "Не работает в этом центре" in answer.content.decode()
    assert client.post(reverse("departments:add"), data | {"centre": other.pk}).status_code == 302
    assert list(Department.objects.get().people.all()) == [stranger]


def test_hours_are_typed_day_by_day(head, client, centre):
    data = {"centre": centre.pk, "time_zone": "Asia/Irkutsk", "mo": "09:00-18:00", "sa": "9-14"}
    answer = client.post(reverse("clocks:add"), data)
    assert "Напишите часы так" in answer.content.decode()
    assert "9-14" in answer.content.decode()
    assert client.post(reverse("clocks:add"), data | {"sa": "09:00-14:00"}).status_code == 302
    clock = CentreClock.objects.get()
    assert clock.week == {"mo": "09:00-18:00", "sa": "09:00-14:00"}
    page = client.get(reverse("clocks:edit", args=[clock.pk])).content.decode()
    assert 'value="09:00-14:00"' in page


def test_day_of_every_centre_is_a_matter_of_who_tends_all(head, client, centre):
    everywhere = {"centre": "", "day": "2026-12-12", "hours": "", "note": "день региона"}
    client.post(reverse("special-days:add"), everywhere)
    assert not SpecialDay.objects.exists()
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    client.post(reverse("special-days:add"), everywhere)
    assert SpecialDay.objects.get().centre is None
    client.force_login(head)
    address = reverse("special-days:edit", args=[SpecialDay.objects.get().pk])
    assert client.get(address).status_code == 404


def test_queue_keeps_its_short_name_and_gets_no_department_of_others(head, client, centre, other):
    queue = QueueFactory(centre=centre, slug="svoya")
    own = Department.objects.create(centre=centre, title="Отдел")
    foreign = Department.objects.create(centre=other, title="Чужой")
    data = {"centre": centre.pk, "title": "Новая", "slug": "chuzhaya"}
    address = reverse("queues:edit", args=[queue.pk])
    client.post(address, data | {"department": foreign.pk})
    assert Queue.objects.get(pk=queue.pk).title != "Новая"
    client.post(address, data | {"department": own.pk, "confidants": [head.pk]})
    queue.refresh_from_db()
    assert (queue.slug, queue.department, list(queue.confidants.all())) == ("svoya", own, [head])


def test_head_does_not_go_around_the_glass_by_way_of_the_queue(head, client, centre):
    """Neither by naming itself nor by leaving nobody: either would open every secret case, untold."""
    case = make_case(centre=centre)
    IntakeCase.objects.filter(pk=case.pk).update(secret=True)
    first, second = (UserFactory(role=Role.SPECIALIST, provider=centre) for _ in range(2))
    case.queue.confidants.add(first)
    address = reverse("queues:edit", args=[case.queue_id])
    data = {"centre": centre.pk, "title": case.queue.title}
    for people, said in (
        ([first.pk, head.pk], "Себя назвать нельзя"),
        ([head.pk], "Себя назвать нельзя"),
        ([], "Оставьте хотя бы одного"),
    ):
        answer = client.post(address, data | {"confidants": people})
        assert said in answer.content.decode(), people
        assert list(case.queue.confidants.all()) == [first]
        assert not IntakeCase.objects.visible_to(head).exists()
    client.post(address, data | {"confidants": [second.pk]})
    assert list(case.queue.confidants.all()) == [second]
    second.is_active = False  # has left: somebody has to see the case
    second.save()
    assert IntakeCase.objects.visible_to(User.objects.get(pk=head.pk)).exists()
    client.post(address, data | {"confidants": [head.pk]})
    assert list(case.queue.confidants.all()) == [head]


def test_unrouted_queue_stays_what_it_is(head, client, centre):
    case = make_case(centre=centre)
    queue = unrouted_queue(centre)
    client.post(
        reverse("queues:edit", args=[queue.pk]),
        {"centre": "", "title": "Нераспределённые", "slug": "x", "retired": "on"},
    )
    queue.refresh_from_db()
    case.refresh_from_db()
    assert (queue.centre, queue.retired, case.queue) == (centre, False, queue)


def test_lists_cost_the_same_however_long(head, client, centre, django_assert_max_num_queries):
    rows_of(centre)
    for number in range(12):
        Department.objects.create(centre=centre, title=f"Отдел {number}")
        QueueFactory(centre=centre)
        SpecialDay.objects.create(centre=centre, day=f"2027-01-{number + 10}")
    for name in ("departments", "queues", "special-days", "curators", "duty", "clocks"):
        client.get(reverse(f"{name}:index"))
        with django_assert_max_num_queries(14):
            assert client.get(reverse(f"{name}:index")).status_code == 200
