"""One tap after the answer."""

from __future__ import annotations

import pytest
from django.test import Client

from forms import moves
from forms.accept import receipt_of
from forms.actions import Action
from forms.events import first_broken
from forms.models import IntakeCase, Rating
from tests.forms.test_status import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(case):
    browser, given = Client(), receipt_of(case)
    ask(browser, given.number, given.secret)
    return browser


def decided(case, specialist, outcome="helped"):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=Action.DECIDE, actor=specialist, version=case.version,
        text="ответ", outcome=outcome,
    )  # fmt: skip
    case.refresh_from_db()


def tap(browser, case, score):
    return browser.post(f"/status/{case.ref}/rate/", {"score": score})


def test_family_rates_with_one_tap_and_may_change_it(opened, case, specialist):
    page = f"/status/{case.ref}/"
    assert "Мы вам помогли" not in opened.get(page).content.decode()
    decided(case, specialist)
    assert "Мы вам помогли" in opened.get(page).content.decode()
    assert tap(opened, case, "5").headers["Location"] == f"{page}#rate"
    tap(opened, case, "5")
    assert Rating.objects.get().score == 5
    tap(opened, case, "2")
    assert Rating.objects.get().score == 2
    assert "Спасибо" in opened.get(page).content.decode()
    events = case.events.filter(kind="rated")
    assert [event.data for event in events] == [{"score": 5}, {"score": 2}]
    assert first_broken(IntakeCase.objects.get(pk=case.pk)) is None


@pytest.mark.parametrize("score", ["", "0", "6", "x", "-1", "5" * 500, "٣"])
def test_what_is_no_score_is_none(opened, case, specialist, score):
    decided(case, specialist)
    assert tap(opened, case, score).status_code == 303
    assert not Rating.objects.filter(score__gt=5).exists()
    assert Rating.objects.count() == (1 if score == "٣" else 0)


def test_nobody_else_rates_and_nothing_is_rated_without_an_answer(opened, case, specialist):
    tap(opened, case, "5")
    decided(case, specialist)
    assert tap(Client(), case, "5").headers["Location"] == "/status/"
    assert not Rating.objects.exists()


def test_what_was_set_aside_is_not_rated(opened, case, specialist):
    moves.move(
        case_id=case.pk, action=Action.SET_ASIDE, actor=specialist, version=1, text="x",
        outcome="not_ours", reason="other_agency",
    )  # fmt: skip
    tap(opened, case, "1")
    assert not Rating.objects.exists()
    assert "Мы вам помогли" not in opened.get(f"/status/{case.ref}/").content.decode()
