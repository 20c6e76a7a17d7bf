"""Files that mean harm, sent as a browser sends them: told in words, kept nowhere, never a crash."""

from __future__ import annotations

import http.client
import io
import socket
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from forms import files
from forms.detecting import ENDINGS, Refused, detect
from forms.models import FormDraft, IntakeCase, UploadedFile
from tests.clamd import EICAR
from tests.factories import TerritoryFactory, UserFactory
from tests.forms.test_files import DOCX, PDF, archive, kept, picture
from tests.forms.test_form_page import draft_of
from tests.intake import FormFactory, question, step
from tests.processes import granian
from tests.telling import tell_count

URL = "/forms/bumagi/"
HTML = b"<!doctype html><html><body onload=alert(1)><script>alert(1)</script></body></html>"
JS = b"=alert(1);/*"


def zipped(entries: list[tuple[str, bytes]], level: int = 9) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as held:
        for name, content in entries:
            held.writestr(name, content)
    return out.getvalue()


def docx(*more: tuple[str, bytes]) -> bytes:
    return zipped([("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>"), *more])


def lying_docx() -> bytes:
    """Says that it holds little, and unpacks to two hundred megabytes."""
    whole = bytearray(zipped([("mimetype", b"\0" * 200 * files.MEGABYTE)]))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = whole.index(mark) + place
        whole[at : at + 4] = struct.pack("<I", 39)
    return bytes(whole)


def many_entries() -> bytes:
    """A directory of three hundred thousand names in some megabytes."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"  # fmt: skip
    count = 300_000
    head = b"PK\x03\x04" + b"\0" * 26
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, count * len(entry), len(head), 0)  # fmt: skip
    return head + entry * count + end


def overlapping() -> bytes:
    """Entries that all unpack the same bytes: little on the disk, hundreds of megabytes unpacked."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(b"\0" * 10 * files.MEGABYTE) + packed.flush()
    size, crc = 10 * files.MEGABYTE, zlib.crc32(b"\0" * 10 * files.MEGABYTE)
    names = [b"[Content_Types].xml", b"word/document.xml", *(b"w%d" % n for n in range(300))]
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(body), size, 1, 0) + b"x"  # fmt: skip
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(body), size, len(name), 0, 0, 0, 0, 0, 0) + name
        for name in names
    )  # fmt: skip
    start = len(local) + len(body)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), start, 0)  # fmt: skip
    return local + body + directory + end


def png_bomb() -> bytes:
    """A picture of three billion points in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # fmt: skip

    head = struct.pack(">IIBBBBB", 60_000, 50_000, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 2_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("P", (10, 10)).save(out, "GIF")
    return out.getvalue()


HOSTILE = {
    "empty": b"",
    "one byte": b"%",
    "html": HTML,
    "html as pdf": b"%PDF-" + HTML,
    "html before a pdf": HTML + PDF,
    "pdf, then html, in its head": PDF[:9] + HTML + PDF[9:],
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "svg with script": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "svg behind a mark of order": b"\xef\xbb\xbf<?xml version='1.0'?><svg><script>1</script></svg>",
    "svg in utf-16": "<svg onload='alert(1)'/>".encode("utf-16"),
    "gif and script": gif()[:6] + JS + gif()[6:] + b"*/",
    "gif and pdf": gif() + PDF,
    "bmp and script": b"BM" + JS,
    "archive and pdf": zipped([("a.pdf", PDF)]) + PDF,
    "pdf and archive": PDF + zipped([("a.class", b"x")]),
    "picture and archive": picture() + zipped([("a.jar", b"x")]),
    "picture and html": picture()[:20] + HTML + picture()[20:],
    "picture and php": picture("PNG")[:40] + b"<?php system($_GET[0]); ?>" + picture("PNG")[40:],
    "pdf behind a program": b"MZ" + PDF,
    "program": b"\x7fELF" + b"\0" * 400,
    "archive of a program": zipped([("a.exe", b"MZ")]),
    "document with macros": docx(("word/vbaProject.bin", b"x")),
    "document with macros elsewhere": docx(("word/x/VbaProject.BIN", b"x")),
    "document out of its folder": docx(("../../etc/cron.d/x", b"x")),
    "document at the root": docx(("/etc/passwd", b"x")),
    "zip bomb": lambda: docx(("word/media/x", b"\0" * (201 * files.MEGABYTE))),
    "zip bomb that lies": lying_docx,
    "three hundred thousand entries": many_entries,
    "overlapping entries": overlapping,
    "picture bomb": png_bomb,
    "picture cut short": picture()[:30],
    "bare EICAR": EICAR,
    "EICAR in an archive": zipped([("eicar.com", EICAR)]),
    "NUL": b"\0" * 100_000,
    "noise": bytes(range(256)) * 400,
    "rtf": b"{\\rtf1\\object}",
    "old word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "mhtml": b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n",
    "shortcut": b"L\0\0\0\x01\x14\x02\0",
    "playlist": b"[playlist]\nfile1=\\\\host\\share",
}


@pytest.fixture
def form(db, store):
    TerritoryFactory(kind="country")
    papers = question("file", "papers", most_files=3, most_megabytes=20, required=False, accepts="papers")  # fmt: skip
    return FormFactory(slug="bumagi", steps=[step("Бумаги", question("text", "name"), papers)])


@pytest.fixture
def send(client, form):
    def send(*received, **more):
        sent = {"draft": draft_of(client.get(URL)), "a-name": "Образец", "do": "attach", **more}
        return client.post(URL, {**sent, "a-papers": list(received)})

    return send


def test_no_hostile_file_is_taken(send, store):
    taken, declared = [], ["application/pdf", "image/png", "text/html", "../x", "", "a" * 300]
    for number, (name, content) in enumerate(HOSTILE.items()):
        content = content() if callable(content) else content
        kind = declared[number % len(declared)]
        answer = send(SimpleUploadedFile("справка.pdf", content, content_type=kind))
        assert answer.status_code == 422, name
        text = answer.content.decode()
        assert "справка.pdf: " in text
        if UploadedFile.objects.exists():
            taken.append(name)
    assert taken == []
    assert kept(store) == []
    tell_count(f"{len(HOSTILE)} hostile files refused with words, none kept")


@pytest.mark.parametrize(
    "name", ["zip bomb", "zip bomb that lies", "three hundred thousand entries", "overlapping entries", "picture bomb"]
)  # fmt: skip
def test_bombs_are_told_without_being_unpacked(name):
    content = HOSTILE[name]()
    tracemalloc.start()
    try:
        with pytest.raises(Refused):
            detect(content, "papers")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    tell_count(f"{name}: {len(content)} bytes, {peak} bytes of memory at most")
    assert peak < 3 * len(content) + 5 * files.MEGABYTE


def test_random_damage_of_good_files_is_no_crash():
    from random import Random

    random, seen = Random(4), {"taken": 0, "refused": 0}
    good = [PDF * 3, picture(), picture("PNG"), picture("WEBP"), archive(**DOCX)]
    for _ in range(1500):
        content = bytearray(random.choice(good))
        for _change in range(random.randint(1, 6)):
            at = random.randrange(len(content))
            content[at : at + random.randint(0, 4)] = random.randbytes(random.randint(0, 4))
        try:
            detect(bytes(content), "papers")
            seen["taken"] += 1
        except Refused:
            seen["refused"] += 1
    tell_count(f"damaged files: {seen}, none crashed")


NAMES = [
    "ы" * 300 + ".pdf", "a" * 300, "../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/cron.d/x.pdf",
    "C:\\boot.ini", "\\\\host\\share\\x.pdf", "a\0.pdf", "a\r\nX-Injected: 1.pdf", "фото\u202efdp.exe",
    "\u2066a\u2069.pdf", "\u200b\u200b.pdf", "CON", "con.pdf", "NUL.tar.pdf", "lpt1.jpg", "AUX", "справка.pdf.exe",
    "справка.exe.pdf", "x.html", "x.svg", "x.php;.jpg", ".htaccess", "..", ".", "", "   ", "~$doc.docx", "-rf",
    "a:stream.pdf", "<script>alert(1)</script>.pdf", "\"onload=\"x.pdf", "{{ 7|add:7 }}.pdf", "%2e%2e%2fx.pdf",
    "=cmd|' /C calc'!A0.pdf", "\ud800.pdf", "\ufeffx.pdf", "a/b/c/", "x" + "\u0301" * 200 + ".pdf",
]  # fmt: skip


def test_names_do_no_harm_anywhere(form, store, client):
    for number, name in enumerate(NAMES):
        shown = files.shown_name(name, "application/pdf")
        assert shown.endswith(".pdf"), name
        assert len(shown) <= files.LONGEST_NAME, name
        assert not set('/\\:*?"<>|\0\r\n\u202e\u2066\u200b\ud800') & set(shown), name
        assert shown.split(".")[0].lower() not in ("con", "nul", "aux", "lpt1", ""), (name, shown)
        assert not shown.startswith((".", " ")), name
        if "\ud800" in name:
            continue  # no browser can send it
        content = PDF[:9] + b"%% %d\n" % number + PDF[9:]
        page = client.get(URL)
        sent = {"draft": draft_of(page), "a-name": "Образец"}
        received = SimpleUploadedFile("x.pdf", content)
        received.name = None  # set past what Django itself takes away
        received._name = name or "x"
        answer = client.post(URL, {**sent, "a-papers": received})
        assert answer.status_code in (303, 422), name
    names = [
        files.name_of(each, each.submission.data_key)
        for each in UploadedFile.objects.filter(submission__isnull=False).select_related("submission__key")
    ]  # fmt: skip
    assert all(each.endswith(".pdf") for each in names)
    assert len(names) >= 30
    for place in kept(store):  # on the disk no name is anybody's
        assert place.parent.parent == store
        assert len(place.name) == 36
    desk = Client()
    desk.force_login(UserFactory(is_superuser=True))
    for file in UploadedFile.objects.filter(submission__isnull=False)[:10]:
        case = IntakeCase.objects.get(submission=file.submission_id)
        header = desk.get(f"/admin/intake/{case.pk}/files/{file.pk}/").headers
        assert header["Content-Disposition"].startswith("attachment")
        assert header["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in header["Content-Security-Policy"]
        for guess in (f"/media/{file.pk}", f"/private/{file.pk}", f"/forms/bumagi/{file.pk}", f"/documents/{file.pk}/x.pdf"):  # fmt: skip
            assert Client().get(guess, follow=True).status_code == 404
    tell_count(f"{len(NAMES)} names made harmless, {len(names)} of them sent and kept")


@pytest.mark.slow
def test_slow_bodies_keep_nobody_waiting(committed_db, tmp_path):
    """Forty who send a byte now and then; the portal's own server goes on answering others."""
    with granian(tmp_path, web=1, workers=0) as portal:
        slow = []
        for _ in range(40):
            one = socket.create_connection(("127.0.0.1", portal.port), timeout=10)
            one.sendall(
                b"POST /forms/bumagi/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
            )
            slow.append(one)
        answered = 0
        for number in range(20):
            slow[number].sendall(b"C")
            one = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=20)
            one.request("GET", "/status/")
            answered += one.getresponse().status == 200
            one.close()
        for one in slow:
            one.close()
    tell_count(f"{len(slow)} slow bodies, {answered} of 20 others answered meanwhile")
    assert answered == 20


def test_every_kind_that_is_taken_has_an_ending_that_nothing_runs():
    assert not {".html", ".svg", ".exe", ".js", ".htm", ".xml"} & set(ENDINGS.values())


def multipart(parts: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    body = b"".join(
        b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), content)
        for head, content in parts
    )
    return body + b"--x--\r\n", "multipart/form-data; boundary=x"


def test_bodies_that_are_too_much_are_refused_whole(client, form, store):
    draft = draft_of(client.get(URL))
    own = [('name="draft"', draft.encode()), ('name="a-name"', "Образец".encode())]
    ten_thousand_files = [(f'name="a-papers"; filename="{n}.pdf"', PDF) for n in range(10_000)]
    ten_thousand_fields = [(f'name="a-x{n}"', b"1") for n in range(10_001)]
    ten_thousand_values = [('name="a-name"', b"x") for _ in range(10_001)]
    bodies = {
        "10,000 files": multipart([*own, *ten_thousand_files]),
        "10,000 fields": multipart([*own, *ten_thousand_fields]),
        "10,000 values of one field": multipart([*own, *ten_thousand_values]),
        "a field of 9 MB": multipart([*own, ('name="a-name"', b"x" * 9 * files.MEGABYTE)]),
        "33 MB": multipart([*own, ('name="a-papers"; filename="a"', b"x" * 33 * files.MEGABYTE)]),
    }
    for name, (body, kind) in bodies.items():
        answer = client.post(URL, body, content_type=kind)
        assert answer.status_code == 413, name
        assert "слишком" in answer.content.decode().lower(), name
    much, kind = multipart([*own, ('name="a-name"', b"x" * 2 * files.MEGABYTE)])
    assert client.post(URL, much, content_type=kind).status_code == 422  # told beside its field
    odd = {
        "no boundary": (b"x", "multipart/form-data"),
        "a boundary in Russian": (b"x", "multipart/form-data; boundary=граница"),
        "cut in the middle": (multipart(own)[0][:-30], "multipart/form-data; boundary=x"),
        "parts in parts": (multipart([("name=\"x\"\r\nContent-Type: multipart/mixed; boundary=y", b"--y--")])[0], "multipart/form-data; boundary=x"),
        "base64 that is not": (b'--x\r\nContent-Disposition: form-data; name="a-papers"; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n', "multipart/form-data; boundary=x"),
        "NUL in a name": multipart([('name="a-na\0me"', b"x")]),
        "json": (b"{}", "application/json"),
    }  # fmt: skip
    for name, (body, kind) in odd.items():
        assert client.post(URL, body, content_type=kind).status_code in (200, 400, 422), name
    assert kept(store) == []
    assert not IntakeCase.objects.exists()
    tell_count(f"{len(bodies)} bodies that are too much and {len(odd)} odd ones refused whole")


def test_limits_hold_over_many_pages(client, form, store):
    """Twenty files of 4 MB one after another: the most of a draft is kept, the rest is told."""
    draft, told = draft_of(client.get(URL)), 0
    for number in range(20):
        body = PDF[:9] + b"%" + bytes([65 + number]) * (4 * files.MEGABYTE) + b"\n" + PDF[9:]
        sent = {"draft": draft, "a-name": "x", "do": "attach"}
        answer = client.post(URL, {**sent, "a-papers": SimpleUploadedFile("a.pdf", body)})
        told += answer.status_code == 422
        draft = draft_of(answer)
    assert UploadedFile.objects.count() == 3
    assert told == 17
    assert FormDraft.objects.count() == 1
