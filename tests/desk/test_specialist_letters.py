"""A specialist is told by mail of an appointment that somebody else has moved or cancelled."""

from __future__ import annotations

import datetime

import pytest
from django.core import mail
from django.utils import timezone

from cms.access import Role
from desk import booking as desk
from forms import sending
from forms.actions import Action
from forms.models import IntakeCase, Notice, NoticeState
from forms.moves import move
from tests.appointments import in_hours, make_group, make_kind, make_slot, make_specialist
from tests.factories import UserFactory
from tests.intake import NAME, PHONE, STORY

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatcher(centre):
    return UserFactory(role=Role.DISPATCHER, provider=centre)


@pytest.fixture
def specialist(centre):
    return make_specialist(centre, email="psiholog@centre.example")


@pytest.fixture
def kind(centre):
    return make_kind(centre, title="Беседа о насилии")


@pytest.fixture
def booked(case, kind, specialist, dispatcher):
    slot = make_slot(kind, specialist, in_hours(48).replace(minute=0))
    return desk.book(case_id=case.pk, slot_id=slot.pk, actor=dispatcher)


def letters():
    """Those to the staff that leave now."""
    before = len(mail.outbox)
    for notice in Notice.objects.filter(recipient__startswith="user:", state=NoticeState.WAITING):
        sending.deliver(notice.pk)
    return mail.outbox[before:]


def local(moment):
    return f"{timezone.localtime(moment):%H:%M}"


def test_the_specialist_reads_when_it_was_and_goes_to_the_schedule(case, booked, specialist, kind):
    desk.cancel(case_id=case.pk, booking_id=booked.pk)
    [letter] = letters()
    assert letter.to == [specialist.email]
    assert letter.subject == "Запись отменена"
    for words in ("Семья отменила запись к вам.", local(booked.starts_at), case.number):
        assert words in letter.body
    day = timezone.localtime(booked.starts_at).date()
    assert f"/admin/intake/schedule/?who=me&day={day:%Y-%m-%d}" in letter.body
    assert f"/admin/intake/{case.pk}/" in letter.body
    for personal in (NAME, PHONE, STORY, kind.title, case.topic.title):
        assert personal not in f"{letter.subject} {letter.body}"


def test_the_links_of_the_letter_open(client, case, booked, specialist):
    desk.cancel(case_id=case.pk, booking_id=booked.pk)
    [letter] = letters()
    client.force_login(specialist)
    links = [word for word in letter.body.split() if word.startswith("http")]
    assert len(links) == 2
    for link in links:
        assert client.get("/" + link.split("/", 3)[3]).status_code == 200, link


def test_a_move_tells_what_was_and_what_is_to_both(case, booked, specialist, kind, centre, dispatcher):  # fmt: skip
    other = make_specialist(centre, email="drugoj@centre.example")
    there = make_slot(kind, other, in_hours(72).replace(minute=30))
    desk.move(case_id=case.pk, booking_id=booked.pk, slot_id=there.pk, actor=dispatcher)
    found = letters()
    assert {letter.to[0] for letter in found} == {specialist.email, other.email}
    for letter in found:
        assert letter.subject == "Запись перенесена"
        assert "Семья" not in letter.body
        assert letter.body.index(local(booked.starts_at)) < letter.body.index(local(there.starts_at))  # fmt: skip


def test_a_family_that_moves_is_named_as_such(case, booked, specialist, kind):
    there = make_slot(kind, specialist, in_hours(72))
    held = desk.hold(case_id=case.pk, slot_id=there.pk, replaces=booked.pk)
    desk.confirm(case_id=case.pk, booking_id=held.pk)
    [letter] = letters()
    assert "Семья перенесла запись к вам." in letter.body


def test_who_has_done_it_knows_it(case, booked, specialist):
    desk.cancel(case_id=case.pk, booking_id=booked.pk, actor=specialist, by_centre=True)
    assert letters() == []


def test_a_secret_case_is_named_without_a_link(case, booked, specialist):
    IntakeCase.objects.filter(pk=case.pk).update(secret=True)
    desk.cancel(case_id=case.pk, booking_id=booked.pk)
    [letter] = letters()
    assert case.number in letter.body
    assert f"/admin/intake/{case.pk}/" not in letter.body


def test_a_closed_case_gives_the_time_back_and_tells_of_it(case, booked, specialist, dispatcher):
    case.refresh_from_db()
    move(case_id=case.pk, action=Action.SET_ASIDE, actor=dispatcher, version=case.version, outcome="withdrawn", text="образец")  # fmt: skip
    desk.sweep()
    [letter] = letters()
    assert "Запись к вам отменена." in letter.body


def test_of_a_club_nobody_is_told(case, centre, specialist, dispatcher):
    slot = make_slot(make_group(centre), specialist, 48)
    made = desk.book(case_id=case.pk, slot_id=slot.pk, actor=dispatcher)
    desk.cancel(case_id=case.pk, booking_id=made.pk)
    assert letters() == []


def test_a_letter_that_comes_too_late_is_not_sent(case, booked, monkeypatch):
    desk.cancel(case_id=case.pk, booking_id=booked.pk)
    later = booked.starts_at + datetime.timedelta(minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert letters() == []
    assert Notice.objects.get(kind="booking").state == NoticeState.REFUSED
