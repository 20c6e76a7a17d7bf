"""Many at once: one case for one key, one winner for one case."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from django.test import Client

from cms.access import Role
from forms import crypto, drafts, events, ledger, marks, recontacting, rotation
from forms.contacts import wishes_of
from forms.erasing import erase
from forms.ledger.days import first_broken
from forms.models import (
    BlindMark,
    CaseEvent,
    Channel,
    ContactNow,
    Erased,
    EventKind,
    IntakeCase,
    LedgerRow,
    Submission,
)
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_form_page import typed
from tests.forms.test_keys import key
from tests.forms.test_ledger import past_the_database
from tests.intake import FormFactory, contact_steps, make_case, reached_by, version_of
from tests.telling import tell_count

MANY = 50


def at_once(act, number: int = MANY) -> list:
    """Do it in so many threads that start together."""
    barrier = threading.Barrier(number)

    def one(index: int):
        barrier.wait()
        try:
            return act(index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_fifty_posts_with_one_key_make_one_case_with_one_receipt(committed_db):
    country = TerritoryFactory(kind="country")
    TerritoryFactory(slug="rajon", parent=TerritoryFactory(kind="region", parent=country))
    form = FormFactory(slug="vopros")
    draft = drafts.issue(version_of(form).pk)

    def post(index):
        client = Client()
        answer = client.post("/forms/vopros/", {"draft": draft, **typed()})
        receipt = client.get(answer.headers["Location"])
        return answer.status_code, answer.headers["Location"], receipt.content

    answers = at_once(post)
    assert Counter(status for status, _to, _page in answers) == {303: MANY}
    assert len({to for _status, to, _page in answers}) == 1
    codes = {page.decode().split('receipt__code">')[2].split("<")[0] for _s, _t, page in answers}
    assert len(codes) == 1
    assert Submission.objects.count() == IntakeCase.objects.count() == 1
    assert CaseEvent.objects.count() == 1
    tell_count(f"{MANY} posts with one key: 1 case, 1 receipt")


def test_fifty_takers_have_one_winner(committed_db):
    centre = ProviderFactory(centre=True)
    takers = [UserFactory(role=Role.SPECIALIST, provider=centre) for _ in range(MANY)]
    case = make_case(centre=centre)
    clients = []
    for taker in takers:
        client = Client()
        client.force_login(taker)
        clients.append(client)

    statuses = at_once(
        lambda index: clients[index].post(f"/admin/intake/{case.pk}/take/").status_code
    )
    assert Counter(statuses) == {303: 1, 409: MANY - 1}
    case.refresh_from_db()
    assert case.assignee == takers[statuses.index(303)]
    assert list(case.events.values_list("kind", flat=True)) == ["accepted", "taken"]
    tell_count(f"{MANY} threads take one case: {dict(Counter(statuses))}")


def test_parallel_guesses_do_not_slip_past_the_limit(committed_db):
    case = make_case(centre=ProviderFactory(centre=True))

    def guess(index):
        return Client().post("/status/", {"number": case.ref, "secret": "2222-2222"}).status_code

    statuses = Counter(at_once(guess, 20))
    assert statuses[422] <= 5
    assert statuses[422] + statuses[429] == 20
    tell_count(f"20 guesses at once: {statuses[422]} compared, {statuses[429]} turned away")


@pytest.mark.slow
def test_first_cases_of_a_new_centre_share_its_unrouted_queue(committed_db):
    territory = TerritoryFactory()
    ProviderFactory(centre=True, territories=[territory])
    form = FormFactory()
    version_of(form)
    at_once(lambda index: make_case(form, territory=territory).pk, 20)
    assert IntakeCase.objects.count() == 20
    assert IntakeCase.objects.values("queue").distinct().count() == 1


@pytest.mark.slow
def test_changes_a_rotation_and_an_erasing_at_once_leave_one_answer_or_none(committed_db, settings):
    case = make_case(FormFactory(steps=contact_steps()), answers=reached_by("email"))
    settings.NAVIGATOR_DATA_KEYS = [key(), *settings.NAVIGATOR_DATA_KEYS]

    def say(number):
        recontacting.change(
            case_id=case.pk, answer={"ways": ["email"], "email": f"a{number}@example.org"}
        )

    def in_thread(work, *values):
        try:
            return work(*values)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(9) as pool:
        runs = [pool.submit(in_thread, say, number) for number in range(8)]
        runs.append(pool.submit(in_thread, lambda: sum(rotation.rotate())))
    assert [run.exception() for run in runs] == [None] * 9
    email = wishes_of(IntakeCase.objects.get(pk=case.pk)).email
    assert marks.submissions_with("email", email).exists()
    digests = BlindMark.objects.filter(kind="email", key_id=crypto.newest_key_id())
    assert digests.count() == BlindMark.objects.count() == 2  # what was sent, and what counts now
    case.refresh_from_db()
    assert events.first_broken(case) is None
    assert case.events.filter(kind=EventKind.RECONTACTED).count() == 8
    with ThreadPoolExecutor(9) as pool:
        runs = [pool.submit(in_thread, say, number) for number in (100, 101)]
        runs.append(pool.submit(in_thread, lambda: erase(case=case)))
    assert {type(run.exception()) for run in runs} <= {type(None), Erased}
    assert not ContactNow.objects.exists()
    assert not BlindMark.objects.exists()


@pytest.mark.slow
def test_writers_of_the_ledger_at_once_write_each_day_once(committed_db):
    with transaction.atomic():
        make_case()
        past_the_database(
            "update intake_forms_submission set received_at = received_at - interval '20 days'"
        )
    done = at_once(lambda _index: ledger.write_days(), 4)
    assert sorted(done)[:3] == [0, 0, 0]
    assert max(done) in (19, 20)  # yesterday is written an hour after midnight
    assert LedgerRow.objects.count() == max(done) * len(Channel)
    assert first_broken() is None
    tell_count(f"4 writers at once wrote {max(done)} days, each once")
