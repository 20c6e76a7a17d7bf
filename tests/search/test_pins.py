"""Measures that editors put first: for which queries, on which days, in which order."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from search.analysis import STOP_WORDS, lemmas
from search.lexicon import compile_lexicon
from search.pins import pinned_for
from search.plan import Origin
from search.words import Candidate, Word

DAY = datetime.date(2026, 11, 22)


def moment(day):
    noon = datetime.datetime.combine(day, datetime.time(12), timezone.get_current_timezone())
    return int(noon.timestamp())


def pinned(query, *pins, day=DAY):
    words = [
        Word(word, tuple(Candidate(lemma, 1.0, Origin.WORD) for lemma in lemmas(word)))
        for word in query.split()
        if word not in STOP_WORDS
    ]
    return pinned_for(words, compile_lexicon(pins=pins), moment(day))


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("материнский капитал", True),
        ("капитала материнского", True),
        ("как получить материнский капитал", True),
        ("капитал", False),
        ("материнский капитал ипотека", False),
        ("капитал капитал", False),
    ],
)
def test_a_pin_stands_for_the_words_of_its_query(query, fits):
    pin = (["материнский капитал"], ("msk", "region"), None, None)
    assert pinned(query, pin) == (("msk", "region") if fits else ())


def test_a_query_of_asking_words_alone_can_be_pinned():
    pin = (["что положено"], ("all",), None, None)
    assert pinned("что положено", pin) == ("all",)
    assert pinned("что положено няне", pin) == ()


@pytest.mark.parametrize(
    ("from_day", "to_day", "on"),
    [
        (None, None, True),
        (DAY, DAY, True),
        (DAY + datetime.timedelta(days=1), None, False),
        (None, DAY - datetime.timedelta(days=1), False),
        (DAY - datetime.timedelta(days=1), None, True),
    ],
)
def test_a_pin_holds_between_its_days(from_day, to_day, on):
    assert bool(pinned("няня", (["няня"], ("a",), from_day, to_day))) is on


def test_several_pins_follow_one_another_without_repeats():
    first, second = (["няня"], ("a", "b"), None, None), (["няни"], ("b", "c"), None, None)
    assert pinned("няня", first, second) == ("a", "b", "c")


def test_pins_without_words_or_measures_are_left_out():
    lexicon = compile_lexicon(pins=[(["!!!"], ("a",), None, None), (["няня"], (), None, None)])
    assert lexicon.pins == ()
