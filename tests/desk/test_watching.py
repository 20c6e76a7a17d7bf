"""Silence brings a case back one working day before its own term, whatever the calendar."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from desk import referring, watching
from desk.models import Referral, ReferralEvent, ReferralState, Step
from desk.tasks import watch_referrals
from forms import consents, retention
from forms.calendars import calendar_of
from forms.events import first_broken
from forms.models import Channel, EventKind, IntakeCase, SpecialDay, State, SubmissionKey
from tests.referrals import ReceiverFactory, hand_over, taken_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def case(centre, specialist):
    return taken_case(centre, specialist)


@pytest.fixture
def sent(case, specialist):
    return hand_over(case, specialist, ReceiverFactory())


def now_of(case):
    return IntakeCase.objects.get(pk=case.pk)


def test_nothing_happens_before_the_term(sent, case):
    assert watching.watch(sent.due_at) == (0, 0)
    assert now_of(case).state == State.REFERRED


def test_silence_brings_the_case_back_once(sent, case, specialist):
    late = sent.due_at + SECOND
    assert watching.watch(late) == (0, 1)
    assert watching.watch(late) == (0, 0)  # harmless when repeated
    back = now_of(case)
    assert (back.state, back.assignee) == (State.IN_WORK, specialist)
    assert case.events.latest("seq").kind == EventKind.REFERRAL_SILENT
    assert Referral.objects.get(pk=sent.pk).state == ReferralState.SILENT
    assert first_broken(back) is None


def test_any_silence_brings_it_back_and_others_are_still_awaited(sent, case, specialist):
    longer = hand_over(case, specialist, ReceiverFactory(), days=6)
    assert watching.watch(sent.due_at + SECOND) == (0, 1)
    assert now_of(case).state == State.IN_WORK
    assert Referral.objects.get(pk=longer.pk).state == ReferralState.SENT
    assert watching.watch(longer.due_at + SECOND) == (0, 1)
    assert now_of(case).state == State.IN_WORK


def test_the_case_has_priority_when_its_own_term_comes_nearer(sent, case):
    """A rare thing: the topic of a case was changed, its term is now before that of the partner."""
    IntakeCase.objects.filter(pk=case.pk).update(due_at=sent.due_at - datetime.timedelta(days=1))
    day_before = calendar_of(case.centre_id).day_before(now_of(case).due_at)
    assert watching.watch(day_before) == (0, 0)
    assert watching.watch(day_before + SECOND) == (0, 1)


def moment(day, hour=12):
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour)))


def case_of_now(centre, specialist):
    """A case with ten working days from the clock of the test: others look at the real one."""
    case = taken_case(centre, specialist)
    due_at = calendar_of(centre.pk).due_after(timezone.now(), 10)
    IntakeCase.objects.filter(pk=case.pk).update(
        due_at=due_at, contact_at=timezone.now(), first_due_at=due_at
    )
    return now_of(case)


# What is sent when with how many working days; until when it is awaited, and until when the family.
AROUND_HOLIDAYS = [
    ("2026-06-09", 2, "2026-06-11", "a term before the Day of Russia"),
    ("2026-06-09", 3, "2026-06-15", "over the Day of Russia and a weekend"),
    ("2026-12-29", 1, "2026-12-30", "a term on the last working day of the year"),
    ("2026-12-29", 2, "2027-01-11", "over New Year, with the day off that was moved"),
    ("2026-02-20", 1, "2026-02-24", "over the Defender's Day"),
    ("2026-03-06", 1, "2026-03-10", "over the Eighth of March, moved to Monday"),
    ("2028-02-28", 1, "2028-02-29", "on the leap day"),
    ("2026-10-30", 3, "2026-11-05", "over the Day of Unity"),
]


@pytest.mark.parametrize(
    ("on", "days", "until", "why"), AROUND_HOLIDAYS, ids=lambda value: str(value)
)
def test_silence_around_holidays(centre, specialist, monkeypatch, on, days, until, why):
    clock = [moment(datetime.date.fromisoformat(on))]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    case = case_of_now(centre, specialist)
    sent = hand_over(case, specialist, ReceiverFactory(), days=days)
    assert timezone.localdate(sent.due_at).isoformat() == until
    clock[0] = sent.due_at
    assert watching.watch() == (0, 0)
    clock[0] = sent.due_at + SECOND
    assert watching.watch() == (0, 1)
    assert now_of(case).due_at > clock[0]  # a working day is left to answer the family
    calendar = calendar_of(case.centre_id)
    assert calendar.working_days_until(now_of(case).due_at, clock[0]) >= 1


def test_a_partner_gets_what_leaves_a_working_day(centre, specialist, monkeypatch):
    """Sent on Friday before the Eighth of March: between is only one working day."""
    friday = datetime.date(2026, 3, 6)
    clock = [moment(friday)]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    case = case_of_now(centre, specialist)  # ten working days: until 23 March
    assert timezone.localdate(case.due_at) == datetime.date(2026, 3, 23)
    assert timezone.localdate(referring.last_term(case)) == datetime.date(2026, 3, 20)
    assert referring.most_days(case) == 9
    SpecialDay.objects.create(centre=centre, day=datetime.date(2026, 3, 20), hours="")
    assert timezone.localdate(referring.last_term(case)) == datetime.date(2026, 3, 19)
    clock[0] = moment(datetime.date(2026, 3, 23))
    assert referring.most_days(case) == 0


def test_what_nobody_may_read_is_recalled(sent, case, centre, specialist):
    other = taken_case(centre, specialist)
    also = hand_over(other, specialist, ReceiverFactory())
    consents.withdraw(case=case, way=Channel.WEB)
    IntakeCase.objects.filter(pk=other.pk).update(
        state=State.CLOSED, outcome="withdrawn", closed_at=timezone.now()
    )
    assert watching.watch() == (2, 0)
    for one in (sent, also):
        assert Referral.objects.get(pk=one.pk).state == ReferralState.RECALLED
    assert now_of(case).state == State.IN_WORK
    assert now_of(other).state == State.CLOSED
    ends = ReferralEvent.objects.filter(kind=Step.RECALLED)
    assert {*ends.values_list("way", flat=True)} == {"portal"}


def test_nothing_is_erased_under_an_awaited_referral(sent, case):
    long_ago = timezone.now() - datetime.timedelta(days=9999)
    IntakeCase.objects.filter(pk=case.pk).update(
        state=State.CLOSED, outcome="withdrawn", closed_at=long_ago
    )
    assert retention.erase_due() == 0
    assert watching.watch() == (1, 0)
    assert retention.erase_due() == 1
    assert not SubmissionKey.objects.filter(submission=case.submission_id).exists()


def test_a_look_at_many_locks_nothing(sent, centre, specialist, django_assert_max_num_queries):
    for _ in range(5):
        hand_over(taken_case(centre, specialist), specialist, ReceiverFactory())
    watching.watch()
    with django_assert_max_num_queries(8) as asked:
        assert watching.watch() == (0, 0)
    assert not [one for one in asked.captured_queries if "FOR UPDATE" in one["sql"]]


def test_task_runs_twice(sent, case, monkeypatch):
    late = sent.due_at + SECOND
    monkeypatch.setattr(timezone, "now", lambda: late)
    for _ in range(2):
        watch_referrals(timestamp=0)
    assert case.events.filter(kind=EventKind.REFERRAL_SILENT).count() == 1
    assert watch_referrals.lock == watch_referrals.queueing_lock == "intake_desk.watch_referrals"


def test_count_is_told():
    assert len({case[0] for case in AROUND_HOLIDAYS}) >= 6
    tell_count(f"silence around holidays: {len(AROUND_HOLIDAYS)} calendars")
