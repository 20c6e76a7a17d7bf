"""Misspelt words find what was meant; far words do not."""

from __future__ import annotations

import pytest

from search.spelling import Speller, distance

SPELLER = Speller(
    dict.fromkeys(
        [
            "материнский",
            "капитал",
            "алименты",
            "социальный",
            "карта",
            "доверия",
            "удостоверение",
            "многодетной",
            "пособие",
            "сад",
            "мать",
            "опека",
        ],
        1,
    )
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("матиринский", "материнский"),
        ("материнский", "материнский"),
        ("алементы", "алименты"),
        ("сацыальный", "социальный"),
        ("крата", "карта"),
        ("давериия", "доверия"),
        ("удостоверние", "удостоверение"),
        ("многодетой", "многодетной"),
        ("апека", "опека"),
        ("посабие", "пособие"),
        ("алиенты", "алименты"),  # two vowels that sound alike have met
        ("многдетной", "многодетной"),
    ],
)
def test_a_misspelt_word_finds_what_was_meant(typed, meant):
    assert SPELLER.suggest(typed)[0].word == meant


@pytest.mark.parametrize("typed", ["борщ", "каршеринг", "сат", "м", "x" * 200, "12345", "гороскоп"])
def test_a_far_word_finds_nothing(typed):
    assert SPELLER.suggest(typed) == []


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("кот", "кот", 0),
        ("кот", "крот", 1),
        ("крата", "карта", 1),
        ("кот", "пес", 3),
        ("а", "абвгд", 3),
    ],
)
def test_distance_counts_edits(one, other, edits):
    assert distance(one, other, most=2) == edits
