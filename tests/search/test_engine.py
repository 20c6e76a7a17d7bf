"""The contract of engines: every engine answers these alike. Written against the Protocol."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from search import analysis
from search.documents import FOREVER, Source, title_order
from search.embedded import EmbeddedEngine
from search.engine import Beginning, IndexUnavailable, Position, WriterBusy, get_engine
from search.lexicon import Place, compile_lexicon
from search.plan import EVERYWHERE, PlaceFilter, Sort, Target
from search.query import Asked, for_situations, make_plan
from search.spelling import Speller
from search.words import Knowledge
from tests.search.elasticsearch_server import engine_at

DATABASE = "a database"
START = Position(10, 100)
PLACES = [
    Place("rossiya", "Россия", "country", "", ("rossiya",)),
    Place("lo", "Ленинградская область", "region", "rossiya", ("rossiya", "lo")),
    Place("tihvin", "Тихвинский район", "district", "lo", ("rossiya", "lo", "tihvin")),
    Place("chita", "Чита", "region", "rossiya", ("rossiya", "chita")),
]
LEXICON = compile_lexicon(
    groups=[
        ("материнский капитал", ["маткапитал"], False, (Target("measure", "m1", 1.0),)),
        ("долги", ["коллекторы"], True, (Target("situation", "dolgi", 1.0),)),
    ],
    places=PLACES,
)


def source(identity, title, *, kind="measure", until=FOREVER, checked=0, names=(), **words):
    keywords = {
        "measure": (f"m{identity}",),
        "situation": tuple(words.pop("situation", ())),
        "category": tuple(words.pop("category", ())),
        "provider": tuple(words.pop("provider", ())),
        "territory": tuple(words.pop("territory", ("rossiya",))),
        "kind": (words.pop("sort", "payment"),),
        "channel": tuple(words.pop("channel", ())),
        "urgent": tuple(words.pop("urgent", ())),
    }
    path = {
        slug for place in PLACES if place.slug in keywords["territory"] for slug in place.around
    }
    return Source(
        kind=kind,
        id=identity,
        texts={"title": (title,), "names": tuple(names), **{k: (v,) for k, v in words.items()}},
        keywords={**keywords, "territory_path": tuple(sorted(path))},
        visible_until=until,
        checked_on=checked,
    )


MEASURES = [
    source(1, "Материнский (семейный) капитал", names=["маткапитал", "мск"], situation=["birth"]),
    source(2, "Материнский капитал на жильё", sort="discount", situation=["birth", "home"]),
    source(3, "Пособие на ребёнка", summary="Деньги семье, в том числе на жильё", checked=7),
    source(4, "Капитал Читы", territory=["chita"], provider=["bank"]),
    source(5, "Няня в Тихвине", territory=["tihvin"], sort="service", checked=9, urgent=["yes"]),
    source(6, "Отсрочка платежа", situation=["dolgi"], law="81-ФЗ"),
    source(7, "Выплата семье", law="181-ФЗ", who="капитал не нужен"),
    source(8, "Закрытое пособие", until=1000),
    source(1, "Родился ребёнок", kind="situation", situation=["birth"], names=["родила"]),
]


NAMED = [
    *MEASURES,
    source(2, "Долги и взыскания", kind="situation", territory=[EVERYWHERE]),
    source(1, "Центр «Опора»", kind="provider", names=["Семейный центр Читы"], territory=["chita"]),
]


@pytest.fixture(params=["embedded", "elastic"])
def again(request, tmp_path):
    """Opens the same copy of the index as another process would."""
    if request.param == "embedded":
        return lambda: EmbeddedEngine(tmp_path / "index")
    address, name = request.getfixturevalue("elasticsearch"), f"test-{uuid4().hex}"
    return lambda: engine_at(address, name)


@pytest.fixture
def engine(again):
    return again()


@pytest.fixture
def full(engine):
    engine.rebuild((each.analysed() for each in MEASURES), START, DATABASE, lambda done: None)
    return engine


def ask(engine, text, *, moment=2000, **asked):
    vocabulary = engine.vocabulary()
    speller = Speller({**dict.fromkeys(LEXICON.words, 0), **vocabulary.words})
    return make_plan(text, Asked(**asked), Knowledge(LEXICON, vocabulary, speller), moment)


def found(engine, text, **asked):
    return [hit.id for hit in engine.search(ask(engine, text, **asked)).hits]


def write(engine, *sources, position=START):
    with engine.writer() as writer:
        for each in sources:
            writer.replace(each.analysed())
        writer.commit(position, DATABASE)


@pytest.mark.parametrize("text", ["маткапитал", "МСК", "Материнский (семейный) капитал"])
def test_a_whole_name_comes_first(full, text):
    assert found(full, text)[0] == 1


def test_what_editors_pinned_stands_first_though_its_words_do_not_answer(full):
    plan = replace(ask(full, "капитал"), pinned=("m6", "m2"))
    assert [hit.id for hit in full.search(plan).hits][:3] == [6, 2, 1]


def test_what_is_pinned_is_filtered_and_ends_like_the_rest(full):
    plan = replace(ask(full, "капитал", filters={"kind": ["discount"]}), pinned=("m6", "m8", "m2"))
    assert [hit.id for hit in full.search(plan).hits] == [2]


def test_weights_of_the_plan_decide_which_field_tells_more(full):
    plan = ask(full, "капитал")
    by_who = replace(plan, weights=(("title", 0.1), ("who", 50.0)))
    assert full.search(plan).hits[0].id != 7
    assert full.search(by_who).hits[0].id == 7


def test_of_equals_the_one_checked_last_goes_first(engine):
    checked = {1: 0, 2: 10, 3: 300, 4: 650}
    made = [source(pk, "Прокат колясок", checked=day) for pk, day in checked.items()]
    engine.rebuild((each.analysed() for each in made), START, DATABASE, lambda done: None)
    plan = replace(ask(engine, "прокат"), checked=((1, 0.2), (200, 0.1), (600, 0.1)))
    assert [hit.id for hit in engine.search(plan).hits] == [4, 3, 2, 1]
    scores = [hit.score for hit in engine.search(plan).hits]
    steps = [round(one - other, 2) for one, other in pairwise(scores)]
    assert steps == [0.1, 0.1, 0.2]


def test_of_equals_the_one_that_families_open_goes_first(engine):
    made = [source(pk, "Прокат колясок") for pk in (1, 2, 3)]
    engine.rebuild((each.analysed() for each in made), START, DATABASE, lambda done: None)
    plan = replace(ask(engine, "прокат"), popular=((0.3, ("m3", "m9")), (0.1, ("m2",))))
    assert [hit.id for hit in engine.search(plan).hits] == [3, 2, 1]
    assert engine.search(plan).total == 3
    assert engine.search(ask(engine, "прокат")).total == 3


def test_neither_check_nor_fame_beats_a_better_answer(full):
    plan = replace(
        ask(full, "капитал", territory="chita"),
        checked=((1, 0.2), (1, 0.1), (1, 0.1)),
        popular=((0.3, ("m7",)),),  # has the word in its text only
    )
    write(full, source(7, "Выплата семье", law="181-ФЗ", who="капитал не нужен", checked=700))
    assert [hit.id for hit in full.search(plan).hits][-1] == 7


def test_urgent_help_is_a_filter_of_its_own(full):
    assert found(full, "", filters={"urgent": ["yes"]}) == [5]


def test_words_are_found_in_any_form(full):
    assert found(full, "детям пособия") == [3]


def test_a_misspelt_word_is_found(full):
    assert found(full, "матиринский капитол")[:2] == [1, 2]


def test_a_synonym_leads_to_a_record_that_does_not_say_it(full):
    assert found(full, "коллекторы") == [6]


def test_a_number_of_a_law_is_not_part_of_another(full):
    assert found(full, "81-ФЗ") == [6]
    assert found(full, "181 фз") == [7]


@pytest.mark.parametrize(
    "text", ["рецепт борща", "погода на завтра", "капитал маркса читать", "???"]
)
def test_what_the_catalogue_does_not_have_gets_no_answer(full, text):
    answer = full.search(ask(full, text))
    assert (answer.total, answer.hits) == (0, ())
    assert all(not counts for counts in answer.facets.values())


def test_nothing_typed_shows_everything_by_name(full):
    assert found(full, "") == [7, 4, 1, 2, 5, 6, 3]


def test_what_is_no_longer_visible_is_neither_found_nor_counted(full):
    assert 8 not in found(full, "пособие")
    assert full.search(ask(full, "закрытое")).total == 0
    assert 8 in found(full, "пособие", moment=999)
    assert full.search(ask(full, "")).facets["kind"] == {"payment": 5, "discount": 1, "service": 1}


def test_filters_take_any_value_of_a_facet_and_all_facets(full):
    assert found(full, "", filters={"situation": ["home", "dolgi"]}) == [2, 6]
    assert found(full, "", filters={"situation": ["birth"], "kind": ["payment"]}) == [1]
    assert found(full, "", filters={"situation": ["nothing"]}) == []


def test_counts_of_a_filtered_facet_are_those_without_its_filter(full):
    facets = full.search(ask(full, "", filters={"kind": ["discount"]})).facets
    assert facets["kind"] == {"payment": 5, "discount": 1, "service": 1}
    assert facets["situation"] == {"birth": 1, "home": 1}


def test_a_place_keeps_what_is_in_force_around_it(full):
    assert set(found(full, "", territory="tihvin")) == {1, 2, 3, 5, 6, 7}
    assert set(found(full, "", territory="lo")) == {1, 2, 3, 6, 7}
    assert set(found(full, "", home="chita")) == {1, 2, 3, 4, 6, 7}


def test_a_region_that_the_query_names_also_takes_what_is_inside_it(full):
    assert set(found(full, "Ленинградская область")) == {1, 2, 3, 5, 6, 7}
    assert found(full, "капитал чита")[0] == 4


def test_counts_by_territory_are_of_its_own_and_without_the_place(full):
    facets = full.search(ask(full, "", territory="chita")).facets
    assert facets["territory"] == {"rossiya": 5, "chita": 1, "tihvin": 1}
    assert facets["provider"] == {"bank": 1}


def test_measures_of_the_country_go_first_while_no_place_is_known(full):
    assert found(full, "капитал").index(1) < found(full, "капитал").index(4)


def test_order_by_check_and_pages(full):
    assert found(full, "", sort=Sort.CHECKED)[:2] == [5, 3]
    whole = found(full, "")
    assert found(full, "", offset=2, limit=3) == whole[2:5]
    assert full.search(ask(full, "", offset=2, limit=3)).total == 7
    assert found(full, "", offset=500, limit=3) == []


@pytest.mark.parametrize("offset", [99_999, 100_000, 1_000_000, 20 * 1_000_000, 2**62])
@pytest.mark.parametrize("sort", [Sort.RELEVANCE, Sort.TITLE])
def test_a_page_that_nobody_reaches_is_empty_and_counts_all_the_same(full, offset, sort):
    answer = full.search(replace(ask(full, "капитал"), offset=offset, limit=20, sort=sort))
    assert (answer.hits, answer.total) == ((), 4)
    assert answer.facets["kind"] == {"payment": 3, "discount": 1}


def test_a_hundred_filters_and_values_that_do_not_exist_are_answered(full):
    strange = tuple(f"нет/{n}'\"\0*" for n in range(100))
    plan = ask(full, "")
    every = tuple((facet, (*strange, *values)) for facet, values in EXISTING)
    answer = full.search(replace(plan, filters=every))
    assert [hit.id for hit in answer.hits] == [1]
    nothing = full.search(replace(plan, filters=(("kind", strange),)))
    assert (nothing.hits, nothing.total) == ((), 0)
    assert nothing.facets["kind"] == {"payment": 5, "discount": 1, "service": 1}
    nowhere = PlaceFilter("nowhere", ("nowhere",), inside=True)
    assert full.search(replace(plan, place=nowhere)).total == 0
    assert full.search(replace(plan, pinned=strange, popular=((0.1, strange),))).total == 7


EXISTING = [("situation", ("birth",)), ("kind", ("payment",)), ("territory", ("rossiya",))]


def test_a_score_is_given_for_relevance_only(full):
    def scores(sort):
        return [hit.score for hit in full.search(ask(full, "капитал", sort=sort)).hits]

    assert scores(Sort.RELEVANCE) == sorted(scores(Sort.RELEVANCE), reverse=True)
    assert min(scores(Sort.RELEVANCE)) > 0
    assert set(scores(Sort.TITLE)) == set(scores(Sort.CHECKED)) == {0.0}


def test_situations_are_asked_apart(full):
    plan = ask(full, "родила")
    assert [hit.id for hit in full.search(for_situations(plan, 3)).hits] == [1]
    assert full.search(for_situations(plan, 3)).facets == {}


@pytest.fixture
def named(engine):
    engine.rebuild((each.analysed() for each in NAMED), START, DATABASE, lambda done: None)
    return engine


def suggested(engine, text, *kinds, place=(), moment=2000, limit=10, led_to=None):
    words = tuple(analysis.words(text))
    kinds = kinds or ("measure", "situation", "provider")
    most = dict.fromkeys(kinds, limit)
    found = engine.suggest(Beginning(words, most, place, moment, led_to or {}))
    return [f"{each.kind[0]}{each.id}" for each in found]


def test_beginnings_of_words_are_suggested_in_any_order(named):
    assert suggested(named, "кап чит") == ["m4"]
    assert suggested(named, "чит кап") == ["m4"]
    assert set(suggested(named, "капитал")) == {"m1", "m2", "m4"}
    assert suggested(named, "МАТКАП") == ["m1"]
    assert suggested(named, "апитал") == []


def test_what_begins_as_was_typed_is_suggested_first(named):
    assert suggested(named, "капитал")[0] == "m4"


def test_a_title_stands_before_another_name_and_a_short_one_before_a_long(named):
    write(
        named,
        source(30, "Ясли рядом с домом, если есть места в очереди", territory=["lo"]),
        source(31, "Ясли рядом", territory=["lo"]),
        source(32, "Место малышу", names=["ясли"], territory=["lo"]),
        source(33, "Компенсация за ясли", territory=["lo"]),
    )
    assert suggested(named, "ясл") == ["m31", "m30", "m32", "m33"]


def test_what_is_for_everybody_stands_before_what_is_for_a_place(named):
    write(named, source(30, "Ясли", territory=["lo"]), source(31, "Ясли для всей страны"))
    assert suggested(named, "ясл") == ["m31", "m30"]


def test_what_editors_names_lead_to_is_suggested_whatever_its_own_names_are(named):
    led_to = {"measure": ("m5", "m8"), "situation": ("birth",), "provider": ("m1",)}
    assert suggested(named, "чит", led_to=led_to) == ["m5", "m4", "s1", "p1"]
    assert suggested(named, "чит", "measure", led_to=led_to, place=("rossiya", "lo")) == []


def test_suggestions_are_of_the_kinds_asked_for(named):
    assert set(suggested(named, "о")) == {"m6", "p1"}
    assert suggested(named, "о", "measure") == ["m6"]
    assert suggested(named, "до", "measure", "situation") == ["s2"]
    assert suggested(named, "сем", "provider") == ["p1"]
    assert suggested(named, "до", "situation", "measure", "provider", limit=1) == ["s2"]
    assert suggested(named, "о", "provider", "measure", limit=1) == ["p1", "m6"]
    assert suggested(named, "о", limit=0) == []
    assert len(suggested(named, "к", limit=2)) == 2


def test_a_place_is_offered_what_is_there_and_what_is_everywhere(named):
    assert suggested(named, "няня", place=("rossiya", "lo", "tihvin")) == ["m5"]
    assert suggested(named, "няня", place=("rossiya", "chita")) == []
    assert suggested(named, "долги", place=("rossiya", "chita")) == ["s2"]
    assert suggested(named, "опора", place=("rossiya", "lo")) == []
    assert suggested(named, "опора", place=("rossiya", "chita")) == ["p1"]


def test_what_is_no_longer_visible_is_not_suggested(named):
    assert suggested(named, "закрытое") == []
    assert suggested(named, "закрытое", moment=999) == ["m8"]


def test_nothing_typed_suggests_nothing_and_long_words_do(named):
    assert named.suggest(Beginning((), {"measure": 5})) == ()
    assert named.suggest(Beginning(("отсрочка",), {})) == ()
    assert suggested(named, "отсрочка" + "ъ" * 500) == []
    write(named, source(30, "Высококвалифицированная помощь"))
    assert suggested(named, "высококвалифицированная") == ["m30"]


def test_providers_are_suggested_but_their_words_are_not_searched(named):
    assert "опора" not in named.vocabulary().words
    assert found(named, "опора") == []


def test_the_vocabulary_is_that_of_visible_records(full):
    vocabulary = full.vocabulary()
    assert vocabulary.lemmas["капитал"] == 4
    assert vocabulary.words["тихвине"] == 1
    assert vocabulary.documents == len(MEASURES)
    assert "закрытое" not in vocabulary.words  # its term has ended


def test_how_many_records_hold_a_lemma_is_known_at_once(full):
    assert full.records_with(["капитал", "няня", "борщ"]) == {"капитал": 4, "няня": 1}
    write(full, source(20, "Сиделка"))
    assert full.records_with(["сиделка"]) == {"сиделка": 1}
    assert full.records_with([]) == {}


def test_records_that_are_closed_or_gone_hold_no_lemma(full):
    assert full.records_with(["закрыть", "закрытый"]) == {}  # the measure of that name has ended
    with full.writer() as writer:
        writer.remove("measure", 5)
        writer.commit(Position(11, 101), DATABASE)
    assert full.records_with(["няня", "капитал"]) == {"капитал": 4}


def test_a_removed_record_leaves_no_word_behind(full):
    with full.writer() as writer:
        writer.remove("measure", 5)
        writer.commit(Position(11, 101), DATABASE)
    assert "няня" not in full.vocabulary().lemmas
    assert found(full, "няня") == []


def test_nothing_is_seen_before_the_commit(full):
    with full.writer() as writer:
        writer.remove("measure", 5)
        assert found(full, "няня") == [5]
    assert found(full, "няня") == [5]


def test_a_commit_is_seen_at_once_with_its_position(full):
    write(full, source(5, "Сиделка"), position=Position(12, 300))
    assert found(full, "сиделка") == [5]
    assert found(full, "няня") == []
    assert full.state().position == Position(12, 300)
    assert full.state().documents == len(MEASURES)


def test_replacing_twice_leaves_one(full):
    write(full, MEASURES[4], MEASURES[4])
    write(full, MEASURES[4])
    assert found(full, "няня") == [5]
    assert full.state().documents == len(MEASURES)


def test_fingerprints_tell_what_is_held(full):
    assert full.fingerprints() == {(each.kind, each.id): each.fingerprint for each in MEASURES}
    changed = source(5, "Няня в Тихвине", territory=["lo"])
    assert changed.fingerprint != MEASURES[4].fingerprint


def test_one_writer_at_a_time(full):
    with full.writer(), pytest.raises(WriterBusy), full.writer():
        pass


def test_there_is_no_index_before_the_first_build(engine):
    for use in (engine.state, engine.vocabulary, engine.fingerprints):
        with pytest.raises(IndexUnavailable):
            use()


def test_a_rebuild_takes_the_place_of_the_index_at_once(full):
    full.rebuild([source(9, "Новая мера").analysed()], Position(20, 1), DATABASE, lambda done: None)
    assert found(full, "") == [9]
    assert full.state().position == Position(20, 1)


def builds(engine):
    if isinstance(engine, EmbeddedEngine):
        return [each for each in engine.folder.iterdir() if each.is_dir()]
    with engine.cluster.asking() as client:
        return list(client.indices.get(index=f"{engine.name}-build-*"))


def test_a_failed_rebuild_leaves_the_index_as_it_was(full):
    def broken():
        yield MEASURES[0].analysed()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        full.rebuild(broken(), START, DATABASE, lambda done: None)
    assert len(found(full, "")) == 7
    assert len(builds(full)) == 1


def test_a_writer_of_a_replaced_build_cannot_commit(full):
    with full.writer() as writer:
        full.rebuild([MEASURES[0].analysed()], START, DATABASE, lambda done: None)
        with pytest.raises(IndexUnavailable):
            writer.commit(Position(99, 99), DATABASE)
    assert full.state().position == START


@pytest.mark.parametrize(
    "damage",
    ["no pointer", "strange pointer", "no build", "no meta", "bad meta", "empty files", "no files"],
)
def test_a_damaged_index_is_unavailable_and_heals_by_a_rebuild(tmp_path, damage):
    folder = tmp_path / "index"
    documents = [each.analysed() for each in MEASURES]
    EmbeddedEngine(folder).rebuild(documents, START, DATABASE, lambda done: None)
    build = folder / (folder / "current").read_text()
    match damage:
        case "no pointer":
            (folder / "current").unlink()
        case "strange pointer":
            (folder / "current").write_bytes(b"../..\xff")
        case "no build":
            shutil.rmtree(build)
        case "no meta":
            (build / "meta.json").unlink()
        case "bad meta":
            (build / "meta.json").write_text("{")
        case "empty files":
            for file in build.iterdir():
                if file.suffix:
                    os.truncate(file, 0)
        case "no files":
            for file in build.iterdir():
                if file.name != "meta.json":
                    file.unlink()
    engine = EmbeddedEngine(folder)  # as a process that starts
    with pytest.raises(IndexUnavailable):
        engine.vocabulary()
    engine.rebuild(documents, START, DATABASE, lambda done: None)
    assert len(found(engine, "")) == 7


@pytest.mark.parametrize("change", ["SCHEMA", "FINGERPRINT"])
def test_an_index_of_another_version_is_unavailable(full, again, monkeypatch, change):
    where = {
        "SCHEMA": f"{type(full).__module__}.SCHEMA",
        "FINGERPRINT": "search.analysis.FINGERPRINT",
    }
    monkeypatch.setattr(where[change], "another")
    with pytest.raises(IndexUnavailable, match="version"):
        again().state()


def test_titles_sort_as_russians_sort():
    titles = ["Ёлка", "Елка", "Единая", "Ежемесячная", "450 тысяч", "«Опора»", "опора", "Ямал"]
    in_order = ["450 тысяч", "Единая", "Ежемесячная", "Елка", "Ёлка", "«Опора»", "опора", "Ямал"]
    assert sorted(titles, key=title_order) == in_order


def test_an_engine_that_this_version_lacks_is_named(settings):
    settings.NAVIGATOR_SEARCH_ENGINE = "solr"
    with pytest.raises(ImproperlyConfigured, match="solr"):
        get_engine()
