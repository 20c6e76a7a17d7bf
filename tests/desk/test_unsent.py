"""What is typed on a case and not sent: kept for its writer alone, sent or thrown away by hand."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk import talks_today, unsent
from forms import moves, sorting
from forms.erasing import erase
from forms.models import IntakeCase, Unsent
from tests.factories import UserFactory
from tests.intake import TopicFactory
from tests.referrals import ReceiverFactory

pytestmark = pytest.mark.django_db
TEXT = "образец: начато и не кончено"


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def mine(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    return case


def url(name, case, *more):
    return reverse(f"intake:{name}", args=[case.pk, *more])


def page(staff, case):
    return staff.get(url("case", case)).content.decode()


def keep(staff, case, place="note", text=TEXT, writing_id=None, **more):
    data = {"place": place, "writing_id": writing_id or str(uuid.uuid4()), "text": text, **more}
    return staff.post(url("unsent", case), data)


def settle(staff, case, do):
    return staff.post(url("unsent_text", case, Unsent.objects.get().pk), {"do": do})


@pytest.mark.parametrize("place", ["note", "talk", "refer", "move-answer", "move-release"])
def test_a_text_is_there_again_and_nobody_else_sees_it(staff, client, mine, centre, place):
    kept = keep(staff, mine, place)
    assert "Не отправлено, сохранено в" in kept.json()["told"]
    assert TEXT.encode() not in bytes(Unsent.objects.get().body)
    text = page(staff, mine)
    assert TEXT in text
    assert re.search(r"Не отправлено</strong>, от \d\d:\d\d –", text)
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    assert TEXT not in page(client, mine)
    assert settle(client, mine, "throw_away").status_code == 303
    assert settle(client, mine, "go_on").url == url("case", mine)
    assert Unsent.objects.count() == 1


def test_who_goes_on_finds_it_in_its_form_and_sends_it(staff, mine):
    keep(staff, mine, "move-answer")
    answer = settle(staff, mine, "go_on")
    assert answer.status_code == 303
    assert answer.url.endswith("#move-answer")
    text = staff.get(answer.url).content.decode()
    assert text.count(TEXT) == 1  # in the form, and in no box beside it
    writing_id = answer.url.partition("go_on=")[2].partition("#")[0]
    form = re.search(r'id="move-answer".*?</form>', text, re.DOTALL)[0]
    assert writing_id in form
    assert TEXT in form
    data = {"action": "answer", "version": mine.version, "text": TEXT, "writing_id": writing_id}
    assert staff.post(url("move", mine), data).status_code == 303
    assert mine.messages.count() == 1
    assert not Unsent.objects.exists()
    keep(staff, mine, "move-answer", writing_id=writing_id)  # a request that comes late
    assert not Unsent.objects.exists()


def test_a_choice_comes_back_with_the_text(staff, mine):
    keep(staff, mine, "talk", way="video", result="later", for_family="образец: семье")
    text = staff.get(settle(staff, mine, "go_on").url).content.decode()
    form = re.search(r'id="talk".*?</form>', text, re.DOTALL)[0]
    assert '<option value="video" selected' in form
    assert '<option value="later" selected' in form
    assert "образец: семье" in form


def test_what_cannot_be_done_any_more_stays_to_be_copied(staff, specialist, mine):
    keep(staff, mine, "move-answer")
    colleague = UserFactory(role=Role.SPECIALIST, provider=mine.centre)
    IntakeCase.objects.filter(pk=mine.pk).update(assignee=colleague)
    text = staff.get(settle(staff, mine, "go_on").url).content.decode()
    assert "Сейчас это сделать нельзя" in text
    assert TEXT in text
    assert "в своей форме" not in text


def test_today_tells_of_what_was_forgotten(staff, client, specialist, mine):
    keep(staff, mine, "move-answer")
    assert talks_today.unsent_of(specialist) == []  # it is being written
    Unsent.objects.update(at=timezone.now() - datetime.timedelta(hours=26))
    (item,) = talks_today.unsent_of(specialist)
    assert "Написать семье" in item.title
    assert mine.number in item.title
    assert item.url == url("case", mine)
    assert re.search(r"от \d+ \w+, \d\d:\d\d –", page(staff, mine))
    stranger = UserFactory(role=Role.SPECIALIST, provider=mine.centre)
    assert talks_today.unsent_of(stranger) == []
    IntakeCase.objects.filter(pk=mine.pk).update(secret=True, assignee=stranger)
    assert talks_today.unsent_of(specialist) == []


def test_what_was_thrown_away_is_gone(staff, mine):
    keep(staff, mine)
    assert settle(staff, mine, "throw_away").status_code == 303
    assert not Unsent.objects.exists()
    assert TEXT not in page(staff, mine)


def test_two_windows_never_write_over_each_other(staff, mine):
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    keep(staff, mine, text="образец: окно один", writing_id=first)
    keep(staff, mine, text="образец: окно два", writing_id=second)
    keep(staff, mine, text="образец: окно один, дальше", writing_id=first)
    text = page(staff, mine)
    for said in ("окно один, дальше", "окно два"):
        assert said in text, said
    assert Unsent.objects.count() == 2


def test_whose_page_is_stale_has_its_text_kept_when_the_window_is_closed(staff, specialist, mine):
    data = {
        "action": "answer",
        "version": mine.version,
        "text": TEXT,
        "writing_id": str(uuid.uuid4()),
    }
    wanted = sorting.Sorted(TopicFactory(), False, False, None)
    sorting.sort(case_id=mine.pk, actor=specialist, version=mine.version, wanted=wanted)
    answer = staff.post(url("move", mine), data)
    assert answer.status_code == 409
    assert answer.content.decode().count(TEXT) == 1
    assert TEXT in page(staff, mine)


def test_a_referral_half_written_is_there_again_with_what_was_ticked(staff, centre):
    from tests.referrals import taken_case

    specialist = UserFactory(role=Role.HEAD, provider=centre)
    staff.force_login(specialist)
    case, receiver = taken_case(centre, specialist), ReceiverFactory()
    keep(staff, case, "refer", message="образец: помочь с вещами", text="", answers=["story"],
         receiver=receiver.pk, days=2)  # fmt: skip
    assert "образец: помочь с вещами" in page(staff, case)
    answer = settle(staff, case, "go_on")
    assert answer.url.startswith(url("refer", case))
    text = staff.get(answer.url).content.decode()
    assert 'value="story" checked' in text
    assert f'<option value="{receiver.pk}" selected' in text
    assert text.count("образец: помочь с вещами") == 1


def test_a_referral_of_who_lost_the_case_meanwhile_is_kept(staff, centre):
    from tests.referrals import taken_case

    holder, other = (UserFactory(role=Role.HEAD, provider=centre) for _ in range(2))
    staff.force_login(holder)
    case = taken_case(centre, holder)
    IntakeCase.objects.filter(pk=case.pk).update(assignee=other)
    data = {"version": case.version, "writing_id": str(uuid.uuid4()), "message": TEXT}
    answer = staff.post(url("refer", case), data)
    assert answer.status_code == 409
    assert TEXT in answer.content.decode()
    assert Unsent.objects.get().user == holder


def test_nothing_without_words_is_kept_and_emptied_is_gone(staff, mine):
    writing_id = str(uuid.uuid4())
    assert keep(staff, mine, text="  ", writing_id=writing_id).json() == {"told": ""}
    keep(staff, mine, writing_id=writing_id)
    assert Unsent.objects.count() == 1
    keep(staff, mine, text="", writing_id=writing_id)
    assert not Unsent.objects.exists()


def test_it_has_limits(staff, mine):
    assert keep(staff, mine, text="я" * (unsent.LONGEST + 1)).status_code == 409
    for number in range(unsent.MOST):
        assert keep(staff, mine, text=f"образец {number}").status_code == 200
    assert keep(staff, mine).status_code == 409
    assert Unsent.objects.count() == unsent.MOST


@pytest.mark.parametrize(
    "wrong", [{"place": "elsewhere"}, {"place": "move-close"}, {"writing_id": "x"}]
)
def test_only_forms_of_the_case_keep(staff, mine, wrong):
    data = {"place": "note", "writing_id": str(uuid.uuid4()), "text": TEXT, **wrong}
    assert staff.post(url("unsent", mine), data).status_code == 404
    assert not Unsent.objects.exists()


def test_another_centre_keeps_nothing(client, mine, stranger):
    client.force_login(stranger)
    assert keep(client, mine).status_code == 404
    assert client.get(url("unsent", mine)).status_code == 404


def test_it_goes_with_the_data_of_the_case(staff, mine):
    keep(staff, mine)
    erase(case=mine)
    assert not Unsent.objects.exists()
    assert keep(staff, mine).status_code == 410
    assert not Unsent.objects.exists()


def test_nothing_of_it_lies_open_in_the_database(staff, mine):
    keep(staff, mine)
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(one)::text from intake_forms_unsent one")
        (row,) = cursor.fetchone()
    assert TEXT not in row
    assert TEXT.encode().hex() not in row
