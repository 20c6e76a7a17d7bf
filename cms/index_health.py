"""What an administrator has to know of the search index: how far it is, what comparisons found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.today import Item, Tone
from search import comparisons, outbox
from search.engine import ClusterUnreachable, IndexUnavailable, copies, get_engine
from search.models import IndexComparison
from themes.templatetags.russian import human_moment

LATE = 60.0  # seconds; the indexer needs one


class Standing(StrEnum):
    """How a copy of the index stands; what is not well is named as monitors are told."""

    WELL = "search_well"
    UNREACHABLE = "search_unreachable"
    MISSING = "search_no_index"
    BEHIND = "search_behind"


def standing(name: str) -> tuple[Standing, int, float]:
    """With the number of changes that wait for this copy, and the seconds of the oldest."""
    try:
        rows, seconds = outbox.lag(get_engine(name).state().position)
    except ClusterUnreachable:
        return Standing.UNREACHABLE, 0, 0
    except IndexUnavailable:
        return Standing.MISSING, 0, 0
    return Standing.BEHIND if seconds >= LATE else Standing.WELL, rows, seconds


def not_well() -> dict[str, int]:
    """How many of the copies are not well, by what ails them."""
    found = Counter(standing(name)[0] for name in copies())
    return {str(how): count for how, count in found.items() if how != Standing.WELL}


def troubles() -> list[Item]:
    """Of each copy of the index that is kept, what is wrong."""
    main, *others = copies()
    return [*_troubles(main, others), *(item for name in others for item in _troubles(name, []))]


def facts() -> str:
    """Sentences on each copy that can be read: what waits for it, what the last comparison found."""
    names = copies()
    told = []
    for name in names:
        how, rows, seconds = standing(name)
        if how in (Standing.UNREACHABLE, Standing.MISSING):
            continue
        about = " ".join(filter(None, [_waiting(rows, seconds), _compared(comparisons.last(name))]))
        told.append(f"{name}: {about}" if len(names) > 1 else about)
    return " ".join(told)


def _troubles(name: str, others: Sequence[str]) -> list[Item]:
    how, rows, seconds = standing(name)
    if how == Standing.UNREACHABLE:
        meanwhile = (
            _("The embedded index answers families meanwhile. See to the cluster.")
            if others
            else _("Families cannot search. See to the cluster, or set NAVIGATOR_SEARCH_FALLBACK.")
        )
        return [wrong(_("The Elasticsearch cluster does not answer"), meanwhile)]
    if how == Standing.MISSING:
        return [
            wrong(
                _("Search has no index"),
                _("The embedded index answers families meanwhile. See whether the indexer runs.")
                if others
                else _(
                    "Families cannot search. See whether the indexer runs, or run rebuild_index."
                ),
            )
        ]
    if how == Standing.BEHIND:
        return [_behind(rows, seconds)]
    return [*_not_compared(name), *map(_differed, comparisons.lately_different(name)[:1])]


def _behind(rows: int, seconds: float) -> Item:
    title = ngettext(
        "Search is behind by %(count)d change", "Search is behind by %(count)d changes", rows
    )
    minutes = round(seconds / 60)
    note = ngettext(
        "The oldest has waited for %(count)d minute. See whether the indexer runs.",
        "The oldest has waited for %(count)d minutes. See whether the indexer runs.",
        minutes,
    )
    return wrong(title % {"count": rows}, note % {"count": minutes})


def _not_compared(name: str) -> list[Item]:
    last = comparisons.last(name)
    see = _("Search goes on. See whether the indexer runs, and what it says.")
    if last is None:
        return [wrong(_("The search index has never been compared with the database"), see)]
    moment = human_moment(last.finished_at)
    if last.failure:
        return [
            wrong(
                _("The search index could not be compared with the database"),
                f"{moment}: {last.failure}",
            )
        ]
    if timezone.now() - last.finished_at > comparisons.EXPECTED:
        title = _("The search index was last compared with the database on %(moment)s")
        return [wrong(title % {"moment": moment}, see)]
    return []


def _differed(comparison: IndexComparison) -> Item:
    count = comparison.differences
    title = ngettext(
        "The search index differed from the database in %(count)d record",
        "The search index differed from the database in %(count)d records",
        count,
    )
    note = _(
        "Repaired on %(moment)s, host %(host)s: missing %(missing)d, outdated %(stale)d,"
        " needless %(surplus)d. If it happens again, tell the developers."
    )
    return wrong(
        title % {"count": count},
        note
        % {
            "moment": human_moment(comparison.finished_at),
            "host": comparison.host,
            "missing": comparison.missing,
            "stale": comparison.stale,
            "surplus": comparison.surplus,
        },
    )


def _waiting(rows: int, seconds: float) -> str:
    if not rows:
        return _("Every change is in the search index.")
    told = ngettext(
        "%(count)d change is on its way into the search index, for %(seconds)d s.",
        "%(count)d changes are on their way into the search index, the oldest for %(seconds)d s.",
        rows,
    )
    return told % {"count": rows, "seconds": round(seconds)}


def _compared(last: IndexComparison | None) -> str:
    if last is None or last.failure or last.differences:
        return ""
    told = ngettext(
        "Compared with the database on %(moment)s: %(count)d record, no differences.",
        "Compared with the database on %(moment)s: %(count)d records, no differences.",
        last.records,
    )
    return told % {"moment": human_moment(last.finished_at), "count": last.records}


def wrong(title: str, note: str) -> Item:
    return Item(title, note=note, state=_("broken"), tone=Tone.URGENT)
