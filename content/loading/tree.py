"""Brings the tree of pages in step with what is wanted; leaves what editors have touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from wagtail.blocks import StreamValue
from wagtail.models import Page, Site

from catalogue.models import LoadedRow
from cms.loading import Report
from cms.models import BasePage
from content.loading.wanted import Ref, WantedPage
from content.models import HomePage

KIND = "content.page"
HOME_SLUG = "home-page"
ALL_PAGES = "Все страницы"


def bring(wanted: Sequence[WantedPage], report: Report) -> None:
    """Create and change pages until they are as wanted.

    A page is changed only when nobody has worked on it since the last load: it holds what that
    load left, and its newest revision is nobody's. A page that people removed or unpublished
    stays so.
    """
    told = {row.key: row for row in LoadedRow.objects.filter(kind=KIND)}
    present = _present(told)
    created = _create([page for page in wanted if page.key not in told], present)
    if created:
        present = _present(told)  # the tree has counted its branches anew
    pks = {key: page.pk for key, page in present.items()}
    for page in wanted:
        kind = page.model._meta.label_lower
        if page.key not in present:
            report.keep(kind, page.key)
            continue
        record, fields = present[page.key], _fields(page, pks)
        aim, now = _digest(page.model(**fields), fields), _digest(record, fields)
        if page.key in created:
            report.created[kind] += 1
            _write(record, fields)
        elif now == aim or (page.key in told and told[page.key].digest == aim):
            report.unchanged[kind] += 1
        elif _is_untouched(record, told.get(page.key), now):
            report.changed[kind] += 1
            _write(record, fields)
        else:
            report.keep(kind, page.key)
            continue
        _remember(page.key, record.pk, aim, told)


def _present(told: Mapping[str, LoadedRow]) -> dict[str, BasePage]:
    """The pages that there are, by key: where a load put them, or where they stand now."""
    home = HomePage.objects.first()
    if home is None:
        return {}
    pages = {page.pk: page for page in home.get_descendants(inclusive=True).specific()}
    by_way = {page.url_path.removeprefix(home.url_path).strip("/"): page for page in pages.values()}
    loaded = {key: pages[row.object_id] for key, row in told.items() if row.object_id in pages}
    return by_way | loaded


def _create(wanted: Sequence[WantedPage], present: dict[str, BasePage]) -> set[str]:
    """Put missing pages into the tree, empty and unpublished: others may point to them."""
    created = set()
    for page in wanted:
        above = page.key.rpartition("/")[0]
        if page.key in present or (page.key and above not in present):
            continue
        slug = page.key.rpartition("/")[2] or HOME_SLUG
        # What the page must have to be valid; the rest comes when all have their keys.
        plain = {name: value for name, value in page.fields.items() if not isinstance(value, list)}
        record = page.model(title=page.title, slug=slug, live=False, **plain)
        if page.key:
            # The parent is read anew: the tree counts children on it.
            Page.objects.get(pk=present[above].pk).add_child(instance=record)
        else:
            _make_root(record)
        present[page.key] = record
        created.add(page.key)
    return created


def _make_root(home: BasePage) -> None:
    """The home page instead of Wagtail's welcome page, and the site that it is the root of."""
    root = Page.get_first_root_node()
    if root.title == "Root":  # Wagtail's own name, which editors see above the home page
        Page.objects.filter(pk=root.pk).update(title=ALL_PAGES, draft_title=ALL_PAGES)
    root.add_child(instance=home)
    address = urlsplit(settings.WAGTAILADMIN_BASE_URL)
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    welcome = site.root_page if site.pk else None
    if welcome is not None and welcome.specific_class is not Page:
        return  # somebody has made another root on purpose
    site.root_page = Page.objects.get(pk=home.pk)
    site.site_name = settings.WAGTAIL_SITE_NAME
    site.hostname = address.hostname or "localhost"
    site.port = address.port or (443 if address.scheme == "https" else 80)
    site.save()
    if welcome is not None:
        welcome.delete()


def _fields(page: WantedPage, pks: Mapping[str, int]) -> dict[str, Any]:
    """The values of a page's fields, with the keys of other pages in place of references."""
    fields = {"title": page.title, "show_in_menus": page.in_menus}
    for name, value in page.fields.items():
        if isinstance(value, list):
            stream = _resolved(value, pks, f"{page.key}/{name}")
            fields[name] = json.dumps(stream, ensure_ascii=False)
        else:
            fields[name] = value
    return fields


def _resolved(value: Any, pks: Mapping[str, int], way: str) -> Any:
    """A part of a stream with references filled in and a lasting id for each block."""
    if isinstance(value, Ref):
        return pks.get(value.key)
    if isinstance(value, list):
        return [_resolved(each, pks, f"{way}/{at}") for at, each in enumerate(value)]
    if isinstance(value, dict):
        found = {name: _resolved(each, pks, f"{way}/{name}") for name, each in value.items()}
        if found.keys() == {"type", "value"}:
            found["id"] = str(uuid5(NAMESPACE_URL, way))
        return found
    return value


def _write(page: BasePage, fields: Mapping[str, Any]) -> None:
    """Save and publish; the revision has no author, which tells it from an editor's."""
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()


def _is_untouched(page: BasePage, told: LoadedRow | None, now: str) -> bool:
    by_people = page.latest_revision is not None and page.latest_revision.user_id is not None
    return page.live and told is not None and told.digest == now and not by_people


def _digest(page: BasePage, names: Mapping[str, Any]) -> str:
    values = {name: _plain(getattr(page, name)) for name in sorted(names)}
    text = json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value that can be compared: of a stream, what it holds without the ids of its blocks."""
    if isinstance(value, StreamValue):
        return _without_ids(list(value.get_prep_value()))
    return value


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_ids(each) for name, each in value.items() if name != "id"}
    return value


def _remember(key: str, pk: int, digest: str, told: Mapping[str, LoadedRow]) -> None:
    row = told.get(key) or LoadedRow(kind=KIND, key=key)
    if (row.object_id, row.digest) != (pk, digest):
        row.object_id, row.digest = pk, digest
        row.save()
