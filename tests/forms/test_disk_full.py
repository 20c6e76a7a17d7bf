"""A full disk: an honest 503 and no receipt, or all of it kept; answers stay, and it goes on later."""

from __future__ import annotations

import errno
import os
import subprocess
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from forms import drafts, ledger
from forms.models import FormDraft, IntakeCase, Submission, UploadedFile
from tests.factories import TerritoryFactory
from tests.forms.test_form_page import typed
from tests.forms.test_submitting_by_api import ANSWERS
from tests.intake import FormFactory, question, step, version_of
from tests.processes import PDF
from tests.telling import tell_count

NO_ROOM = "нет места для файлов"
BROKEN = "на нашей стороне"


@pytest.fixture
def store(settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    return settings.NAVIGATOR_PRIVATE_FILES


@pytest.fixture
def papers(db, store):
    return FormFactory(
        slug="bumagi",
        steps=[
            step(
                "Бумаги",
                question("text", "name"),
                question("file", "papers", most_files=2, most_megabytes=1, accepts="papers"),
            )
        ],
    )


def send(form, draft, content=PDF):
    paper = SimpleUploadedFile("a.pdf", content, "application/pdf")
    client = Client(raise_request_exception=False)
    return client.post(
        f"/forms/{form.slug}/", {"draft": draft, "a-name": "Образец", "a-papers": paper}
    )


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullFile:
    """What a file does on a full disk: it opens, and takes nothing."""

    def __init__(self, opened):
        self.opened = opened

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.opened.close()

    write = full


@pytest.mark.parametrize("point", ["mkdir", "open", "write", "fsync", "replace"])
def test_every_point_of_writing_a_file(papers, store, monkeypatch, point):
    draft = drafts.issue(version_of(papers).pk)
    with monkeypatch.context() as patch:
        if point == "write":
            opened = open
            patch.setattr("forms.files.open", lambda *args: FullFile(opened(*args)), raising=False)
        else:
            owner = {"mkdir": "pathlib.Path", "replace": "pathlib.Path"}.get(point, "os")
            patch.setattr(f"{owner}.{point}", full)
        answer = send(papers, draft)
    assert answer.status_code == 503
    assert NO_ROOM in answer.text
    assert not Submission.objects.exists()
    assert not UploadedFile.objects.exists()
    assert [path for path in store.rglob("*") if path.is_file()] == []
    assert FormDraft.objects.get().read_typed()["a-name"] == ["Образец"]
    again = send(papers, draft)
    assert again.status_code == 303
    assert IntakeCase.objects.count() == UploadedFile.objects.count() == 1
    assert list(ledger.findings()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk")
def test_a_real_disk_that_is_full(papers, store):
    store.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(store)], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    try:
        version, refused, given = version_of(papers).pk, [], 0
        for number in range(12):
            draft, content = drafts.issue(version), PDF[:-6] + os.urandom(40_000) + PDF[-6:]
            answer = send(papers, draft, content)
            given += answer.status_code == 303
            if answer.status_code != 303:
                assert answer.status_code == 503, number
                assert NO_ROOM in answer.text
                refused.append((draft, content))
        assert given
        assert refused
        assert Submission.objects.count() == IntakeCase.objects.count() == given
        kept = UploadedFile.objects.count()
        assert kept == given == len([path for path in store.rglob("*") if path.is_file()])
        subprocess.run(["mount", "-o", "remount,size=8m", str(store)], check=True)
        assert [send(papers, *one).status_code for one in refused] == [303] * len(refused)
        assert IntakeCase.objects.count() == 12
        assert list(ledger.findings()) == []
        tell_count(
            f"12 files, disk full for {len(refused)}: {given} receipts, later {len(refused)} more"
        )
    finally:
        subprocess.run(["umount", "-l", str(store)], check=True)


TABLES = ["submission", "submissionkey", "blindmark", "consentgiven", "intakecase", "caseevent"]


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["page", "api"])
@pytest.mark.parametrize("table", TABLES)
def test_the_disk_of_the_database_is_full(table, way):
    TerritoryFactory(slug="rajon", parent=TerritoryFactory(parent=TerritoryFactory()))
    form = FormFactory(slug="vopros")
    key, draft = uuid.uuid4(), drafts.issue(version_of(form).pk)

    def post():
        client = Client(raise_request_exception=False)
        if way == "api":
            return client.post(
                "/api/v1/forms/vopros/submissions",
                {"number": 1, "answers": ANSWERS},
                content_type="application/json",
                headers={"Idempotency-Key": str(key)},
            )
        return client.post("/forms/vopros/", {"draft": draft, **typed()})

    with connection.cursor() as cursor:
        cursor.execute(
            "create function full_disk() returns trigger language plpgsql as $$ begin"
            " raise exception 'could not extend file: No space left on device'"
            " using errcode = 'disk_full'; end $$"
        )
        cursor.execute(
            f"create trigger full_disk before insert on intake_forms_{table}"
            " execute function full_disk()"
        )
    answer = post()
    assert answer.status_code == 503
    assert "No space" not in answer.text
    assert BROKEN in answer.text or "дважды" in answer.json()["detail"]
    assert not Submission.objects.exists()
    assert not IntakeCase.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("drop function full_disk cascade")
    assert post().status_code == (201 if way == "api" else 303)
    assert IntakeCase.objects.count() == 1
    assert list(ledger.findings()) == []
