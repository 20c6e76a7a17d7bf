"""Whether a measure fits: a table of rules and what is known, and what stays unknown."""

from __future__ import annotations

import datetime

import pytest

from catalogue.eligibility import Fit, Verdict, best, judge
from catalogue.rules import Rule

TODAY = datetime.date(2026, 11, 23)
YESTERDAY, TOMORROW = (TODAY + datetime.timedelta(days=n) for n in (-1, 1))
PLACES = {"rajon": True, "drugoj": False, "poselok": None}


def fit(variants, known):
    return judge(variants, known, PLACES, TODAY).fit


COMPARISONS = [
    (("large", "eq", True), True, Fit.YES),
    (("large", "eq", True), False, Fit.NO),
    (("large", "eq", False), False, Fit.YES),
    (("children", "gte", 3), 3, Fit.YES),
    (("children", "gte", 3), 2, Fit.NO),
    (("children", "gt", 3), 3, Fit.NO),
    (("children", "lt", 3), 2, Fit.YES),
    (("children", "lte", 3), 3, Fit.YES),
    (("children", "lte", 3), 4, Fit.NO),
    (("children", "between", [1, 4]), 4, Fit.YES),
    (("children", "between", [1, 4]), 5, Fit.NO),
    (("born", "gte", "2020-01-01"), "2021-05-04", Fit.YES),
    (("born", "gte", "2020-01-01"), "2019-12-31", Fit.NO),
    (("work", "in", ["none", "student"]), "student", Fit.YES),
    (("work", "in", ["none", "student"]), "employed", Fit.NO),
    (("work", "ne", "employed"), "none", Fit.YES),
    (("work", "ne", "employed"), "employed", Fit.NO),
    (("needs", "eq", "coal"), ["wood", "coal"], Fit.YES),
    (("needs", "in", ["coal"]), ["wood"], Fit.NO),
    (("needs", "ne", "coal"), ["wood"], Fit.YES),
]


@pytest.mark.parametrize(("rule", "answer", "expected"), COMPARISONS)
def test_a_condition_holds_or_not(rule, answer, expected):
    variants = [(Rule(*rule),)]
    assert fit(variants, {rule[0]: answer}) == expected
    assert fit(variants, {}) == Fit.UNKNOWN


@pytest.mark.parametrize(
    ("place", "expected"),
    [("rajon", Fit.YES), ("drugoj", Fit.NO), ("poselok", Fit.UNKNOWN), ("nigde", Fit.UNKNOWN)],
)
def test_a_place_is_lived_in_or_not_or_maybe(place, expected):
    assert fit([(Rule("territory", "eq", place),)], {}) == expected
    other = Rule("birth_registered_in", "eq", place)
    assert fit([(other,)], {}) == Fit.UNKNOWN  # where one lives says nothing of that


A, B, C = (Rule(name, "eq", True) for name in "abc")


def test_one_way_to_qualify_is_enough():
    assert fit([(A, B), (C,)], {"a": False, "c": True}) == Fit.YES
    assert fit([(A, B), (C,)], {"a": False, "c": False}) == Fit.NO
    assert fit([(A, B), (C,)], {"a": False}) == Fit.UNKNOWN
    assert fit([()], {}) == Fit.YES  # whoever asks


def test_what_is_not_met_and_what_is_missing_is_named():
    assert judge([(A, B), (C,)], {"b": False, "c": False}, {}, TODAY) == Verdict(
        Fit.NO, against=(B, C)
    )
    verdict = judge([(A, B), (B, C)], {"c": True}, {}, TODAY)
    assert verdict == Verdict(Fit.UNKNOWN, met=(C,), missing=("b",))
    # A way that is closed leaves nothing to ask.
    assert judge([(A, B), (C,)], {"b": False}, {}, TODAY).missing == ("c",)


def test_conditions_count_in_their_days_only():
    gone = Rule("a", "eq", True, valid_to=YESTERDAY)
    coming = Rule("a", "eq", True, valid_from=TOMORROW)
    in_force = Rule("a", "eq", True, valid_from=YESTERDAY, valid_to=TODAY)
    assert fit([(gone, coming)], {"a": False}) == Fit.YES
    assert fit([(in_force,)], {"a": False}) == Fit.NO


def test_what_fits_one_child_fits_the_family():
    yes, no, unknown = (
        Verdict(Fit.YES),
        Verdict(Fit.NO, against=(A,)),
        Verdict(Fit.UNKNOWN, missing=("a",)),
    )
    assert best([no, unknown, yes]) == yes
    assert best([no, unknown]) == unknown
    assert best([no]) == no
