"""What a family types becomes a plan; no database and no index are needed for it."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from search import analysis
from search.engine import Vocabulary
from search.lexicon import Place, compile_lexicon
from search.plan import Sort, Target
from search.query import LONGEST_TEXT, Asked, for_situations, make_plan
from search.spelling import Speller
from search.words import Knowledge, pair_of

TEXTS = [
    "материнский капитал",
    "маткапитал",
    "пособие на ребёнка",
    "алименты с отца",
    "пушкинская карта",
    "направить заявление",
    "выплата при рождении",
    "детский сад",
    "питание школьников",
    "льготный рецепт лекарства",
    "психолог онлайн",
]
LEXICON = compile_lexicon(
    groups=[
        (
            "материнский капитал",
            ["маткапитал", "мат капитал", "мск"],
            False,
            (MSK := Target("measure", "msk", 1.0),),
        ),
        ("ребёнок", ["сын", "дочка"], True, ()),
        ("область", ["47 регион"], False, (Target("territory", "lo", 1.0),)),
        ("отец не платит", ["не даёт денег"], True, (Target("measure", "alimenty", 1.0),)),
        ("узнать о льготах", ["что положено"], True, (Target("measure", "uznat", 1.0),)),
    ],
    places=[
        Place("rossiya", "Россия", "country", "", ("rossiya",)),
        Place("lo", "Ленинградская область", "region", "rossiya", ("rossiya", "lo")),
        Place(
            "tihvin",
            "Тихвинский муниципальный район",
            "municipal_district",
            "lo",
            ("rossiya", "lo", "tihvin"),
        ),
        Place(
            "tihvin-gp",
            "Тихвинское городское поселение",
            "urban_settlement",
            "tihvin",
            ("rossiya", "lo", "tihvin", "tihvin-gp"),
        ),
    ],
    aliases={"lo": ["Ленобласть"], "tihvin-gp": ["Тихвин"]},
)


def vocabulary():
    lemmas, words, pairs = {}, {}, {}
    for text in TEXTS:
        terms = analysis.terms(text)
        for term in set(terms):
            lemmas[term] = lemmas.get(term, 0) + 1
        for word in set(analysis.words(text)):
            words[word] = words.get(word, 0) + 1
        for one, other in pairwise(terms):
            pairs[pair_of(one, other)] = 1
    return Vocabulary("v1", 20, lemmas, words, pairs)


def plan(text, **asked):
    known = vocabulary()
    speller = Speller({**dict.fromkeys(LEXICON.words, 0), **known.words})
    return make_plan(text, Asked(**asked), Knowledge(LEXICON, known, speller), moment=1)


def stands_for(plan):
    return {slot.text: {" ".join(each.words) for each in slot.alternatives} for slot in plan.slots}


def test_a_word_stands_for_itself():
    assert stands_for(plan("Пособие"))["пособие"] == {"пособие"}


def test_a_synonym_brings_the_main_name_and_the_other_names():
    found = plan("мат капитал")
    assert {"материнский капитал", "маткапитал"} <= stands_for(found)["капитал"]
    assert found.understood.also == ("материнский капитал",)
    assert sum(t.weight for slot in found.slots for t in slot.targets) == pytest.approx(1.0)


def test_words_of_one_name_share_what_its_other_names_are_worth():
    def weights(text):
        return [
            each.weight
            for slot in plan(text).slots
            for each in slot.alternatives
            if " ".join(each.words) == "материнский капитал"
        ]

    one_word, two_words = weights("маткапитал"), weights("мат капитал")
    assert (len(one_word), len(two_words)) == (1, 2)
    assert sum(two_words) == pytest.approx(one_word[0], abs=0.01)


def test_a_synonym_is_found_in_another_order_and_form():
    assert MSK.slug in {
        t.slug for slot in plan("капитала материнского").slots for t in slot.targets
    }


def test_a_one_way_synonym_leads_only_there():
    assert "ребенок" in stands_for(plan("дочке"))["дочке"]
    assert stands_for(plan("ребёнку"))["ребенку"] == {"ребенок"}


def test_a_query_is_told_as_it_was_corrected():
    found = plan("матиринский капитал")
    assert "материнский" in stands_for(found)["матиринский"]
    assert found.understood.corrected == "материнский капитал"


@pytest.mark.parametrize("text", ["отправить", "борщ", "капитан", "лечить"])
def test_a_word_that_russian_knows_is_never_corrected(text):
    found = plan(text)
    assert found.understood.corrected == ""
    assert all(
        alternative.origin != "spelling"
        for slot in found.slots
        for alternative in slot.alternatives
    )


def test_a_right_word_in_a_wrong_place_gets_what_its_neighbour_goes_with():
    assert "карта" in stands_for(plan("пушкинская крата"))["крата"]
    assert stands_for(plan("крата"))["крата"] == set()
    assert "карта" not in stands_for(plan("пушкинская парта"))["парта"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gjcj,bt", "пособие"),
        ("GJCJ,BT YF HT,TYRF", "пособие на ребенка"),
        ("fkbvtyns", "алименты"),
        ("gjcj,bt.", "пособие"),
        ("posobie na rebenka", "пособие на ребенка"),
        ("detskij sad", "детский сад"),
        ("materinskiy kapital", "материнский капитал"),
    ],
)
def test_words_in_other_letters_are_read(typed, meant):
    assert plan(typed).understood.corrected == meant


@pytest.mark.parametrize("text", ["online", "iphone", "zzzz", "a.b"])
def test_latin_words_that_make_no_russian_are_left(text):
    assert plan(text).understood.corrected == ""


def test_a_word_of_the_same_root_is_a_weak_alternative():
    weights = {
        a.words[0]: a.weight for slot in plan("выплачивают").slots for a in slot.alternatives
    }
    assert weights == {"выплата": 0.5}


def test_words_that_only_ask_carry_nothing():
    assert [slot.text for slot in plan("что положено на пособие").slots] == ["пособие"]


def test_words_that_only_ask_count_when_nothing_else_is_said():
    assert {t.slug for slot in plan("что мне положено").slots for t in slot.targets} == {"uznat"}


def test_a_phrase_with_a_negation_is_a_synonym_of_its_own():
    assert {t.slug for slot in plan("папа не даёт денег").slots for t in slot.targets} == {
        "alimenty"
    }
    assert not {t.slug for slot in plan("папа деньги").slots for t in slot.targets}


def test_a_query_about_something_else_needs_more_than_its_words_can_give():
    found = plan("рецепт борща")
    reachable = sum(slot.units for slot in found.slots if slot.alternatives)
    assert found.understood.unknown == ("борща",)
    assert found.required > reachable


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("няня 47 регион", "lo"),
        ("пособие ленинградская область", "lo"),
        ("пособие в Ленобласти", "lo"),
        ("алименты Тихвин", "tihvin-gp"),
        ("алименты тихвинский район", "tihvin"),
        ("пособие", ""),
        ("пособие россия", ""),
    ],
)
def test_a_named_place_narrows_the_search(text, place):
    found = plan(text)
    assert found.understood.place == place
    assert (found.place.slug if found.place else "") == place


def test_the_words_of_a_named_place_need_not_be_found():
    assert [slot.units for slot in plan("Ленинградская область").slots] == [0, 0]


def test_what_is_asked_for_explicitly_wins_over_words_and_home():
    assert plan("алименты Тихвин", territory="lo").place.slug == "lo"
    assert plan("алименты Тихвин", home="lo").place.slug == "tihvin-gp"
    assert plan("алименты", home="lo").place.slug == "lo"
    assert plan("алименты Тихвин", home="lo", anywhere=True).place is None
    assert plan("алименты", territory="no-such-place").place is None


def test_a_place_takes_along_all_it_lies_in():
    assert plan("алименты", territory="tihvin").place.around == ("rossiya", "lo", "tihvin")


@pytest.mark.parametrize("text", ["", "   ", "\x00", "!!!???", "😀😀", "«»—…", "\u200b\ufeff"])
def test_a_query_without_words_has_no_slots(text):
    found = plan(text)
    assert found.slots == ()
    assert found.required == 0


@pytest.mark.parametrize("text", ["!!!???", "😀😀"])
def test_signs_alone_ask_for_something_that_cannot_be_found(text):
    assert plan(text).is_empty
    assert not plan("").is_empty


@pytest.mark.parametrize(
    "text", ["пособие " * 1000, "а" * 10_000, "пособие на ребёнка " * 2 + "ы" * 9000, "1" * 5000]
)
def test_a_long_query_is_cut_and_says_so(text):
    found = plan(text)
    assert found.understood.cut
    assert len(found.text) <= LONGEST_TEXT
    assert len(found.slots) <= 20


@pytest.mark.parametrize(
    "text",
    [
        "'; drop table catalogue_measure; --",
        'title:"капитал" AND (пособие OR *)^5~2 [a TO b] +a -b /re.*/',
        "<script>alert(1)</script>",
        "%_\\ {{ 7*7 }} ${x}",
        "капитал\u202eлатипак",
        "кaпитaл",  # with Latin letters
        "ребенок" + "\u0301" * 50,
    ],
)
def test_signs_of_other_languages_are_words_or_nothing(text):
    found = plan(text)
    assert len(json.loads(found.as_json())["slots"]) == len(found.slots)


def test_a_plan_is_data():
    found = plan("матиринский капитал Тихвин", filters={"kind": ["payment"]}, sort=Sort.CHECKED)
    data = json.loads(found.as_json())
    assert data["filters"] == [["kind", ["payment"]]]
    assert data["sort"] == "checked"
    assert hash(found) == hash(
        plan("матиринский капитал Тихвин", filters={"kind": ["payment"]}, sort=Sort.CHECKED)
    )


def test_without_words_measures_stand_by_name():
    assert plan("").sort == Sort.TITLE
    assert plan("", sort=Sort.CHECKED).sort == Sort.CHECKED
    assert plan("пособие").sort == Sort.RELEVANCE


def test_situations_are_asked_without_places_and_filters():
    found = for_situations(
        plan("пособие Тихвин", filters={"kind": ["payment"]}, offset=40), limit=3
    )
    assert (found.kind, found.place, found.filters, found.offset) == ("situation", None, (), 0)
