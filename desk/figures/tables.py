"""Tables of the figures: what came by topic, channel, place, category; how it ended, what was waited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalogue.models import Category, Provider, Territory
from desk import plots
from desk.figures import saying
from desk.figures.naming import months_and_days
from desk.figures.periods import Period
from desk.figures.reading import Totals, Where, categories, read, total
from desk.figures.saying import Cell
from desk.figures.telling import OUTCOMES
from desk.models.figures import EDGES
from forms.models import Channel, Outcome, Score, Topic
from forms.reasons import TO_REFUSE

MOST_ROWS = 15


@dataclass(frozen=True)
class Row:
    """A line of a table. `size` is how long its bar is, of a hundred; none has no bar."""

    label: str
    cells: list[Cell]
    size: float | None = None

    @property
    def bar(self) -> SafeString | str:
        return "" if self.size is None else plots.bar(self.size)


@dataclass(frozen=True)
class Table:
    name: str
    title: str
    meaning: str
    heads: list[str]
    rows: list[Row]
    empty: str = ""

    @property
    def lines(self) -> list[tuple[Row, list[tuple[str, Cell]]]]:
        """Each row, and its cells with the names of their columns."""
        return [(row, list(zip(self.heads[1:], row.cells, strict=True))) for row in self.rows]


def series_table(period: Period, starts: Mapping[Any, Totals]) -> Table:
    days = months_and_days(period)
    found = {day: starts.get(day, Totals()) for day in days}
    rows = _counted(
        {day: (label, found[day]) for day, label in days.items()},
        ("received", "decided", "decided_late"),
    )
    return Table(
        "series",
        _("By day") if period.by_days else _("By month"),
        _("What came and what was answered, each on its day."),
        ["", _("Came"), _("Decided"), _("Of them late")],
        rows,
    )


def broken_down(where: Where, period: Period, all_of_it: Totals) -> list[Table]:
    shy = where.shy
    topics = {key[0]: one for key, one in read(where, period, "topic").items()}
    channels = {key[0]: one for key, one in read(where, period, "channel").items()}
    places = {key[0]: one for key, one in read(where, period, "territory").items()}
    titles = Topic.objects.in_bulk(topics)
    of_places = Territory.objects.in_bulk([key for key in places if key is not None])
    named = {str(channel): str(channel.label) for channel in Channel}
    return [
        _shares(
            "topics",
            _("By topic"),
            _("What families came with."),
            {key: (str(titles[key]), one) for key, one in topics.items()},
            shy=shy,
        ),
        _shares(
            "channels",
            _("By channel"),
            _("How families reached us."),
            {key: (named[key], one) for key, one in channels.items()},
            shy=shy,
        ),
        _shares(
            "places",
            _("By place"),
            _("Where families live, as they said it."),
            {
                key: (str(of_places[key]) if key else _("place not named"), one)
                for key, one in places.items()
            },
            shy=shy,
        ),
        _categories(where, period, all_of_it["received"]),
    ]


def _shares(
    name: str, title: str, meaning: str, found: Mapping[Any, tuple[str, Totals]], *, shy: bool
) -> Table:
    return Table(name, title, meaning, _heads(), _rows(found, shy=shy))


def _heads() -> list[str]:
    return ["", _("Came"), _("Decided"), _("Half waited"), _("In time"), _("Satisfied")]


def _rows(found: Mapping[Any, tuple[str, Totals]], *, shy: bool) -> list[Row]:
    """The largest first; what is beyond the last one is put together."""
    order = sorted(found, key=lambda key: (-found[key][1]["received"], found[key][0]))
    shown = {key: found[key] for key in order[:MOST_ROWS]}
    if rest := order[MOST_ROWS:]:
        shown["rest"] = (_("others"), total(found[key][1] for key in rest))
    rows = _counted(shown, ("received", "decided"))
    for row, (_label, one) in zip(rows, shown.values(), strict=True):
        row.cells.extend(
            [
                saying.wait(one.wait("decided", 0.5), one["decided"], shy=shy),
                saying.share(one["decided"] - one["decided_late"], one["decided"], shy=shy),
                saying.share(one.satisfied, one.ratings, shy=shy),
            ]
        )
    return rows


def _counted(found: Mapping[Any, tuple[str, Totals]], names: Sequence[str]) -> list[Row]:
    """A line for each with these counters; the bar is that of the first."""
    sizes = _sizes({key: one[names[0]] for key, (_label, one) in found.items()})
    return [
        Row(label, [saying.whole(one[name]) for name in names], sizes[key])
        for key, (label, one) in found.items()
    ]


def _sizes(numbers: Mapping[Any, int]) -> dict[Any, float]:
    most = max(numbers.values(), default=0) or 1
    return {key: round(100 * number / most, 1) for key, number in numbers.items()}


def _categories(where: Where, period: Period, received: int) -> Table:
    is_hidden = where.shy and where.is_narrowed
    found = {} if is_hidden else categories(where, period)
    titles = Category.objects.in_bulk(found)
    order = sorted(found, key=lambda key: (-found[key], titles[key].sort_key))
    return Table(
        "categories",
        _("By category of families"),
        _("Whom the chosen measure, or the situation of the script, is meant for. Where neither was named the category is not known; a request may count in several."),
        ["", _("Requests"), _("Of all that came")],
        _listed({titles[key].title: found[key] for key in order}, received, shy=where.shy),
        _("Categories of all centres are told for all topics, channels and places together.")
        if is_hidden
        else _("In this period no measure was chosen and no script was used."),
    )  # fmt: skip


def outcomes(now: Totals, *, shy: bool) -> Table:
    found = {str(Outcome(key).label): now[name] for key, name in OUTCOMES.items()}
    return Table(
        "outcomes",
        _("How it ended"),
        _("Every answer counts, also when a case was opened again later. The last three were set aside without an answer."),
        ["", _("Cases"), _("Of all")],
        _listed(found, sum(found.values()), shy=shy),
        _("Nothing was decided in this period."),
    )  # fmt: skip


def refusals(now: Totals, *, shy: bool) -> Table:
    found = {str(reason.label): now[f"why_{reason.value}"] for reason in TO_REFUSE}
    order = dict(sorted(found.items(), key=lambda pair: -pair[1]))
    return Table(
        "refusals",
        _("Why we could not help"),
        _("The reason that was chosen with each refusal."),
        ["", _("Refusals"), _("Of all")],
        _listed(order, sum(found.values()), shy=shy),
        _("Nobody was refused in this period."),
    )


def besides(now: Totals) -> Table:
    """What has happened besides, each counted by itself."""
    found = {
        _("came as urgent"): now["urgent"],
        _("urgent help was given at once"): now["urgent_help"],
        _("handed over to a partner"): now["referred"],
        _("opened again after an answer"): now["reopened"],
        _("first answers that were late"): now["answered_late"],
        _("answers that were late"): now["decided_late"],
    }
    rows = [Row(label, [saying.whole(count)]) for label, count in found.items() if count]
    return Table(
        "besides",
        _("Urgent, handed over, late"),
        _("How often it happened, each on its day."),
        ["", _("Times")],
        rows,
        _("Nothing of this in the period."),
    )


def ratings(now: Totals, *, shy: bool) -> Table:
    found = {f"{score.value} – {score.label}": now[f"rated_{score}"] for score in reversed(Score)}
    return Table(
        "ratings",
        _("What families say"),
        _("One tap on the page of the request after the answer. The last rating of a family counts."),
        ["", _("Families"), _("Of all")],
        _listed(found, now.ratings, shy=shy),
        _("Nobody has rated in this period."),
    )  # fmt: skip


def _listed(found: Mapping[str, int], of: int, *, shy: bool) -> list[Row]:
    """Labels with a count and its share of all."""
    sizes = _sizes(found)
    return [
        Row(label, [saying.whole(count), saying.share(count, of, shy=shy)], sizes[label])
        for label, count in found.items()
        if count
    ]


def waits(now: Totals) -> Table:
    names = ("taken", "answered", "decided")
    columns = [[saying.whole(count) for count in now.waits(name)] for name in names]
    labels = _wait_labels()
    return Table(
        "waits",
        _("How long families waited"),
        _("Working time of the centre: a working day counts for 8 hours, nights and days off for none."),
        ["", _("until it was taken"), _("until the first answer"), _("until the decision")],
        [
            Row(label, [column[place] for column in columns])
            for place, label in enumerate(labels)
            if any(now.waits(name)[place] for name in names)
        ],
        _("Nobody has waited in this period."),
    )  # fmt: skip


def _wait_labels() -> list[str]:
    ends = [str(saying.wait(edge, 1, shy=False)) for edge in EDGES]
    return [*(_("up to %s") % end for end in ends), _("more than %s") % ends[-1]]


def centres(found: Mapping[Any, Totals], *, shy: bool) -> Table:
    titles = Provider.objects.in_bulk([key for key in found if key is not None])
    named = {key: (str(titles[key]) if key else _("no centre"), one) for key, one in found.items()}
    return _shares("centres", _("By centre"), _("A case counts where it is now."), named, shy=shy)
