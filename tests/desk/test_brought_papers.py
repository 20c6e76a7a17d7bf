"""Papers that a family has brought, added by the staff: the same checks, who brought them, and when."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from forms import files, moves, opened, papers
from forms.actions import Action
from forms.erasing import erase
from forms.events import broken_chains
from forms.models import CaseEvent, PapersBrought, Scan, State, UploadedFile
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
WHO = "образец: бабушка по просьбе мамы"


@pytest.fixture
def staff(client, specialist, store):
    client.force_login(specialist)
    return client


@pytest.fixture
def mine(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    return case


def url(name, case):
    return reverse(f"intake:{name}", args=[case.pk])


def pdf(name="справка.pdf", extra=b""):
    return SimpleUploadedFile(name, PDF + extra, content_type="application/pdf")


def typed(*received, **more):
    return {
        "writing_id": str(uuid.uuid4()),
        "papers": received or (pdf(),),
        "way": "counter",
        "who": WHO,
        "on": timezone.localdate().isoformat(),
        **more,
    }


def test_a_paper_lies_with_the_case_with_who_brought_and_who_added_it(staff, specialist, mine):
    assert staff.post(url("bring", mine), typed()).status_code == 303
    (file,) = papers.of_family(mine.submission)
    kept = PapersBrought.objects.get()
    assert (file.brought, kept.author, kept.way) == (kept, specialist, "counter")
    assert WHO.encode() not in bytes(kept.body)
    assert files.content_of(file, mine.submission.data_key) == ("справка.pdf", PDF)
    event = CaseEvent.objects.get(kind="papers_brought")
    assert event.actor == specialist
    assert event.data["files"] == [str(file.pk)]
    assert "бабушка" not in str(event.data)
    text = staff.get(url("case", mine)).content.decode()
    assert WHO in text
    assert "добавил сотрудник: Образец Первый" in text
    assert "Сотрудник добавил бумаги семьи</strong>: принесены в центр" in text
    assert list(broken_chains()) == []


def test_the_family_sees_that_its_paper_was_received(staff, mine, client):
    staff.post(url("bring", mine), typed())
    client.logout()
    session = client.session
    session.update(opened.opening(mine.ref))
    session.save()
    text = client.get(reverse("intake_forms:case_status", args=[mine.ref])).content.decode()
    assert "справка.pdf" in text
    assert "специалист добавил файл сюда" in text
    assert WHO not in text
    assert "Образец Первый" not in text


def test_both_papers_list_them_and_who_brought_them_stays_in_the_centre(staff, mine):
    staff.post(url("bring", mine), typed())
    for whose, says in (("family", False), ("centre", True)):
        text = staff.post(url("paper", mine), {"for": whose}).content.decode()
        assert "справка.pdf" in text
        assert (WHO in text) == says


def test_a_case_that_waited_for_papers_is_in_work_again(staff, specialist, mine):
    moves.move(
        case_id=mine.pk, action=Action.ASK, actor=specialist, version=mine.version, text="справку?"
    )
    assert staff.post(url("bring", mine), typed()).status_code == 303
    mine.refresh_from_db()
    assert (mine.state, mine.wait_until) == (State.IN_WORK, None)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"papers": ()}, "выберите файл"),
        ({"papers": (SimpleUploadedFile("вирус.pdf", b"MZ\x90\x00" * 99),)}, "вирус.pdf"),
        ({"papers": (SimpleUploadedFile("пусто.pdf", b""),)}, "error-message"),
        ({"who": ""}, "кто принёс"),
        ({"who": "я" * 201}, "error-message"),
        ({"way": "pigeon"}, "error-message"),
        ({"on": "2001-01-01"}, "error-message"),
        ({"on": "2099-01-01"}, "error-message"),
        ({"on": "завтра"}, "25.12.2026"),
    ],
)
def test_what_cannot_be_taken_is_told_and_nothing_is_kept(staff, mine, wrong, told):
    answer = staff.post(url("bring", mine), {**typed(), **wrong})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert told in text
    if "who" not in wrong:
        assert WHO in text
    assert not UploadedFile.objects.exists()
    assert not PapersBrought.objects.exists()


def test_one_bad_paper_of_several_keeps_none(staff, mine):
    bad = SimpleUploadedFile("игра.exe", b"MZ\x90\x00" * 99)
    assert staff.post(url("bring", mine), typed(pdf(), bad)).status_code == 422
    assert not UploadedFile.objects.exists()
    assert not PapersBrought.objects.exists()


def test_the_same_page_and_the_same_paper_twice_are_one(staff, mine):
    data = typed()
    for _ in range(2):
        data["papers"] = (pdf(),)
        assert staff.post(url("bring", mine), data).status_code == 303
    assert staff.post(url("bring", mine), typed()).status_code == 303
    assert UploadedFile.objects.count() == PapersBrought.objects.count() == 1
    assert CaseEvent.objects.filter(kind="papers_brought").count() == 1


def test_papers_of_the_staff_take_nothing_from_the_day_of_the_family(staff, mine):
    many = [pdf(f"{n}.pdf", extra=str(n).encode()) for n in range(papers.MOST_A_DAY + 2)]
    assert staff.post(url("bring", mine), typed(*many)).status_code == 303
    with transaction.atomic():
        papers.add(mine, [pdf("своя.pdf", extra=b"own")])
    assert papers.of_family(mine.submission).count() == papers.MOST_A_DAY + 3


def test_it_waits_for_the_scanner_and_a_virus_is_destroyed(staff, mine, settings):
    settings.CLAMD_ADDRESS = "tcp://127.0.0.1:1"
    staff.post(url("bring", mine), typed())
    file = UploadedFile.objects.get()
    assert file.scan == Scan.PENDING
    address = reverse("intake:file", args=[mine.pk, file.pk])
    assert staff.get(address).status_code == 409


def test_a_closed_case_takes_no_papers_and_another_centre_finds_none(
    staff, client, specialist, mine, stranger
):
    moves.move(
        case_id=mine.pk, action=Action.SET_ASIDE, actor=specialist, version=mine.version,
        outcome="withdrawn", text="образец",
    )  # fmt: skip
    assert staff.post(url("bring", mine), typed()).status_code == 409
    assert (
        "бумаги можно добавить, когда его откроют" in staff.get(url("case", mine)).content.decode()
    )
    client.force_login(stranger)
    assert client.post(url("bring", mine), typed()).status_code == 404
    assert not UploadedFile.objects.exists()


def test_a_colleague_at_the_counter_takes_them_for_who_holds_the_case(client, mine, centre, store):
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    assert client.post(url("bring", mine), typed()).status_code == 303
    assert PapersBrought.objects.get().author != mine.assignee


def test_they_go_with_the_data_of_the_case(staff, mine):
    staff.post(url("bring", mine), typed())
    assert erase(case=mine) == 1
    assert not PapersBrought.objects.exists()


def test_an_unknown_way_is_refused_by_the_database(staff, mine):
    staff.post(url("bring", mine), typed())
    with pytest.raises(IntegrityError), transaction.atomic():
        PapersBrought.objects.update(way="pigeon", brought_on=datetime.date(2026, 1, 1))
