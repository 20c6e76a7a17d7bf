"""A report of an error says where it happened and nothing of what anybody has typed."""

from __future__ import annotations

import secrets
import sys

import pytest
from django.test import RequestFactory

from cms.errors import DiscreetReporter

TYPED = secrets.token_hex(8)  # stands in no line of source that a report shows


@pytest.fixture
def request_of_somebody():
    browser = RequestFactory()
    browser.cookies["some"] = TYPED
    return browser.post(
        f"/status/?q={TYPED}",
        {"a": TYPED},
        HTTP_REFERER=f"http://testserver/search/?q={TYPED}",
        HTTP_X_SOME=TYPED,
    )


def break_down(typed: str) -> None:
    try:
        int(typed + "x")
    except ValueError as error:
        wrong = RuntimeError(typed)
        wrong.add_note(typed)
        raise wrong from error


def tear(typed: str) -> None:
    f"{typed[:3]}\ud800".encode()


def reporter_of(work, request) -> DiscreetReporter:
    try:
        work(TYPED)
    except Exception:
        return DiscreetReporter(request, *sys.exc_info(), is_email=True)
    raise AssertionError("nothing went wrong")


@pytest.mark.parametrize(
    ("work", "kinds"),
    [(break_down, ("RuntimeError", "ValueError")), (tear, ("UnicodeEncodeError",))],
)
def test_report_holds_places_and_kinds_only(request_of_somebody, work, kinds):
    reporter = reporter_of(work, request_of_somebody)
    for report in (reporter.get_traceback_text(), reporter.get_traceback_html()):
        assert TYPED not in report
        assert "could not be encoded" not in report
        for said in ("/status/", work.__name__, *kinds):
            assert said in report


def test_report_without_a_request():
    assert "RuntimeError" in reporter_of(break_down, None).get_traceback_text()


def test_a_developer_sees_everything(request_of_somebody, settings):
    settings.DEBUG = True
    assert TYPED in reporter_of(break_down, request_of_somebody).get_traceback_html()
