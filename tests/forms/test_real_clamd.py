"""A real clamd with a rule of ours: clean, infected, too large, down, dying, slow; and afterwards."""

from __future__ import annotations

import io
import secrets
import signal
import threading
import time
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from forms import files, quarantine, scanning
from forms.events import first_broken
from forms.models import CaseEvent, EventKind, FormDraft, IntakeCase, Scan, UploadedFile
from forms.scanning import NoAnswer, ScanFailed, is_infected
from forms.tasks import scan_file, scan_the_rest
from tests.clamd import EICAR
from tests.factories import TerritoryFactory
from tests.forms.test_files import DOCX, PDF, archive, kept, picture
from tests.forms.test_form_page import draft_of
from tests.intake import FormFactory, question, step
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

INFECTED_PDF = PDF[:9] + b"%" + EICAR + b"\n" + PDF[9:]


@pytest.fixture
def form(store):
    TerritoryFactory(kind="country")
    paper = question("file", "papers", most_files=3, most_megabytes=5, accepts="papers")
    name = question("text", "name", required=False)
    return FormFactory(slug="bumagi", steps=[step("Бумаги", name, paper)])


@pytest.fixture
def send(client, form):
    def send(*contents, draft=None, **more):
        sent = {"draft": draft or draft_of(client.get("/forms/bumagi/")), **more}
        received = [SimpleUploadedFile(f"{n}.pdf", each) for n, each in enumerate(contents)]
        return client.post("/forms/bumagi/", {**sent, "a-papers": received})

    return send


def states() -> list[str]:
    return sorted(UploadedFile.objects.values_list("scan", flat=True))


def nested(content: bytes, deep: int) -> bytes:
    for _ in range(deep):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
            held.writestr("inner", content)
        content = out.getvalue()
    return content


CLEAN = {"pdf": PDF, "jpeg": picture(), "docx": archive(**DOCX), "a part of it": EICAR[:-3]}
WITH_VIRUS = {
    "bare": EICAR,
    "in a pdf": INFECTED_PDF,
    "at the end of a picture": picture() + EICAR,
    "in a document": archive(**DOCX, **{"word__media__image1.bin": EICAR}),
    "in archives in archives": nested(EICAR, 3),
    "across chunks": b"%PDF-" + b" " * (scanning.CHUNK - 20) + EICAR,
}


def test_clean_and_infected_are_told_apart(clamd):
    said = {name: is_infected(content) for name, content in {**CLEAN, **WITH_VIRUS}.items()}
    assert said == dict.fromkeys(CLEAN, False) | dict.fromkeys(WITH_VIRUS, True)
    tell_count(
        f"{len(CLEAN)} clean and {len(WITH_VIRUS)} infected files told apart by a real clamd"
    )


def test_over_tcp_too(clamd, settings):
    settings.CLAMD_ADDRESS = f"127.0.0.1:{clamd.port}"
    assert [is_infected(each) for each in (PDF, EICAR)] == [False, True]
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    with pytest.raises(NoAnswer):
        is_infected(PDF)


def test_what_is_too_large_for_clamd_gets_no_verdict(clamd):
    for size in (2 * files.MEGABYTE + 1, 9 * files.MEGABYTE):
        with pytest.raises(ScanFailed):
            is_infected(secrets.token_bytes(size))
    assert is_infected(PDF) is False  # clamd lives on


def test_slow_clamd_is_not_waited_for_without_end(clamd, monkeypatch):
    monkeypatch.setattr(scanning, "TIMEOUT", 0.3)
    clamd.signal(signal.SIGSTOP)
    with pytest.raises(NoAnswer):
        is_infected(PDF)
    clamd.signal(signal.SIGCONT)
    monkeypatch.undo()
    assert is_infected(EICAR) is True


@pytest.mark.parametrize("at", ["before", "with the content", "before the verdict"])
def test_clamd_dying_in_the_middle_is_no_verdict(clamd, at, monkeypatch):
    stopped = threading.Event()
    connect = scanning._connect

    def die() -> None:
        stopped.wait(10)
        clamd.kill()

    def connected(address):
        found = connect(address)
        if at == "before the verdict":  # it has all, and cannot say what it thinks
            clamd.signal(signal.SIGSTOP)
        stopped.set()
        if at == "with the content":
            killer.join()
        return found

    monkeypatch.setattr(scanning, "_connect", connected)
    killer = threading.Thread(target=die)
    killer.start()
    if at == "before":
        stopped.set()
        killer.join()
    with pytest.raises(NoAnswer):
        is_infected(PDF)
    killer.join()


def test_infected_file_of_a_case_is_destroyed_with_an_event(
    clamd,
    send,
    store,
    specialist,
    centre,
    django_capture_on_commit_callbacks,
):
    from forms.routing import unrouted_queue

    assert send(PDF, INFECTED_PDF).status_code == 303
    assert states() == ["pending", "pending"]
    with django_capture_on_commit_callbacks(execute=True):
        for file in UploadedFile.objects.all():
            scan_file(str(file.pk))
            scan_file(str(file.pk))
    assert states() == ["clean", "infected"]
    case = IntakeCase.objects.get()
    event = CaseEvent.objects.get(kind=EventKind.INFECTED)
    gone = UploadedFile.objects.get(scan=Scan.INFECTED)
    assert (event.case, event.data) == (case, {"file": str(gone.pk)})
    assert first_broken(case) is None
    (left,) = kept(store)
    assert left.name == str(UploadedFile.objects.get(scan=Scan.CLEAN).pk)

    case.queue, case.centre = unrouted_queue(centre), centre
    case.save()
    desk = Client()
    desk.force_login(specialist)
    page = desk.get(f"/admin/intake/{case.pk}/").content.decode()
    assert "уничтожен файл с вирусом" in page.lower()
    assert f"/files/{gone.pk}/" not in page
    assert desk.get(f"/admin/intake/{case.pk}/files/{gone.pk}/").status_code == 409


def test_family_that_still_fills_in_is_told_of_the_virus(
    clamd,
    send,
    client,
    store,
    django_capture_on_commit_callbacks,
):
    page = send(INFECTED_PDF, do="attach")
    assert "0.pdf" in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        scan_file(str(UploadedFile.objects.get().pk))
    assert kept(store) == []
    draft = FormDraft.objects.get()
    text = client.get(f"/drafts/{draft.ref}/1/").content.decode()
    assert "В файле был вирус: мы его уничтожили" in text
    assert "Файл: 0.pdf" in text
    assert "detach:" not in text
    again = send(INFECTED_PDF, draft=draft_of(page))
    assert again.status_code == 422
    assert "В файле вирус" in again.content.decode()
    assert send(PDF, draft=draft_of(again)).status_code == 303
    assert [each["name"] for each in IntakeCase.objects.get().submission.read_answers()["papers"]]
    assert states() == ["pending"]


def test_files_are_asked_about_until_there_is_a_verdict(
    clamd,
    send,
    store,
    django_capture_on_commit_callbacks,
):
    clamd.kill()
    assert send(PDF, INFECTED_PDF).status_code == 303
    for file in UploadedFile.objects.all():
        scan_file(str(file.pk))
    assert states() == ["error", "error"]
    scan_the_rest(0)
    assert states() == ["error", "error"]
    assert len(kept(store)) == 2
    clamd.start()
    with django_capture_on_commit_callbacks(execute=True):
        scan_the_rest(0)
    assert states() == ["clean", "infected"]
    assert len(kept(store)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        scan_the_rest(0)
    assert CaseEvent.objects.filter(kind=EventKind.INFECTED).count() == 1


def test_a_file_that_clamd_does_not_take_holds_up_no_other(clamd, send):
    large = PDF[:9] + secrets.token_bytes(3 * files.MEGABYTE).hex().encode()[: 4 * files.MEGABYTE]
    assert send(large + PDF[9:], PDF).status_code == 303
    quarantine.scan_the_rest()
    assert states() == ["clean", "error"]


def test_files_from_before_clamd_are_scanned_and_nobody_waits_for_one_that_was_taken_away(
    clamd, send, settings, django_capture_on_commit_callbacks
):
    address, settings.CLAMD_ADDRESS = settings.CLAMD_ADDRESS, ""
    assert send(INFECTED_PDF, PDF).status_code == 303
    assert states() == ["unscanned", "unscanned"]
    settings.CLAMD_ADDRESS = address
    with django_capture_on_commit_callbacks(execute=True):
        scan_the_rest(0)
    assert states() == ["clean", "infected"]
    assert send(EICAR[:-3] + b"").status_code == 422  # no kind of file that is taken
    UploadedFile.objects.filter(scan=Scan.CLEAN).update(scan=Scan.PENDING)
    settings.CLAMD_ADDRESS = ""
    scan_the_rest(0)
    assert states() == ["infected", "unscanned"]


def test_nothing_is_left_in_the_folder_of_clamd(clamd):
    for content in (*CLEAN.values(), *WITH_VIRUS.values()):
        is_infected(content)
    until = time.monotonic() + 10
    wanted = {"rules", "clamd.conf", "clamd.ctl"}
    while {each.name for each in clamd.folder.iterdir()} != wanted and time.monotonic() < until:
        time.sleep(0.1)
    assert {each.name for each in clamd.folder.iterdir()} == wanted
