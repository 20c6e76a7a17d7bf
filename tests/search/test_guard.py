"""Before an edit of what queries are read with goes live, graded queries are tried with it."""

from __future__ import annotations

import json

import pytest
from wagtail.models import ModelLogEntry

from catalogue.models import Measure
from cms.access import Role
from search import despite, guard
from search.engine import get_engine
from search.lexicon import current_lexicon
from search.models import FieldWeights, Intent, SearchChange, Synonym
from tests.factories import MeasureFactory, UserFactory

pytestmark = pytest.mark.django_db
SYNONYMS = "/admin/synonyms/"
WEIGHTS = "/admin/search-weights/"
INTENTS = "/admin/intents/"


def graded(query, expect_none=False, **judgments):
    return {
        "q": query,
        "kind": "own",
        "territory": None,
        "judgments": judgments,
        "situation": None,
        "expect_none": expect_none,
    }


@pytest.fixture
def portal(index, settings, tmp_path):
    """Two measures, and queries of which one is answered well, one not, one should not be."""
    MeasureFactory(slug="nyanya", title="Социальная няня", summary="Посидит с ребёнком.")
    MeasureFactory(slug="sad", title="Детский сад", summary="Место для ребёнка, не няня.")
    path = tmp_path / "graded.json"
    queries = [
        graded("няня", nyanya=3),
        graded("бебиситтер", nyanya=3),
        graded("рецепт борща", expect_none=True),
    ]
    path.write_text(json.dumps(queries))
    settings.NAVIGATOR_GRADED_QUERIES = str(path)
    return index()


@pytest.fixture
def editor(client):
    client.force_login(UserFactory(role=Role.EDITOR))
    return client


def synonym(canonical, terms, **more):
    return {"canonical": canonical, "terms": terms, "kind": "colloquial", **more}


def tried(edit):
    proposed = guard.proposed_lexicon(edit)
    return guard.compare(current_lexicon(), proposed, guard.graded_queries())


def test_a_trial_of_an_edit_leaves_nothing_behind(portal):
    marks = SearchChange.objects.count()
    lexicon = guard.proposed_lexicon(lambda: Synonym.objects.create(canonical="няня"))
    assert [group.canonical for group in lexicon.groups] == ["няня"]
    assert not Synonym.objects.exists()
    assert SearchChange.objects.count() == marks
    assert current_lexicon().groups == ()


def test_better_and_worse_answers_are_told_apart(portal):
    verdict = tried(lambda: Synonym.objects.create(canonical="няня", terms=["бебиситтер"]))
    assert [change.query for change in verdict.better] == ["бебиситтер"]
    assert verdict.worse == ()
    assert verdict.ndcg == (0.5, 1.0)
    verdict = tried(lambda: Synonym.objects.create(canonical="няня", terms=["рецепт", "борщ"]))
    assert [change.query for change in verdict.worse] == ["рецепт борща"]
    assert verdict.worse[0].gain == -1


def test_an_edit_that_changes_no_answer_is_saved_at_once_and_says_so(portal, editor):
    response = editor.post(f"{SYNONYMS}new/", synonym("садик", "ясли"), follow=True)
    assert Synonym.objects.count() == 1
    assert "на 3 размеченных запросах" in response.content.decode()


def test_an_edit_that_changes_answers_is_shown_and_waits(portal, editor):
    response = editor.post(f"{SYNONYMS}new/", synonym("няня", "рецепт\nборщ"))
    page = response.content.decode()
    assert response.status_code == 200
    assert not Synonym.objects.exists()
    assert "Ответы станут хуже" in page
    assert "рецепт борща" in page
    assert "Всё равно сохранить" in page


def intent_of(word, measures, situations):
    def edit():
        rule = Intent.objects.create(title=word, words=[word])
        rule.measures.set(Measure.objects.filter(slug__in=measures))
        rule.situations.set(situations)

    return edit


def fields_of(response):
    return dict(response.context["fields"])


GO = {"guard": "go", "guard-reason": "Так просит центр"}


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_nothing_gets_worse_without_a_reason(portal, editor, reason):
    asked = editor.post(f"{SYNONYMS}new/", synonym("няня", "рецепт\nборщ"))
    given = {"guard": "go"} | ({} if reason is None else {"guard-reason": reason})
    again = editor.post(f"{SYNONYMS}new/", fields_of(asked) | given)
    assert "Напишите, почему это нужно сохранить" in again.content.decode()
    assert fields_of(again) == fields_of(asked)
    assert not Synonym.objects.exists()


def test_the_editor_may_go_on_and_the_reason_stays_in_history(portal, editor):
    asked = editor.post(f"{SYNONYMS}new/", synonym("няня", "рецепт\nборщ"))
    answer = editor.post(f"{SYNONYMS}new/", fields_of(asked) | GO)
    assert answer.status_code == 302
    row = Synonym.objects.get()
    assert row.terms == ["рецепт", "борщ"]
    history = editor.get(f"{SYNONYMS}history/{row.pk}/").content.decode()
    assert "Так просит центр (стало хуже ответов: 1; nDCG@10: 0,500 → 0,500)" in history


def test_what_gets_better_needs_no_reason_and_leaves_none(portal, editor):
    asked = editor.post(f"{SYNONYMS}new/", synonym("няня", "бебиситтер"))
    assert "guard-reason" not in asked.content.decode()
    assert editor.post(f"{SYNONYMS}new/", fields_of(asked) | {"guard": "go"}).status_code == 302
    assert not ModelLogEntry.objects.filter(action=despite.ACTION).exists()


def test_the_first_life_situation_is_compared_too(portal, tell, settings, tmp_path, index):
    right, wrong = tell("Ищем няню").situation, tell("Болеет ребёнок").situation
    Measure.objects.get(slug="nyanya").situations.add(right)
    Measure.objects.get(slug="sad").situations.add(wrong)
    index()
    queries = [graded("бебиситтер", nyanya=3) | {"situation": right.slug}]
    path = tmp_path / "stories.json"
    path.write_text(json.dumps(queries))
    settings.NAVIGATOR_GRADED_QUERIES = str(path)
    right_rule = intent_of("бебиситтер", measures=["nyanya"], situations=[right.pk])
    verdict = tried(right_rule)
    assert verdict.stories == (0.0, 1.0)
    (change,) = verdict.better
    assert change.gain_of_story == 1
    right_rule()
    Intent.objects.update(title="Прежнее")
    rival = Intent.objects.get()

    def spoil():
        rival.situations.set([wrong])

    verdict = tried(spoil)
    assert verdict.stories == (1.0, 0.0)
    (change,) = verdict.worse
    assert change.gain == 0
    assert change.gain_of_story == -1


def test_a_query_that_is_read_as_before_is_asked_once(portal, monkeypatch):
    engine, asked = get_engine(), []
    search = engine.search
    monkeypatch.setattr(engine, "search", lambda plan: asked.append(plan.text) or search(plan))
    tried(lambda: Synonym.objects.create(canonical="няня", terms=["бебиситтер"]))
    assert asked.count("рецепт борща") == 1
    assert asked.count("бебиситтер") == 2


def test_the_editor_may_go_back_to_what_was_typed(portal, editor):
    asked = editor.post(f"{SYNONYMS}new/", synonym("няня", "рецепт\nборщ"))
    back = editor.post(f"{SYNONYMS}new/", fields_of(asked) | {"guard": "back"})
    assert back.status_code == 200
    assert back.context["form"]["canonical"].value() == "няня"
    assert "борщ" in back.content.decode()
    assert not Synonym.objects.exists()


def test_a_change_is_tried_beside_what_is_there(portal, editor):
    row = Synonym.objects.create(canonical="няня", terms=["бебиситтер"])
    asked = editor.post(f"{SYNONYMS}edit/{row.pk}/", synonym("няня", "нянюшка"))
    assert "бебиситтер" in asked.content.decode()
    row.refresh_from_db()
    assert row.terms == ["бебиситтер"]
    gone = editor.post(f"{SYNONYMS}edit/{row.pk}/", fields_of(asked) | GO)
    assert gone.status_code == 302
    row.refresh_from_db()
    assert row.terms == ["нянюшка"]


def test_the_page_that_asks_about_a_deletion_tells_what_it_does(portal, editor):
    row = Synonym.objects.create(canonical="няня", terms=["бебиситтер"])
    page = editor.get(f"{SYNONYMS}delete/{row.pk}/").content.decode()
    assert "Ответы станут хуже" in page
    assert "бебиситтер" in page
    assert Synonym.objects.filter(pk=row.pk).exists()
    asked = editor.post(f"{SYNONYMS}delete/{row.pk}/")
    assert "Напишите, почему это нужно удалить" in asked.content.decode()
    assert Synonym.objects.filter(pk=row.pk).exists()
    editor.post(f"{SYNONYMS}delete/{row.pk}/", GO)
    assert not Synonym.objects.exists()
    assert ModelLogEntry.objects.get(action=despite.ACTION).data["reason"] == GO["guard-reason"]


def test_weights_are_guarded_too(portal, editor):
    weights = {"title": "0", "names": "0", "summary": "9"}
    asked = editor.post(WEIGHTS, weights)
    assert "Ответы станут хуже" in asked.content.decode()
    assert not FieldWeights.objects.exists()
    back = editor.post(WEIGHTS, fields_of(asked) | {"guard": "back"})
    assert back.context["form"]["summary"].value() == "9"
    assert editor.post(WEIGHTS, fields_of(asked) | {"guard": "go"}).status_code == 200
    assert editor.post(WEIGHTS, fields_of(asked) | GO).status_code == 302
    assert FieldWeights.objects.get().summary == 9
    page = editor.get(WEIGHTS).content.decode()
    assert "Сохранено, хотя ответы стали хуже" in page
    assert "Так просит центр" in page


def test_examples_that_an_intent_does_not_fit_are_told(portal, editor):
    measure = MeasureFactory(slug="m")
    fields = {
        "title": "муж бьёт",
        "words": "муж\nбьёт",
        "examples": "муж меня бьёт\nсосед кричит",
        "measures": [measure.pk],
        "active": "on",
    }
    asked = editor.post(f"{INTENTS}new/", fields)
    assert asked.context["unmet"] == ["сосед кричит"]
    assert not Intent.objects.exists()
    assert editor.post(f"{INTENTS}new/", fields | {"guard": "go"}).status_code == 302
    assert Intent.objects.get().examples == ["муж меня бьёт", "сосед кричит"]


@pytest.mark.parametrize("broken", ["[", '{"q": 1}', '[{"q": 1}]'])
def test_graded_queries_that_cannot_be_read_do_not_stop_the_editor(
    portal, editor, settings, tmp_path, broken
):
    (tmp_path / "graded.json").write_text(broken)
    response = editor.post(f"{SYNONYMS}new/", synonym("садик", "ясли"), follow=True)
    assert "без проверки" in response.content.decode()
    assert Synonym.objects.exists()


def test_without_an_index_an_edit_is_saved_unchecked(editor, engine, settings, tmp_path):
    path = tmp_path / "graded.json"
    path.write_text(json.dumps([graded("няня", nyanya=3)]))
    settings.NAVIGATOR_GRADED_QUERIES = str(path)
    response = editor.post(f"{SYNONYMS}new/", synonym("садик", "ясли"), follow=True)
    assert "без проверки" in response.content.decode()
    assert Synonym.objects.exists()
