"""The desk of search: who may do what, live edits, questions of families, the trial of a query."""

from __future__ import annotations

import datetime
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from django.utils.html import escape

from catalogue.models import Situation
from cms.access import Role
from search import history
from search.models import FieldWeights, Intent, PinnedAnswer, SearchClick, SearchEvent, Synonym
from search.plan import FIELDS, Origin
from search.questions import Fate, grouped, questions, since
from search.trial import origin_in_words, try_out
from tests.factories import MeasureFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db
SYNONYMS = "/admin/synonyms/"
INTENTS = "/admin/intents/"
PINS = "/admin/pinned_answers/"
WEIGHTS = "/admin/search-weights/"
QUESTIONS = "/admin/search-questions/"
TRIAL = "/admin/search-trial/"
EDITORS = {Role.EDITOR, Role.CHIEF_EDITOR}


@pytest.fixture(autouse=True)
def _nothing_graded(settings, tmp_path):
    settings.NAVIGATOR_GRADED_QUERIES = str(tmp_path / "none.json")


@pytest.fixture
def enter(client):
    def as_(role):
        client.force_login(UserFactory(role=role))
        return client

    return as_


@pytest.mark.parametrize("role", list(Role))
def test_who_may_tend_what_queries_are_read_with(enter, role):
    client = enter(role)
    lists = [url for each in (SYNONYMS, INTENTS, PINS) for url in (each, f"{each}new/")]
    for url in (*lists, WEIGHTS):
        assert (client.get(url).status_code == 200) is (role in EDITORS), url
    if role not in EDITORS:
        client.post(WEIGHTS, {"title": "9"})
        client.post(f"{SYNONYMS}new/", {"canonical": "няня", "terms": "", "kind": "colloquial"})
        assert not FieldWeights.objects.exists()
        assert not Synonym.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_who_may_read_the_searches(enter, role):
    client = enter(role)
    for url in (QUESTIONS, f"{TRIAL}?q=няня"):
        assert (client.get(url).status_code == 200) is (role in {*EDITORS, Role.ANALYST}), url


def test_an_editor_adds_and_changes_a_synonym(enter):
    client, measure = enter(Role.EDITOR), MeasureFactory()
    fields = {"canonical": "няня", "terms": "бебиситтер\nнянечка", "kind": "colloquial"}
    response = client.post(f"{SYNONYMS}new/", fields)
    assert response.status_code == 302
    synonym = Synonym.objects.get()
    assert synonym.terms == ["бебиситтер", "нянечка"]
    changed = {**fields, "one_way": "on", "measures": [measure.pk]}
    assert client.post(f"{SYNONYMS}edit/{synonym.pk}/", changed).status_code == 302
    synonym.refresh_from_db()
    assert synonym.one_way
    assert list(synonym.measures.all()) == [measure]
    page = client.get(f"{SYNONYMS}?q=бебиситтер").content.decode()
    assert "бебиситтер, нянечка" in page


def test_a_name_that_is_taken_is_told_beside_its_field(enter):
    Synonym.objects.create(canonical="няня")
    response = enter(Role.EDITOR).post(
        f"{SYNONYMS}new/", {"canonical": "няня", "terms": "", "kind": "colloquial"}
    )
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {"canonical"}


def test_the_list_takes_few_queries(enter, django_assert_max_num_queries):
    for n in range(30):
        Synonym.objects.create(canonical=f"слово {n}")
    client = enter(Role.EDITOR)
    client.get(SYNONYMS)
    with django_assert_max_num_queries(14):
        client.get(SYNONYMS)


# Intents, pinned answers, weights


def intent(**changed):
    return {"title": "муж бьёт", "words": "муж, отец\nбьёт", "active": "on", **changed}


def test_an_editor_adds_an_intent_and_the_next_search_uses_it(enter, index):
    situation = Situation.objects.create(slug="nasilie", title="Насилие в семье")
    measure = MeasureFactory(title="Кризисный центр")
    measure.situations.add(situation)
    measure.save()
    index()
    assert try_out("отец избивает", "").total == 0
    fields = intent(words="муж, отец\nбьёт, избивает", situations=[situation.pk])
    assert enter(Role.EDITOR).post(f"{INTENTS}new/", fields).status_code == 302
    tried = try_out("отец избивает", "")
    assert tried.plan.understood.intents == ("муж бьёт",)
    assert [hit.title for hit in tried.hits] == ["Кризисный центр"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"words": "муж\nна, в"}, "«на, в» нет слов"),
        ({"words": "\n".join(f"слово {n}" for n in range(13))}, "Не больше 12 строк"),
        ({"words": ""}, "words"),
    ],
)
def test_an_intent_that_cannot_work_is_refused_with_a_reason(enter, changed, error):
    fields = intent(measures=[MeasureFactory().pk]) | changed
    response = enter(Role.EDITOR).post(f"{INTENTS}new/", fields)
    assert response.status_code == 200
    assert error in str(response.context["form"].errors)
    assert not Intent.objects.exists()


def test_an_intent_leads_somewhere_or_is_marked_as_not_ours(enter):
    client, measure = enter(Role.EDITOR), MeasureFactory()
    for changed, reason in [
        ({}, "Выберите, куда ведёт правило"),
        ({"is_foreign": "on", "measures": [measure.pk]}, "Отмечено «не наш вопрос»"),
    ]:
        response = client.post(f"{INTENTS}new/", intent(**changed))
        (error,) = response.context["form"].errors["is_foreign"]
        assert error.startswith(reason)
        assert error in response.content.decode()
    assert not Intent.objects.exists()
    client.post(f"{INTENTS}new/", intent(is_foreign="on"))
    assert Intent.objects.get().is_foreign


def pinned(*measures, **changed):
    rows = {
        f"places-{n}-{name}": value
        for n, measure in enumerate(measures)
        for name, value in (("measure", measure.pk), ("ORDER", n + 1), ("id", ""), ("DELETE", ""))
    }
    counts = {"places-TOTAL_FORMS": str(len(measures)), "places-INITIAL_FORMS": "0"}
    return {"phrases": "няня", "active": "on", **counts, **rows, **changed}


def test_a_pinned_answer_stands_first_while_it_is_on(enter, index):
    first, second = MeasureFactory(title="Няня на час"), MeasureFactory(title="Няня")
    index()
    assert try_out("няня", "").hits[0].title == "Няня"
    client = enter(Role.EDITOR)
    assert client.post(f"{PINS}new/", pinned(first, second)).status_code == 302
    tried = try_out("где найти няню", "")
    assert [hit.title for hit in tried.hits] == ["Няня на час", "Няня"]
    assert tried.pinned == ("Няня на час", "Няня")
    assert tried.hits[0].parts[0].label == "закреплено редактором"
    PinnedAnswer.objects.update(to_day=timezone.localdate() - datetime.timedelta(days=1))
    assert try_out("няня", "").hits[0].title == "Няня"
    assert "срок прошёл" in client.get(PINS).content.decode()


@pytest.mark.parametrize(
    "changed",
    [
        {"phrases": ""},
        {"phrases": "!!!"},
        {"from_day": "2026-11-02", "to_day": "2026-11-01"},
        {"from_day": "вчера"},
        {"places-0-measure": "0"},
        {"places-TOTAL_FORMS": "0"},
    ],
)
def test_a_pinned_answer_that_cannot_work_is_refused(enter, changed):
    fields = pinned(MeasureFactory(), **changed)
    response = enter(Role.EDITOR).post(f"{PINS}new/", fields)
    assert response.status_code == 200
    assert not PinnedAnswer.objects.exists()


def test_weights_are_live_with_the_next_search(enter, index):
    MeasureFactory(title="Услуга", summary="Придёт няня.")
    MeasureFactory(title="Социальная няня", summary="Помощь.")
    index()
    assert try_out("няня", "").hits[0].title == "Социальная няня"
    client = enter(Role.EDITOR)
    assert client.post(WEIGHTS, {"title": "0", "summary": "9"}).status_code == 302
    assert try_out("няня", "").hits[0].title == "Услуга"
    assert client.post(WEIGHTS, {}).status_code == 302  # all empty: as the portal has it
    assert try_out("няня", "").plan.weights == FIELDS
    assert FieldWeights.objects.count() == 1


@pytest.mark.parametrize("value", ["-1", "20.5", "много", "nan", "inf"])
def test_a_weight_out_of_reason_is_refused_beside_its_field(enter, value):
    response = enter(Role.EDITOR).post(WEIGHTS, {"title": value})
    assert response.context["form"].errors.keys() == {"title"}
    assert not FieldWeights.objects.exists()


# Questions


def asked(query, times=1, results=0, days_ago=0):
    return SearchEvent.objects.create(
        day=timezone.localdate() - datetime.timedelta(days=days_ago),
        query=query,
        lemmas=history.grouped(query),
        results=results,
        times=times,
    )


def listed(days=30, fate=None, words=""):
    start = since(days)
    return questions(list(grouped(start, fate, words)), start)


def test_queries_of_the_same_words_are_one_question():
    asked("пособие на ребенка", times=3, results=8)
    asked("пособия ребенку", times=2, results=7, days_ago=2)
    asked("пособие на ребенка", times=4, results=0, days_ago=1)
    (question,) = listed()
    assert question.text == "пособие на ребенка"
    assert question.spellings == ("пособия ребенку",)
    assert (question.asked, question.empty, question.found) == (9, 4, 8)
    assert question.fate == Fate.UNOPENED


def test_what_found_nothing_comes_first_then_what_nobody_opened():
    measure = MeasureFactory(slug="m", title="Няня на час")
    asked("няня", times=90, results=1)
    history.remember_click("няня", "m")
    asked("садик", times=5, results=3)
    asked("борщ", times=1)
    asked("рецепт", times=2)
    assert [(each.text, each.fate) for each in listed()] == [
        ("рецепт", Fate.NOTHING),
        ("борщ", Fate.NOTHING),
        ("садик", Fate.UNOPENED),
        ("няня", Fate.OPENED),
    ]
    assert listed()[-1].answers == ((measure.title, 1),)
    assert [each.text for each in listed(fate=Fate.UNOPENED)] == ["садик"]


def test_what_is_masked_as_a_whole_is_no_question():
    asked("… … ####")
    asked("детский сад ###")
    assert [each.text for each in listed()] == ["детский сад ###"]


def test_what_a_filter_hid_is_told_apart():
    asked("няня", times=2)
    SearchEvent.objects.create(
        day=timezone.localdate(), query="няня", lemmas="няня", filters="kind=payment", results=0
    )
    (question,) = listed()
    assert (question.empty, question.narrowed) == (3, 1)
    assert question.last_day == timezone.localdate()


def test_questions_are_found_by_words():
    asked("пособие на ребёнка".replace("ё", "е"))
    asked("пособия ребенку")
    asked("няня")
    assert [each.asked for each in listed(words="НА РЕБЁН")] == [2]
    assert listed(words="%") == []


def test_the_period_counts():
    asked("няня", days_ago=10)
    asked("садик", days_ago=6)
    assert [each.text for each in listed(days=7)] == ["садик"]
    assert SearchClick.objects.count() == 0


def test_a_question_turns_into_records_in_one_click(enter):
    asked("бебиситтер ### …")
    client = enter(Role.EDITOR)
    page = client.get(QUESTIONS).content.decode()
    links = [
        link.replace("&amp;", "&") for link in re.findall(r'href="(/admin/[^"]+\?[^"]+)"', page)
    ]
    filled = {}
    for link in links:
        if "/new/" in link or "/add/" in link:
            assert parse_qs(urlsplit(link).query)
            form = client.get(link).context["form"]
            filled[form.instance._meta.model_name] = form.initial
    assert filled["synonym"]["terms"] == "бебиситтер"
    assert filled["pinnedanswer"]["phrases"] == "бебиситтер"
    assert filled["intent"] == {
        "title": "бебиситтер",
        "words": "бебиситтер",
        "examples": "бебиситтер",
    } | {k: v for k, v in filled["intent"].items() if k not in {"title", "words", "examples"}}
    assert filled["measure"]["title"] == "бебиситтер"
    assert filled["measure"]["slug"] == "bebisitter"
    assert f"?q={escape('бебиситтер')}" in page or "search-trial/?q=" in page


def test_an_analyst_reads_questions_and_turns_them_into_nothing(enter):
    asked("бебиситтер")
    page = enter(Role.ANALYST).get(QUESTIONS).content.decode()
    assert "бебиситтер" in page
    assert "/new/?" not in page
    assert "/add/?" not in page


def test_the_page_says_how_long_it_is_kept(enter):
    assert f"Храним {history.KEPT.days} дней" in enter(Role.EDITOR).get(QUESTIONS).content.decode()


@pytest.mark.parametrize(
    "query", ["days=0", "days=abc", "fate=x", "p=0", "p=99999999999", "p=a", "days=7&fate=nothing"]
)
def test_an_odd_address_of_questions_is_still_a_page(enter, query):
    asked("няня")
    assert enter(Role.EDITOR).get(f"{QUESTIONS}?{query}").status_code == 200


def test_questions_take_few_queries(enter, django_assert_max_num_queries):
    for n in range(60):
        asked(f"слово{'а' * n}", results=n % 2)
    client = enter(Role.EDITOR)
    client.get(QUESTIONS)
    with django_assert_max_num_queries(14):
        client.get(QUESTIONS)


# Trial


def test_a_trial_shows_how_the_query_was_read_and_why_each_answer_stands(enter, index):
    country = TerritoryFactory(slug="rossiya", title="Россия", kind="country")
    TerritoryFactory(slug="oblast", title="Лесная область", kind="region", parent=country)
    measure = MeasureFactory(title="Социальная няня", summary="Посидит с ребёнком.")
    measure.territories.add(country)
    measure.save()
    synonym = Synonym.objects.create(canonical="няня", terms=["бебиситтер"])
    synonym.measures.add(measure)
    index()
    page = enter(Role.EDITOR).get(f"{TRIAL}?q=бебиситтер&territory=oblast").content.decode()
    for told in ("Лесная область", "Социальная няня", "синоним", "слово «бебиситтер»"):
        assert told in page, told
    tried = try_out("бебиситтер", "oblast")
    (hit,) = tried.hits
    assert sum(part.score for part in hit.parts) == pytest.approx(hit.score, abs=0.05)
    labels = [part.label for part in hit.parts]
    assert "сюда ведут синонимы и правила смысла" in labels
    assert "остальное" not in labels
    (word,) = [part for part in hit.parts if part.fields]
    assert word.fields[0][0] == "название меры"


@pytest.mark.parametrize(
    "query",
    ["", "q=", "q=!!!", "q=%00", "q=" + "я" * 900, "q=няня&territory=nothing", "q=' or 1=1"],
)
def test_an_odd_trial_is_still_a_page(enter, index, query):
    index()
    assert enter(Role.EDITOR).get(f"{TRIAL}?{query}").status_code == 200


def test_a_trial_without_an_index_says_so(enter, engine):
    assert "Поиск обновляется" in enter(Role.EDITOR).get(f"{TRIAL}?q=няня").content.decode()


def test_every_origin_has_words():
    assert len({origin_in_words(origin) for origin in Origin}) == len(Origin)
