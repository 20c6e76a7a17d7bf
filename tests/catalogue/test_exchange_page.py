"""The page «Exchange»: a file is checked, its differences are read, then exactly it is loaded."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation
from procrastinate.contrib.django.models import ProcrastinateJob

from catalogue.exchange import importing
from catalogue.models import ImportBatch, Measure
from catalogue.models.exchange import BatchState
from cms.access import Role
from tests.factories import MeasureFactory, ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db
INDEX = "/admin/exchange/"


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.NAVIGATOR_HOME = tmp_path
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield tmp_path


@pytest.fixture
def editor(client):
    user = UserFactory(role=Role.EDITOR)
    client.force_login(user)
    return user


def csv_file(*rows, name="measures.csv"):
    text = "\r\n".join(";".join(row) for row in rows)
    return SimpleUploadedFile(name, text.encode("utf-8-sig"))


def bring(client, *rows, kind="measures", **kwargs):
    return client.post(INDEX, {"kind": kind, "file": csv_file(*rows, **kwargs)})


@pytest.fixture
def batch(client, editor):
    MeasureFactory(slug="one", title="Старое имя")
    response = bring(
        client, ["slug", "title"], ["one", "Новое имя"], ["one", "Ещё раз"], ["nowhere", ""]
    )
    batch = ImportBatch.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("catalogue_exchange:batch", args=[batch.pk])
    return batch


def page(client, batch):
    response = client.get(reverse("catalogue_exchange:batch", args=[batch.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_check_shows_differences_and_errors_and_changes_nothing(client, batch):
    text = page(client, batch)
    for words in (
        "Старое имя",
        "Новое имя",
        "This short name stands in the file twice.",
        "Fill it in.",
    ):
        assert words in text
    assert (batch.created, batch.changed, batch.unchanged, batch.refused) == (0, 1, 0, 2)
    assert batch.report["errors"][0]["row"] == 3
    assert Measure.objects.get().title == "Старое имя"
    assert not ProcrastinateJob.objects.exists()


def test_file_lies_closed_in_the_installation(batch, home):
    (file,) = (home / "exchange").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_loading_makes_what_was_shown_and_can_be_run_twice(client, batch, home):
    client.post(reverse("catalogue_exchange:batch", args=[batch.pk]))
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == ("catalogue.load_batch", {"batch": str(batch.pk)})
    importing.load(str(batch.pk))
    importing.load(str(batch.pk))
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE
    assert (batch.changed, batch.refused, batch.next_row) == (1, 2, 3)
    measure = Measure.objects.get()
    assert measure.title == "Старое имя"
    assert [revision.as_object().title for revision in measure.revisions.all()] == ["Новое имя"]
    text = page(client, batch)
    assert text.count("This short name stands in the file twice.") == 1
    assert "What has changed" in text


def test_loading_goes_on_where_it_was_broken_off(client, editor, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 2)
    for n in range(5):
        MeasureFactory(slug=f"m{n}")
    bring(client, ["slug", "title"], *([f"m{n}", f"Новая {n}"] for n in range(5)))
    batch = ImportBatch.objects.get()
    importing.start(batch)
    assert importing._load_chunk(str(batch.pk))
    batch.refresh_from_db()
    assert (batch.state, batch.next_row) == (BatchState.RUNNING, 2)
    importing.load(str(batch.pk))
    batch.refresh_from_db()
    assert (batch.state, batch.changed) == (BatchState.DONE, 5)
    assert {measure.revisions.count() for measure in Measure.objects.all()} == {1}


def test_another_file_in_its_place_is_not_loaded(client, batch, home):
    (file,) = (home / "exchange").iterdir()
    file.write_bytes(b"slug;title\r\none;evil")
    client.post(reverse("catalogue_exchange:batch", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == BatchState.CHECKED
    assert not ProcrastinateJob.objects.exists()


def test_a_second_press_starts_nothing(client, batch):
    address = reverse("catalogue_exchange:batch", args=[batch.pk])
    client.post(address)
    client.post(address)
    assert ProcrastinateJob.objects.count() == 1


def test_only_who_brought_a_file_loads_it(client, batch):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    address = reverse("catalogue_exchange:batch", args=[batch.pk])
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 404


def test_partner_does_not_see_files_of_others(client, batch):
    client.force_login(UserFactory(role=Role.PARTNER, provider=ProviderFactory()))
    address = reverse("catalogue_exchange:batch", args=[batch.pk])
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404
    assert str(batch.pk) not in client.get(INDEX).content.decode()


BAD = {
    "a picture": ({"name": "cat.png"}, [["slug"], ["a"]], "Only XLSX and CSV"),
    "columns of somebody else": ({}, [["slug", "password"], ["a", "b"]], "password"),
    "no short names": ({}, [["title"], ["a"]], "There is no column «slug»."),
    "not a table": ({"name": "a.xlsx"}, [["slug"], ["a"]], "not an XLSX table"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_answered_beside_its_field(client, editor, case):
    kwargs, rows, words = BAD[case]
    response = bring(client, *rows, **kwargs)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not ImportBatch.objects.exists()


def test_too_large_a_file_is_refused(client, editor):
    file = SimpleUploadedFile("big.csv", b"x" * (5 * 1024 * 1024 + 1))
    response = client.post(INDEX, {"kind": "measures", "file": file})
    assert "larger than 5 MB" in response.content.decode()


@pytest.mark.parametrize("address", [INDEX, f"{INDEX}export/measures.csv"])
@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.ANALYST])
def test_the_exchange_is_not_there_for_those_who_do_not_write(client, role, address):
    client.force_login(UserFactory(role=role))
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["measures.csv", "measures.xlsx", "providers.csv"])
def test_export_is_a_file(client, editor, name):
    MeasureFactory()
    ProviderFactory()
    response = client.get(f"{INDEX}export/{name}")
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]


@pytest.mark.parametrize("name", ["people.csv", "measures.exe"])
def test_there_is_no_export_of_other_things(client, editor, name):
    assert client.get(f"{INDEX}export/{name}").status_code == 404


@pytest.mark.parametrize(
    ("state", "kept"),
    [("checked", False), ("failed", False), ("queued", True), ("running", True)],
)
def test_files_that_nobody_will_load_are_forgotten(batch, home, state, kept):
    ImportBatch.objects.update(state=state)
    (file,) = (home / "exchange").iterdir()
    hour = datetime.timedelta(hours=1)
    assert importing.forget(timezone.now() - hour) == 0
    importing.forget(timezone.now() + hour)
    assert file.exists() is kept
