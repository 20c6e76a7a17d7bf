"""Whatever is typed is read: other letters, missing spaces, digits, any text at all."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from search import analysis
from search.engine import Vocabulary
from search.lexicon import compile_lexicon
from search.query import LONGEST_TEXT, MOST_ALTERNATIVES, Asked, make_plan
from search.spelling import Speller
from search.words import MOST_WORDS, Knowledge

DATASET = Path(settings.BASE_DIR) / "catalogue" / "dataset"


def everything_of(name):
    return (DATASET / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def knowledge():
    """What a query is read with, made of the data set without a database."""
    texts = [
        text
        for row in json.loads(everything_of("measures.json"))
        for text in (row["title"], row["summary"], *row["synonyms"])
    ]
    lemmas, words = {}, {}
    for text in texts:
        for term in set(analysis.terms(text)):
            lemmas[term] = lemmas.get(term, 0) + 1
        for word in set(analysis.words(text)):
            words[word] = words.get(word, 0) + 1
    lexicon = compile_lexicon(
        groups=[
            (row["canonical"], row["terms"], False, ())
            for row in json.loads(everything_of("synonyms.json"))
        ],
        intents=[
            (row["title"], (), [", ".join(line) for line in row["words"]], (), False)
            for row in json.loads(everything_of("intents.json"))
        ],
    )
    speller = Speller({**dict.fromkeys(lexicon.words, 0), **words})
    return Knowledge(lexicon, Vocabulary("reading", len(texts), lemmas, words, {}), speller)


def corrected(text, knowledge):
    return make_plan(text, Asked(), knowledge, 1).understood.corrected


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("vfnrfgbnfk", "маткапитал"),
        ("matkapital na zhile", "маткапитал на жилье"),
        ("semeinaya ipoteka", "семейная ипотека"),
        ("пocoбиe нa peбeнкa", "пособие на ребенка"),
        ("маткапиталнаипотеку", "маткапитал на ипотеку"),
        ("пособиенаребенка", "пособие на ребенка"),
        ("пасобие по безработеце", "пособие по безработице"),
    ],
)
def test_what_was_typed_otherwise_is_told_as_it_is_read(typed, read, knowledge):
    assert corrected(typed, knowledge) == read


@pytest.mark.parametrize("text", ["iphone", "online", "zoom", "asdfgh", "самозанятой", "кудахтать"])
def test_what_makes_no_other_sense_stays_as_it_is(text, knowledge):
    assert corrected(text, knowledge) == ""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2й ребенок", {"2", "второй"}),
        ("3 ребенка", {"третий", "три"}),
        ("до 3 лет", {"три"}),
    ],
)
def test_digits_are_counts_or_places_in_a_row(text, meant, knowledge):
    slots = make_plan(text, Asked(), knowledge, 1).slots
    found = {lemma for slot in slots for each in slot.alternatives for lemma in each.words}
    known = meant & knowledge.vocabulary.lemmas.keys()
    assert known
    assert known <= found


@pytest.mark.parametrize("text", ["до 3 лет", "с 3 до 7"])
def test_an_age_is_no_place_in_a_row(text, knowledge):
    slots = make_plan(text, Asked(), knowledge, 1).slots
    found = {lemma for slot in slots for each in slot.alternatives for lemma in each.words}
    assert "третий" not in found


def test_right_spelling_is_never_corrected(knowledge):
    """Every word of the whole data set that Russian or the catalogue knows."""
    words = {
        word for file in DATASET.glob("*.json") for word in analysis.words(everything_of(file))
    }
    right = sorted(word for word in words if word.isalpha() and analysis.is_known(word))
    assert len(right) > 5000
    changed = {word: told for word in right if (told := corrected(word, knowledge))}
    assert changed == {}


COMMON = {"NOUN", "ADJF", "INFN", "ADVB", "VERB", "GRND", "PRTF", "NUMR", "PRED"}
RARE = {"Name", "Surn", "Patr", "Geox", "Orgn", "Trad", "Abbr", "Arch", "Slng", "Dist", "Erro"}


def words_of_russian(count, seed=20261122):
    """A sample of the dictionary of Russian, without names and archaic words: seeded."""
    chance = random.Random(seed)
    letters = "абвгдежзиклмнопрстуфхцчшэюя"
    found = set()
    while len(found) < count:
        beginning = "".join(chance.choice(letters) for _ in range(3))
        parses = [
            parse
            for parse in analysis._morphology().iter_known_word_parses(beginning)
            if parse.tag.POS in COMMON
            and not RARE & parse.tag.grammemes
            and parse.word.isalpha()
            and len(parse.word) <= 16
        ]
        words = sorted({parse.word for parse in parses})
        found.update(chance.sample(words, min(len(words), 40)))
    return sorted(found)


def test_no_word_of_russian_is_corrected(knowledge):
    words = words_of_russian(5000)
    changed = {word: told for word in words if (told := corrected(word, knowledge))}
    assert changed == {}


def test_words_that_stand_together_are_not_corrected_either(knowledge):
    """Neither apart from one another, nor together, nor beside what the catalogue has."""
    words = words_of_russian(600, seed=7)
    texts = [f"{one} пособие {other}" for one, other in pairwise(words)]
    assert {text: told for text in texts if (told := corrected(text, knowledge))} == {}


SIGNS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюя ", max_size=80),
    st.text(alphabet="qwertyuiop[]asdfghjkl;'zxcvbnm,./`~{}:\"<>?", max_size=80),
    st.text(alphabet="аaеeоoсcрpхxуyкk", max_size=40),  # alphabets that look alike
    st.text(alphabet=" .,;:!?-–—…«»()*\\/+&|^~[]{}\"'", max_size=60),
    st.text(alphabet="👶🏽👩‍👧‍👦💸🏠\u200d\ufe0f", max_size=30),
    st.text(alphabet="\x00\x01\x1f\x7f\u200b\u202e\ufeff\u00adа", max_size=40),
    st.text(alphabet="0123456789.,-/фзФЗ№", max_size=40),
    st.sampled_from(["' or 1=1 --", "AND OR NOT", "title:*", "а" * 10_000, "я " * 5_000, "ё"]),
)


@given(st.lists(SIGNS, max_size=6))
@hypothesis_settings(max_examples=300, deadline=None)
def test_whatever_is_typed_has_a_bounded_plan(knowledge, parts):
    text = " ".join(parts)
    plan = make_plan(text, Asked(), knowledge, 1)
    assert len(plan.text) <= LONGEST_TEXT
    assert len(plan.slots) <= MOST_WORDS
    assert all(len(slot.alternatives) <= MOST_ALTERNATIVES for slot in plan.slots)
    assert sum(len(slot.alternatives) for slot in plan.slots) <= MOST_WORDS * MOST_ALTERNATIVES
    assert all(each.weight > 0 for slot in plan.slots for each in slot.alternatives)
    assert plan.text.isprintable()
    assert make_plan(text, Asked(), knowledge, 1) == plan
    json.loads(plan.as_json()).keys()


@pytest.mark.parametrize(
    "text", ["", " ", "?!.,", "👶", "\x00", "\u200b\u202e", "—", "'\"", "a" * 10_000, "ъ"]
)
def test_what_says_nothing_asks_for_nothing(text, knowledge):
    plan = make_plan(text, Asked(), knowledge, 1)
    assert plan.understood.corrected == ""
    assert plan.understood.intents == ()


@given(st.text(max_size=300))
@hypothesis_settings(max_examples=200, deadline=None)
def test_any_text_has_a_plan(knowledge, text):
    plan = make_plan(text, Asked(), knowledge, 1)
    assert len(plan.slots) <= MOST_WORDS
    assert len(plan.text) <= LONGEST_TEXT
    json.loads(plan.as_json())


@given(st.lists(st.sampled_from(["муж", "бьёт", "2", "ребёнок", "не", "gjcj,bt", "c", "с", "ё"])))
@hypothesis_settings(max_examples=100, deadline=None)
def test_any_sequence_of_words_has_a_plan(knowledge, words):
    plan = make_plan(" ".join(words), Asked(), knowledge, 1)
    assert plan.required <= sum(slot.units for slot in plan.slots) + 1
