"""Files that families add: taken in by their content, sealed on the disk, given over, scanned."""

from __future__ import annotations

import errno
import io
import os
import re
import socket
import struct
import threading
import time
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from forms import files, scanning
from forms.detecting import Refused, detect
from forms.erasing import erase
from forms.models import AccessLog, FormDraft, IntakeCase, Scan, Submission, UploadedFile
from forms.quarantine import scan
from forms.tasks import sweep_drafts
from tests.factories import TerritoryFactory
from tests.forms.test_form_page import draft_of
from tests.intake import NAME, FormFactory, question, rows, step

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SECRET = b"planted-in-the-content"
URL = "/forms/bumagi/"


def picture(fmt="JPEG", size=(12, 9)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, fmt)
    return out.getvalue()


def archive(**entries) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
        for name, content in entries.items():
            held.writestr(
                name.replace("__", "/").replace("_TYPES_", "[Content_Types].xml"), content
            )
    return out.getvalue()


DOCX = {"_TYPES_": "<x/>", "word__document.xml": "<x/>"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 50, "image/heif"),
        (
            archive(**DOCX),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            archive(mimetype="application/vnd.oasis.opendocument.text", content__xml="<x/>"),
            "application/vnd.oasis.opendocument.text",
        ),
    ],
)
def test_kind_is_told_by_content(content, kind):
    assert detect(content, "papers") == kind


HOSTILE = {
    "empty": b"",
    "html": b"<html><script>alert(1)</script></html>",
    "html as pdf": b"<!DOCTYPE html><html>%PDF-1.4 %%EOF</html>",
    "html in the head of a pdf": b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF",
    "pdf cut short": PDF[:20],
    "pdf after rubbish": b"GIF89a" + PDF,
    "svg with script": b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>",
    "svg with a declaration": b"<?xml version='1.0'?><svg onload='x'></svg>",
    "program": b"MZ" + b"\0" * 200,
    "elf": b"\x7fELF" + b"\0" * 200,
    "script": b"#!/bin/sh\nrm -rf /\n",
    "text": "просто текст".encode(),
    "NUL": b"\0" * 4096,
    "archive": archive(a="b"),
    "picture and archive": picture() + archive(a="b"),
    "pdf and archive": PDF + archive(a="b"),
    "picture and pdf": picture()[:20] + PDF,
    "damaged picture": picture("PNG")[:40],
    "huge picture": lambda: picture("PNG", (20_000, 6_000)),
    "zip bomb": lambda: archive(**DOCX, bomb=b"\0" * (201 * 1024 * 1024)),
    "document with a way out": archive(**DOCX, **{"..__..__etc__passwd": "x"}),
    "document with macros": archive(**DOCX, **{"word__vbaProject.bin": "x"}),
    "cut document": archive(**DOCX)[:60],
    "gif": picture("GIF"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_with_words(name):
    content = HOSTILE[name]
    with pytest.raises(Refused) as refused:
        detect(content() if callable(content) else content, "papers")
    assert str(refused.value)


def test_question_for_photos_takes_no_document():
    with pytest.raises(Refused):
        detect(archive(**DOCX), "photos")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("справка.pdf", "справка.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\мама\\справка.PDF", "справка.pdf"),
        ("a\0b.pdf", "a_b.pdf"),
        ("photo.exe", "photo.pdf"),
        ("фото\u202efdp.exe", "фото_fdp.pdf"),
        ("<script>alert(1)</script>.pdf", None),
        ("...", None),
        ("", None),
        ("д" * 300 + ".pdf", "д" * 116 + ".pdf"),
    ],
)
def test_name_is_harmless(typed, shown):
    name = files.shown_name(typed, "application/pdf")
    assert shown is None or name == shown
    assert name.endswith(".pdf")
    assert len(name) <= files.LONGEST_NAME
    assert not re.search(r"[\x00-\x1f<>/\\\u202e]", name)


# On the page.


@pytest.fixture
def form(db, store):
    TerritoryFactory(kind="country")
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


@pytest.fixture
def send(client, form):
    def send(*received, draft=None, url=URL, path="papers", **values):
        sent = {"draft": draft or draft_of(client.get(url)), "a-name": NAME, **values}
        return client.post(url, {**sent, f"a-{path}": list(received)})

    return send


def paper(content=PDF + SECRET + b"\n%%EOF", name="справка о доходах.pdf"):
    return SimpleUploadedFile(name, content, content_type="text/html")


def kept(store):
    return [each for each in store.rglob("*") if each.is_file()]


def test_file_rides_with_the_page_and_goes_to_the_submission(send, store):
    answer = send(paper())
    assert "/receipts/" in answer.headers["Location"]
    file = UploadedFile.objects.get()
    submission = Submission.objects.get()
    assert (file.submission, file.draft, file.scan) == (submission, None, Scan.UNSCANNED)
    assert submission.read_answers()["papers"] == [
        {"id": str(file.pk), "name": "справка о доходах.pdf", "size": file.size}
    ]
    assert files.content_of(file, submission.data_key)[1] == PDF + SECRET + b"\n%%EOF"
    assert not FormDraft.objects.exists()
    (on_disk,) = kept(store)
    assert SECRET not in on_disk.read_bytes()
    assert "справка" not in str(on_disk)
    assert on_disk.stat().st_mode & 0o077 == 0


def test_file_that_is_needed_is_asked_for(send):
    answer = send()
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_a-papers"' in text
    assert 'enctype="multipart/form-data"' in text


def test_file_stays_when_something_else_is_wrong(send, store):
    answer = send(paper(), **{"a-name": ""})
    assert answer.status_code == 422
    assert "справка о доходах.pdf" in answer.content.decode()
    assert "/receipts/" in send(draft=draft_of(answer)).headers["Location"]
    assert len(kept(store)) == 1


def test_file_is_added_and_removed_without_script(send, store):
    answer = send(paper(), do="attach")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "error-summary" not in text
    assert f'value="{NAME}"' in text
    button = re.search(r'value="(detach:[^"]+)"', text)[1]
    answer = send(draft=draft_of(answer), do=button)
    assert "справка" not in answer.content.decode()
    assert not UploadedFile.objects.exists()
    again = send(draft=draft_of(answer), do=button)
    assert again.status_code == 200


def test_page_with_a_file_sent_twice_keeps_it_once(send, client, form):
    draft = draft_of(client.get(URL))
    for _ in range(2):
        send(paper(), draft=draft, do="attach")
    assert UploadedFile.objects.count() == 1


def test_limits_are_told_beside_the_question(send, store):
    many = [paper(PDF + bytes([65 + n]) + b"%%EOF", f"{n}.pdf") for n in range(3)]
    answer = send(*many)
    assert answer.status_code == 422
    assert "2.pdf: " in answer.content.decode()
    assert UploadedFile.objects.count() == 2
    large = send(paper(PDF + b"x" * 1_100_000 + b"%%EOF"))
    assert large.status_code == 422
    for content in (b"", b"<html><script>x</script>"):
        assert send(paper(content, "справка.pdf")).status_code == 422
    assert len(kept(store)) == 2
    assert not Submission.objects.exists()


@pytest.mark.parametrize("path", ["name", "other", "papers.0", "../../x", "__class__"])
def test_file_for_no_question_is_not_kept(send, store, path):
    send(paper(), path=path, do="attach")
    assert kept(store) == []


def test_larger_request_is_refused(send):
    assert send(paper(b"x" * (33 * 1024 * 1024))).status_code == 413


def test_full_disk_is_told_and_nothing_is_half_kept(send, store, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    answer = send(paper())
    assert answer.status_code == 503
    assert kept(store) == []
    assert not UploadedFile.objects.exists()
    assert not Submission.objects.exists()
    assert FormDraft.objects.get().read_typed()["a-name"] == [NAME]


def test_files_of_rows_move_with_their_rows(client, form, send, store):
    FormFactory(
        slug="deti",
        steps=[
            step(
                "Дети",
                rows(
                    "kids",
                    question("text", "kid"),
                    question("file", "paper", required=False, most_files=1, most_megabytes=1),
                ),
            )
        ],
    )
    typed = {"a-kids.rows": "2", "a-kids.0.kid": "первый", "a-kids.1.kid": "второй"}
    to = {"url": "/forms/deti/", "path": "kids.1.paper"}
    answer = send(paper(), **to, **typed, do="attach")
    assert UploadedFile.objects.get().path == "kids.1.paper"
    draft = draft_of(answer)
    for _ in range(2):  # the page sent twice takes one row away
        answer = send(draft=draft, **to, **typed, do="drop:kids.0")
    assert UploadedFile.objects.get().path == "kids.0.paper"
    last = {"a-kids.rows": "1", "a-kids.0.kid": "второй"}
    assert send(draft=draft_of(answer), **to, **last).status_code == 303
    (row,) = Submission.objects.get().read_answers()["kids"]
    assert (row["kid"], row["paper"][0]["id"]) == ("второй", str(UploadedFile.objects.get().pk))


def test_file_without_row_is_swept_but_not_at_once(send, store):
    send(paper(), do="attach")
    FormDraft.objects.all().delete()
    (store / "aa").mkdir(exist_ok=True)
    (store / "aa" / "stray.half").write_bytes(b"x")
    sweep_drafts(0)
    assert len(kept(store)) == 2
    assert files.sweep(time.time() + 2 * files.UNOWNED_SECONDS) == 2
    assert kept(store) == []


def test_erased_case_keeps_no_file(send, store, django_capture_on_commit_callbacks):
    send(paper())
    with django_capture_on_commit_callbacks(execute=True):
        erase(case=IntakeCase.objects.get())
    assert kept(store) == []
    assert not UploadedFile.objects.exists()


def test_staff_get_a_file_as_an_attachment_only(send, specialist, stranger, centre):
    from forms.routing import unrouted_queue

    send(paper())
    case, file = IntakeCase.objects.get(), UploadedFile.objects.get()
    case.queue, case.centre = unrouted_queue(centre), centre
    case.save()
    url = f"/admin/intake/{case.pk}/files/{file.pk}/"
    desk, other = Client(), Client()
    desk.force_login(specialist)
    other.force_login(stranger)
    page = desk.get(f"/admin/intake/{case.pk}/").content.decode()
    assert url in page
    answer = desk.get(url)
    assert answer.content.startswith(PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert AccessLog.objects.filter(what="file", user=specialist).count() == 1
    assert other.get(url).status_code == 404
    assert Client().get(url).status_code == 302
    for state in (Scan.PENDING, Scan.INFECTED, Scan.ERROR):
        UploadedFile.objects.update(scan=state)
        assert desk.get(url).status_code == 409


# With clamd.


class Clamd(threading.Thread):
    """Speaks INSTREAM as clamd does; finds whatever holds the planted words."""

    def __init__(self, verdict=None):
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.verdict = verdict
        self.seen = b""
        self.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self):
        connection, _address = self.listening.accept()
        with self.listening, connection, connection.makefile("rb") as sent:
            assert sent.read(10) == b"zINSTREAM\0"
            while length := struct.unpack("!I", sent.read(4))[0]:
                self.seen += sent.read(length)
            found = b"stream: Planted.Test FOUND" if SECRET in self.seen else b"stream: OK"
            connection.sendall((found if self.verdict is None else self.verdict) + b"\0")


@pytest.mark.parametrize(
    ("content", "state"), [(PDF, "clean"), (PDF + SECRET + b"%%EOF", "infected")]
)
def test_file_waits_until_it_is_scanned(
    send, store, settings, content, state, django_capture_on_commit_callbacks
):
    clamd = Clamd()
    settings.CLAMD_ADDRESS = clamd.address
    send(paper(content))
    file = UploadedFile.objects.get()
    assert file.scan == Scan.PENDING
    with django_capture_on_commit_callbacks(execute=True):
        scan(str(file.pk))
        scan(str(file.pk))  # a task may run twice
    file.refresh_from_db()
    assert file.scan == state
    assert clamd.seen == content
    assert len(kept(store)) == (state == "clean")


@pytest.mark.parametrize("verdict", [b"INSTREAM size limit exceeded. ERROR", b"", b"x" * 9000])
def test_no_verdict_is_no_clean_file(send, store, settings, verdict):
    settings.CLAMD_ADDRESS = Clamd(verdict).address
    send(paper())
    file = UploadedFile.objects.get()
    with pytest.raises(scanning.ScanFailed):
        scan(str(file.pk))
    file.refresh_from_db()
    assert file.scan == Scan.ERROR
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    with pytest.raises(scanning.ScanFailed):
        scan(str(file.pk))


def test_planted_content_is_in_no_log_and_no_task(send, store, settings, caplog):
    from procrastinate.contrib.django.models import ProcrastinateJob

    caplog.set_level("DEBUG")
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    send(paper())
    job = ProcrastinateJob.objects.get(task_name="intake_forms.scan_file")
    assert set(job.args) == {"file"}
    for planted in (SECRET.decode(), "справка"):
        assert planted not in caplog.text
