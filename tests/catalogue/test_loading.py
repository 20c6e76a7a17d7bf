"""The data set goes in whole, twice the same, in bulk; a bad one leaves no trace."""

import datetime
import json
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob
from wagtail.models import ReferenceIndex

from catalogue.loading import load
from catalogue.loading.citations import act_of, acts_of
from catalogue.models import (
    Category,
    Condition,
    DocumentType,
    Fact,
    Hotline,
    Indicator,
    LegalAct,
    Measure,
    Office,
    Provider,
    SampleFamily,
    Situation,
    Territory,
)
from catalogue.rules import Rule, to_json
from catalogue.tasks import index_usage
from cms.loading import DataSetError, Report
from tests.catalogue.conftest import DATASET


def load_again(folder=DATASET):
    report = Report()
    load(folder, report, lambda line: None)
    return report


def test_nothing_of_the_data_set_is_dropped(loaded):
    counts = {
        model: model.objects.count()
        for model in (Territory, Category, Situation, Fact, Provider, Office, Hotline, Measure)
    }
    assert counts == {
        Territory: 76,
        Category: 26,
        Situation: 30,
        Fact: 81,
        Provider: 139,
        Office: 119,
        Hotline: 24,
        Measure: 191,
    }
    assert (Indicator.objects.count(), SampleFamily.objects.count()) == (94, 8)


def test_a_measure_has_everything_that_its_row_says(loaded):
    rows = {row["slug"]: row for row in json.loads((DATASET / "measures.json").read_text())}
    for measure in Measure.objects.prefetch_related(
        "amounts", "documents__document_type", "steps", "legal_basis__act", "territories",
        "situations", "categories", "providers", "excludes",
    ):  # fmt: skip
        row = rows[measure.slug]
        assert measure.live
        assert [step.text for step in measure.steps.all()] == [
            step["text"] for step in row["how_to_apply"]
        ]
        assert [paper.document_type.name for paper in measure.documents.all()] == row["documents"]
        assert [basis.citation for basis in measure.legal_basis.all()] == row["legal_basis"]
        assert [amount.text for amount in measure.amounts.all()] == (
            [row["amount"]["text"]] if row["amount"] else []
        )
        for name in ("territories", "situations", "categories", "providers", "excludes"):
            found = {each.slug for each in getattr(measure, name).all()}
            assert found == set(row[name]), (measure.slug, name)


def test_condition_rows_say_what_the_data_set_says(loaded):
    rows = json.loads((DATASET / "measures.json").read_text())
    compiled: dict[str, dict[int, list[Rule]]] = {}
    for measure in Measure.objects.prefetch_related("condition_groups__conditions__fact"):
        groups = compiled.setdefault(measure.slug, {})
        for group in measure.condition_groups.all():
            groups[group.position] = [
                Rule(each.fact.field, each.operator, each.value, each.note)
                for each in group.conditions.all()
            ]
    for row in rows:
        assert to_json(compiled[row["slug"]].values()) == row["condition_groups"], row["slug"]


def test_the_second_load_writes_nothing(loaded):
    with CaptureQueriesContext(connection) as queries:
        report = load_again()
    assert not report.created
    assert not report.changed
    assert not report.kept
    assert sum(report.unchanged.values()) == sum(loaded.created.values())
    writes = [q["sql"] for q in queries if not q["sql"].startswith("SELECT")]
    assert writes == []


def test_the_load_is_done_in_bulk(db):
    with CaptureQueriesContext(connection) as queries:
        load_again()
    assert len(queries) < 100


def test_a_changed_row_changes_its_measure_and_its_conditions(loaded, copy):
    def change(rows):
        rows[0]["title"] = "Новое имя"
        rows[0]["amount"]["text"] = "Ровно тысяча"
        rows[0]["territories"] = ["leningradskaya-oblast"]
        rows[0]["conditions"] = []
        rows[0]["condition_groups"] = []

    copy.edit("measures.json", change)
    report = load_again(copy.folder)
    assert report.changed["catalogue.measure"] == 1
    measure = Measure.objects.get(slug="edinoe-posobie-na-rebenka")
    assert measure.title == "Новое имя"
    assert measure.sort_key == "новое имя"
    assert [amount.text for amount in measure.amounts.all()] == ["Ровно тысяча"]
    assert [territory.slug for territory in measure.territories.all()] == ["leningradskaya-oblast"]
    assert not Condition.objects.filter(group__measure=measure).exists()


def test_what_people_changed_stays_and_is_named(loaded, copy):
    Provider.objects.filter(slug="sfr").update(note="Вход со двора")
    copy.edit("providers.json", lambda rows: [row.update(note="Новое") for row in rows])
    report = load_again(copy.folder)
    assert report.kept == {"catalogue.provider": ["sfr"]}
    assert Provider.objects.get(slug="sfr").note == "Вход со двора"
    assert Provider.objects.get(slug="gosuslugi").note == "Новое"


def test_a_load_of_the_same_set_does_not_undo_the_work_of_people(loaded):
    office = Office.objects.filter(provider__slug="tihvinskij-kcson").first()
    office.address, office.title = "г. Тихвин, ул. Советская, 1", "Другое имя"
    office.save()
    report = load_again()
    assert not report.created
    assert not report.changed
    office.refresh_from_db()
    assert office.address == "г. Тихвин, ул. Советская, 1"


def test_a_measure_with_revisions_is_never_overwritten(loaded, copy):
    measure = Measure.objects.get(slug="edinoe-posobie-na-rebenka")
    measure.title = "Черновик редактора"
    measure.save_revision()
    copy.edit("measures.json", lambda rows: rows[0].update(summary="Иначе."))
    report = load_again(copy.folder)
    assert report.kept == {"catalogue.measure": ["edinoe-posobie-na-rebenka"]}
    measure.refresh_from_db()
    assert measure.summary != "Иначе."
    assert measure.get_latest_revision_as_object().title == "Черновик редактора"


def test_what_people_deleted_and_the_set_still_needs_comes_back(loaded):
    Hotline.objects.filter(slug="112").delete()
    report = load_again()
    assert report.created == {"catalogue.hotline": 1}


def test_the_back_office_learns_what_uses_what(loaded):
    assert ProcrastinateJob.objects.filter(task_name="catalogue.index_usage").count() == 1
    paper = DocumentType.objects.get(name="СНИЛС")
    assert ReferenceIndex.get_references_to(paper).count() == 0
    index_usage()
    assert ReferenceIndex.get_references_to(paper).count() == paper.required_by.count() == 2
    load_again()
    assert ProcrastinateJob.objects.filter(task_name="catalogue.index_usage").count() == 1


def test_pilot_centres_have_a_desk(loaded):
    centres = set(Provider.objects.centres().values_list("slug", flat=True))
    assert {"tihvinskij-kcson", "rsmfc-irkutsk", "oblastnoj-smfc-sverdlovsk"} <= centres
    # A department answers at the desk of its organisation; partners have none.
    assert not centres & {"navigator47", "sberbank", "zags-irkutsk"}


def test_each_region_has_its_line(loaded):
    lines = dict(
        Territory.objects.exclude(primary_hotline=None).values_list("slug", "primary_hotline__slug")
    )
    assert lines["leningradskaya-oblast"] == "lo-sfr"
    assert lines["rossiya"] == "sfr"


def test_one_act_for_one_kind_number_and_date(loaded):
    act = LegalAct.objects.get(number="442-ФЗ")
    assert act.title.startswith("Федеральный закон от 28.12.2013 № 442-ФЗ «Об основах")
    assert "ст." not in act.title
    assert act.cited_by.values("citation").distinct().count() == 5


@pytest.mark.parametrize(
    ("citation", "kind", "number", "title"),
    [
        (
            "Семейный кодекс Российской Федерации от 29.12.1995 № 223-ФЗ, ст. 62",
            "Кодекс",
            "223-ФЗ",
            "Семейный кодекс РФ от 29.12.1995 № 223-ФЗ",
        ),
        ("КоАП РФ, ст. 6.1.1", "Кодекс", "", "КоАП РФ"),
        (
            "Постановление Правительства РФ от 16.12.2022 № 2330 (правила назначения)",
            "Постановление Правительства РФ",
            "2330",
            "Постановление Правительства РФ от 16.12.2022 № 2330",
        ),
        ("Национальный проект «Семья»", "Национальный проект", "", "Национальный проект «Семья»"),
        ("Закон от 31.02.2020 № 5", "Закон от 31.02.2020 № 5", "", "Закон от 31.02.2020 № 5"),
    ],
)
def test_an_act_is_found_in_a_citation(citation, kind, number, title):
    act = act_of(citation)
    assert (act.kind, act.number, act.title) == (kind, number, title)


def test_the_fullest_title_wins():
    acts = acts_of(["Указ Президента РФ от 23.01.2024 № 63 «О мерах»",
                    "Указ Президента РФ от 23.01.2024 № 63"])  # fmt: skip
    assert [act.title for act in acts.values()] == [
        "Указ Президента РФ от 23.01.2024 № 63 «О мерах»"
    ]


# Bad data sets: (file, what spoils it, what the report says)


def first(**fields):
    return lambda rows: rows[0].update(fields)


BAD = {
    "a repeated slug": (
        "categories.json",
        lambda rows: rows.append(dict(rows[0])),
        "запись 27 (zameschayuschaya-semya): повтор",
    ),
    "an unknown territory": (
        "measures.json",
        first(territories=["atlantida"]),
        "ссылка на «atlantida», а в territories.json его нет",
    ),
    "an unknown provider": ("measures.json", first(providers=["nikto"]), "ссылка на «nikto»"),
    "an unknown excluded measure": ("measures.json", first(excludes=["net"]), "ссылка на «net»"),
    "a measure that excludes itself": (
        "measures.json",
        first(excludes=["edinoe-posobie-na-rebenka"]),
        "сама себя",
    ),
    "an unknown fact": (
        "measures.json",
        first(
            conditions=[],
            condition_groups=[[{"field": "mood", "operator": "eq", "value": 1, "note": None}]],
        ),
        "условие mood: такого факта нет",
    ),
    "conditions that disagree": ("measures.json", first(conditions=[]), "говорят разное"),
    "a wrong kind": ("measures.json", first(kind="gift"), "kind: «gift» – такого значения нет"),
    "a wrong level": ("measures.json", first(levels=["galactic"]), "levels.0: «galactic»"),
    "no level": ("measures.json", first(levels=[]), "levels: список пуст"),
    "a wrong date": (
        "measures.json",
        first(valid_to="31.12.2026"),
        "valid_to: «31.12.2026» – не дата",
    ),
    "an impossible date": ("measures.json", first(as_of="2026-02-30"), "as_of"),
    "a number for a date": ("measures.json", first(as_of=5), "as_of: 5 – не дата"),
    "dates the wrong way round": (
        "measures.json",
        first(valid_from="2027-01-01", valid_to="2026-01-01"),
        "valid_from позже",
    ),
    "a field too much": ("measures.json", first(color="red"), "лишнее поле color"),
    "a field too few": ("measures.json", lambda rows: rows[0].pop("who"), "нет поля who"),
    "a number for a text": ("measures.json", first(title=7), "title: нужен текст, а не 7"),
    "a text for yes or no": ("measures.json", first(stale="нет"), "stale: нужно true или false"),
    "a title too long": ("measures.json", first(title="я" * 201), "title: длиннее 200 знаков"),
    "a negative sum": (
        "measures.json",
        lambda rows: rows[0]["amount"].update(number=-5),
        "amount.number: -5 меньше, чем 0",
    ),
    "a huge sum": (
        "measures.json",
        lambda rows: rows[0]["amount"].update(number=10**30),
        "amount.number",
    ),
    "a character that no database stores": (
        "measures.json",
        first(title="Пособие\0"),
        "знаки, которых база данных не хранит",
    ),
    "half a character": ("measures.json", first(title="\ud800"), "знаки, которых"),
    "an endless limit": ("facts.json", first(max=10**20), "max: 100000000000000000000 слишком"),
    "a wrong channel": (
        "measures.json",
        first(how_to_apply=[{"channel": "pigeon", "text": "x"}]),
        "how_to_apply.0.channel: «pigeon»",
    ),
    "a slug that is no slug": ("territories.json", first(slug="Рос сия"), "slug: «Рос сия»"),
    "a cycle of territories": (
        "territories.json",
        first(parent="leningradskaya-oblast"),
        "по кругу",
    ),
    "a fact under itself": (
        "facts.json",
        first(derived_from="children_count"),
        "по кругу",
    ),
    "options without a choice": (
        "facts.json",
        first(options=[{"value": "a", "label": "б"}]),
        "варианты ответа бывают",
    ),
    "limits the wrong way round": ("facts.json", first(min=5, max=1), "min больше, чем max"),
    "a wrong kind of provider": ("providers.json", first(kind="shop"), "kind: «shop»"),
    "an office of nobody": ("offices.json", first(provider="nikto"), "ссылка на «nikto»"),
    "half a point": ("offices.json", first(lat=1, lon=None), "обе координаты"),
    "a point off the globe": ("offices.json", first(lat=91, lon=1), "lat: 91 больше, чем 90"),
    "wrong hours": ("offices.json", first(hours_structured={"mo": "утром"}), "hours_structured"),
    "a line of nowhere": (
        "hotlines.json",
        lambda content: content["hotlines"][0].update(territory="luna"),
        "ссылка на «luna»",
    ),
    "a primary line that is not there": (
        "hotlines.json",
        lambda content: content["fallback"]["primary"].update(rossiya="net"),
        "в hotlines.json нет «net»",
    ),
    "a family with a wrong fact": (
        "sample_families.json",
        lambda rows: rows[0]["facts"].update(citizenship="mars"),
        "сведение citizenship",
    ),
    "a family with an unknown measure": (
        "sample_families.json",
        first(must_match=["net"]),
        "ссылка на «net»",
    ),
    "a row that is no object": (
        "situations.json",
        lambda rows: rows.insert(0, "привет"),
        "запись 1 (без имени)",
    ),
    "an indicator without a name": (
        "indicators.json",
        lambda content: content["indicators"][0].pop("name"),
        "нет поля name",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_refused_with_its_place_and_reason(name, db, copy):
    file, spoil, reason = BAD[name]
    copy.edit(file, spoil)
    report = load_again(copy.folder)
    told = [str(refusal) for refusal in report.refusals]
    assert any(file in line and reason in line for line in told), told
    assert not Territory.objects.exists()


def test_a_refused_row_is_not_missed_again_by_those_that_refer_to_it(db, copy):
    copy.edit("categories.json", first(title=""))
    assert len(load_again(copy.folder).refusals) == 1


def test_a_bad_value_in_one_condition_is_named(db, copy):
    def spoil(rows):
        for each in (*rows[0]["conditions"], *rows[0]["condition_groups"][0]):
            if each["field"] == "youngest_child_age_months":
                each["value"] = "маленький"
        for each in rows[0]["condition_groups"][1]:
            if each["field"] == "youngest_child_age_months":
                each["value"] = "маленький"

    copy.edit("measures.json", spoil)
    told = [str(refusal) for refusal in load_again(copy.folder).refusals]
    assert told
    assert all("условие youngest_child_age_months" in line for line in told)


def spoil_file(content: bytes):
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize(
    ("file", "spoil", "reason"),
    [
        ("measures.json", lambda path: path.unlink(), "Нет файла"),
        ("measures.json", spoil_file(b'[{"slug": '), "measures.json: это не JSON, строка 1"),
        ("measures.json", spoil_file(b"{}"), "в файле должен быть список"),
        ("hotlines.json", spoil_file(b"[]"), "в файле должен быть объект"),
        ("hotlines.json", spoil_file(b'{"fallback": {}}'), "нет списка «hotlines»"),
        ("measures.json", spoil_file("[]".encode("utf-16")), "не в кодировке UTF-8"),
        ("measures.json", spoil_file(b"[NaN]"), "NaN"),
        ("measures.json", spoil_file(b"[" * 100_000), "не JSON"),
    ],
)
def test_a_malformed_file_is_told_and_nothing_is_loaded(db, copy, file, spoil, reason):
    spoil(copy.folder / file)
    with pytest.raises(DataSetError, match=reason):
        load_again(copy.folder)
    assert not Territory.objects.exists()


def test_the_command_fails_with_every_reason_and_keeps_nothing(db, copy, capsys):
    copy.edit("measures.json", first(kind="gift"))
    copy.edit("categories.json", first(title=5))
    with pytest.raises(SystemExit) as exit_:
        call_command("load_catalogue", str(copy.folder))
    assert exit_.value.code == 1
    told = capsys.readouterr().err
    assert "measures.json, запись 1 (edinoe-posobie-na-rebenka): kind" in told
    assert "categories.json, запись 1 (zameschayuschaya-semya): title" in told
    assert not Territory.objects.exists()


def test_the_command_fails_on_a_folder_that_is_not_there(db, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        call_command("load_catalogue", str(tmp_path / "nowhere"))
    assert exit_.value.code == 1
    assert "Нет файла" in capsys.readouterr().err


def test_a_clash_with_what_people_made_is_told(db, capsys):
    LegalAct.objects.create(
        title="Тот же закон под другим именем",
        kind="Федеральный закон",
        number="442-ФЗ",
        date=datetime.date(2013, 12, 28),
    )
    with pytest.raises(SystemExit):
        call_command("load_catalogue", str(DATASET))
    assert "442-ФЗ" in capsys.readouterr().err
    assert not Territory.objects.exists()


def test_the_command_reports_what_it_did(db, capsys):
    call_command("load_catalogue", str(DATASET))
    told = capsys.readouterr().out
    assert re.search(r"^меры +191 +0 +0$", told, re.MULTILINE)
