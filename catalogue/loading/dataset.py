"""Reads the files of the catalogue's data set and checks every row; writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from catalogue import rules
from catalogue.loading import rows
from cms.loading import DataSetError, Report, read_json

# How facts and territories are said in Russian sentences; a data set may bring its own.
WORDS = Path(__file__).parent.parent / "dataset"
LONGEST_KEY = 700
RowType = TypeVar("RowType", bound=rows.Row)


@dataclass
class DataSet:
    """Every row that is well formed, in the order of its file."""

    territories: list[rows.TerritoryRow] = field(default_factory=list)
    categories: list[rows.CategoryRow] = field(default_factory=list)
    situations: list[rows.SituationRow] = field(default_factory=list)
    facts: list[rows.FactRow] = field(default_factory=list)
    providers: list[rows.ProviderRow] = field(default_factory=list)
    offices: list[rows.OfficeRow] = field(default_factory=list)
    hotlines: list[rows.HotlineRow] = field(default_factory=list)
    fallback: rows.FallbackRow | None = None
    measures: list[rows.MeasureRow] = field(default_factory=list)
    indicators: list[rows.IndicatorRow] = field(default_factory=list)
    families: list[rows.SampleFamilyRow] = field(default_factory=list)
    words: rows.WordsFile | None = None


class Reader:
    """Reads one file after another; remembers where each key stands, to refuse by row."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.folder = folder
        self.report = report
        self.places: dict[str, dict[str, int]] = {}

    def rows(
        self,
        file: str,
        kind: type[RowType],
        key: Callable[[RowType], str],
        raw: list[Any] | None = None,
    ) -> list[RowType]:
        """The good rows of a file; each bad row and each repeated key is refused."""
        good: list[RowType] = []
        places = self.places.setdefault(file, {})
        for number, each in enumerate(read_json(self.folder, file) if raw is None else raw, 1):
            row = rows.parse(kind, each)
            if isinstance(row, str):
                self.report.refuse(file, number, _name(each), row)
                continue
            if key(row) in places:
                reason = f"повтор: такая запись уже есть под номером {places[key(row)]}"
                self.report.refuse(file, number, key(row), reason)
                continue
            places[key(row)] = number
            good.append(row)
        return good

    def refuse(self, file: str, key: str, reason: str) -> None:
        self.report.refuse(file, self.places[file][key], key, reason)


def read(folder: Path, report: Report, known: Mapping[str, set[str]]) -> DataSet:
    """The data set of a folder. What is wrong with it stands in the report.

    :param known: slugs that the database has, by the file they belong to: a row may refer to them.
    :raises DataSetError: a file is missing or is not what it should be.
    """
    reader = Reader(folder, report)
    hotlines = read_json(folder, "hotlines.json", dict)
    indicators = read_json(folder, "indicators.json", dict)
    data = DataSet(
        territories=reader.rows("territories.json", rows.TerritoryRow, _slug),
        categories=reader.rows("categories.json", rows.CategoryRow, _slug),
        situations=reader.rows("situations.json", rows.SituationRow, _slug),
        facts=reader.rows("facts.json", rows.FactRow, lambda row: row.field),
        providers=reader.rows("providers.json", rows.ProviderRow, _slug),
        offices=reader.rows("offices.json", rows.OfficeRow, office_key),
        hotlines=reader.rows(
            "hotlines.json", rows.HotlineRow, _slug, part(hotlines, "hotlines.json", "hotlines")
        ),
        measures=reader.rows("measures.json", rows.MeasureRow, _slug),
        indicators=reader.rows(
            "indicators.json",
            rows.IndicatorRow,
            indicator_key,
            part(indicators, "indicators.json", "indicators"),
        ),
        families=reader.rows("sample_families.json", rows.SampleFamilyRow, _slug),
        fallback=_object(report, "hotlines.json", rows.FallbackRow, hotlines.get("fallback")),
        words=_words(folder, report),
    )
    References(data, reader, known).check()
    return data


def office_key(row: rows.OfficeRow) -> str:
    return f"{row.provider} / {row.territory} / {row.title}"


def indicator_key(row: rows.IndicatorRow) -> str:
    key = f"{row.seed} / {row.table} / {row.no or ''} / {row.name}"
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


class References:
    """Checks that whatever a row refers to exists, and that conditions suit their facts."""

    def __init__(self, data: DataSet, reader: Reader, known: Mapping[str, set[str]]) -> None:
        self.data = data
        self.reader = reader
        self.known = {
            file: set(places) | known.get(file, set()) for file, places in reader.places.items()
        }
        # A row that is refused for itself is not missed a second time by those that refer to it.
        for refusal in reader.report.refusals:
            self.known.setdefault(refusal.file, set()).add(refusal.key)
        self.shapes = {row.field: shape_of(row) for row in data.facts}

    def check(self) -> None:
        data = self.data
        for territory in data.territories:
            self._refers("territories.json", territory.slug, "territories.json", territory.parent)
        self._no_cycle("territories.json", {row.slug: row.parent for row in data.territories})
        for situation in data.situations:
            self._refers(
                "situations.json", situation.slug, "categories.json", *situation.categories
            )
            self._refers("situations.json", situation.slug, "situations.json", *situation.related)
        for fact in data.facts:
            self._refers("facts.json", fact.field, "facts.json", fact.derived_from)
        self._no_cycle("facts.json", {row.field: row.derived_from for row in data.facts})
        for provider in data.providers:
            self._refers("providers.json", provider.slug, "territories.json", provider.territory)
            self._refers("providers.json", provider.slug, "providers.json", provider.parent)
        self._no_cycle("providers.json", {row.slug: row.parent for row in data.providers})
        for office in data.offices:
            self._refers("offices.json", office_key(office), "providers.json", office.provider)
            self._refers("offices.json", office_key(office), "territories.json", office.territory)
        for hotline in data.hotlines:
            self._refers("hotlines.json", hotline.slug, "territories.json", hotline.territory)
        for measure in data.measures:
            self._check_measure(measure)
        for family in data.families:
            self._check_family(family)
        self._check_fallback()

    def _check_measure(self, row: rows.MeasureRow) -> None:
        for name in ("territories", "situations", "categories", "providers"):
            self._refers("measures.json", row.slug, f"{name}.json", *getattr(row, name))
        self._refers("measures.json", row.slug, "measures.json", *row.excludes)
        if row.slug in row.excludes:
            self.reader.refuse("measures.json", row.slug, "excludes: мера исключает сама себя")
        for rule in (rule for variant in variants_of(row) for rule in variant):
            for reason in self._problems(rule):
                self.reader.refuse("measures.json", row.slug, f"условие {rule.fact}: {reason}")
        if not same_conditions(row):
            self.reader.refuse(
                "measures.json", row.slug, "conditions и condition_groups говорят разное"
            )

    def _problems(self, rule: rules.Rule) -> list[str]:
        shape = self.shapes.get(rule.fact)
        if shape is None:
            return [] if rule.fact in self.known["facts.json"] else ["такого факта нет"]
        found = rules.problems(rule, shape, self.known["territories.json"])
        return [problem.message for problem in found]

    def _check_family(self, row: rows.SampleFamilyRow) -> None:
        file = "sample_families.json"
        self._refers(file, row.slug, "measures.json", *row.must_match, *row.must_not_match)
        for fact, value in row.facts.items():
            for reason in self._problems(rules.Rule(fact, "eq", value)):
                self.reader.refuse(file, row.slug, f"сведение {fact}: {reason}")

    def _check_fallback(self) -> None:
        primary = self.data.fallback.primary if self.data.fallback else {}
        for territory, hotline in primary.items():
            for slug, file in ((territory, "territories.json"), (hotline, "hotlines.json")):
                if slug not in self.known[file]:
                    reason = f"primary: в {file} нет «{slug}»"
                    self.reader.report.refuse("hotlines.json", 0, "fallback", reason)

    def _refers(self, file: str, key: str, target: str, *slugs: str | None) -> None:
        for slug in slugs:
            if slug is not None and slug not in self.known[target]:
                self.reader.refuse(file, key, f"ссылка на «{slug}», а в {target} его нет")

    def _no_cycle(self, file: str, above: Mapping[str, str | None]) -> None:
        for key in above:
            seen, place = {key}, above[key]
            while place is not None and place not in seen:
                seen.add(place)
                place = above.get(place)
            if place == key:
                self.reader.refuse(file, key, "запись стоит под самой собой: ссылки идут по кругу")


def variants_of(row: rows.MeasureRow) -> tuple[rules.Variant, ...]:
    return rules.from_json([each.model_dump() for each in group] for group in row.condition_groups)


def shape_of(row: rows.FactRow) -> rules.FactShape:
    options = tuple(option.value for option in row.options or [])
    return rules.FactShape(row.field, row.type.value, row.min, row.max, options)


def same_conditions(row: rows.MeasureRow) -> bool:
    """`conditions` (for show) and `condition_groups` (for machines) say the same."""
    common = {_sign(each) for each in row.conditions if each.group is None}
    numbers = sorted({each.group for each in row.conditions if each.group is not None})
    shown = [
        common | {_sign(each) for each in row.conditions if each.group == number}
        for number in numbers
    ]
    machine = [{_sign(each) for each in group} for group in row.condition_groups]
    return (shown or [common]) == (machine or [set()])


def _sign(row: rows.ConditionRow) -> tuple[str, str, str]:
    return row.field, row.operator, repr(row.value)


def _slug(row: Any) -> str:
    return str(row.slug)


def _name(raw: object) -> str:
    """What a malformed row is called in the report."""
    if not isinstance(raw, dict):
        return "без имени"
    names = (raw.get(name) for name in ("slug", "field", "title", "name"))
    return next((name for name in names if isinstance(name, str) and name), "без имени")


def part(content: Mapping[str, Any], file: str, name: str) -> list[Any]:
    """The list that a file of several parts holds under a name.

    :raises cms.loading.DataSetError: there is none.
    """
    part = content.get(name)
    if not isinstance(part, list):
        raise DataSetError(f"{file}: нет списка «{name}».")
    return part


def _object(report: Report, file: str, kind: type[RowType], raw: object) -> RowType | None:
    row = rows.parse(kind, raw)
    if isinstance(row, str):
        report.refuse(file, 0, "fallback", row)
        return None
    return row


def _words(folder: Path, report: Report) -> rows.WordsFile | None:
    source = folder if (folder / "words.json").exists() else WORDS
    row = rows.parse(rows.WordsFile, read_json(source, "words.json", dict))
    if isinstance(row, str):
        report.refuse("words.json", 0, "весь файл", row)
        return None
    return row
