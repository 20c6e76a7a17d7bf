"""The clock of a case in every named situation: dates counted by hand, and what always holds."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.access import Role
from forms import family_moves, moves
from forms.actions import Action
from forms.models import CentreClock, FormDefinition, IntakeCase, SpecialDay
from forms.terms import Calendar
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_calendars import CALENDARS, SATURDAY_CENTRE, at
from tests.intake import FormFactory, TopicFactory, make_case
from tests.telling import tell_count

KALININGRAD, KAMCHATKA, MOSCOW = (
    zoneinfo.ZoneInfo(name) for name in ("Europe/Kaliningrad", "Asia/Kamchatka", "Europe/Moscow")
)

# From when, so many working days, until when: by the production calendars of 2024–2028.
TERMS = {
    "a Monday": ("2026-11-23 10:00", 1, "2026-11-24"),
    "over a weekend": ("2026-11-27 17:59", 1, "2026-11-30"),
    "begun on a Saturday": ("2026-11-28 12:00", 1, "2026-11-30"),
    "begun on a Sunday before midnight": ("2026-11-29 23:59", 1, "2026-11-30"),
    "no day at all": ("2026-11-23 10:00", 0, "2026-11-23"),
    "over the New Year with its moved days": ("2026-12-30 10:00", 1, "2027-01-11"),
    "begun in the New Year": ("2027-01-05 10:00", 2, "2027-01-12"),
    "over the first of May": ("2026-04-30 10:00", 1, "2026-05-04"),
    "over the ninth of May on a Saturday": ("2026-05-08 10:00", 1, "2026-05-12"),
    "over Russia Day that is kept on Monday": ("2027-06-11 10:00", 1, "2027-06-15"),
    "a Saturday that is worked for a Monday": ("2027-02-19 10:00", 1, "2027-02-20"),
    "over that Monday and the holiday behind it": ("2027-02-19 10:00", 2, "2027-02-24"),
    "a Saturday that was worked at the end of a year": ("2024-12-27 10:00", 1, "2024-12-28"),
    "onto a leap day": ("2028-02-28 10:00", 1, "2028-02-29"),
    "from a leap day": ("2028-02-29 10:00", 1, "2028-03-01"),
    "over a leap day": ("2028-02-25 10:00", 3, "2028-03-01"),
    "over a holiday onto a leap day": ("2028-02-22 10:00", 4, "2028-02-29"),
    "no leap day": ("2027-02-26 10:00", 1, "2027-03-01"),
    "over the eighth of March kept on Monday": ("2026-03-06 10:00", 1, "2026-03-10"),
}
# The term, from when until when the family was waited for, the new term.
PAUSES = {
    "hours of one day": ("2026-11-25", "2026-11-23 10:00", "2026-11-23 17:00", "2026-11-25"),
    "over a weekend": ("2026-11-25", "2026-11-20 10:00", "2026-11-23 10:00", "2026-11-26"),
    "over the New Year": ("2027-01-13", "2026-12-30 12:00", "2027-01-12 12:00", "2027-01-15"),
    "within a holiday": ("2027-01-12", "2027-01-02 10:00", "2027-01-08 10:00", "2027-01-12"),
    "over a Saturday that is worked": (
        "2027-02-26",
        "2027-02-19 10:00",
        "2027-02-24 10:00",
        "2027-03-02",
    ),
    "over a leap day": ("2028-03-02", "2028-02-28 10:00", "2028-03-01 10:00", "2028-03-06"),
    "when the term was over already": (
        "2026-12-30",
        "2027-01-11 10:00",
        "2027-01-11 15:00",
        "2027-01-12",
    ),
}
# The same moment, one working day: the day of the centre counts.
ZONES = {
    "evening and morning": (
        "2026-11-23 21:30",
        {KALININGRAD: "2026-11-24", MOSCOW: "2026-11-25", KAMCHATKA: "2026-11-25"},
    ),
    "leap day here and not there": (
        "2028-02-28 13:00",
        {KALININGRAD: "2028-02-29", MOSCOW: "2028-02-29", KAMCHATKA: "2028-03-01"},
    ),
    "new year here and not there": (
        "2026-12-30 12:30",
        {KALININGRAD: "2027-01-11", MOSCOW: "2027-01-11", KAMCHATKA: "2027-01-11"},
    ),
    "weekend here and not there": (
        "2026-11-27 13:00",
        {KALININGRAD: "2026-11-30", MOSCOW: "2026-11-30", KAMCHATKA: "2026-11-30"},
    ),
}


def end(day: str, zone: datetime.tzinfo = MOSCOW) -> datetime.datetime:
    return at(f"{day} 23:59:59", zone)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("zone", [KALININGRAD, MOSCOW, KAMCHATKA], ids=str)
def test_term(name, zone):
    start, days, due = TERMS[name]
    assert Calendar(zone=zone).due_after(at(start, zone), days) == end(due, zone)


@pytest.mark.parametrize("name", PAUSES)
def test_pause(name):
    due, since, until, moved = PAUSES[name]
    usual = Calendar(zone=MOSCOW)
    days = usual.days_to_wait(end(due), at(since), at(until))
    assert usual.due_after(end(due), days) == end(moved)


@pytest.mark.parametrize("name", ZONES)
def test_one_moment_in_several_zones(name):
    moment, wanted = ZONES[name]
    start = at(moment, datetime.UTC)
    for zone, due in wanted.items():
        assert Calendar(zone=zone).due_after(start, 1) == end(due, zone), zone


def test_count_is_told():
    count = 3 * len(TERMS) + len(PAUSES) + sum(len(zones) for _at, zones in ZONES.values())
    tell_count(f"{count} terms counted by hand: all as counted")
    assert Calendar(week=SATURDAY_CENTRE).is_working(datetime.date(2028, 2, 29))


MOMENTS = st.datetimes(
    datetime.datetime(2024, 1, 1), datetime.datetime(2029, 1, 1), timezones=st.just(MOSCOW)
)


@settings(max_examples=300, deadline=None)
@given(CALENDARS, MOMENTS, MOMENTS, st.integers(0, 30), st.integers(0, 30))
def test_what_comes_later_or_takes_longer_is_never_due_earlier(calendar, one, other, few, many):
    one, other = sorted((one, other))
    few, many = sorted((few, many))
    assert calendar.due_after(one, few) <= calendar.due_after(other, few)
    assert calendar.due_after(one, few) <= calendar.due_after(one, many)
    assert calendar.due_after(one, 0) >= one
    assert calendar.day_before(one) < one
    assert calendar.working_days_until(other, one) >= 0


@settings(max_examples=300, deadline=None)
@given(
    CALENDARS, MOMENTS, st.integers(1, 20), st.lists(st.integers(0, 200), min_size=2, max_size=6)
)
def test_a_longer_pause_never_brings_the_term_nearer(calendar, start, days, hours):
    due, moved = calendar.due_after(start, days), []
    for waited in sorted(hours):
        until = start + datetime.timedelta(hours=waited)
        moved.append(calendar.due_after(due, calendar.days_to_wait(due, start, until)))
    assert moved == sorted(moved)
    assert moved[0] >= due


# At the desk, with the clock of the installation


@pytest.fixture
def now(monkeypatch):
    """Sets what time it is."""

    def sets(text: str, zone: datetime.tzinfo) -> None:
        moment = at(text, zone).astimezone(datetime.UTC)
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return sets


@pytest.mark.django_db
def test_terms_are_stored_and_no_later_change_of_rules_moves_them(now):
    """What a family was promised stays, whatever becomes of topic, hours and days."""
    centre = ProviderFactory(centre=True)
    clock = CentreClock.objects.create(centre=centre, time_zone=str(MOSCOW))
    topic = TopicFactory(answer_days=5, first_answer_days=2)
    form = FormFactory(topic=topic)
    form.centres.add(centre)
    form.save()
    now("2026-11-23 10:00", MOSCOW)
    case = make_case(form, contact_at=timezone.now())
    promised = (end("2026-11-25"), end("2026-11-30"))
    topic.answer_days, topic.first_answer_days = 1, 1
    topic.save()
    clock.time_zone, clock.week = str(KAMCHATKA), {"mo": "09:00-18:00"}
    clock.save()
    SpecialDay.objects.create(day="2026-11-30", hours="")
    case.refresh_from_db()
    assert (case.first_due_at, case.due_at) == promised
    new = make_case(FormDefinition.objects.get(), contact_at=timezone.now())
    assert new.due_at == end("2026-12-07", KAMCHATKA)


@pytest.mark.django_db
def test_what_was_set_aside_and_is_opened_again_has_both_terms_anew(now):
    centre = ProviderFactory(centre=True)
    specialist = UserFactory(role=Role.SPECIALIST, provider=centre)
    form = FormFactory(topic=TopicFactory(answer_days=5, first_answer_days=2))
    form.centres.add(centre)
    form.save()
    now("2026-11-02 10:00", MOSCOW)
    case = make_case(form, contact_at=timezone.now())
    about = {"case_id": case.pk, "actor": specialist}
    moves.take(**about)
    moves.move(
        action=Action.SET_ASIDE, version=2, text="дважды", outcome="withdrawn", **about
    )  # fmt: skip
    now("2026-11-23 10:00", MOSCOW)
    moves.move(action=Action.REOPEN, version=3, text="нет", reason="new_facts", **about)
    case.refresh_from_db()
    assert (case.first_due_at, case.due_at) == (end("2026-11-25"), end("2026-11-30"))


@pytest.mark.django_db
@pytest.mark.parametrize("zone", [KALININGRAD, KAMCHATKA], ids=str)
def test_case_paused_over_the_new_year_and_opened_again(now, zone):
    """Nine o'clock of the centre is another day for the server, or is not."""
    centre = ProviderFactory(centre=True)
    CentreClock.objects.create(centre=centre, time_zone=str(zone))
    form = FormFactory(topic=TopicFactory(answer_days=5))
    form.centres.add(centre)
    form.save()
    specialist = UserFactory(role=Role.SPECIALIST, provider=centre)

    def due(day: str) -> None:
        case = IntakeCase.objects.get()
        assert case.due_at == end(day, zone), timezone.localtime(case.due_at, zone)

    def go(action: Action, **more: object) -> None:
        case = IntakeCase.objects.get()
        about = {"case_id": case.pk, "actor": specialist, "version": case.version}
        moves.move(action=action, **about, **more)

    now("2026-12-28 09:00", zone)
    case = make_case(form, contact_at=timezone.now())
    assert case.centre == centre
    due("2027-01-13")
    now("2026-12-30 09:00", zone)
    moves.take(case_id=case.pk, actor=specialist)
    go(Action.ASK, text="вопрос")
    now("2027-01-12 23:30", zone)
    family_moves.family_writes(case_id=case.pk, text="ответ", writing_id=uuid.uuid4())
    due("2027-01-15")
    now("2027-01-14 09:00", zone)
    go(Action.DECIDE, text="ответ", outcome="advised")
    go(Action.CLOSE)
    now("2027-02-19 09:00", zone)
    go(Action.REOPEN, text="снова", reason="new_facts")
    due("2027-03-01")
    now("2027-02-20 09:00", zone)  # a Saturday that is worked
    go(Action.ASK, text="вопрос")
    now("2027-02-24 09:00", zone)
    go(Action.RESUME)
    due("2027-03-02")
    now("2028-02-25 09:00", zone)
    go(Action.DECIDE, text="ответ", outcome="advised")
    go(Action.REOPEN, text="снова", reason="new_facts")
    due("2028-03-03")
