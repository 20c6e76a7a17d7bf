"""What one case tells: working hours of waiting, and what each event adds to its day."""

from __future__ import annotations

import datetime
import random

import pytest

from desk.figures.telling import About, Happened, tell
from desk.figures.waiting import bucket_of, quantile
from desk.figures.worktime import Worktime
from desk.models.figures import BUCKETS, EDGES
from forms.models import Channel, Outcome
from forms.terms import Calendar


def moscow(text):
    return datetime.datetime.fromisoformat(text).replace(
        tzinfo=datetime.timezone(datetime.timedelta(hours=3))
    )


# Waiting


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-02T10:00", "2026-03-02T11:00", 8 / 9),  # a day of nine hours counts for eight
        ("2026-03-02T09:00", "2026-03-02T18:00", 8),
        ("2026-03-02T18:30", "2026-03-03T08:30", 0),  # over night
        ("2026-03-06T17:00", "2026-03-10T10:00", 16 / 9),  # a weekend, and Monday off by law
        ("2026-03-02T09:00", "2026-03-16T09:00", 72),  # two weeks with one holiday
        ("2026-03-03T09:00", "2026-03-02T09:00", 0),  # the end comes first
    ],
)
def test_wait_is_in_working_hours(start, end, hours):
    clock = Worktime(Calendar(zone=moscow(start).tzinfo))
    assert clock.hours(moscow(start), moscow(end)) == pytest.approx(hours)
    # Whatever was asked before, the answer is the same.
    clock.hours(moscow("2026-12-30T12:00"), moscow("2027-01-20T12:00"))
    assert clock.hours(moscow(start), moscow(end)) == pytest.approx(hours)


def test_dinner_break_is_no_wait():
    week = dict.fromkeys(("mo", "tu", "we", "th", "fr"), "09:00-13:00,14:00-18:00")
    clock = Worktime(Calendar(zone=moscow("2026-03-02").tzinfo, week=week))
    assert clock.hours(moscow("2026-03-02T12:30"), moscow("2026-03-02T14:30")) == 1


def test_quantile_is_exact_to_the_width_of_its_bucket():
    chance = random.Random(47)
    for _ in range(200):
        waits = sorted(chance.expovariate(1 / 20) for _ in range(chance.randrange(1, 300)))
        buckets = [0] * BUCKETS
        for wait in waits:
            buckets[bucket_of(wait)] += 1
        for share in (0.5, 0.9):
            exact = waits[max(0, -(-int(share * 100) * len(waits) // 100) - 1)]
            told, place = quantile(buckets, share), bucket_of(exact)
            if place == len(EDGES):
                assert told == float("inf")
            else:
                low = EDGES[place - 1] if place else 0
                assert told is not None
                assert low <= told <= EDGES[place]
    assert quantile([0] * BUCKETS, 0.5) is None


# What a case tells


def about(**more):
    known = {
        "channel": Channel.WEB,
        "outcome": "",
        "urgent": False,
        "contact_at": moscow("2026-03-02T09:00"),
        "first_due_at": moscow("2026-03-03T23:59:59"),
        "recurring": False,
    }
    return About(**{**known, **more})


def happened(at, kind, to_state="", **data):
    return Happened(moscow(at), kind, to_state, data)


def told(known, *events, in_person=frozenset()):
    clock = Worktime(Calendar(zone=moscow("2026-03-02").tzinfo))
    return [(one.day.day, one.what, one.bucket) for one in tell(known, events, clock, in_person)]


def test_simple_case_is_told_by_days():
    said = told(
        about(),
        happened("2026-03-02T09:00", "accepted", "new"),
        happened("2026-03-02T13:30", "taken", "in_work"),
        happened("2026-03-03T13:30", "decided", "decided", outcome="helped", late=False),
        happened("2026-03-04T10:00", "closed", "closed"),
        happened("2026-03-05T10:00", "rated", "closed", score=5),
    )
    assert said == [
        (2, "received", None),
        (2, "recurring_known", None),
        (2, "taken", None),
        (2, "wait_taken", bucket_of(4)),
        (3, "answered", None),
        (3, "wait_answered", bucket_of(12)),
        (3, "decided", None),
        (3, "wait_decided", bucket_of(12)),
        (3, "remote", None),
        (3, "helped", None),
        (5, "rated_5", None),
    ]


def test_a_talk_is_the_first_answer_and_a_try_is_none():
    said = told(
        about(),
        happened("2026-03-02T09:00", "accepted", "new"),
        happened("2026-03-02T10:00", "talked", "new", way="call", result="not_reached"),
        happened("2026-03-03T13:30", "talked", "new", way="call", result="talked"),
        happened("2026-03-05T10:00", "decided", "decided", outcome="helped", late=False),
    )
    assert [one for one in said if "answered" in one[1]] == [
        (3, "answered", None),
        (3, "wait_answered", bucket_of(12)),
    ]
    assert (5, "remote", None) in said


@pytest.mark.parametrize(
    ("way", "result", "remote"),
    [("visit", "talked", False), ("home", "not_reached", True), ("video", "talked", True)],
)
def test_who_was_met_was_not_helped_from_afar(way, result, remote):
    said = told(
        about(),
        happened("2026-03-02T09:00", "accepted", "new"),
        happened("2026-03-02T10:00", "talked", "new", way=way, result=result),
        happened("2026-03-03T10:00", "decided", "decided", outcome="helped", late=False),
    )
    assert ((3, "remote", None) in said) == remote


def test_time_of_the_family_is_no_wait_of_the_family():
    said = told(
        about(),
        happened("2026-03-02T09:00", "accepted", "new"),
        happened("2026-03-02T18:00", "taken", "in_work"),
        happened("2026-03-03T09:00", "asked", "waiting_family", message="1"),
        happened("2026-03-17T09:00", "family_wrote", "in_work"),
        happened("2026-03-17T18:00", "decided", "decided", outcome="advised", late=True),
    )
    assert (17, "wait_decided", bucket_of(16)) in said
    assert (3, "answered", None) in said
    assert (17, "decided_late", None) in said
    assert sum(what == "answered" for _day, what, _bucket in said) == 1


def test_answer_after_reopening_waits_from_the_reopening():
    said = told(
        about(),
        happened("2026-03-02T09:00", "accepted", "new"),
        happened("2026-03-02T09:00", "taken", "in_work"),
        happened("2026-03-02T18:00", "decided", "decided", outcome="refused"),
        happened("2026-03-20T09:00", "paper_added", "in_work"),
        happened("2026-03-20T09:00", "family_wrote", "in_work"),
        happened("2026-03-20T13:30", "decided", "decided", outcome="helped"),
        happened("2026-03-20T14:00", "closed", "closed"),
        happened("2026-03-23T14:00", "reopened", "in_work"),
        happened("2026-03-23T15:00", "merged", "closed", outcome="duplicate"),
    )
    assert [one for one in said if one[1] in ("reopened", "wait_decided", "duplicate")] == [
        (2, "wait_decided", bucket_of(8)),
        (20, "reopened", None),
        (20, "wait_decided", bucket_of(4)),
        (23, "reopened", None),
        (23, "duplicate", None),
    ]


@pytest.mark.parametrize(
    ("channel", "kind", "is_remote"),
    [
        (Channel.WEB, None, True),
        (Channel.PHONE, 8, True),  # it came to a remote consultation
        (Channel.WEB, 7, False),  # it came to the centre
        (Channel.VISIT, None, False),
        (Channel.BRIGADE, None, False),
        (Channel.PARTNER, None, False),
    ],
)
def test_remote_is_what_was_decided_without_meeting(channel, kind, is_remote):
    came = [happened("2026-03-02T12:00", "visited", kind_id=kind)] if kind else []
    said = told(
        about(channel=channel),
        happened("2026-03-02T09:00", "accepted", "new"),
        *came,
        happened("2026-03-02T13:00", "decided", "decided", outcome="helped"),
        in_person=frozenset([7]),
    )
    assert ((2, "remote", None) in said) is is_remote


def test_only_the_last_rating_counts():
    said = told(
        about(),
        happened("2026-03-02T09:00", "accepted", "new"),
        happened("2026-03-04T09:00", "rated", "closed", score=1),
        happened("2026-03-05T09:00", "rated", "closed", score=4),
    )
    assert [one for one in said if one[1].startswith("rated")] == [(5, "rated_4", None)]


def test_case_that_was_sent_twice_is_no_repeat():
    events = [happened("2026-03-02T09:00", "accepted", "new")]
    assert (2, "recurring", None) in told(about(recurring=True), *events)
    twice = told(about(recurring=True, outcome=Outcome.DUPLICATE), *events)
    assert [what for _day, what, _bucket in twice] == ["received"]
    assert [what for _day, what, _bucket in told(about(recurring=None), *events)] == ["received"]
