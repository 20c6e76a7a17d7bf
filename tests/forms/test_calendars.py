"""The clock of a case: calendars of centres, and terms that are stored and stay true."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.access import Role
from forms import family_moves, moves, sorting
from forms.actions import Action
from forms.calendars import calendar_of, clock_of
from forms.hours import check_day, check_week
from forms.models import CentreClock, EventKind, IntakeCase, SpecialDay, State
from forms.stage import stage_of
from forms.terms import Calendar
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, TopicFactory, make_case

MOSCOW = zoneinfo.ZoneInfo("Europe/Moscow")
IRKUTSK = zoneinfo.ZoneInfo("Asia/Irkutsk")
KALININGRAD = zoneinfo.ZoneInfo("Europe/Kaliningrad")
SATURDAY_CENTRE = dict.fromkeys(("tu", "we", "th", "fr", "sa"), "10:00-19:00")


def at(text, zone=MOSCOW):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-09", False),  # moved from Saturday the third
        ("2026-03-09", False),  # the eighth is a Sunday
        ("2026-12-31", False),  # moved
        ("2025-11-01", True),  # a Saturday that was worked for the third
        ("2025-11-03", False),
        ("2024-12-28", True),
        ("2024-02-29", True),
        ("2027-02-22", False),
        ("2026-11-23", True),
        ("2026-11-22", False),
    ],
)
def test_holidays_are_those_that_the_government_has_moved(day, works):
    assert Calendar().is_working(datetime.date.fromisoformat(day)) == works


def test_saturday_that_is_moved_is_no_matter_of_a_centre_that_works_on_saturdays():
    own = Calendar(week=SATURDAY_CENTRE)
    assert own.is_working(datetime.date(2026, 11, 21))
    assert not own.is_working(datetime.date(2026, 11, 23))
    assert not own.is_working(datetime.date(2026, 5, 9))  # a holiday on a Saturday
    assert not own.is_working(datetime.date(2024, 4, 29))


def test_special_day_says_otherwise_in_both_directions():
    days = {datetime.date(2026, 11, 23): "", datetime.date(2026, 11, 22): "10:00-14:00"}
    own = Calendar(special=days)
    assert not own.is_working(datetime.date(2026, 11, 23))
    assert own.is_working(datetime.date(2026, 11, 22))
    due = own.due_after(at("2026-11-20 12:00"), 2)
    assert due == at("2026-11-24 23:59:59")


def test_day_of_the_centre_counts_not_that_of_the_server():
    """Half past one in Irkutsk is the evening before in Moscow."""
    moment = at("2026-11-24 01:30", IRKUTSK)
    assert Calendar(zone=IRKUTSK).due_after(moment, 1) == at("2026-11-25 23:59:59", IRKUTSK)
    assert Calendar(zone=MOSCOW).due_after(moment, 1) == at("2026-11-24 23:59:59")


MOMENTS = st.datetimes(
    datetime.datetime(2024, 1, 1), datetime.datetime(2029, 1, 1), timezones=st.just(MOSCOW)
)
CALENDARS = st.builds(
    Calendar,
    zone=st.sampled_from([MOSCOW, IRKUTSK, KALININGRAD]),
    week=st.sampled_from([SATURDAY_CENTRE, dict.fromkeys(("mo", "we"), "09:00-12:00")])
    | st.just(Calendar().week),
    special=st.dictionaries(
        st.dates(datetime.date(2024, 1, 1), datetime.date(2029, 1, 1)),
        st.sampled_from(["", "10:00-15:00"]),
        max_size=6,
    ),
)


@settings(max_examples=200, deadline=None)
@given(CALENDARS, MOMENTS, st.integers(0, 30), st.integers(0, 30))
def test_terms_add_up(calendar, start, first, second):
    """So many days and then so many more are all of them at once; and counted back they are as many."""
    both = calendar.due_after(start, first + second)
    assert calendar.due_after(calendar.due_after(start, first), second) == both
    assert calendar.working_days_until(both, start) == first + second
    if first + second:
        assert calendar.is_working(calendar.local(both).date())


@settings(max_examples=200, deadline=None)
@given(CALENDARS, MOMENTS, st.integers(1, 20), st.integers(0, 60), st.integers(0, 60))
def test_waiting_never_takes_time_from_the_centre(calendar, start, days, since, waited):
    due = calendar.due_after(start, days)
    asked = start + datetime.timedelta(hours=12 * since)
    answered = asked + datetime.timedelta(hours=12 * waited)
    moved = calendar.due_after(due, calendar.days_to_wait(due, asked, answered))
    assert moved >= due
    assert moved >= calendar.due_after(answered, 1)
    # Not a day more than was waited, unless no day would be left.
    whole = calendar.working_days_until(answered, asked) + 1
    assert moved <= max(calendar.due_after(due, whole), calendar.due_after(answered, 1))


@pytest.mark.parametrize(
    "week",
    [[], {"xx": "09:00-10:00"}, {"mo": 9}, {"mo": "9-18"}, {"mo": "18:00-09:00"}, {"mo": ""}],
)
def test_hours_that_are_none_are_refused(week):
    with pytest.raises(ValidationError):
        check_week(week)


def test_hours_follow_each_other():
    check_week({"mo": "09:00-13:00,14:00-18:00", "su": ""})
    check_day("00:00-24:00")
    for wrong in ("09:00-13:00,12:00-18:00", "09:00-09:00", "09:00", "", "24:00-24:00"):
        with pytest.raises(ValidationError):
            check_day(wrong)


# At the desk


@pytest.fixture
def centre(db):
    return ProviderFactory(centre=True)


@pytest.fixture
def specialist(centre):
    return UserFactory(role=Role.SPECIALIST, provider=centre)


def test_calendar_follows_what_the_centre_writes(centre):
    assert calendar_of(centre.pk).zone is None
    clock = CentreClock.objects.create(
        centre=centre, time_zone="Asia/Irkutsk", week=SATURDAY_CENTRE
    )
    SpecialDay.objects.create(centre=None, day="2026-11-26")
    own = SpecialDay.objects.create(centre=centre, day="2026-11-25", hours="10:00-12:00")
    found = calendar_of(centre.pk)
    assert (found.zone, found.week) == (IRKUTSK, SATURDAY_CENTRE)
    assert found.special == {
        datetime.date(2026, 11, 25): "10:00-12:00",
        datetime.date(2026, 11, 26): "",
    }
    assert set(calendar_of(None).special) == {datetime.date(2026, 11, 26)}
    own.delete()
    clock.delete()
    assert calendar_of(centre.pk).zone is None
    assert set(calendar_of(centre.pk).special) == {datetime.date(2026, 11, 26)}


def test_known_calendar_costs_one_question(centre, django_assert_num_queries):
    CentreClock.objects.create(centre=centre)
    calendar_of(centre.pk)
    with django_assert_num_queries(1):
        calendar_of(centre.pk)


def test_clock_without_a_zone_is_refused(centre):
    clock = CentreClock(centre=centre, time_zone="Mars/Olympus")
    with pytest.raises(ValidationError):
        clock.full_clean()


def test_term_of_a_case_is_of_the_day_that_the_centre_has(centre):
    CentreClock.objects.create(centre=centre, time_zone="Asia/Kamchatka")
    form = FormFactory(topic=TopicFactory(answer_days=3, first_answer_days=1))
    form.centres.add(centre)
    form.save()
    case = make_case(form)
    calendar = calendar_of(centre.pk)
    assert case.due_at == calendar.due_after(case.created_at, 3)
    assert case.first_due_at == calendar.due_after(case.created_at, 1)
    with clock_of(centre.pk):
        assert f"{timezone.localtime(case.due_at):%H:%M:%S}" == "23:59:59"


def test_family_reads_the_day_of_the_centre(centre):
    """The end of a day in Kaliningrad is the next day in Moscow, where the server stands."""
    CentreClock.objects.create(centre=centre, time_zone="Europe/Kaliningrad")
    case = make_case(centre=centre)
    case.due_at = at("2026-11-25 23:59:59", KALININGRAD)
    assert "25\xa0ноября" in stage_of(case, at("2026-11-24 12:00")).until


def test_contact_of_days_ago_has_its_term_from_then(centre):
    ago = timezone.now() - datetime.timedelta(days=20)
    case = make_case(FormFactory(topic=TopicFactory(answer_days=3)), contact_at=ago)
    assert case.contact_at == case.clock_at == ago
    assert case.due_at == calendar_of(None).due_after(ago, 3)
    assert case.is_overdue


def stored_is_true(case):
    """The term that is stored is the one that its parts give."""
    case.refresh_from_db()
    calendar, days = calendar_of(case.centre_id), case.topic.answer_days + case.waited_days
    return case.due_at == calendar.due_after(case.clock_at, days)


def wait(case, days):
    """So many days pass since the family was asked."""
    ago = timezone.now() - datetime.timedelta(days=days)
    IntakeCase.objects.filter(pk=case.pk).update(waiting_since=ago)


def test_term_stays_true_through_waiting_sorting_and_opening_again(centre, specialist):
    case = make_case(FormFactory(topic=TopicFactory(answer_days=5)), centre=centre)

    def go(action, **more):
        case.refresh_from_db()
        moves.move(case_id=case.pk, action=action, actor=specialist, version=case.version, **more)
        assert stored_is_true(case)

    assert stored_is_true(case)
    moves.take(case_id=case.pk, actor=specialist)
    for days in (0, 3, 40):
        go(Action.ASK, text="вопрос")
        wait(case, days)
        go(Action.RESUME)
    long = TopicFactory(answer_days=30)
    case.refresh_from_db()
    wanted = sorting.Sorted(topic=long, urgent=False, secret=False, curator=None)
    sorting.sort(case_id=case.pk, actor=specialist, version=case.version, wanted=wanted)
    assert stored_is_true(case)
    go(Action.DECIDE, text="ответ", outcome="advised")
    family_moves.family_writes(case_id=case.pk, text="но", writing_id=uuid.uuid4())
    assert stored_is_true(case)
    assert case.waited_days == 0
    go(Action.DECIDE, text="ответ", outcome="advised")
    go(Action.CLOSE)
    go(Action.REOPEN, text="снова", reason="new_facts")


def test_family_that_is_silent_gives_the_case_back(centre, specialist):
    form = FormFactory(topic=TopicFactory(wait_days=2))
    case = make_case(form, centre=centre)
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=Action.ASK, actor=specialist, version=case.version, text="вопрос"
    )
    case.refresh_from_db()
    assert case.wait_until == calendar_of(centre.pk).due_after(case.waiting_since, 2)
    assert family_moves.return_silent() == 0
    wait(case, 9)
    IntakeCase.objects.update(wait_until=timezone.now() - datetime.timedelta(minutes=1))
    assert family_moves.return_silent() == 1
    assert family_moves.return_silent() == 0
    assert stored_is_true(case)
    assert (case.state, case.assignee) == (State.IN_WORK, specialist)
    assert case.events.last().kind == EventKind.FAMILY_SILENT
