"""Synonyms and intents of a data set: loaded by name, refused with a reason, kept when people changed them."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
from django.db import connection

from cms.loading import DataSetError, Report
from search.lexicon import current_lexicon
from search.loading import load
from search.models import Intent, Synonym
from tests.factories import MeasureFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(tmp_path):
    def write(glossary, everyday=None, intents=None):
        (tmp_path / "synonyms.json").write_text(json.dumps(glossary))
        if everyday is not None:
            (tmp_path / "everyday_words.json").write_text(json.dumps(everyday))
        if intents is not None:
            (tmp_path / "intents.json").write_text(json.dumps(intents))
        report = Report()
        load(tmp_path, report, lambda line: None)
        return report

    return write


def row(canonical="маткапитал", terms=("мск",), kind="colloquial", **targets):
    return {"canonical": canonical, "terms": list(terms), "kind": kind, "targets": targets}


def test_synonyms_are_created_changed_and_left(files):
    measure = MeasureFactory(slug="m")
    assert files([row(measures=["m"])]).created["search.synonym"] == 1
    assert list(Synonym.objects.get().measures.all()) == [measure]
    assert files([row(measures=["m"])]).unchanged["search.synonym"] == 1
    assert files([row(terms=["мск", "маткап"], measures=["m"])]).changed["search.synonym"] == 1
    assert Synonym.objects.get().terms == ["мск", "маткап"]


def test_what_an_editor_changed_is_kept(files):
    files([row()])
    Synonym.objects.update(terms=["своё слово"])
    report = files([row(terms=["другое"])])
    assert report.kept["search.synonym"] == ["маткапитал"]
    assert Synonym.objects.get().terms == ["своё слово"]


def test_everyday_words_lead_one_way_unless_said_otherwise(files):
    files(
        [],
        [
            {"canonical": "ребёнок", "terms": ["сын"]},
            {"canonical": "отец", "terms": ["папа"], "both_ways": True},
        ],
    )
    assert dict(Synonym.objects.values_list("canonical", "one_way")) == {
        "ребёнок": True,
        "отец": False,
    }


@pytest.mark.parametrize(
    ("glossary", "reason"),
    [
        ([row(), row()], "повтор"),
        ([row(measures=["nothing"])], "нет такой записи: nothing"),
        ([row(kind="wrong")], "такого значения нет"),
        ([{"canonical": "a"}], "нет поля"),
        ([row(canonical="")], "пустой текст"),
        ([row(terms=["x" * 121])], "длиннее"),
        (["строка"], "нужен объект"),
    ],
)
def test_bad_rows_are_refused_with_a_reason(files, glossary, reason):
    report = files(glossary)
    assert reason in str(report.refusals[0])
    assert not Synonym.objects.exists()


def test_a_word_stands_in_one_file_only(files):
    report = files([row()], [{"canonical": "маткапитал", "terms": []}])
    assert "уже есть" in str(report.refusals[0])


def test_a_missing_glossary_is_an_error(tmp_path):
    with pytest.raises(DataSetError, match=r"synonyms\.json"):
        load(tmp_path, Report(), lambda line: None)


def test_the_lexicon_is_read_anew_after_a_change_only(files, django_assert_num_queries):
    files([row()])
    assert [group.canonical for group in current_lexicon().groups] == ["маткапитал"]
    with django_assert_num_queries(1):
        current_lexicon()
    Synonym.objects.update(canonical="материнский капитал")
    assert [group.canonical for group in current_lexicon().groups] == ["материнский капитал"]


def intent(title="муж бьёт", words=(("муж", "сожитель"), ("бьёт", "поднимает руку")), **targets):
    return {"title": title, "words": [list(each) for each in words], "targets": targets}


def test_intents_are_created_changed_and_kept(files):
    measure = MeasureFactory(slug="m")
    assert files([], intents=[intent(measures=["m"])]).created["search.intent"] == 1
    loaded = Intent.objects.get()
    assert loaded.words == ["муж, сожитель", "бьёт, поднимает руку"]
    assert list(loaded.measures.all()) == [measure]
    assert files([], intents=[intent(measures=["m"])]).unchanged["search.intent"] == 1
    Intent.objects.update(words=["муж"])
    report = files([], intents=[intent(words=[["муж"], ["пьёт"]], measures=["m"])])
    assert report.kept["search.intent"] == ["муж бьёт"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (intent(measures=["nothing"]), "нет такой записи: nothing"),
        (intent(), "никуда не ведёт"),
        (intent(measures=["m"]) | {"foreign": True}, "нужно что-то одно"),
        (intent() | {"foreign": "может быть"}, "foreign"),
        (intent(words=[]), "нет слов"),
        (intent(words=[["муж"], ["на", "!!!"]]), "нет слов, по которым ищут: на, !!!"),
        (intent(words=[["муж"], []]), "нет слов"),
        (intent(words=[["слово " * 15 + str(n) for n in range(9)]]), "длиннее 600 знаков"),
        (intent(title=""), "пустой текст"),
    ],
)
def test_bad_intents_are_refused_with_a_reason(files, wrong, reason):
    MeasureFactory(slug="m")
    report = files([], intents=[wrong])
    assert any(reason in str(refusal) for refusal in report.refusals)
    assert not Intent.objects.exists()


def test_the_lexicon_has_intents_as_lemmas_of_alternatives(files):
    MeasureFactory(slug="m")
    files([], intents=[intent(measures=["m"])])
    (rule,) = current_lexicon().intents
    assert rule.title == "муж бьёт"
    assert rule.all_of == ((("муж",), ("сожитель",)), (("бить",), ("поднимать", "рука")))
    assert [(target.field, target.slug) for target in rule.targets] == [("measure", "m")]
    Intent.objects.update(active=False)
    assert current_lexicon().intents == ()


def test_what_is_none_of_ours_is_marked_not_guessed(files):
    MeasureFactory(slug="m")
    files([], intents=[intent("борщ") | {"foreign": True}, intent("пьёт", measures=["m"])])
    assert {rule.title: rule.is_foreign for rule in current_lexicon().intents} == {
        "борщ": True,
        "пьёт": False,
    }
    Intent.objects.get(title="пьёт").measures.clear()  # its last record is gone
    assert [rule.title for rule in current_lexicon().intents] == ["борщ"]


def test_intents_that_led_nowhere_are_marked_by_the_migration(files):
    MeasureFactory(slug="m")
    files([], intents=[intent("борщ") | {"foreign": True}, intent("пьёт", measures=["m"])])
    Intent.objects.update(is_foreign=False)
    migration = import_module("search.migrations.0007_foreign_intents")
    with connection.cursor() as cursor:
        cursor.execute(migration.MARK)
    assert list(Intent.objects.filter(is_foreign=True).values_list("title", flat=True)) == ["борщ"]
