"""A family changes how it may be reached: that counts from then on, and nothing else changes."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from forms import (
    consents,
    crypto,
    events,
    giving_out,
    marks,
    moves,
    recontacting,
    recovery,
    rehearsal,
    rotation,
)
from forms.contacts import wishes_of
from forms.erasing import erase
from forms.models import (
    BlindMark,
    Channel,
    ContactNow,
    Erased,
    EventKind,
    IntakeCase,
    Notice,
    NoticeState,
    RecoveryCode,
    Submission,
)
from forms.moves import Action
from forms.register_of_data import data_of
from tests.forms.test_end_of_data import browser_of
from tests.forms.test_keys import key
from tests.forms.test_recovery import ask as ask_for_code
from tests.forms.test_recovery import code_of, enter
from tests.forms.test_recovery import work as send_codes
from tests.forms.test_sending import run as send_notices
from tests.intake import EMAIL, PHONE, FormFactory, contact_steps, make_case, reached_by

pytestmark = pytest.mark.django_db

NEW_EMAIL = "novyj@example.org"
NEW_PHONE = "+79005554433"


@pytest.fixture
def form(db):
    return FormFactory(steps=contact_steps())


@pytest.fixture
def case(form, centre):
    return make_case(form, centre=centre, answers=reached_by("call", "email"))


@pytest.fixture
def family(case):
    return browser_of(case)


def change(browser, case, *ways, **parts):
    sent = {"contact_ways": list(ways)} | {f"contact_{part}": said for part, said in parts.items()}
    return browser.post(f"/status/{case.ref}/contact/", sent)


def wishes(case):
    return wishes_of(IntakeCase.objects.get(pk=case.pk))


def test_new_answer_counts_and_what_was_sent_stays_byte_for_byte(family, case):
    before = bytes(Submission.objects.get().answers)
    page = family.get(f"/status/{case.ref}/contact/").content.decode()
    assert f'value="{EMAIL}"' in page  # what counts now stands there
    answer = change(family, case, "email", email=NEW_EMAIL, phone=PHONE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/status/{case.ref}/#contact")
    assert (wishes(case).ways, wishes(case).email, wishes(case).phone) == (
        ("email",),
        NEW_EMAIL,
        "",
    )
    submission = Submission.objects.get()
    assert bytes(submission.answers) == before
    assert submission.read_answers()["contact"]["email"] == EMAIL
    assert "Связываемся с вами по почте." in answer.client.get(answer.url).content.decode()
    change(family, case, "page")
    text = family.get(f"/status/{case.ref}/").content.decode()
    assert "Мы не звоним и не пишем" in text
    assert ContactNow.objects.count() == 1  # the newest only


def test_event_tells_that_it_was_changed_and_never_to_what(family, case, caplog):
    caplog.set_level("DEBUG")
    change(family, case, "sms", "email", phone="8 900 555-44-33", email=NEW_EMAIL)
    event = case.events.last()
    assert (event.kind, event.data, event.actor) == (EventKind.RECONTACTED, {}, None)
    case.refresh_from_db()
    assert events.first_broken(case) is None
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(t)::text, answer from intake_forms_contactnow t")
        [(row, sealed)] = cursor.fetchall()
        cursor.execute("select row_to_json(t)::text from intake_forms_caseevent t")
        told = str(cursor.fetchall())
    for planted in ("9005554433", NEW_EMAIL, "555-44-33"):
        assert planted.encode() not in bytes(sealed)
        assert planted not in f"{row} {told} {caplog.text} {dict(family.session)}"


def test_same_answer_again_is_no_change(family, case):
    for _ in range(2):  # a second click, a refreshed page
        assert change(family, case, "page").status_code == 303
    assert case.events.filter(kind=EventKind.RECONTACTED).count() == 1
    other = make_case(case.form, answers=reached_by("page"))
    assert change(browser_of(other), other, "page").status_code == 303
    assert other.events.count() == 1


@pytest.mark.parametrize(
    ("ways", "parts", "told"),
    [
        ([], {"phone": NEW_PHONE}, "Выберите, как с вами можно связаться."),
        (["sms"], {"phone": "12"}, "Телефон не похож на номер"),
        (["email"], {"email": "не адрес"}, ""),
        (["page", "email"], {"email": NEW_EMAIL}, "и «никак», и способ связи"),
        (["telepathy"], {"email": NEW_EMAIL}, "из списка"),
        (["email"], {"email": "a" * 5000 + "@example.org"}, ""),
        (["call"], {"phone": NEW_PHONE + "\0"}, ""),
    ],
)
def test_slip_is_told_beside_the_field_and_what_was_typed_is_kept(family, case, ways, parts, told):
    answer = change(family, case, *ways, **parts)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert told in text
    assert 'href="#id_contact"' in text
    assert 'id="id_contact"' in text
    for said in parts.values():
        assert f'value="{said.strip(chr(0))}' in text
    assert not ContactNow.objects.exists()


def test_only_the_browser_of_this_family_may(case, form):
    other = browser_of(make_case(form, answers=reached_by("page")))
    for browser in (other, Client()):
        assert browser.get(f"/status/{case.ref}/contact/").headers["Location"] == "/status/"
        assert change(browser, case, "page").headers["Location"] == "/status/"
    guarded = Client(enforce_csrf_checks=True)
    guarded.cookies = browser_of(case).cookies
    assert change(guarded, case, "page").status_code == 403
    IntakeCase.objects.filter(pk=case.pk).update(secret_round=1)  # a new code was given out
    assert change(browser_of(case), case, "page").headers["Location"] == "/status/"
    assert not ContactNow.objects.exists()


def test_page_is_kept_by_nobody_and_costs_a_fixed_number_of_queries(
    family, case, django_assert_max_num_queries
):
    change(family, case, "email", email=NEW_EMAIL)
    with django_assert_max_num_queries(8):
        answer = family.get(f"/status/{case.ref}/contact/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_form_that_does_not_ask_has_no_such_page(centre):
    case = make_case(centre=centre)
    browser = browser_of(case)
    assert "contact/" not in browser.get(f"/status/{case.ref}/").content.decode()
    assert change(browser, case, "page").headers["Location"] == f"/status/{case.ref}/"
    assert not ContactNow.objects.exists()


def test_changes_of_a_day_are_limited(family, case):
    for number in range(recontacting.MOST_A_DAY):
        assert change(family, case, "email", email=f"a{number}@example.org").status_code == 303
    answer = change(family, case, "page")
    assert answer.status_code == 429
    assert "Позвоните в центр" in answer.content.decode()
    assert wishes(case).email == f"a{recontacting.MOST_A_DAY - 1}@example.org"


def test_page_promises_no_message_once_the_consent_is_taken_back(family, case):
    assert "Связываемся с вами" in family.get(f"/status/{case.ref}/").content.decode()
    consents.withdraw(case=case, way=Channel.WEB)
    page = family.get(f"/status/{case.ref}/").content.decode()
    assert "Связываемся с вами" not in page
    assert "Мы не звоним и не пишем" in page


# What is sent.


@pytest.fixture
def asked(case, specialist):
    """The centre asks; the notice waits for the worker."""
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=Action.ASK, actor=specialist, version=case.version, text="вопрос"
    )


def test_notice_that_waits_goes_to_the_new_address(family, case, asked):
    change(family, case, "email", email=NEW_EMAIL)
    send_notices()
    assert [letter.to for letter in mail.outbox] == [[NEW_EMAIL]]


def test_notice_that_waits_goes_nowhere_once_nothing_is_allowed(family, case, asked):
    change(family, case, "page")
    send_notices()
    assert mail.outbox == []
    assert Notice.objects.get().state == NoticeState.REFUSED


def test_family_that_allows_messages_later_is_told_from_then_on(form, centre, specialist):
    case = make_case(form, centre=centre, answers=reached_by("page"))
    change(browser_of(case), case, "email", email=NEW_EMAIL)
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=Action.ASK, actor=specialist, version=case.version, text="вопрос"
    )
    send_notices()
    assert [letter.to for letter in mail.outbox] == [[NEW_EMAIL]]


def test_lost_receipt_is_recovered_by_the_new_contact_alone(client, family, case):
    change(family, case, "email", email=NEW_EMAIL)
    ask_for_code(client, EMAIL)
    send_codes()
    assert mail.outbox == []
    ask_for_code(client, NEW_EMAIL.upper())
    send_codes()
    assert enter(client, code_of(mail.outbox[0])).status_code == 303
    assert client.get(f"/status/{case.ref}/").status_code == 200


def test_code_sent_before_the_change_opens_nothing_after_it(client, family, case):
    ask_for_code(client, EMAIL)
    send_codes()
    change(family, case, "page")
    enter(client, code_of(mail.outbox[0]))
    assert RecoveryCode.objects.get().used
    assert client.get(f"/status/{case.ref}/").status_code == 302
    assert recovery.cases_of("email", EMAIL) == []


# The desk.


def test_change_closes_the_browsers_that_the_old_contact_has_opened(family, case):
    old, other = Client(), Client()
    for browser in (old, other):
        ask_for_code(browser, EMAIL)
        send_codes()
        enter(browser, code_of(mail.outbox[-1]))
        assert browser.get(f"/status/{case.ref}/").status_code == 200
    assert change(other, case, "call", phone="8 900 555-44-33").status_code == 303
    page = f"/status/{case.ref}/"
    assert old.get(page).status_code == 302
    assert case.number not in old.get("/status/").content.decode()
    assert other.get(page).status_code == 200
    assert family.get(page).status_code == 200
    assert case.number in family.get("/status/").content.decode()


def test_desk_sees_what_counts_now_and_when_it_was_changed(client, family, case, specialist):
    client.force_login(specialist)
    address = reverse("intake:case", args=[case.pk])
    assert "921 123-45-67" not in client.get(address).content.decode()
    opened = {"field": "wishes", "reason": "call"}
    client.post(reverse("intake:look", args=[case.pk]), opened)
    assert 'href="tel:+79211234567"' in client.get(address).content.decode()
    change(family, case, "page")
    page = client.get(address).content.decode()
    assert "Не звонить" in page
    assert "Семья изменила это" in page
    assert "9211234567" not in page.replace("-", "").replace(" ", "")  # not even hidden
    assert "семья изменила, как с ней связываться" in page.lower()


def test_page_of_the_desk_that_does_not_know_the_change_does_nothing(family, case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    change(family, case, "page")
    with pytest.raises(moves.StaleCase):
        moves.move(
            case_id=case.pk, action=Action.ANSWER, actor=specialist, version=case.version, text="x"
        )


def test_desk_is_not_told_of_notices_that_nobody_sends(client, case, specialist):
    client.force_login(specialist)
    address = reverse("intake:case", args=[case.pk])
    told = "Портал ничего семье не присылает"
    assert told not in client.get(address).content.decode()
    consents.withdraw(case=case, way=Channel.WEB)
    assert told in client.get(address).content.decode()


# The end of personal data.


def test_both_contacts_are_found_and_marks_follow_the_newest(family, case):
    change(family, case, "sms", phone=NEW_PHONE)
    change(family, case, "email", email=NEW_EMAIL)
    found = {
        value: marks.submissions_with(kind, value).exists()
        for kind, value in (
            ("phone", PHONE),
            ("email", EMAIL),
            ("email", NEW_EMAIL),
            ("phone", NEW_PHONE),
        )
    }
    assert found == {PHONE: True, EMAIL: True, NEW_EMAIL: True, NEW_PHONE: False}


def test_rotation_of_keys_keeps_it_readable_and_found(settings, family, case):
    change(family, case, "email", email=NEW_EMAIL)
    old, new = settings.NAVIGATOR_DATA_KEYS[0], key()
    settings.NAVIGATOR_DATA_KEYS = [new, old]
    assert sum(rotation.rotate())
    settings.NAVIGATOR_DATA_KEYS = [new]
    assert wishes(case).email == NEW_EMAIL
    assert marks.submissions_with("email", NEW_EMAIL).get().pk == case.submission_id
    assert set(BlindMark.objects.values_list("key_id", flat=True)) == {crypto.newest_key_id()}


def test_rehearsed_restore_opens_it_too(family, case):
    change(family, case, "email", email=NEW_EMAIL)
    found = rehearsal.open_sample(10)
    assert (found.faults, found.counts["contactnow"]) == ([], 1)
    ContactNow.objects.update(answer=b"\x01 somebody has changed this row by hand")
    assert len(rehearsal.open_sample(10).faults) == 1


def test_erasing_takes_it_with_everything_else(family, case):
    change(family, case, "email", email=NEW_EMAIL)
    erase(case=case)
    assert not ContactNow.objects.exists()
    assert not BlindMark.objects.exists()
    with pytest.raises(Erased):
        wishes(case)
    assert family.get(f"/status/{case.ref}/").status_code == 200
    assert change(family, case, "page").headers["Location"] == f"/status/{case.ref}/"
    with pytest.raises(Erased):
        recontacting.change(case_id=case.pk, answer={"ways": ["page"]})
    assert not ContactNow.objects.exists()


def test_person_gets_it_with_the_own_data(family, case):
    change(family, case, "email", email=NEW_EMAIL)
    with zipfile.ZipFile(io.BytesIO(giving_out.archive([case]))) as packed:
        page = packed.read(f"{case.number}/заявка.html").decode()
        plain = json.loads(packed.read(f"{case.number}/заявка.json"))
    assert NEW_EMAIL in page
    assert EMAIL in page  # what was sent first
    assert plain["contact_now"] == {"ways": ["email"], "email": NEW_EMAIL}
    assert plain["answers"]["contact"]["email"] == EMAIL


def test_register_says_that_a_family_is_found_by_its_contact(form):
    [contact] = [
        each for each in data_of(form.version_in_force().schema) if each.label == "Как связаться"
    ]
    assert contact.is_found_by


def test_changed_moment_is_that_of_the_newest(family, case):
    change(family, case, "page")
    first = ContactNow.objects.get().changed_at
    change(family, case, "email", email=NEW_EMAIL)
    assert first < ContactNow.objects.get().changed_at <= timezone.now()
