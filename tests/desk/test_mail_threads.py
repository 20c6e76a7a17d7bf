"""Answers to letters come to their case, those of strangers do not, and bounces are told."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cms.access import Role
from desk.mail.threads import head_of
from desk.models import Fate, ReceivedMail
from forms import moves
from forms.erasing import erase
from forms.events import first_broken
from forms.models import (
    IntakeCase,
    Notice,
    NoticeState,
    State,
    UploadedFile,
)
from forms.moves import Action
from forms.routing import unrouted_queue
from tests.dovecot import USER
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_files import PDF
from tests.letters import bounce, letter
from tests.mailboxes import STRANGER, box, come, messages_of, send_all, the_case

__all__ = ["box", "come"]
pytestmark = pytest.mark.django_db


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


def test_answer_to_a_case_that_was_joined_comes_to_the_one_that_stays(come, specialist):
    first, second = letter(), letter("о том же")
    come(first)
    joined = the_case()
    come(second)
    stays = the_case()
    moves.move(case_id=joined.pk, action=Action.MERGE, actor=specialist, version=1, other=stays)
    come(letter("дополнение", answers=first["Message-ID"]))
    assert IntakeCase.objects.count() == 2
    assert messages_of(stays) == ["дополнение"]
    assert messages_of(joined) == []


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
