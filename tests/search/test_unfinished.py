"""Words that are still being typed, with a slip in them."""

from __future__ import annotations

import pytest

from search.unfinished import Beginnings

WORDS = Beginnings(
    {"пособие": 9, "пособия": 5, "материнский": 4, "многодетная": 3, "алименты": 2, "школа": 1}
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("пасоб", "пособ"),
        ("пасоби", "пособи"),
        ("пасобие", "пособие"),
        ("матиринск", "материнск"),
        ("матренск", "материнск"),  # a letter left out
        ("поссоб", "пособ"),
        ("псообие", "пособие"),  # swapped
        ("алимаенты", "алименты"),  # one too many
        ("аламен", "алимен"),
        ("шкалы", "школ"),
    ],
)
def test_what_was_meant_is_told_as_far_as_it_was_typed(typed, meant):
    assert WORDS.meant(typed)[:1] == [meant]


@pytest.mark.parametrize("typed", ["пособ", "школа", "а", "шк", "шка", "123456", "ыъьщ", "п" * 500])
def test_what_is_right_short_or_no_word_is_left_alone(typed):
    assert WORDS.meant(typed) == []


def test_at_most_three_are_told_the_commonest_first():
    words = Beginnings({"долги": 1, "долго": 5, "долгу": 3, "долге": 2})
    assert WORDS.meant("борщик") == []
    assert len(words.meant("далги")) <= 3


def test_beginnings_are_known():
    assert WORDS.has("пос")
    assert WORDS.has("школа")
    assert not WORDS.has("школар")
    assert not WORDS.has("я")
    assert not Beginnings({}).has("а")
