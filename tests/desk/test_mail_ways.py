"""The way to the server of a mailbox, its faults, and what its rows keep of a letter."""

from __future__ import annotations

import datetime
import imaplib
import signal
import time
import uuid
from pathlib import Path

import pytest
from django.db import DataError
from django.utils import timezone

from cms.access import Role
from cms.loading import Report
from desk.mail import connection, fetching, samples, taking_in
from desk.mail.connection import check
from desk.mail.loading import load
from desk.models import Fate, Mailbox, Reason, ReceivedMail, Security, Trouble
from forms import rotation
from forms.events import broken_chains
from forms.models import (
    CaseMessage,
    IntakeCase,
    Notice,
)
from tests.dovecot import PASSWORD
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_files import PDF
from tests.letters import SENDER, TEXT, letter, raw
from tests.mailboxes import STRANGER, box, come, make_box

__all__ = ["box", "come"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("security", Security.values)
def test_both_safe_ways_lead_in(dovecot, centre, store, security):
    port = dovecot.port if security == Security.TLS else dovecot.starttls_port
    box = make_box(dovecot, centre, security=security, port=port)
    assert check(box) is None
    dovecot.deliver(letter().as_bytes())
    assert fetching.read(str(box.pk)) == {Fate.CASE: 1}


def test_faults_of_the_way_are_named(dovecot, centre, settings, caplog, monkeypatch, box):
    caplog.set_level("DEBUG")
    dovecot.deliver(letter().as_bytes())

    def trouble(**values) -> str:
        for name, value in values.items():
            setattr(box, name, value)
        box.save()
        fetching.read(str(box.pk))
        fresh = Mailbox.objects.get(pk=box.pk)
        assert bool(fresh.failing_since) == bool(fresh.trouble)
        assert fresh.trouble == (check(box) or "")
        return fresh.trouble

    assert trouble(port=1) == Trouble.NO_ANSWER
    assert trouble(port=dovecot.port, host="no-such-host.invalid") == Trouble.NO_ANSWER
    assert trouble(host="127.0.0.1", folder="нет такой") == Trouble.FOLDER
    box.keep_password("не тот")
    assert trouble(folder="INBOX") == Trouble.LOGIN
    settings.NAVIGATOR_DATA_KEYS = [  # the installation has lost its key
        "b3RoZXItdGVzdHMta2V5LW9mLTMyLWJ5dGVzLS0tLTE="
    ]
    del box.data_key
    assert trouble() == Trouble.NO_KEY
    settings.NAVIGATOR_DATA_KEYS = ["dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtLS0tLTA="]
    box.keep_password(PASSWORD)
    settings.MAIL_CA = ""
    assert trouble() == Trouble.NOT_SAFE
    settings.MAIL_CA = str(dovecot.certificate)
    monkeypatch.setattr(connection, "TIMEOUT", 0.5)
    dovecot.process.send_signal(signal.SIGSTOP)
    try:
        assert trouble(port=dovecot.starttls_port, security=Security.STARTTLS) in (
            Trouble.NO_ANSWER,
            Trouble.CUT_OFF,
        )
    finally:
        dovecot.process.send_signal(signal.SIGCONT)
    monkeypatch.undo()
    assert trouble(port=dovecot.port, security=Security.TLS) == ""
    assert IntakeCase.objects.count() == 1  # nothing was lost meanwhile
    for secret in (PASSWORD, "не тот", SENDER, TEXT):
        assert secret not in caplog.text


def test_mailbox_that_is_switched_off_and_letters_of_before_are_left_alone(come, dovecot, box):
    box.active = False
    box.save()
    assert come(letter()) == {}
    box.active, box.since = True, timezone.localdate() + datetime.timedelta(days=2)
    box.save()
    assert come() == {}
    assert dovecot.count() == 1


def test_password_goes_with_the_key_of_the_installation(box, settings):
    new = "bmV3LXRlc3RzLWtleS1vZi0zMi1ieXRlcy0tLS0tLTA="
    settings.NAVIGATOR_DATA_KEYS = [new, *settings.NAVIGATOR_DATA_KEYS]
    assert sum(rotation.rotate()) == 1
    settings.NAVIGATOR_DATA_KEYS = [new]
    assert Mailbox.objects.get().read_password() == PASSWORD


def test_rows_hold_nothing_of_the_letter(come, box):
    come(letter("тайна", subject="тайна"), raw(f"From: {STRANGER}\nPrecedence: bulk", b"x"))
    for model in (ReceivedMail, Mailbox, Notice):
        for row in model.objects.values():
            said = str({key: value for key, value in row.items() if key not in ("address", "user")})
            for secret in ("тайна", SENDER, STRANGER, PASSWORD):
                assert secret not in said
    for row in CaseMessage.objects.values():
        assert "тайна".encode() not in bytes(row["body"])


def test_numbers_of_the_folder_given_anew_make_no_second_case(come, dovecot, box, monkeypatch):
    """The folder was restored on the server, and the letter could not be moved before."""
    monkeypatch.setattr(fetching._Round, "_put_away", lambda self, uid: None)
    come(letter())
    with dovecot.look() as looked:
        [message] = [one.obj.as_bytes() for one in looked.fetch(mark_seen=False)]
    dovecot.empty()
    time.sleep(1.1)  # Dovecot numbers a folder by the second in which it is made
    monkeypatch.undo()
    row = ReceivedMail.objects.get()
    assert come(message) == {Fate.CASE: 1}
    again = ReceivedMail.objects.get()
    assert (again.pk, IntakeCase.objects.count()) == (row.pk, 1)
    assert again.uid_validity != row.uid_validity
    assert list(broken_chains()) == []
    assert isinstance(again.pk, uuid.UUID)


def test_another_folder_has_numbers_of_its_own(come, dovecot, box, client):
    """Letters of the new folder are not taken for those that had the same numbers in the old one."""
    come(raw("Subject: x", b"text"), letter(List_Id="<x.example.org>"))
    validity = set(ReceivedMail.objects.values_list("uid_validity", flat=True))
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    typed = {
        name: getattr(box, name)
        for name in ("address", "host", "port", "security", "user", "done_folder")
    }
    typed |= {"form": box.form_id, "since": "2026-01-01", "active": "on", "folder": "Иная"}
    with dovecot.look() as looked:
        looked.folder.create("Иная")
        looked.append(letter().as_bytes(), "Иная")
    answer = client.post(f"/admin/intake/mailboxes/{box.pk}/", typed)
    assert answer.status_code == 303, answer.content.decode()
    ReceivedMail.objects.filter(uid_validity__in=validity).delete()
    assert ReceivedMail.objects.count() == 2
    assert come() == {Fate.CASE: 1}


def test_letter_that_the_database_never_takes_ends_with_people(come, monkeypatch):
    def refuse(*args, **kwargs):
        raise DataError("not for me")

    monkeypatch.setattr(taking_in, "accept", refuse)
    for number in range(fetching.MOST_READINGS):
        with pytest.raises(DataError):
            come(*([] if number else [letter()]))
    assert come() == {Fate.UNSORTED: 1}
    assert ReceivedMail.objects.get().reason == Reason.DEADLY
    monkeypatch.undo()
    ReceivedMail.objects.update(fate=Fate.AGAIN, forced=True)  # after an update of the portal
    assert come() == {Fate.CASE: 1}
    assert ReceivedMail.objects.count() == 1


@pytest.mark.parametrize("refused", ["RFC822.SIZE", "BODY.PEEK"])
def test_letter_that_the_server_never_gives_holds_up_no_other(come, monkeypatch, refused):
    ask = imaplib.IMAP4.uid

    def refuse(self, command, uid, *what):
        if command == "FETCH" and uid == "1" and refused in what[0]:
            return "NO", [b"[SERVERBUG] the file of the letter is damaged"]
        return ask(self, command, uid, *what)

    monkeypatch.setattr(imaplib.IMAP4, "uid", refuse)
    assert come(letter(subject="первое"), letter(subject="второе")) == {}
    assert Mailbox.objects.get().trouble
    for _number in range(fetching.MOST_READINGS - 1):
        assert come() == {}
    assert come() == {Fate.UNSORTED: 1, Fate.CASE: 1}
    assert ReceivedMail.objects.get(fate=Fate.UNSORTED).reason == Reason.DEADLY
    assert Mailbox.objects.get().trouble == ""
    assert [case.submission.read_answers()["subject"] for case in IntakeCase.objects.all()] == [
        "второе"
    ]


def test_disk_that_is_full_loses_no_letter(come, box, dovecot, monkeypatch):
    def full(*args, **kwargs):
        raise PermissionError

    monkeypatch.setattr("forms.files._write", full)
    assert come(letter(files={"a.pdf": PDF})) == {}
    assert Mailbox.objects.get().trouble == Trouble.NO_ROOM
    assert not IntakeCase.objects.exists()
    monkeypatch.undo()
    assert come() == {Fate.CASE: 1}
    assert Mailbox.objects.get().trouble == ""


def test_letters_of_the_demonstration_are_taken_in_once(db):
    ProviderFactory(centre=True, slug=samples.CENTRE)
    assert samples.take_in_samples() == 0
    load(Path("/nowhere"), Report(), lambda _said: None)
    assert [samples.take_in_samples() for _ in range(2)] == [2, 0]
    case = IntakeCase.objects.get()
    assert case.submission.read_answers()["subject"] == "Образец письма"
    assert "трое детей" in case.submission.read_answers()["letter"]
    assert ReceivedMail.objects.get(fate=Fate.UNSORTED).reason == Reason.GENERATED
    assert not Mailbox.objects.get().active
