"""Editors of an intent are told how its words are understood."""

from __future__ import annotations

import pytest

from search import analysis
from search.lexicon import compile_lexicon
from search.plan import Target
from search.wordcheck import twins, understood

SAFE = (Target("measure", "safe", 1.0),)
LEXICON = compile_lexicon(
    intents=[
        ("Насилие", [], ["муж, отец", "бьёт, избивает"], SAFE, False),
        ("Побои", [], ["бьёт"], SAFE, False),
        ("Пьёт", [], ["муж", "запой"], SAFE, False),
    ]
)


@pytest.mark.parametrize(
    ("word", "form"), [("запой", "запоя"), ("пристав", "пристава"), ("заем", "займ")]
)
def test_a_word_that_is_read_as_another_has_a_form_that_is_not(word, form):
    assert analysis.form_to_add(word) == form
    assert analysis.lemma(word) != word
    assert analysis.lemma(form) == word


@pytest.mark.parametrize("word", ["муж", "бьет", "молодая", "летом", "дома", "пособие", "abc", "7"])
def test_a_word_without_doubt_needs_no_other_form(word):
    assert analysis.form_to_add(word) == ""


def test_lemmas_and_words_that_do_not_count_are_told_for_each_alternative():
    (line,) = understood(["поднимает на нас руку, муж,, на"])
    assert [(each.text, each.lemmas, each.vanished) for each in line] == [
        ("поднимает на нас руку", ("поднимать", "рука"), ("на", "нас")),
        ("муж", ("муж",), ()),
        ("на", (), ("на",)),
    ]


def test_a_form_to_add_is_told_until_it_is_added():
    ((each,),) = understood(["ушёл в запой"])
    assert [(hint.word, hint.read_as, hint.add) for hint in each.hints] == [
        ("запой", "запеть", "запоя")
    ]
    assert all(each.hints == () for each in understood(["запой, запоя"])[0])
    assert all(each.hints == () for each in understood(["ушёл в запой, ушёл из запоя"])[0])


def told(*lines, own=""):
    return [(twin.title, twin.words, twin.whole) for twin in twins(lines, LEXICON, own)]


def test_intents_of_the_same_words_are_told():
    assert told("избивает, бьёт", "отец, муж") == [
        ("Насилие", ("бить", "избивать", "муж", "отец"), True)
    ]
    assert told("муж, сожитель", "бить") == [("Насилие", ("бить", "муж"), False)]
    assert told("отец", "избил", "вчера") == []
    assert told("бьёт", own="Побои") == []
    assert told("!!!") == []
