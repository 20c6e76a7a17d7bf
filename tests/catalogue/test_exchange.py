"""Measures and organisations as tables: what goes out comes back the same."""

import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import tablib
from django.conf import settings
from django.utils import translation
from openpyxl import Workbook, load_workbook

from catalogue.exchange import files
from catalogue.exchange.measures import MeasureExchange
from catalogue.exchange.resources import EXCHANGES
from catalogue.loading import load
from catalogue.models import Amount, LegalAct, Measure, Provider
from cms.access import Role
from cms.loading import Report
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db
DATASET = Path(settings.BASE_DIR) / "catalogue" / "dataset"


@pytest.fixture(autouse=True)
def english():
    """Messages as they stand in the source."""
    with translation.override("en"):
        yield


@pytest.fixture
def dataset():
    report = Report()
    load(DATASET, report, lambda text: None)
    assert not report.refusals


@pytest.fixture
def chief():
    return UserFactory(role=Role.CHIEF_EDITOR, is_superuser=True)


def there_and_back(exchange, user, kind):
    """What an import of one's own export finds."""
    written = files.write(EXCHANGES[exchange](user).export(), kind)
    table = files.read(io.BytesIO(written), kind)
    return EXCHANGES[exchange](user).import_data(table.data, dry_run=True)


@pytest.mark.parametrize(("kind", "language"), [("xlsx", "ru"), ("csv", "ru"), ("csv", "en")])
@pytest.mark.parametrize(("exchange", "count"), [("measures", 191), ("providers", 139)])
def test_round_trip_of_the_data_set_changes_nothing(
    dataset, chief, exchange, count, kind, language
):
    with translation.override(language):
        result = there_and_back(exchange, chief, kind)
    assert [(row.number, row.error) for row in result.invalid_rows] == []
    assert result.row_errors() == []
    assert result.totals["skip"] == result.total_rows == count


def test_unchanged_rows_are_read_in_few_queries(dataset, chief, django_assert_max_num_queries):
    table = files.read(io.BytesIO(files.write(MeasureExchange(chief).export(), "csv")), "csv")
    with django_assert_max_num_queries(25):
        MeasureExchange(chief).import_data(table.data, dry_run=True, use_transactions=False)


# One's own rows only


@pytest.fixture
def two_partners():
    mine, other = ProviderFactory(), ProviderFactory()
    MeasureFactory(slug="mine", title="Моя услуга", owner=mine)
    MeasureFactory(slug="other", title="Чужая услуга", owner=other)
    return UserFactory(role=Role.PARTNER, provider=mine)


def imported(exchange, user, *rows, dry_run=False):
    table = tablib.Dataset(*[list(row.values()) for row in rows], headers=list(rows[0]))
    return EXCHANGES[exchange](user).import_data(table, dry_run=dry_run)


def reasons(result):
    assert [error.error for _, errors in result.row_errors() for error in errors] == []
    return [
        (column, message)
        for row in result.invalid_rows
        for column, messages in row.error.message_dict.items()
        for message in messages
    ]


def test_partner_takes_out_its_own_services_only(two_partners):
    table = MeasureExchange(two_partners).export()
    assert [row[0] for row in table] == ["mine"]
    assert not any("verification" in name or "owner" in name for name in table.headers)


@pytest.mark.parametrize("slug", ["other", "no-such-service"])
def test_partner_cannot_tell_a_foreign_row_from_one_that_is_not_there(two_partners, slug):
    row = {"slug": slug, "title": "Другое", "kind": "service", "summary": "Слова."}
    result = imported("measures", two_partners, row)
    assert reasons(result) == [
        ("slug", "This is not your service. Leave the cell empty to add a new one.")
    ]
    assert Measure.objects.get(slug="other").title == "Чужая услуга"


def test_partner_row_without_a_name_becomes_its_own_draft(two_partners):
    row = {"slug": "", "title": "Кружок для малышей", "kind": "service", "summary": "Играем."}
    result = imported("measures", two_partners, row)
    assert reasons(result) == []
    measure = Measure.objects.get(slug="kruzhok-dlya-malyshey")
    own = Provider.objects.of(two_partners).get()
    assert measure.owner == own
    assert not measure.live
    assert list(measure.latest_revision.as_object().providers.all()) == [own]


def test_partner_changes_a_published_service_as_a_draft(two_partners):
    row = {"slug": "mine", "title": "Новое имя"}
    imported("measures", two_partners, row)
    measure = Measure.objects.get(slug="mine")
    assert measure.title == "Моя услуга"
    assert measure.has_unpublished_changes
    assert measure.latest_revision.as_object().title == "Новое имя"


def test_a_service_under_review_is_not_changed_by_a_table(two_partners):
    measure = Measure.objects.get(slug="mine")
    measure.save_revision(user=two_partners)
    measure.get_workflow().start(measure, two_partners)
    result = imported("measures", two_partners, {"slug": "mine", "title": "Новое имя"})
    assert reasons(result) == [("slug", "It is under review or locked: it cannot be changed now.")]


def test_partner_does_not_add_organisations(two_partners):
    row = {"slug": "new", "full_name": "Новая", "short_name": "Новая"}
    assert reasons(imported("providers", two_partners, row)) == [
        ("slug", "This is not your organisation.")
    ]


# What is loaded


def test_chief_editor_publishes_by_loading(chief):
    MeasureFactory(slug="one", title="Старое", territories=[])
    TerritoryFactory(slug="tihvin")
    result = imported(
        "measures",
        chief,
        {
            "slug": "one",
            "title": "Новое",
            "territories": "tihvin",
            "amounts": "10 000 ₽ // 10000 // RUB // once // 2026-01-01",
            "documents": "паспорт\nсправка // с места работы",
            "steps": "phone // Позвоните.",
        },
    )
    assert reasons(result) == []
    measure = Measure.objects.get(slug="one")
    assert measure.title == "Новое"
    assert [each.slug for each in measure.territories.all()] == ["tihvin"]
    amount = measure.amounts.get()
    assert (amount.number, amount.period, amount.as_of) == (
        Decimal(10000),
        "once",
        date(2026, 1, 1),
    )
    assert [(paper.document_type.name, paper.note) for paper in measure.documents.all()] == [
        ("паспорт", ""),
        ("справка", "с места работы"),
    ]
    assert measure.revisions.count() == 1


def test_a_cell_that_reads_the_same_keeps_its_rows(chief):
    measure = MeasureFactory(slug="one", title="Старое")
    kept = Amount.objects.create(measure=measure, text="Сколько дадут", currency="")
    imported("measures", chief, {"slug": "one", "title": "Новое", "amounts": "Сколько дадут"})
    assert Measure.objects.get(slug="one").amounts.get().pk == kept.pk


def test_editor_makes_drafts_by_loading():
    MeasureFactory(slug="one", title="Старое")
    editor = UserFactory(role=Role.EDITOR)
    imported("measures", editor, {"slug": "one", "title": "Новое"})
    measure = Measure.objects.get(slug="one")
    assert measure.title == "Старое"
    assert measure.latest_revision.as_object().title == "Новое"


def test_a_draft_goes_out_as_the_editor_sees_it(chief):
    measure = MeasureFactory(slug="one", title="Опубликовано")
    measure.title = "Черновик"
    measure.save_revision()
    exported = MeasureExchange(chief)
    assert dict(zip(exported.fields, exported.export()[0], strict=True))["title"] == "Черновик"
    assert there_and_back("measures", chief, "csv").totals["skip"] == 1


def test_conditions_keep_their_days_and_acts(dataset, chief):
    act = LegalAct.objects.first()
    measure = Measure.objects.get(slug="edinoe-posobie-na-rebenka")
    raw = list(measure.rules.get_prep_value())
    raw[0]["value"]["conditions"][0]["value"] |= {
        "valid_from": "2026-01-01",
        "legal_act": str(act.pk),
    }
    Measure.objects.filter(pk=measure.pk).update(rules=json.dumps(raw))
    cells = dict(
        zip(MeasureExchange(chief).fields, MeasureExchange(chief).export()[0], strict=True)
    )
    assert "rules" in cells
    result = there_and_back("measures", chief, "xlsx")
    assert result.totals["skip"] == 191


WRONG = {
    "kind": ("чудо", "There is no «чудо»."),
    "territories": ("nowhere", "Not known: nowhere."),
    "valid_from": ("вчера", "«вчера» is not a date."),
    "deadline_days": ("много", "A whole number is needed"),
    "rules": ("не json", "This is not JSON."),
    "rules ": ('[{"type": "group", "value": 5}]', "A list of variants is needed"),
    "amounts": ("a // b // c // d // e // f // g", "A line has at most 6 parts"),
    "steps": ("голубем // Отправьте.", "There is no «голубем»."),
    "legal_basis": ("Закон о драконах", "The register of legal acts has no"),
    "title": ("", "Fill it in."),
    "summary": ("длинно " * 100, "at most 400 fit"),
    "apply_yearly": ("иногда", "Write «yes» or «no»."),
    "excludes": ("one", "A measure does not exclude itself."),
    "levels": ("галактический", "There is no «галактический»."),
}


@pytest.mark.parametrize("column", WRONG)
def test_what_is_wrong_in_a_cell_is_said_beside_it(chief, column):
    MeasureFactory(slug="one")
    cell, words = WRONG[column]
    column = column.strip()
    ((where, said),) = reasons(imported("measures", chief, {"slug": "one", column: cell}))
    assert where == column
    assert words in said


def test_all_errors_of_a_row_are_told_at_once(chief):
    MeasureFactory(slug="one")
    row = {"slug": "one", "title": "", "kind": "чудо", "valid_to": "никогда"}
    found = {column for column, _ in reasons(imported("measures", chief, row))}
    assert found == {"title", "kind", "valid_to"}


def test_days_in_the_wrong_order_are_refused(chief):
    MeasureFactory(slug="one")
    row = {"slug": "one", "valid_from": "2026-02-01", "valid_to": "31.01.2026"}
    assert reasons(imported("measures", chief, row)) == [
        ("valid_to", "The last day stands before the first one.")
    ]


def test_a_name_that_stands_twice_is_refused_once(chief):
    MeasureFactory(slug="one")
    rows = [{"slug": "one", "title": "Первая"}, {"slug": "one", "title": "Вторая"}]
    result = imported("measures", chief, *rows)
    assert reasons(result) == [("slug", "This short name stands in the file twice.")]
    assert Measure.objects.get().title == "Первая"


# Files


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize(
    "text",
    ["=1+1", "+7 921", "-5", "@a", "'x", "'=1", "'", "\tx", "а;б", 'к"к', "две\nстроки", "＝1"],
)
def test_dangerous_cells_come_back_as_they_went_out(kind, text):
    table = tablib.Dataset(["slug-1", text], headers=["slug", "title"])
    written = files.write(table, kind)
    read = files.read(io.BytesIO(written), kind).data
    assert read["title"] == [text]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "＝1"])
def test_no_program_takes_a_cell_for_a_formula(text):
    table = tablib.Dataset(["slug-1", text], headers=["slug", "title"])
    line = files.write(table, "csv").decode("utf-8-sig").splitlines()[1]
    assert line.split(";")[1].strip('"').startswith("'")
    book = load_workbook(io.BytesIO(files.write(table, "xlsx")))
    assert book.worksheets[0]["B2"].data_type == "s"


def workbook(*rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * (files.MOST_UNPACKED + 1))
    return file.getvalue()


BAD_FILES = {
    "empty csv": ("csv", b""),
    "only heads": ("csv", b"slug;title\r\n"),
    "binary as csv": ("csv", b"\0\1\2"),
    "open quote": ("csv", b'slug;title\r\n"a;b'),
    "column without a name": ("csv", b"slug;;title\r\na;b;c"),
    "two columns of one name": ("csv", b"slug;slug\r\na;b"),
    "text as xlsx": ("xlsx", b"slug;title"),
    "zip that is no workbook": ("xlsx", workbook(["slug"])[:200]),
    "formula": ("xlsx", workbook(["slug", "title"], ["a", "=1+1"])),
    "bomb": ("xlsx", bomb()),
    "too many rows": ("csv", b"slug\r\n" + b"a\r\n" * (files.MOST_ROWS + 1)),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_with_a_reason(name):
    kind, content = BAD_FILES[name]
    with pytest.raises(files.FileRefused) as refusal:
        files.read(io.BytesIO(content), kind)
    assert str(refusal.value)


def test_rows_are_counted_as_people_count_them():
    table = files.read(io.BytesIO(b"slug\r\na\r\n\r\n\r\nb\r\n"), "csv")
    assert table.numbers == [2, 5]


def test_excel_of_a_russian_machine_is_understood():
    table = files.read(io.BytesIO("slug;title\r\na;Мера\r\n".encode("cp1251")), "csv")
    assert table.data["title"] == ["Мера"]


def test_a_vast_empty_sheet_is_read_at_once():
    book = Workbook()
    book.active["A1"] = "slug"
    book.active["A2"] = "a"
    book.active["XFD1048576"] = "far"
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    assert files.read(file, "xlsx").data["slug"] == ["a"]
