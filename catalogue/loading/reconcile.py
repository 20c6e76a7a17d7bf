"""Brings the records of one kind in step with a data set, in bulk, keeping the work of people.

Three states decide about each record: what the data set says now, what it said at the last load
(a digest in LoadedRow), and what the database holds. Only a record that nobody touched since the
last load is changed.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.db import models
from wagtail.blocks import StreamValue

from catalogue.models import LoadedRow
from cms.fields import RussianSortKeyField
from cms.loading import Report

Record = TypeVar("Record", bound=models.Model)


@dataclass(frozen=True)
class Wanted:
    """A record as the data set wants it.

    `fields` are values of columns (a foreign key by its `..._id`); `links` are primary keys by
    name of a many-to-many field, or keys of records of the same kind; `children` are columns of
    the rows of a child relation, in order; `within` is the key of the record of the same kind
    that this one hangs under.
    """

    key: str
    fields: Mapping[str, Any]
    links: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    children: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    within: str | None = None


@dataclass
class Outcome(Generic[Record]):
    """The record of each key, the keys of those that were written, and records beside them."""

    records: dict[str, Record]
    others: dict[str, Record]
    written: list[str] = field(default_factory=list)

    def record(self, key: str) -> Record:
        return self.records[key] if key in self.records else self.others[key]

    def pk(self, key: str) -> int:
        return self.record(key).pk


def reconcile(
    model: type[Record],
    wanted: Sequence[Wanted],
    report: Report,
    *,
    natural: Sequence[str] = ("slug",),
    parent: str = "",
    edited: Iterable[int] = (),
    initial: Mapping[str, Any] | None = None,
) -> Outcome[Record]:
    """Create and change records of a kind until they are as wanted; leave what people changed.

    :param natural: the columns that find a record which no load has made yet.
    :param parent: the foreign key to the same model that `Wanted.within` fills.
    :param edited: primary keys of records that people have worked on, whatever they hold now.
    :param initial: columns that a new record starts with and that are never compared.
    """
    kind = str(model._meta.label_lower)
    told = {row.key: row for row in LoadedRow.objects.filter(kind=kind)}
    present = list(model._default_manager.all())
    records = _found(present, wanted, told, natural)
    outcome = Outcome(dict(records), {str(getattr(each, natural[0])): each for each in present})
    _create(
        model, [each for each in wanted if each.key not in records], parent, outcome, initial or {}
    )
    wanted = [_resolved(each, parent, outcome) for each in wanted]
    digests = {each.key: _digest(each) for each in wanted}
    now = _digests_now(model, wanted, records)
    edited = set(edited)
    touched: list[Wanted] = []
    for each in wanted:
        if each.key not in records:
            report.created[kind] += 1
            touched.append(each)
        elif now[each.key] == digests[each.key] or _says_nothing_new(told, digests, each.key):
            report.unchanged[kind] += 1
        elif _is_untouched(told, now, each.key) and records[each.key].pk not in edited:
            report.changed[kind] += 1
            touched.append(each)
        else:
            report.keep(kind, each.key)
    _write(model, touched, outcome, fresh={each.key for each in touched} - set(records))
    outcome.written = [each.key for each in touched]
    _remember(kind, wanted, digests, told, outcome)
    return outcome


def _says_nothing_new(told: Mapping[str, LoadedRow], digests: Mapping[str, str], key: str) -> bool:
    return key in told and told[key].digest == digests[key]


def _is_untouched(told: Mapping[str, LoadedRow], now: Mapping[str, str], key: str) -> bool:
    return key in told and told[key].digest == now[key]


# Finding


def _found(
    present: Sequence[Record],
    wanted: Sequence[Wanted],
    told: Mapping[str, LoadedRow],
    natural: Sequence[str],
) -> dict[str, Record]:
    """The record of each key: the one an earlier load made, else one that looks the same."""
    by_pk: dict[int, Record] = {}
    by_look: dict[tuple[Any, ...], Record] = {}
    for record in present:
        by_pk[record.pk] = record
        by_look[tuple(getattr(record, name) for name in natural)] = record
    found = {}
    for each in wanted:
        made = by_pk.get(told[each.key].object_id) if each.key in told else None
        made = made or by_look.get(tuple(each.fields[name] for name in natural))
        if made is not None:
            found[each.key] = made
    return found


def _hung(each: Wanted, parent: str, outcome: Outcome[Record]) -> Wanted:
    """With the primary key of what it hangs under."""
    if not parent:
        return each
    pk = outcome.pk(each.within) if each.within else None
    return replace(each, fields={**each.fields, parent: pk})


def _resolved(each: Wanted, parent: str, outcome: Outcome[Record]) -> Wanted:
    """With primary keys in place of keys, now that every record exists."""
    links = {
        name: [outcome.pk(link) if isinstance(link, str) else link for link in linked]
        for name, linked in each.links.items()
    }
    return replace(_hung(each, parent, outcome), links=links)


# Comparing


def _digest(each: Wanted) -> str:
    return _digest_of(
        dict(each.fields),
        {name: sorted(pks) for name, pks in each.links.items()},
        {name: [dict(row) for row in rows] for name, rows in each.children.items()},
    )


def _digests_now(
    model: type[Record], wanted: Sequence[Wanted], records: Mapping[str, Record]
) -> dict[str, str]:
    """Digests of the same columns, links and children as the database has them."""
    if not records:
        return {}
    sample = wanted[0]
    links = {name: _links_now(model, name) for name in sample.links}
    children = {name: _children_now(model, name) for name in sample.children}
    return {
        each.key: _digest_of(
            {name: getattr(record, name) for name in each.fields},
            {name: sorted(links[name][record.pk]) for name in each.links},
            {name: children[name][record.pk] for name in each.children},
        )
        for each in wanted
        if (record := records.get(each.key))
    }


def _digest_of(*parts: object) -> str:
    text = json.dumps(parts, default=_plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, StreamValue):
        return list(value.raw_data)
    raise TypeError(type(value))


def _through(model: type[models.Model], name: str) -> tuple[Any, str, str]:
    """The table between, its column of this model and its column of the other."""
    many: Any = model._meta.get_field(name)
    return many.remote_field.through, many.m2m_column_name(), many.m2m_reverse_name()


def _links_now(model: type[models.Model], name: str) -> dict[int, list[int]]:
    through, ours, theirs = _through(model, name)
    links: dict[int, list[int]] = defaultdict(list)
    for mine, other in through.objects.values_list(ours, theirs):
        links[mine].append(other)
    return links


def _child(model: type[models.Model], name: str) -> tuple[type[models.Model], str, list[str]]:
    """A child model, its column of the parent, and the columns that a data set fills."""
    relation: Any = model._meta.get_field(name)
    child = relation.related_model
    skipped = {"id", "sort_order", relation.field.attname}
    columns = [column.attname for column in child._meta.concrete_fields]
    return child, relation.field.attname, [name for name in columns if name not in skipped]


def _children_now(model: type[models.Model], name: str) -> dict[int, list[dict[str, Any]]]:
    child, parent, columns = _child(model, name)
    children: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in child._default_manager.order_by(parent, "sort_order", "pk").values(parent, *columns):
        children[row.pop(parent)].append(row)
    return children


# Writing


def _create(
    model: type[Record],
    missing: Sequence[Wanted],
    parent: str,
    outcome: Outcome[Record],
    initial: Mapping[str, Any],
) -> None:
    """Insert what is missing; what hangs under another record comes after it."""
    waiting = list(missing)
    while waiting:
        ready = [
            each
            for each in waiting
            if not each.within or each.within in outcome.records or each.within in outcome.others
        ]
        hung = [_hung(each, parent, outcome) for each in ready]
        made = model._default_manager.bulk_create(model(**initial, **each.fields) for each in hung)
        outcome.records.update(zip((each.key for each in ready), made, strict=True))
        waiting = [each for each in waiting if each.key not in outcome.records]


def _write(
    model: type[Record], touched: Sequence[Wanted], outcome: Outcome[Record], fresh: set[str]
) -> None:
    if not touched:
        return
    changed = [
        _filled(outcome.records[each.key], each.fields) for each in touched if each.key not in fresh
    ]
    if changed:
        names = {model._meta.get_field(name).name for name in touched[0].fields}
        names |= {each.name for each in _sort_keys(model)}
        model._default_manager.bulk_update(changed, sorted(names))
    for name in touched[0].links:
        _write_links(model, name, touched, outcome, changed)
    for name in touched[0].children:
        _write_children(model, name, touched, outcome, changed)


def _filled(record: Record, values: Mapping[str, Any]) -> Record:
    for name, value in values.items():
        setattr(record, name, value)
    for column in _sort_keys(type(record)):
        column.pre_save(record, add=False)  # a bulk update does not
    return record


def _sort_keys(model: type[models.Model]) -> list[RussianSortKeyField]:
    columns = model._meta.concrete_fields
    return [column for column in columns if isinstance(column, RussianSortKeyField)]


def _write_links(
    model: type[Record],
    name: str,
    touched: Sequence[Wanted],
    outcome: Outcome[Record],
    changed: Sequence[Record],
) -> None:
    through, ours, theirs = _through(model, name)
    if changed:
        through.objects.filter(**{f"{ours}__in": [record.pk for record in changed]}).delete()
    through.objects.bulk_create(
        through(**{ours: outcome.pk(each.key), theirs: pk})
        for each in touched
        for pk in each.links[name]
    )


def _write_children(
    model: type[Record],
    name: str,
    touched: Sequence[Wanted],
    outcome: Outcome[Record],
    changed: Sequence[Record],
) -> None:
    child, parent, _columns = _child(model, name)
    if changed:
        old = child._default_manager.filter(**{f"{parent}__in": [record.pk for record in changed]})
        old.delete()
    child._default_manager.bulk_create(
        child(**{parent: outcome.pk(each.key), "sort_order": place, **row})
        for each in touched
        for place, row in enumerate(each.children[name])
    )


def _remember(
    kind: str,
    wanted: Sequence[Wanted],
    digests: Mapping[str, str],
    told: Mapping[str, LoadedRow],
    outcome: Outcome[Record],
) -> None:
    """Note what the data set says. What was kept from it stays noted as it was loaded."""
    rows = [
        LoadedRow(kind=kind, key=key, object_id=outcome.pk(key), digest=digests[key])
        for key in outcome.written
        if key not in told
        or (told[key].digest, told[key].object_id) != (digests[key], outcome.pk(key))
    ]
    rows += [
        LoadedRow(kind=kind, key=each.key, object_id=outcome.pk(each.key), digest=digests[each.key])
        for each in wanted
        if each.key not in told and each.key not in outcome.written
    ]
    LoadedRow.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["object_id", "digest"],
    )
