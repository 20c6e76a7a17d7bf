"""What the public page of a measure shows, top to bottom; the preview shows the same."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from catalogue.models import Hotline, Measure, Office, Territory
from catalogue.models.measure import Channel
from catalogue.models.taxonomy import FactType
from catalogue.place import chosen_territory
from catalogue.rules import HOME_FACT, RulesError, Variant, read
from catalogue.slots import Link, links_to_apply, links_to_ask, links_to_stories
from catalogue.where import Where, is_in_force, is_sure, where_to_go
from catalogue.words import Line, Vocabulary, describe, published_rules, vocabulary
from cms.models import SiteSettings
from themes.templatetags.russian import human_date, phone_link

SERVICE_FACT = "military_service"

DOUBT = "Уточните"
NO_PAPERS = "документы не нужны"
# What of a note is said to those who check it, not to families: sources and the check of facts.
_SOURCE = r"(?:[\w-]+\.)+(?:ru|рф|info|com)\b"
_ASIDES = re.compile(
    rf"\s*\((?:[^()]*{_SOURCE}[^()]*|по знанию предмета)\)|[,;]?\s*подбор [^.;]*не проверяет"
)
_FOR_STAFF = re.compile(rf"{_SOURCE}|по знанию предмета")


@dataclass(frozen=True)
class Tick:
    """A line of a checklist: a condition, or a paper."""

    text: str
    note: str = ""
    met: bool = False


@dataclass(frozen=True)
class Contact:
    """An office or a line as a card."""

    title: str
    address: str
    phones: Sequence[str]
    hours: str
    note: str


def published_page(request: HttpRequest, measure: Measure) -> dict[str, Any]:
    return page(request, measure, published_rules(measure))


def draft_page(request: HttpRequest, measure: Measure) -> dict[str, Any]:
    """The page as it would be: conditions come from what the editor has typed."""
    try:
        variants: tuple[Variant, ...] | None = read(measure.rules.get_prep_value())
    except RulesError:
        variants = None
    return page(request, measure, variants)


def page(
    request: HttpRequest, measure: Measure, variants: tuple[Variant, ...] | None
) -> dict[str, Any]:
    """The context of catalogue/measure.html.

    :param variants: the conditions; None where a draft's are not complete yet.
    """
    today, place = timezone.localdate(), chosen_territory(request)
    territories = list(measure.territories.all())
    here = place is None or not territories or is_in_force(territories, place)
    words = vocabulary(variants or ())
    conditions = describe(variants or (), words, today)
    where = where_to_go(
        measure,
        [place] if place and here else territories,
        of_servicemen=_is_asked(variants, SERVICE_FACT),
    )
    apply, ask = links_to_apply(measure), links_to_ask()
    papers = list(measure.documents.select_related("document_type"))
    channels = _channels(measure)
    situations = list(measure.situations.all())
    return {
        "measure": measure,
        "urgent": bool(situations) and all(each.urgent for each in situations),
        "by_phone": [each["channel"] for each in channels] == [Channel.PHONE],
        "who": _sentence(measure.who),
        "apply_note": _sentence(measure.apply_note),
        "excludes_note": _sentence(measure.excludes_note),
        "territories": territories,
        "elsewhere": not here,
        "notice": _state(measure, today),
        "amounts": list(measure.amounts.all()),
        "conditions_known": variants is not None,
        "common": [_tick(line, words, place) for line in conditions.common],
        "variants": [
            [_tick(line, words, place) for line in variant] for variant in conditions.variants
        ],
        "for_everybody": conditions.for_everybody,
        "papers": [Tick(_capital(paper.document_type.name), paper.note) for paper in papers],
        "no_papers": [paper.document_type.name for paper in papers] == [NO_PAPERS],
        "channels": channels,
        "offices": [_office(office) for office in where.offices],
        "more_offices": [_office(office) for office in where.more_offices],
        "providers": where.providers,
        **_lines(request, where),
        "window": _window(measure, today),
        "laws": list(measure.legal_basis.select_related("act")),
        "excludes": [other for other in measure.excludes.all() if other.is_public],
        "stories": links_to_stories(situations),
        "doubt": _doubt(measure),
        "apply": apply,
        # One form is offered once.
        "ask": [link for link in ask if _form(link) not in map(_form, apply)],
        "mistake": _to_tell_of_a_mistake(apply, ask),
    }


@dataclass(frozen=True)
class Notice:
    kind: str
    title: str
    text: str


def _state(measure: Measure, today: datetime.date) -> Notice | None:
    """Said first when a measure is not open for new applications."""
    if measure.valid_to and measure.valid_to < today:
        return Notice(
            "warning",
            _("Applications are closed"),
            _("They were accepted until %(day)s. Ask the centre what has replaced this help.")
            % {"day": human_date(measure.valid_to)},
        )
    if measure.valid_from and measure.valid_from > today:
        return Notice(
            "info",
            _("It has not begun yet"),
            _("You can apply from %(day)s.") % {"day": human_date(measure.valid_from)},
        )
    return None


def _window(measure: Measure, today: datetime.date) -> str:
    """When one can apply, said of today."""
    first, last = _next_window(measure, today)
    if first and first > today:
        return _("You can apply from %(day)s.") % {"day": human_date(first)}
    if last and last < today:
        return _("Applications were accepted until %(day)s.") % {"day": human_date(last)}
    if last:
        return _("Applications are accepted until %(day)s.") % {"day": human_date(last)}
    return ""


def _next_window(
    measure: Measure, today: datetime.date
) -> tuple[datetime.date | None, datetime.date | None]:
    """The window that is open or comes next; one that repeats every year is moved ahead."""
    first, last = measure.apply_from, measure.apply_to
    if measure.apply_yearly and last and last < today:
        years = today.year - last.year
        years += _in_years(last, years) < today
        first, last = first and _in_years(first, years), _in_years(last, years)
    return first, last


def _in_years(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _doubt(measure: Measure) -> str:
    """What of the note on verification a family has to know: it begins with «Уточните»."""
    _before, mark, rest = measure.verification_note.partition(DOUBT)
    if not mark:
        return ""
    clauses = [clause.strip() for clause in _ASIDES.sub("", rest).lstrip(":").split(";")]
    told = "; ".join(clause for clause in clauses if clause and not _FOR_STAFF.search(clause))
    if told.startswith(","):
        return _sentence(f"{DOUBT}{told}")
    return _sentence(f"{DOUBT} {told}" if told and rest[0] == " " else _capital(told))


def _tick(line: Line, words: Vocabulary, place: Territory | None) -> Tick:
    """A condition; ticked when the chosen place is known to satisfy it."""
    met = False
    if place and line.rule.fact == HOME_FACT and words.facts[HOME_FACT].type == FactType.TERRITORY:
        slugs = line.rule.value if isinstance(line.rule.value, list) else [line.rule.value]
        inside = {words.places[slug].pk for slug in slugs if slug in words.places}
        met = bool(inside & set(place.ancestor_ids))
    return Tick(line.text, _capital(line.note), met)


def _is_asked(variants: tuple[Variant, ...] | None, fact: str) -> bool:
    return any(rule.fact == fact for variant in variants or () for rule in variant)


def _channels(measure: Measure) -> list[dict[str, Any]]:
    """Steps by channel, in the order in which the channels come."""
    steps = list(measure.steps.all())
    order = list(dict.fromkeys(step.channel for step in steps))
    return [
        {
            "channel": channel,
            "title": Channel(channel).label,
            "steps": [step.text for step in steps if step.channel == channel],
        }
        for channel in order
    ]


def _office(office: Office) -> Contact:
    return Contact(
        title=office.title,
        address=office.address or office.settlement,
        phones=office.phones,
        hours=office.hours,
        note=_note(office),
    )


def _note(office: Office) -> str:
    """A doubt where there is one, and the site."""
    doubt = "" if is_sure(office) else _("Check before you go: this may be out of date.")
    if not office.website:
        return doubt
    site = urlsplit(office.website).hostname or office.website
    return format_html('{} <a href="{}">{}</a>', doubt, office.website, readable(site))


def readable(host: str) -> str:
    """A host as people read it: Cyrillic names come out of their ASCII form."""
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _line_to_call(line: Hotline) -> Contact:
    return Contact(
        title=line.title, address="", phones=[line.phone], hours=line.hours, note=line.for_whom
    )


def _lines(request: HttpRequest, where: Where) -> dict[str, Any]:
    """Lines to call; the words for «no address» may name the first: then it is not told twice."""
    lines, text = list(where.hotlines), ""
    if lines and where.needs_a_line:
        text = SiteSettings.for_request(request).no_address_text
    cards = lines[1:] if "{phone}" in text else lines
    return {
        "hotlines": [_line_to_call(line) for line in cards],
        "no_address": _no_address(text, lines[0]) if text else "",
        "no_address_hours": lines[0].hours if "{phone}" in text else "",
    }


def _no_address(text: str, line: Hotline) -> str:
    """The words of the site for «no address», with the line to call."""
    words = escape(text).replace("{title}", escape(line.title))
    return mark_safe(words.replace("{phone}", phone_link(line.phone)))  # noqa: S308 - all escaped


def _to_tell_of_a_mistake(apply: Sequence[Link], ask: Sequence[Link]) -> str:
    """The general question to the centre, with this measure in it where the form takes one."""
    general = [_form(link) for link in ask]
    return next((link.url for link in [*apply, *ask] if _form(link) in general), "")


def _form(link: Link) -> str:
    return link.url.partition("?")[0]


def _sentence(text: str) -> str:
    """With a full stop, whether or not the editor has set one."""
    text = text.strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
