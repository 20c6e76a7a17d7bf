"""The pages that a data set and the first words ask for. Nothing here touches the database."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalogue.models import Hotline
from cms.models import BasePage
from content.hotlines import as_phone
from content.loading.stories import Story
from content.models import (
    HomePage,
    InformationPage,
    LifeSituationPage,
    NewsIndexPage,
    NewsPage,
    SectionPage,
    SituationIndexPage,
)
from themes.templatetags.russian import tel

STORIES = "situations"
NEWS = "news"


@dataclass(frozen=True)
class Ref:
    """Stands for the primary key of another page."""

    key: str


@dataclass(frozen=True)
class WantedPage:
    """A page by its way down from home («situations/beremennost»; home itself is «»).

    In `fields`, streams are plain lists as Wagtail keeps them, without ids.
    """

    key: str
    model: type[BasePage]
    title: str
    fields: dict[str, Any] = field(default_factory=dict)
    in_menus: bool = False


def pages(
    words: dict[str, Any], stories: Sequence[Story], hotlines: Sequence[Hotline]
) -> list[WantedPage]:
    """Every page, each after the one that it stands under."""
    told = {story.row.slug for story in stories}
    return [
        _home(words["home"], told, hotlines),
        _index(words["situations"], told),
        *(_story(each, words["stories"].get(each.row.slug, {}), hotlines) for each in stories),
        *_sections("", words["pages"]),
        WantedPage(NEWS, NewsIndexPage, words["news"]["title"], {"lead": words["news"]["lead"]}),
        *map(_piece, words["news"]["pieces"]),
    ]


def _home(words: dict[str, Any], told: set[str], hotlines: Sequence[Hotline]) -> WantedPage:
    by_slug = {line.slug: line for line in hotlines}
    plain = {
        name: words[name]
        for name in (
            "seo_title",
            "lead",
            "question",
            "search_hint",
            "situations_title",
            "urgent_title",
            "news_title",
        )
    }
    situations = [
        _block("situation", {"page": Ref(f"{STORIES}/{slug}"), "words": short})
        for slug, short in words["situations"]
        if slug in told
    ]
    phones = [as_phone(by_slug[slug]) for slug in words["phones"] if slug in by_slug]
    streams = {"situations": situations, "phones": [_block("phone", each) for each in phones]}
    return WantedPage("", HomePage, words["title"], plain | streams)


def _index(words: dict[str, Any], told: set[str]) -> WantedPage:
    groups = [
        _block(
            "group", {"title": title, "pages": _items(Ref(f"{STORIES}/{slug}") for slug in known)}
        )
        for title, slugs in words["groups"]
        if (known := [slug for slug in slugs if slug in told])
    ]
    fields = {"lead": words["lead"], "rest_title": words["rest_title"], "groups": groups}
    return WantedPage(STORIES, SituationIndexPage, words["title"], fields, in_menus=True)


def _story(story: Story, words: dict[str, Any], hotlines: Sequence[Hotline]) -> WantedPage:
    row = story.row
    hours = {tel(line.phone): line.hours for line in hotlines}
    phones = [
        {"title": each.title, "phone": each.phone, "note": hours.get(tel(each.phone), "")}
        for each in row.emergency_contacts
    ]
    steps = [
        {
            "what": step.what,
            "where": step.where,
            "text": "",
            "measures": _items(story.measure_pks[slug] for slug in step.measures),
        }
        for step in sorted(row.steps, key=lambda step: step.order)
    ]
    fields = {
        "situation_id": story.situation_pk,
        "lead": row.lead,
        "who": row.who,
        "quiet": words.get("quiet", False),
        "seo_title": words.get("seo_title", ""),
        "phones_title": words.get("phones_title", ""),
        "phones": [_block("phone", each) for each in phones],
        "steps": [_block("step", each) for each in steps],
        "related": [_block("page", Ref(f"{STORIES}/{slug}")) for slug in row.related],
    }
    return WantedPage(f"{STORIES}/{row.slug}", LifeSituationPage, row.title, fields)


def _sections(above: str, words: Iterable[dict[str, Any]]) -> Iterable[WantedPage]:
    for each in words:
        key = f"{above}/{each['slug']}".lstrip("/")
        model = SectionPage if each.get("kind") == "section" else InformationPage
        body = _lines(each) if each.get("kind") == "phones" else each["body"]
        fields = {"lead": each["lead"], "body": body}
        yield WantedPage(key, model, each["title"], fields, in_menus=each["menu"])
        yield from _sections(key, each.get("pages", []))


def _lines(words: dict[str, Any]) -> list[dict[str, Any]]:
    return [_block("hotlines", {name: words[name] for name in ("emergency", "country")})]


def _piece(words: dict[str, Any]) -> WantedPage:
    fields = {
        "lead": words["lead"],
        "date": datetime.date.fromisoformat(words["date"]),
        "body": words["body"],
    }
    return WantedPage(f"{NEWS}/{words['slug']}", NewsPage, words["title"], fields)


def _block(kind: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "value": value}


def _items(values: Iterable[Any]) -> list[dict[str, Any]]:
    return [_block("item", value) for value in values]
