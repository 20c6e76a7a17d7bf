"""A real mailbox is read: letters become cases, answers come to theirs, and nothing is lost."""

from __future__ import annotations

import datetime
import signal
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest
from django.core import mail as sent_mail
from django.db import DataError
from django.utils import timezone

from cms.access import Role
from cms.loading import Report
from desk.mail import connection, fetching, samples, taking_in
from desk.mail.connection import check
from desk.mail.loading import load
from desk.mail.threads import head_of
from desk.models import Fate, Mailbox, Reason, ReceivedMail, Security, Trouble
from forms import moves, rotation, talk
from forms.erasing import erase
from forms.events import broken_chains, first_broken
from forms.models import (
    CaseMessage,
    Channel,
    ConsentGiven,
    Direction,
    FormDefinition,
    IntakeCase,
    Notice,
    NoticeState,
    State,
    UploadedFile,
)
from forms.moves import Action
from forms.routing import unrouted_queue
from forms.tasks import send_notice
from tests.dovecot import PASSWORD, USER
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_files import DOCX, PDF, archive, picture
from tests.letters import SENDER, TEXT, bounce, letter, raw

pytestmark = pytest.mark.django_db

STRANGER = "obrazec-chuzhoj@example.org"


def make_box(dovecot, centre, **values) -> Mailbox:
    if not FormDefinition.objects.filter(slug="pismo").exists():
        load(Path("/nowhere"), Report(), lambda _said: None)
    box = Mailbox(
        **{
            "address": USER,
            "centre": centre,
            "form": FormDefinition.objects.get(slug="pismo"),
            "host": "127.0.0.1",
            "port": dovecot.port,
            "user": USER,
            **values,
        }
    )
    box.keep_password(PASSWORD)
    box.save()
    return box


@pytest.fixture
def box(dovecot, centre, store):
    return make_box(dovecot, centre)


@pytest.fixture
def come(dovecot, box):
    """Letters come and the mailbox is read."""

    def come(*letters) -> Counter:
        for one in letters:
            dovecot.deliver(one if isinstance(one, bytes) else one.as_bytes())
        return fetching.read(str(box.pk))

    return come


def the_case() -> IntakeCase:
    return IntakeCase.objects.order_by("-pk").first()


def send_all() -> list:
    """What waits leaves."""
    before = len(sent_mail.outbox)
    for notice in Notice.objects.filter(state=NoticeState.WAITING):
        send_notice(notice.pk)
    return sent_mail.outbox[before:]


def messages_of(case) -> list[str]:
    return [talk.read(one, case) for one in case.messages.filter(direction=Direction.FROM_FAMILY)]


# A letter becomes a case


def test_letter_becomes_a_case_of_the_centre(come, dovecot, box, centre):
    assert come(letter(files={"spravka.pdf": PDF})) == {Fate.CASE: 1}
    case = the_case()
    assert (case.channel, case.centre, case.state) == (Channel.EMAIL, centre, State.NEW)
    answers = case.submission.read_answers()
    assert answers == {
        "subject": "Образец темы",
        "letter": TEXT,
        "name": "Образец Отправителя",
        "contact": {"ways": ["email"], "email": SENDER},
        "provider": {"slug": centre.slug, "title": str(centre)},
    }
    [file] = UploadedFile.objects.all()
    assert (file.submission, file.kind) == (case.submission, "application/pdf")
    assert not ConsentGiven.objects.exists()  # nobody has given one by writing
    assert first_broken(case) is None
    assert (dovecot.count(), dovecot.count("Обработано")) == (0, 1)
    box.refresh_from_db()
    assert box.read_at
    assert not box.trouble
    assert come() == {}


def test_term_counts_from_the_day_on_which_it_came(come):
    come(letter())
    case, row = the_case(), ReceivedMail.objects.get()
    assert case.contact_at == row.came_at
    assert timezone.now() - row.came_at < datetime.timedelta(minutes=5)


def test_answer_tells_the_number_and_nothing_else(come):
    come(letter(subject="Побои", text="меня бьёт муж"))
    [reply] = send_all()
    [first] = ReceivedMail.objects.all()
    said = f"{reply.subject} {reply.body}"
    assert the_case().number in said
    for told in ("Побои", "бьёт", "муж", "Образец", SENDER, str(the_case().centre)):
        assert told not in said
    assert (reply.to, reply.from_email) == ([SENDER], USER)
    own = head_of(first)["ids"][-1]
    assert reply.extra_headers["In-Reply-To"] == reply.extra_headers["References"] == own
    assert reply.extra_headers["Auto-Submitted"] == "auto-generated"


def test_same_letter_delivered_twice_is_one_case(come, dovecot):
    once = letter().as_bytes()
    assert come(once, b"Received: from elsewhere\r\n" + once) == {Fate.CASE: 2}
    assert IntakeCase.objects.count() == ReceivedMail.objects.count() == 1
    assert len(send_all()) == 1
    assert dovecot.count("Обработано") == 2


def test_two_letters_with_the_same_words_are_two_cases(come):
    come(letter(), letter())
    assert IntakeCase.objects.count() == 2


def test_words_beyond_the_question_are_kept_as_messages(come):
    text = "\n".join(f"строка {number}" for number in range(1500))
    come(letter(text))
    case = the_case()
    pieces = [case.submission.read_answers()["letter"], *messages_of(case)]
    assert "\n".join(pieces) == text


def test_each_file_is_judged_by_itself(come, client, centre):
    good = {"a.pdf": PDF, "b.jpg": picture(), "c.docx": archive(**DOCX)}
    bad = {"d.exe": b"MZ rubbish", "winmail.dat": b"\x78\x9f\x3e\x22 rubbish", "e.pdf": b"no pdf"}
    come(letter(files={**good, **bad, "twin.pdf": PDF}))
    case = the_case()
    assert UploadedFile.objects.count() == 3
    refused = dict(head_of(ReceivedMail.objects.get())["refused"])
    assert set(refused) == set(bad)
    assert "Outlook" in refused["winmail.dat"]
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    page = client.get(f"/admin/intake/{case.pk}/").content.decode()
    assert "d.exe" in page
    assert "пришло письмом" in page.lower()


def test_large_files_and_a_thousand_of_them(come):
    many = letter()
    for number in range(1000):
        many.add_attachment(
            PDF + b"%%%d" % number, maintype="application", subtype="pdf", filename=f"{number}.pdf"
        )
    large = PDF + b"%" * (10 * 1024 * 1024 - len(PDF) - 6) + b"\n%%EOF"
    too_large = large + b"%" * 1024 + b"\n%%EOF"
    assert come(many, letter(files={"10.pdf": large}), letter(files={"11.pdf": too_large})) == {
        Fate.CASE: 3
    }
    kept = Counter(UploadedFile.objects.values_list("submission", flat=True))
    assert sorted(kept.values()) == [1, taking_in.MOST_FILES]
    told = [head_of(row) for row in ReceivedMail.objects.order_by("uid")]
    assert len(told[0]["refused"]) + told[0]["left_out"] == 1000 - taking_in.MOST_FILES
    assert [name for name, _why in told[2]["refused"]] == ["11.pdf"]


def test_letter_that_is_too_large_is_not_even_fetched(come, dovecot, monkeypatch):
    monkeypatch.setattr(fetching, "LARGEST", 1000)
    assert come(letter("x" * 2000)) == {Fate.UNSORTED: 1}
    assert ReceivedMail.objects.get().reason == Reason.TOO_LARGE
    assert come() == {}
    assert dovecot.count() == 1


# What cannot be taken in


UNSORTED = {
    "nobody has sent it": (raw("Subject: x", b"text"), Reason.NO_SENDER),
    "nothing at all": (b"", Reason.EMPTY),
    "an empty letter": (raw(f"From: {SENDER}"), Reason.EMPTY),
    "of a system": (letter(Auto_Submitted="auto-generated").as_bytes(), Reason.GENERATED),
}
ASIDE = {
    "an automatic answer": (letter(Auto_Submitted="auto-replied").as_bytes(), Reason.REPLY),
    "a mailing": (letter(List_Id="<x.example.org>").as_bytes(), Reason.LIST),
    "from the mailbox itself": (letter(sender=USER).as_bytes(), Reason.OWN),
    "from the portal": (letter(sender="navigator@localhost").as_bytes(), Reason.OWN),
    "a bounce of others": (bounce("<others@example.net>"), Reason.BOUNCED),
}


def test_what_is_no_letter_of_a_family_stays_in_the_mailbox_with_the_reason(come, dovecot):
    letters = [each for each, _reason in [*UNSORTED.values(), *ASIDE.values()]]
    found = come(*letters)
    assert found == {Fate.UNSORTED: len(UNSORTED), Fate.AUTOMATIC: len(ASIDE)}
    rows = list(ReceivedMail.objects.order_by("uid").values_list("fate", "reason"))
    assert rows == [
        *((Fate.UNSORTED, reason) for _letter, reason in UNSORTED.values()),
        *((Fate.AUTOMATIC, reason) for _letter, reason in ASIDE.values()),
    ]
    assert not IntakeCase.objects.exists()
    assert send_all() == []
    assert (dovecot.count(), come()) == (len(letters), {})
    with dovecot.look() as looked:
        flags = [message.flags for message in looked.fetch(mark_seen=False)]
    assert ["\\Flagged" in each for each in flags] == [True] * len(UNSORTED) + [False] * len(ASIDE)


def test_who_writes_very_much_is_heard_but_by_people(come, monkeypatch):
    monkeypatch.setattr(taking_in, "MOST_LETTERS", (3, 3))
    found = come(*[letter() for _ in range(5)])
    assert found == {Fate.CASE: 3, Fate.UNSORTED: 2}
    assert len(send_all()) == taking_in.MOST_REPLIES[0]


def test_two_programs_do_not_talk_to_each_other(come):
    """An answering machine that does not say what it is gets two answers, and is quiet then."""
    for _ in range(6):
        come(letter())
        send_all()
    assert len(sent_mail.outbox) == taking_in.MOST_REPLIES[0]


def test_letter_that_breaks_the_reader_is_left_to_people_and_holds_up_no_other(
    come, monkeypatch, caplog
):
    def parse(content: bytes):
        if b"boom" in content:
            raise RuntimeError(f"boom {SENDER}")
        return fetching_parse(content)

    fetching_parse = fetching.parse
    monkeypatch.setattr(fetching, "parse", parse)
    assert come(letter("boom"), letter()) == {Fate.UNSORTED: 1, Fate.CASE: 1}
    assert ReceivedMail.objects.get(fate=Fate.UNSORTED).reason == Reason.ERROR
    assert "RuntimeError" in caplog.text
    assert SENDER not in caplog.text
    assert TEXT not in caplog.text


def test_somebody_says_that_it_is_a_case_all_the_same(come, monkeypatch):
    monkeypatch.setattr(fetching, "LARGEST", 1000)
    come(raw("Subject: x", b"text"), letter(Auto_Submitted="auto-generated"), letter("y" * 2000))
    monkeypatch.undo()
    ReceivedMail.objects.update(fate=Fate.AGAIN, forced=True)
    assert come() == {Fate.CASE: 3}
    assert ReceivedMail.objects.count() == IntakeCase.objects.count() == 3
    assert len(send_all()) == 1  # nobody can be answered, a program is not


# Answers come to their case


def asked(case, specialist) -> object:
    """The centre asks; the letter that has told the family of it."""
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk,
        action=Action.ASK,
        actor=specialist,
        version=case.version,
        text="образец вопроса",
    )
    return send_all()[-1]


def test_answer_comes_to_the_case_by_the_letter_that_it_answers(come, specialist):
    come(letter())
    told = asked(the_case(), specialist)
    quoted = "\n".join(f"> {line}" for line in told.body.split("\n"))
    answer = letter(
        f"вот ответ\n\n23.11.2026, 10:15 {USER} пишет:\n{quoted}",
        subject="Re: Есть новое",
        answers=told.extra_headers["Message-ID"],
        files={"paper.pdf": PDF, "virus.exe": b"MZ"},
    )
    assert come(answer, answer) == {Fate.ADDED: 2}
    case = the_case()
    assert IntakeCase.objects.count() == 1
    assert messages_of(case) == ["вот ответ"]
    assert case.state == State.IN_WORK  # it waited for that
    assert UploadedFile.objects.filter(submission=case.submission).count() == 1
    assert first_broken(case) is None
    assert send_all() == []


@pytest.mark.parametrize("way", ["first letter", "number", "number typed badly"])
def test_answer_comes_to_the_case_by_their_letter_or_the_number(come, way):
    first = letter()
    come(first)
    case = the_case()
    number = {"number": case.number, "number typed badly": case.number.lower().replace("-", " ")}
    come(
        letter(
            "дополнение",
            subject=f"По заявке {number.get(way, '')}",
            answers=first["Message-ID"] if way == "first letter" else "",
        )
    )
    assert IntakeCase.objects.count() == 1
    assert messages_of(case) == ["дополнение"]


def test_answer_of_a_stranger_is_not_added_but_a_case_of_its_own(come, client, centre):
    first = letter()
    come(first)
    number = the_case().number
    come(letter("чужие слова", sender=STRANGER, answers=first["Message-ID"]))
    come(letter("чужие слова", sender=STRANGER, subject=number))
    cases = list(IntakeCase.objects.order_by("pk"))
    assert len(cases) == 3
    assert messages_of(cases[0]) == []
    assert [row.about for row in ReceivedMail.objects.exclude(about=None)] == [cases[0]] * 2
    for reply in send_all():
        if reply.to == [STRANGER]:
            assert cases[0].number not in reply.body
    client.force_login(UserFactory(role=Role.DISPATCHER, provider=centre))
    page = client.get(f"/admin/intake/{cases[1].pk}/").content.decode()
    assert cases[0].number in page
    other = ProviderFactory(centre=True)
    queue = unrouted_queue(other)
    IntakeCase.objects.filter(pk=cases[0].pk).update(queue=queue, centre=other, department=None)
    page = client.get(f"/admin/intake/{cases[1].pk}/").content.decode()
    assert cases[0].number not in page  # whose people do not see that one


def test_address_that_our_server_calls_forged_is_a_strangers(come):
    first = letter()
    come(first)
    come(letter("x", answers=first["Message-ID"], Authentication_Results="mx; dmarc=fail"))
    assert IntakeCase.objects.count() == 2
    assert len(send_all()) == 1  # and it is not answered


def test_address_that_the_family_has_changed_is_a_strangers(come):
    from forms.recontacting import change

    first = letter()
    come(first)
    case = the_case()
    change(case_id=case.pk, answer={"ways": ["email"], "email": "novyj@example.org"})
    come(letter("со старого адреса", answers=first["Message-ID"]))
    assert messages_of(case) == []
    come(letter("с нового", sender="novyj@example.org", answers=first["Message-ID"]))
    assert messages_of(case) == ["с нового"]


def test_answer_to_a_closed_or_erased_case_begins_a_new_one(come, specialist):
    first = letter()
    come(first)
    case = the_case()
    IntakeCase.objects.filter(pk=case.pk).update(
        state=State.CLOSED, outcome="helped", closed_at=timezone.now()
    )
    come(letter("ещё", answers=first["Message-ID"]))
    assert IntakeCase.objects.count() == 2
    assert ReceivedMail.objects.get(about=case).case == the_case()
    erase(case=case)
    come(letter("и ещё", answers=first["Message-ID"]))
    assert IntakeCase.objects.count() == 3
    assert head_of(ReceivedMail.objects.get(case=case)) is None


def test_answer_without_words_or_with_bad_files_only_is_heard(come):
    first = letter()
    come(first)
    come(letter("", answers=first["Message-ID"], files={"x.exe": b"MZ"}))
    assert messages_of(the_case()) == ["(Письмо без слов.)"]
    come(letter("", answers=first["Message-ID"], files={"x.pdf": PDF}))
    assert len(messages_of(the_case())) == 1
    assert UploadedFile.objects.count() == 1


def test_bounce_says_that_a_letter_has_not_arrived(come, specialist, client):
    come(letter())
    case = the_case()
    told = asked(case, specialist)
    notice = Notice.objects.get(message_id=told.extra_headers["Message-ID"])
    come(bounce(notice.message_id, action="delayed", status="4.4.1"))
    notice.refresh_from_db()
    assert notice.state == NoticeState.SENT
    come(bounce(notice.message_id))
    notice.refresh_from_db()
    assert (notice.state, notice.given_up) == (NoticeState.FAILED, True)
    client.force_login(specialist)
    page = client.get(f"/admin/intake/{case.pk}/").content.decode()
    assert "mail: bounced 5.1.1" in page


# The way to the server


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
