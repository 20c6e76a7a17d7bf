"""Why a hit stands there, and where to go when there is none."""

from __future__ import annotations

import re

import pytest

from catalogue import slots
from catalogue.models import Situation
from catalogue.slots import Link
from search import visitors
from search.models import PinnedAnswer, PinnedMeasure, SearchClick, Synonym
from tests.intake import FormFactory

pytestmark = pytest.mark.django_db
HERE = "/search/"
CLICK = "/search/click/"


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def reasons(response):
    return {card.measure.title: str(card.reason) for card in response.context["cards"]}


def test_a_hit_that_says_it_in_other_words_names_the_words_that_found_it(client, make, index):
    Synonym.objects.create(canonical="материнский капитал", terms=["маткапитал"])
    make("Материнский капитал")
    make("Маткапитал на жильё")
    index()
    assert reasons(client.get(HERE, {"q": "маткапитал"})) == {
        "Материнский капитал": "Нашли по словам: маткапитал",
        "Маткапитал на жильё": "",
    }
    answer = client.get("/api/v1/measures", {"q": "маткапитал"}).json()
    assert {hit["title"]: hit["found_by"] for hit in answer["results"]} == {
        "Материнский капитал": ["маткапитал"],
        "Маткапитал на жильё": [],
    }


def test_a_hit_that_editors_lead_to_says_so(client, make, index):
    measure = make("Социальная няня")
    index()
    Synonym.objects.create(canonical="бебиситтер").measures.add(measure)
    assert reasons(client.get(HERE, {"q": "бебиситтер"})) == {
        "Социальная няня": "Нашли по словам: бебиситтер"
    }


def test_a_hit_of_a_situation_that_editors_lead_to_says_so(client, make, index, tell):
    story = tell("Не с кем оставить ребёнка")
    make("Группа на два часа", situations=[story.situation])
    index()
    Synonym.objects.create(canonical="бебиситтер").situations.add(story.situation)
    assert reasons(client.get(HERE, {"q": "бебиситтер"})) == {
        "Группа на два часа": "Нашли по словам: бебиситтер"
    }


def test_a_pinned_answer_stands_first_and_says_who_advises_it(client, make, index):
    make("Няня")
    pinned = make("Группа на два часа")
    index()
    answer = PinnedAnswer.objects.create(phrases=["няня"])
    PinnedMeasure.objects.create(answer=answer, measure=pinned)
    told = reasons(client.get(HERE, {"q": "няня"}))
    assert list(told.items()) == [("Группа на два часа", "Центр советует"), ("Няня", "")]
    hits = client.get("/api/v1/measures", {"q": "няня"}).json()["results"]
    assert [hit["pinned"] for hit in hits] == [True, False]


def test_filters_that_leave_nothing_are_told_of_with_what_dropping_them_gives(
    client, make, index, tell, region
):
    story = tell("Не с кем оставить ребёнка")
    make("Няня", kind="service", place=region, situations=[story.situation])
    index()
    response = client.get(HERE, {"q": "няня", "kind": ["payment", "discount"], "territory": "lo"})
    words = text_of(response)
    assert "С выбранными фильтрами такой помощи нет" in words
    assert [(way.label, way.count) for way in response.context["ways_out"]] == [
        ("Без фильтра: Выплата, Скидка или льгота", 1),
        ("Убрать все фильтры", 1),
    ]
    assert [near.title for near in response.context["stories"]] == ["Не с кем оставить ребёнка"]
    wide = client.get(response.context["ways_out"][0].url)
    assert wide.context["results"].total == 1


def test_situations_are_near_when_no_measure_is(client, make, index, tell):
    tell("Развод и алименты")
    make("Няня")
    index()
    near = client.get(HERE, {"q": "алименты"})
    assert near.context["results"].total == 0
    assert [story.title for story in near.context["stories"]] == ["Развод и алименты"]
    assert not client.get(HERE, {"q": "алименты борщ"}).context["stories"]  # about something else
    assert not client.get(HERE, {"q": "!!!"}).context["stories"]


def test_the_words_go_to_the_question_and_never_into_its_address(client, make, index, monkeypatch):
    form = FormFactory(slug="vopros")
    link = Link("Спросить центр", form.get_absolute_url(), "Займёт 3 минуты")
    monkeypatch.setattr(slots, "ask_links", [lambda: [link]])
    make("Няня")
    index()
    page = client.get(HERE, {"q": "кредит <на> дрова"}).content.decode()
    assert 'method="post" action="/forms/vopros/"' in page
    assert 'name="question" value="кредит &lt;на&gt; дрова"' in page
    assert "/forms/vopros/?" not in page
    asked = client.post("/forms/vopros/", {"question": "кредит <на> дрова"})
    assert asked.status_code == 200
    assert "кредит &lt;на&gt; дрова</textarea>" in asked.content.decode()


def test_new_words_keep_the_place_that_was_chosen_on_the_page(client, make, index, region):
    make("Няня")
    index()
    kept = 'type="hidden" name="territory"'
    box = client.get(HERE, {"q": "няня", "territory": "lo"}).content.decode()
    assert f'{kept} value="lo"' in box[: box.index("</form>")]
    client.cookies["territory"] = "lo"  # this one comes with every request anyway
    box = client.get(HERE, {"q": "няня"}).content.decode()
    assert kept not in box[: box.index("</form>")]
    assert 'data-territory="lo"' in box


def told(client, origin="http://testserver", address="127.0.0.1", **sent):
    headers = {"origin": origin} if origin else {}
    fields = {"query": "няня", "slug": "nyanya", **sent}
    return client.post(CLICK, fields, headers=headers, REMOTE_ADDR=address)


def test_an_opened_answer_is_counted_by_its_words(client, make, index):
    make("Няня", slug="nyanya")
    index()
    client.get(HERE, {"q": "Няня"})
    assert told(client).status_code == 204
    assert told(client).status_code == 204  # of the same visitor: counted once
    told(client, address="192.0.2.7")
    click = SearchClick.objects.get()
    assert (click.query, click.slug, click.times) == ("няня", "nyanya", 2)
    assert not client.cookies


def test_a_visitor_who_opens_more_than_is_counted_is_told(client, make, index, monkeypatch):
    monkeypatch.setattr(visitors, "MOST_OF_ALL", 2)
    for slug in ("a", "b", "c"):
        make("Няня", slug=slug)
    index()
    client.get(HERE, {"q": "няня"})
    assert [told(client, slug=slug).status_code for slug in ("a", "b", "c")] == [204, 204, 429]
    assert SearchClick.objects.count() == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"query": ""}, 400),
        ({"slug": ""}, 400),
        ({"query": "н" * 201}, 400),
        ({"slug": "x" * 81}, 400),
        ({"query": "н" * 5000}, 413),
        ({"query": "\x00"}, 204),
        ({"query": "никто не искал"}, 204),
        ({"slug": "draft"}, 204),
        ({"slug": "' or 1=1"}, 204),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": ""}, 403),
    ],
)
def test_other_clicks_are_not_counted(client, make, index, sent, status):
    make("Няня", slug="nyanya")
    make("Няня черновая", slug="draft", live=False)
    index()
    client.get(HERE, {"q": "няня"})
    assert told(client, **sent).status_code == status
    assert not SearchClick.objects.exists()


def test_a_click_of_another_site_is_refused_whatever_it_says(client):
    headers = {"origin": "http://testserver", "sec-fetch-site": "cross-site"}
    assert client.post(CLICK, {"query": "а", "slug": "б"}, headers=headers).status_code == 403


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_clicks_are_only_told(client, method):
    assert getattr(client, method)(CLICK).status_code == 405


def test_long_lists_show_the_commonest_first_and_fold_the_rest(client, make, index):
    situations = [Situation.objects.create(slug=f"s{n}", title=f"Случай {n}") for n in range(12)]
    for n in range(3):
        make(f"Няня {n}", situations=situations[n * 4 :] if n else situations)
    index()
    response = client.get(HERE, {"situation": "s2"})
    facet = next(each for each in response.context["results"].facets if each.name == "situation")
    assert [len(facet.shown), len(facet.folded)] == [7, 5]
    assert facet.shown[0].slug == "s2"
    assert "ещё 5" in text_of(response)
