"""A real mailbox is read: letters become cases, and what cannot be taken in is left to people."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest
from django.core import mail as sent_mail
from django.utils import timezone

from cms.access import Role
from desk.mail import fetching, taking_in
from desk.mail.threads import head_of
from desk.models import Fate, Reason, ReceivedMail
from forms.events import first_broken
from forms.models import (
    Channel,
    ConsentGiven,
    IntakeCase,
    State,
    UploadedFile,
)
from tests.dovecot import USER
from tests.factories import UserFactory
from tests.forms.test_files import DOCX, PDF, archive, picture
from tests.letters import SENDER, TEXT, bounce, letter, raw
from tests.mailboxes import box, come, messages_of, send_all, the_case

__all__ = ["box", "come"]
pytestmark = pytest.mark.django_db


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
