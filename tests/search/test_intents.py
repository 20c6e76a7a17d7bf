"""Editors' rules tell what a query means by words that are no name of anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from search import analysis
from search.engine import Vocabulary
from search.lexicon import compile_lexicon
from search.plan import Target
from search.query import Asked, make_plan
from search.spelling import Speller
from search.words import Knowledge

INTENTS = Path(settings.BASE_DIR) / "catalogue" / "dataset" / "intents.json"
SAFE, NURSERY = Target("measure", "safe", 1.0), Target("measure", "nursery", 1.0)
LEXICON = compile_lexicon(
    groups=[("супруг", ["муж", "сожитель"], False, ())],
    intents=[
        ("Насилие", ["муж бьёт куда идти"], ["супруг, отец", "бить, поднимать руку"],
         (SAFE, Target("situation", "violence", 1.0)), False),
        ("Побои", [], ["бить"], (Target("measure", "blows", 1.0),), False),
        ("Сад", [], ["садик, детский сад", "нечем платить"], (NURSERY,), False),
        ("Не наше: готовка", [], ["рецепт", "борщ, суп"], (), True),
        ("Не наше: объявления", [], ["авито, песня"], (), True),
        ("Бросили", [], ["бросить", "бросить, уйти"], (NURSERY,), False),
        ("Одна", [], ["одинокий"],
         (*(Target("measure", f"m{n}", 1.0) for n in range(5)), Target("situation", "alone", 1.0)),
         False),
        ("Какая есть помощь", [], ["помощь, пособие"], (NURSERY,), False),
    ],
)  # fmt: skip
TEXTS = ["детский сад", "рецепт на лекарства", "суп в школе", "защита от насилия", "отец ребёнка"]


def plan(text):
    terms = [term for words in TEXTS for term in analysis.terms(words)]
    known = [word for words in TEXTS for word in analysis.words(words)]
    vocabulary = Vocabulary("intents", 20, dict.fromkeys(terms, 1), dict.fromkeys(known, 1), {})
    speller = Speller({**dict.fromkeys(LEXICON.words, 0), **vocabulary.words})
    return make_plan(text, Asked(), Knowledge(LEXICON, vocabulary, speller), moment=1)


def targets(found):
    return {target.slug for slot in found.slots for target in slot.targets}


@pytest.mark.parametrize(
    "text",
    ["муж бьёт куда идти", "бьёт меня сожитель", "отец поднимает на нас руку", "сажитель бьёт"],
)
def test_a_rule_fits_when_each_of_its_sets_is_said(text):
    found = plan(text)
    assert found.understood.intents[0] == "Насилие"
    assert found.understood.situations == ("violence",)
    assert {"safe", "violence"} <= targets(found)


def test_a_closer_rule_hides_what_it_includes():
    assert plan("муж бьёт").understood.intents == ("Насилие",)
    assert plan("бьёт и бьёт").understood.intents == ("Побои",)


@pytest.mark.parametrize("text", ["супруг", "поднимать", "рука мужа", ""])
def test_half_of_a_rule_means_nothing(text):
    assert plan(text).understood.intents == ()


def test_words_that_say_what_is_meant_are_enough_for_an_answer():
    found = plan("муж бьёт каждую неделю третий месяц тарелки на кухне в Муроме")
    told = sum(slot.units for slot in found.slots if SAFE.slug in {t.slug for t in slot.targets})
    assert 0 < found.required <= told


def test_what_a_rule_leads_to_is_shared_by_the_words_that_say_it():
    found = plan("нечем платить за садик")
    weights = [t.weight for slot in found.slots for t in slot.targets if t.slug == "nursery"]
    assert len(weights) > 1
    assert sum(weights) == pytest.approx(1.0, abs=0.01)


def test_a_rule_that_is_marked_so_is_none_of_our_business():
    found = plan("рецепт вкусного супа")
    assert found.understood.intents == ("Не наше: готовка",)
    assert found.required > sum(slot.units for slot in found.slots)


def test_one_word_says_only_one_thing():
    assert plan("бить").understood.intents == ("Побои",)
    assert plan("брошен").understood.intents == ()


def test_what_editors_name_first_weighs_more():
    weights = {t.slug: t.weight for slot in plan("одинокая").slots for t in slot.targets}
    assert weights["m0"] == weights["m2"] == weights["alone"] > weights["m3"]


@pytest.mark.parametrize("text", ["садик купить авито", "помощь авито", "побили на авито"])
def test_a_foreign_rule_outweighs_a_loose_fit(text):
    assert plan(text).understood.intents == ("Не наше: объявления",)


@pytest.mark.parametrize(
    "text", ["муж бьёт и продаёт вещи на авито", "нечем платить за садик, продали всё на авито"]
)
def test_what_surely_asks_for_help_outweighs_a_foreign_rule(text):
    found = plan(text)
    assert "Не наше: объявления" not in found.understood.intents
    assert found.understood.intents


def test_words_of_foreign_rules_are_right_but_nothing_is_corrected_to_them():
    assert plan("авито").understood.corrected == ""
    assert "песня" not in LEXICON.words
    assert plan("песния").understood.intents == ()


@pytest.mark.parametrize(
    ("text", "meant"), [("какая есть помощь", True), ("пособия", True), ("помощь суп", False)]
)
def test_a_word_for_help_as_such_means_something_only_alone(text, meant):
    assert ("Какая есть помощь" in plan(text).understood.intents) is meant


def test_each_example_of_the_data_set_fits_its_rule():
    rows = json.loads(INTENTS.read_text(encoding="utf-8"))
    everyday = json.loads((INTENTS.parent / "everyday_words.json").read_text(encoding="utf-8"))
    lexicon = compile_lexicon(
        groups=[(row["canonical"], row["terms"], not row.get("both_ways"), ()) for row in everyday],
        intents=[
            (
                row["title"],
                row["examples"],
                [", ".join(words) for words in row["words"]],
                (),
                row.get("foreign", False),
            )
            for row in rows
        ],
    )
    knowledge = Knowledge(
        lexicon, Vocabulary("examples", 2), Speller(dict.fromkeys(lexicon.words, 1))
    )
    missed = {
        example: found.understood.intents
        for row in rows
        for example in row["examples"]
        if row["title"]
        not in (found := make_plan(example, Asked(), knowledge, 1)).understood.intents
    }
    assert missed == {}
    assert sum(len(row["examples"]) for row in rows) > 60


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("не хочу ребёнка", ["Отказ"]),
        ("ребёнка не хочу", ["Отказ"]),
        ("ребёнок не хочет жить", ["Жить"]),
        ("ребёнок говорит что не хочет жить", ["Жить"]),
        ("сын не говорит", ["Молчит"]),
        ("говорит, что ребёнок не спит", []),
    ],
)
def test_what_is_denied_stands_behind_the_denial(text, meant):
    lexicon = compile_lexicon(
        groups=[],
        intents=[
            ("Отказ", [], ["не хочу ребёнка"], (SAFE,), False),
            ("Жить", [], ["не хочет жить"], (SAFE,), False),
            ("Молчит", [], ["не говорит"], (SAFE,), False),
        ],
    )
    terms = analysis.terms("ребёнок сын говорит хочет жить не спит")
    vocabulary = Vocabulary("denials", 9, dict.fromkeys(terms, 3), {}, {})
    knowledge = Knowledge(lexicon, vocabulary, Speller({}))
    assert list(make_plan(text, Asked(), knowledge, moment=1).understood.intents) == meant
