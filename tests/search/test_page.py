"""The page of results as a family sees it, with every kind of bad input."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Site

from catalogue.models import Amount, Category, Situation
from cms.models import SiteSettings
from search.engine import ClusterUnreachable, get_engine
from search.models import SearchEvent, Synonym
from tests.factories import ProviderFactory, TerritoryFactory

pytestmark = pytest.mark.django_db
HERE = "/search/"


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def titles(response):
    return [found.title for found in response.context["results"].found]


def test_a_measure_is_found_with_sum_place_and_marks(client, make, index, region):
    Synonym.objects.create(canonical="материнский капитал", terms=["маткапитал"])
    measure = make("Материнский капитал", summary="Сертификат <семье>", place=region)
    Amount.objects.create(measure=measure, text="728 921,90 ₽")
    make("Пособие")
    index()
    response = client.get(HERE, {"q": "маткапитал"})
    page = response.content.decode()
    assert titles(response) == ["Материнский капитал"]
    assert "<mark>Материнский</mark> <mark>капитал</mark>" in page
    assert "Сертификат &lt;семье&gt;" in page
    assert 'value="маткапитал"' in page
    words = text_of(response)
    assert "Нашли: 1\xa0мера" in words or "Нашли: 1 мера" in words
    assert "Искали также: материнский капитал" in words
    assert "728 921,90 ₽" in words
    assert "Ленинградская область" in words
    assert reverse("catalogue:measure", args=[measure.slug]) in page


def test_why_a_hit_fits_is_told_when_its_title_does_not(client, make, index):
    make("Единое окно", summary="Один вход.", synonyms=["куда обратиться"])
    index()
    assert (
        "Ещё называют: куда <mark>обратиться</mark>"
        in client.get(HERE, {"q": "обратиться"}).content.decode()
    )


def test_drafts_are_never_shown_even_by_a_stale_index(client, make, index):
    kept, gone = make("Няня дома"), make("Няня в саду")
    index()
    type(gone).objects.filter(pk=gone.pk).update(live=False)
    response = client.get(HERE, {"q": "няня"})
    assert titles(response) == [kept.title]
    assert gone.title not in response.content.decode()


def test_the_chosen_place_narrows_and_can_be_dropped(client, make, index, region):
    make("Няня областная", place=region)
    make("Няня федеральная")
    make("Няня чужая", place=TerritoryFactory(kind="region", parent=region.parent))
    index()
    client.cookies["territory"] = "lo"
    response = client.get(HERE, {"q": "няня"})
    assert titles(response) == ["Няня областная", "Няня федеральная"]
    assert "/search/?q=%D0%BD%D1%8F%D0%BD%D1%8F&amp;territory=all" in response.content.decode()
    assert len(titles(client.get(HERE, {"q": "няня", "territory": "all"}))) == 3
    assert titles(client.get(HERE, {"q": "няня", "territory": "rossiya"})) == ["Няня федеральная"]


def test_filters_count_narrow_and_come_off(client, make, index):
    home, birth = (
        Situation.objects.create(slug=s, title=t) for s, t in [("home", "Жильё"), ("birth", "Роды")]
    )
    for title, situations, kind in [
        ("Няня", [home], "service"),
        ("Сиделка", [home, birth], "payment"),
    ]:
        measure = make(title, kind=kind)
        measure.situations.set(situations)
        measure.save()
    index()
    response = client.get(HERE, {"situation": "birth"})
    assert titles(response) == ["Сиделка"]
    facet = next(each for each in response.context["results"].facets if each.name == "situation")
    assert [(v.title, v.count, v.chosen) for v in facet.values] == [
        ("Роды", 1, True),
        ("Жильё", 2, False),
    ]
    assert [(chip.label, chip.remove_url) for chip in response.context["chips"]] == [("Роды", HERE)]
    assert len(titles(client.get(HERE, {"situation": ["birth", "home"]}))) == 2
    assert titles(client.get(HERE, {"situation": "home", "kind": "service"})) == ["Няня"]


def test_nothing_found_tells_which_filter_to_drop(client, make, index, region):
    make("Няня", kind="service", place=region)
    index()
    response = client.get(HERE, {"q": "няня", "kind": "payment", "territory": "lo"})
    assert response.status_code == 200
    words = text_of(response)
    assert "Ничего не нашли" in words
    assert [(way.label, way.count) for way in response.context["ways_out"]] == [
        ("Без фильтра: Выплата", 1),
        ("Убрать все фильтры", 1),
    ]


def test_a_query_about_something_else_is_told_honestly(client, make, index):
    make("Льготный рецепт")
    index()
    response = client.get(HERE, {"q": "рецепт борща"})
    assert response.context["results"].total == 0
    assert "На портале нет помощи под эти слова" in text_of(response)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": ""},
        {"q": "я"},
        {"q": "?!…"},
        {"q": "😀"},
        {"q": "\x00няня\x00"},
        {"q": "няня " * 2000},
        {"q": "н" * 10_000},
        {"q": "'; drop table x; --"},
        {"q": 'title:* AND "няня" OR (', "sort": "няня"},
        {"q": "няня", "page": "-1"},
        {"q": "няня", "page": "1000000"},
        {"q": "няня", "page": "9" * 400},
        {"q": "няня", "page": "２"},
        {"q": "няня", "page": "два"},
        {"q": "няня", "territory": "нет такой"},
        {"q": "няня", "territory": ["lo", "x\x00"]},
        {"q": "няня", "situation": ["' or 1=1", "", "x" * 5000]},
        {"q": "няня", "kind": [f"k{n}" for n in range(100)]},
        {"q": "кaпитaл няня"},
    ],
)
def test_bad_input_is_answered_clearly(client, make, index, query):
    make("Социальная няня")
    index()
    response = client.get(HERE, query)
    assert response.status_code == 200
    assert "<h1" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"q": "няня " * 100}, "Запрос длинный"),
        ({"q": "!!!"}, "В запросе нет слов"),
        ({"q": "няня", "kind": "nothing"}, "Части фильтров из адреса уже нет"),
        ({"q": "нянння"}, "Искали так: няня"),
        ({"q": "yzyz"}, "Искали так: няня"),
    ],
)
def test_how_the_query_was_read_is_told(client, make, index, query, words):
    make("Социальная няня")
    index()
    assert words in text_of(client.get(HERE, query))


def test_an_invalid_filter_is_ignored(client, make, index):
    make("Няня")
    index()
    assert titles(client.get(HERE, {"q": "няня", "kind": "nothing"})) == ["Няня"]


def test_a_page_beyond_the_last_is_the_last(client, make, index):
    for n in range(21):
        make(f"Няня {n:02}")
    index()
    first, last = client.get(HERE, {"q": "няня"}), client.get(HERE, {"q": "няня", "page": "77"})
    assert (len(titles(first)), len(titles(last))) == (20, 1)
    assert last.context["page"].number == 2
    assert not set(titles(first)) & set(titles(last))


def test_without_an_index_the_page_says_so(client, engine):
    response = client.get(HERE, {"q": "няня"})
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "Поиск обновляется" in text_of(response)
    assert "Слова сохранились" in text_of(response)
    assert 'value="няня"' in response.content.decode()


def test_without_an_index_the_page_shows_the_ways_out(
    client, engine, tell, django_assert_max_num_queries
):
    tell("Родился ребёнок")
    urgent = tell("Бьют дома")
    Situation.objects.filter(pk=urgent.situation_id).update(urgent=True)
    phone = {"help_phone": "8-800-000-00-01", "help_hours": "Круглосуточно"}
    SiteSettings.objects.update_or_create(site=Site.objects.get(), defaults=phone)
    client.get(HERE)
    with django_assert_max_num_queries(12):
        response = client.get(HERE, {"q": "няня"})
    page = text_of(response)
    assert "8-800-000-00-01" in page.replace("\u2011", "-")
    assert "Круглосуточно" in page
    assert page.index("Бьют дома") < page.index("Родился ребёнок")


def test_of_a_dead_server_nobody_says_when_it_is_back(client, index, monkeypatch):
    def dead(plan):
        raise ClusterUnreachable

    monkeypatch.setattr(index(), "search", dead)
    response = client.get(HERE, {"q": "няня"})
    assert response.status_code == 503
    assert "Retry-After" not in response
    assert "не отвечает" in text_of(response)
    assert "минут" not in text_of(response)
    assert "не отвечает" in client.get("/api/v1/measures", {"q": "няня"}).json()["detail"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_only_reading_is_allowed(client, method):
    assert getattr(client, method)(HERE).status_code == 405


def test_few_queries_however_many_hits(client, make, index, region):
    provider = ProviderFactory()
    category = Category.objects.create(slug="c", title="Семья")
    situation = Situation.objects.create(slug="s", title="Случай")
    for n in range(15):
        measure = make(f"Няня {n}", place=region)
        measure.providers.add(provider)
        measure.categories.add(category)
        measure.situations.add(situation)
        measure.save()
    index()
    client.get(HERE, {"q": "няня"})
    client.cookies["territory"] = "lo"
    with CaptureQueriesContext(connection) as captured:
        response = client.get(HERE, {"q": "няня случай", "kind": "payment"})
    assert response.context["results"].total == 15
    asked = [query["sql"] for query in captured]
    # the place, the stamp of the lexicon, the hits, the count of the query
    own = re.compile(r'(from|into) "?(search_|catalogue_)', re.IGNORECASE)
    assert len([sql for sql in asked if own.search(sql)]) == 4, asked
    assert len(asked) <= 12, asked  # with those of the frame: site, menu, ways to ask, savepoint


def test_the_search_is_counted_without_what_is_personal(client, make, index):
    make("Социальная няня")
    index()
    for _ in range(3):
        client.get(HERE, {"q": "Няня для Марии 8 921 123-45-67 a@b.ru", "kind": "payment"})
    event = SearchEvent.objects.get()
    assert event.query == "няня для … # ### ### ## ## …"
    assert (event.filters, event.times) == ("kind=payment", 3)


def test_an_editors_synonym_works_with_the_next_search(client, make, index):
    make("Социальная няня")
    index()
    assert not titles(client.get(HERE, {"q": "бебиситтер"}))
    Synonym.objects.create(canonical="няня", terms=["бебиситтер"])
    assert titles(client.get(HERE, {"q": "бебиситтер"})) == ["Социальная няня"]
    Synonym.objects.all().delete()
    assert not titles(client.get(HERE, {"q": "бебиситтер"}))


def test_a_synonym_may_lead_to_a_measure_that_does_not_say_it(client, make, index):
    measure = make("Социальная няня")
    index()
    synonym = Synonym.objects.create(canonical="бебиситтер")
    synonym.measures.add(measure)
    assert titles(client.get(HERE, {"q": "бебиситтер"})) == ["Социальная няня"]


def test_the_engine_is_the_one_of_the_setting(engine):
    assert get_engine() is engine
