"""Personal data planted through every way in, and then looked for wherever it must not be."""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from django.conf import settings as portal
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils.log import AdminEmailHandler
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.access import Role
from forms.models import FormDraft, IntakeCase, State
from forms.routing import unrouted_queue
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_files import PDF
from tests.forms.test_form_page import draft_of
from tests.intake import FormFactory, question, step
from tests.telling import tell_count

PLANTED = {
    "СНИЛС": ["11223344595", "112-233-445 95"],
    "phone": ["9215550137", "921 555-01-37"],
    "safe phone": ["9215550199"],
    "e-mail": ["podsadnaja.utka@example.org"],
    "family name": ["Плантаторова"],
    "given name": ["Евпраксия"],
    "street": ["Подсадная улица, 77"],
    "story": ["подсаженный рассказ о беде"],
    "name of a file": ["подсаженная справка"],
    "content of a file": ["PLANTED-IN-THE-CONTENT"],
    "message": ["подсаженное сообщение семьи"],
    "answer of the staff": ["подсаженный ответ центра"],
    "note": ["подсаженная заметка"],
}
WRITTEN = PDF[:9] + b"% PLANTED-IN-THE-CONTENT\n" + PDF[9:]


def shapes(text: str) -> Iterator[bytes]:
    """A text as it may lie somewhere: plain, in other signs, packed for a journey."""
    for encoding in ("utf-8", "cp1251", "utf-16-le"):
        plain = text.encode(encoding)
        yield plain
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
        yield repr(plain)[2:-1].encode()
        for shift in range(3):  # in base64 a text begins at any of three places
            packed = base64.b64encode(b"\0" * shift + plain)
            yield packed[(0, 2, 3)[shift] : len(packed) // 4 * 4 - 4]
            yield packed[(0, 2, 3)[shift] : len(packed) // 4 * 4 - 4].translate(
                bytes.maketrans(b"+/", b"-_")
            )
    for packed_text in (quote(text), quote_plus(text), json.dumps(text)[1:-1]):
        yield packed_text.encode()
        yield packed_text.lower().encode()


NEEDLES = {
    (kind, text): {shape for each in {text, text.lower(), text.upper()} for shape in shapes(each)}
    for kind, texts in PLANTED.items()
    for text in texts
}


def found_in(content: bytes) -> list[str]:
    return [
        f"{kind}: {text}"
        for (kind, text), forms in NEEDLES.items()
        if any(shape in content for shape in forms)
    ]


class Watch:
    """A client whose addresses are noted, as an access log notes them."""

    def __init__(self, addresses: list[str], **kwargs) -> None:
        self.client, self.addresses = Client(raise_request_exception=False, **kwargs), addresses

    def _noted(self, method: str, url: str, *args, **kwargs):
        answer = getattr(self.client, method)(url, *args, **kwargs)
        named = {"Content-Disposition"}  # how staff save a file: under its name
        headers = " ".join(f"{n}: {v}" for n, v in answer.headers.items() if n not in named)
        cookies = answer.cookies.output()
        self.addresses.append(f"{method} {url} {answer.status_code} {headers} {cookies}")
        return answer

    def get(self, url: str):
        return self._noted("get", url)

    def post(self, url: str, data=None, **kwargs):
        return self._noted("post", url, data or {}, **kwargs)


@pytest.fixture
def portal_with_forms(committed_db, settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    settings.NAVIGATOR_FORM_PACE = 600
    settings.ADMINS = [("Образец", "admin@example.org")]
    settings.DEBUG = False
    region = TerritoryFactory(kind="region", parent=TerritoryFactory(kind="country"))
    TerritoryFactory(slug="rajon", kind="district", parent=region)

    def personal(kind, key, **more):
        return question(kind, key, personal=True, purpose="Образец", **more)

    def steps():
        return [
            step(
                "О вас",
                personal("name", "name"),
                personal("snils", "snils"),
                personal("phone", "phone"),
                personal("email", "email", required=False),
                personal("contact", "contact", required=False),
                personal("address", "home"),
            ),
            step(
                "О чём",
                personal("longtext", "story"),
                personal("file", "paper", required=False, accepts="papers", most_megabytes=1),
                question("consent", "consent"),
            ),
        ]

    FormFactory(slug="odnoj", layout="one", steps=steps())
    FormFactory(slug="shagi", layout="steps", steps=steps())
    return tmp_path


ABOUT = {
    "a-name_family": "Плантаторова",
    "a-name_given": "Евпраксия",
    "a-snils": "112-233-445 95",
    "a-phone": "8 921 555-01-37",
    "a-email": "podsadnaja.utka@example.org",
    "a-contact_ways": ["sms", "email"],
    "a-contact_phone": "8 921 555-01-99",
    "a-contact_email": "podsadnaja.utka@example.org",
    "a-home_place": "rajon",
    "a-home_street": "Подсадная улица, 77",
}
WHAT = {"a-story": "подсаженный рассказ о беде", "a-consent": "on"}
BY_API = {
    "name": {"family": "Плантаторова", "given": "Евпраксия"},
    "snils": "112-233-445 95",
    "phone": "8 921 555-01-37",
    "home": {"place": "rajon", "street": "Подсадная улица, 77"},
    "story": "подсаженный рассказ о беде",
    "consent": True,
}


def paper() -> SimpleUploadedFile:
    return SimpleUploadedFile("подсаженная справка.pdf", WRITTEN, content_type="application/pdf")


def web(person: Watch) -> str:
    """A form on one page with slips, then right, with a file; its receipt and status; a message."""
    page = person.get("/forms/odnoj/")
    wrong = {**ABOUT, **WHAT, "a-snils": "112-233-445 96", "a-paper": paper()}
    page = person.post("/forms/odnoj/", {"draft": draft_of(page), **wrong})
    assert page.status_code == 422
    answer = person.post("/forms/odnoj/", {"draft": draft_of(page), **ABOUT, **WHAT})
    assert answer.status_code == 303, answer.content.decode()
    ref = answer.headers["Location"].split("/")[2]
    assert person.get(f"/receipts/{ref}/").status_code == 200
    assert person.get(f"/receipts/{ref}/receipt.pdf").status_code == 200
    status = person.get(f"/status/{ref}/")
    written = re.search(r'name="writing_id" value="([^"]+)"', status.content.decode())[1]
    said = {"writing_id": written, "text": "подсаженное сообщение семьи", "papers": paper()}
    assert person.post(f"/status/{ref}/", said).status_code == 303
    assert "подсаженное сообщение" in person.get(f"/status/{ref}/").content.decode()
    return ref


def in_steps(person: Watch) -> None:
    """Begun, kept for later, come back to by its code on another device, sent."""
    page = person.get("/forms/shagi/")
    step_id = re.search(r'name="step" value="([^"]+)"', page.content.decode())[1]
    sent = {"draft": draft_of(page), "step": step_id, **ABOUT}
    assert person.post("/forms/shagi/", {**sent, "do": "save"}).status_code == 303
    draft = FormDraft.objects.get(version__form__slug="shagi")
    other = Watch(person.addresses)
    told = other.post(f"/drafts/{draft.ref}/", {"number": draft.number, "secret": draft.code})
    assert told.status_code == 303
    page = other.get(f"/drafts/{draft.ref}/1/")
    page = other.post("/forms/shagi/", {**sent, "draft": draft_of(page)})
    page = other.get(page.headers["Location"])
    step_id = re.search(r'name="step" value="([^"]+)"', page.content.decode())[1]
    second = {"draft": draft_of(page), "step": step_id, **WHAT, "a-paper": paper()}
    page = other.get(other.post("/forms/shagi/", second).headers["Location"])
    last = {"draft": draft_of(page), "step": "check"}
    assert other.post("/forms/shagi/", last).status_code == 303


def by_api(person: Watch) -> None:
    def send(answers, status):
        answer = person.post(
            "/api/v1/forms/odnoj/submissions",
            json.dumps({"number": 1, "answers": answers}),
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        assert answer.status_code == status, answer.content.decode()

    send(BY_API, 201)
    send({**BY_API, "snils": "112-233-445 96"}, 422)
    send({**BY_API, "Плантаторова": "Евпраксия"}, 422)
    send({**BY_API, "phone": ["8 921 555-01-37"]}, 422)
    person.post(
        "/api/v1/forms/odnoj/submissions",
        '{"number": 1, "answers": {"story": "подсаженный рассказ о беде"',
        content_type="application/json",
    )


def guesses(person: Watch, ref: str) -> None:
    """Personal data where numbers and codes belong; a lost receipt; pages without a token."""
    for number, secret in (("8 921 555-01-37", "Плантаторова"), (ref, "112-233-445 95")):
        assert person.post("/status/", {"number": number, "secret": secret}).status_code == 422
    for contact in ("podsadnaja.utka@example.org", "8 921 555-01-99", "Плантаторова"):
        person.post("/status/lost/", {"contact": contact})
    strict = Watch(person.addresses, enforce_csrf_checks=True)
    assert strict.post("/forms/odnoj/", {**ABOUT, **WHAT}).status_code == 403
    person.post("/forms/odnoj/", {"draft": "подсаженный рассказ о беде", **ABOUT})


def at_the_desk(addresses: list[str], ref: str) -> None:
    centre = ProviderFactory(centre=True)
    person = UserFactory(role=Role.SPECIALIST, provider=centre)
    case = IntakeCase.objects.get(ref=ref)
    case.queue, case.centre = unrouted_queue(centre), centre
    case.save()
    desk = Watch(addresses)
    desk.client.force_login(person)
    page = desk.get(f"/admin/intake/{case.pk}/")
    assert "Плантаторова" in page.content.decode()
    assert desk.get("/admin/intake/").status_code == 200
    desk.post(f"/admin/intake/{case.pk}/take/")
    note = {"writing_id": str(uuid.uuid4()), "text": "подсаженная заметка"}
    desk.post(f"/admin/intake/{case.pk}/note/", note)
    case.refresh_from_db()
    said = {
        "action": "answer",
        "version": case.version,
        "writing_id": str(uuid.uuid4()),
        "text": "подсаженный ответ центра",
    }
    desk.post(f"/admin/intake/{case.pk}/move/", said)
    text = desk.get(f"/admin/intake/{case.pk}/").content.decode()
    assert "подсаженная заметка" in text
    assert "подсаженный ответ центра" in text
    (first, *_more) = case.submission.files.all()
    assert desk.get(f"/admin/intake/{case.pk}/files/{first.pk}/").content == WRITTEN


def broken(person: Watch, monkeypatch) -> int:
    """The portal fails at the worst moments: answers are in the variables of every function."""
    count = 0

    def fail(*args, **kwargs):
        held = (args, kwargs)  # as a function of ours would hold them
        raise RuntimeError(f"образец сбоя {len(held)}")

    for place in ("forms.accept.route", "forms.crypto.wrap", "forms.accept.insert_together"):
        with monkeypatch.context() as patched:
            patched.setattr(place, fail)
            page = person.get("/forms/odnoj/")
            answer = person.post("/forms/odnoj/", {"draft": draft_of(page), **ABOUT, **WHAT})
            assert answer.status_code == 500
            assert found_in(answer.content) == []
            count += 1
            answer = person.post(
                "/api/v1/forms/odnoj/submissions",
                json.dumps({"number": 1, "answers": BY_API}),
                content_type="application/json",
                headers={"Idempotency-Key": str(uuid.uuid4())},
            )
            assert answer.status_code == 500
            assert found_in(answer.content) == []
            count += 1
    return count


def run_tasks() -> int:
    """What the worker would do now; a task may fail, as it may there."""
    done = 0
    for job in ProcrastinateJob.objects.filter(status="todo"):
        task = app.tasks.get(job.task_name)
        try:
            task.func(**job.args)
        except Exception:
            logging.getLogger("procrastinate.worker").exception("Job failed: %s", job.args)
        done += 1
    return done


def rows_of_database() -> Iterator[tuple[str, bytes]]:
    """Every row of every table as text: bytes stand there in hexadecimal."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"select coalesce(string_agg(t::text, E'\\n'), '') from {table} t")
            yield table, cursor.fetchone()[0].encode()


@pytest.mark.slow
def test_planted_data_is_found_nowhere(portal_with_forms, caplog, monkeypatch, settings):
    caplog.set_level("DEBUG")
    mails_of_admins: list[str] = []
    handler = AdminEmailHandler(include_html=True)
    monkeypatch.setattr(
        handler, "send_mail", lambda subject, text, *args, html_message=None, **more: mails_of_admins.append(f"{subject}\n{text}\n{html_message}")
    )  # fmt: skip
    logging.getLogger("django").addHandler(handler)
    addresses: list[str] = []
    log_of_server = Path(connection.get_connection_params()["host"]).parent / "server.log"
    logged_before = log_of_server.stat().st_size if log_of_server.exists() else 0
    try:
        person = Watch(addresses)
        ref = web(person)
        in_steps(person)
        by_api(person)
        guesses(person, ref)
        at_the_desk(addresses, ref)
        failures = broken(person, monkeypatch)
        assert IntakeCase.objects.filter(state=State.NEW).count() == 2
        tasks = run_tasks()
        call_command("rebuild_index", stdout=io.StringIO())
    finally:
        logging.getLogger("django").removeHandler(handler)
    assert failures == 6
    assert len(mails_of_admins) >= failures

    records = "\n".join(f"{vars(record)!r}" for record in caplog.records)
    looked: dict[str, list[bytes]] = {
        "logs": [caplog.text.encode(), records.encode()],
        "mails to administrators": [each.encode() for each in mails_of_admins],
        "addresses and headers": [each.encode() for each in addresses],
        "sessions": [repr(one.get_decoded()).encode() for one in Session.objects.all()],
        "arguments of tasks": [json.dumps(job.args).encode() for job in ProcrastinateJob.objects.all()],
        "caches": [pickle.dumps(getattr(cache, "_cache", {}).copy()) for cache in caches.all()],
        "messages sent": [f"{one.subject} {one.body} {one.extra_headers}".encode() for one in mail.outbox],
        "files": [
            each.name.encode() + each.read_bytes()
            for folder in (portal_with_forms, Path(tempfile.gettempdir(), "navigator"), Path(portal.MEDIA_ROOT))
            if folder.exists() for each in folder.rglob("*") if each.is_file()
        ],
    }  # fmt: skip
    if log_of_server.exists():
        looked["log of PostgreSQL"] = [log_of_server.read_bytes()[logged_before:]]
    for table, content in rows_of_database():
        looked.setdefault("rows of the database", []).append(content)
        assert found_in(content) == [], table
    for place, contents in looked.items():
        for content in contents:
            assert found_in(content) == [], (place, content[:3000])
    tell_count(
        f"{sum(map(len, PLANTED.values()))} planted, {sum(map(len, NEEDLES.values()))} shapes of them, "
        f"{len(addresses)} requests, {failures} forced failures, {tasks} tasks; found nowhere in: "
        + ", ".join(f"{place} ({len(found)})" for place, found in looked.items())
    )


def test_what_is_looked_for_would_be_found():
    texts = [text for kinds in PLANTED.values() for text in kinds]
    for text in texts:
        packed = base64.b64encode(b"ab" + text.encode() + b"cd")
        for content in (text.encode(), packed, quote(text).encode(), json.dumps({"x": text}).encode(), text.upper().encode(), text.encode().hex().encode()):  # fmt: skip
            assert found_in(b"..." + content + b"..."), (text, content)
