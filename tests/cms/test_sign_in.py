"""A form that is sent after the session has ended: told, and the way back to its page."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from cms.access import Role
from tests.factories import UserFactory
from tests.intake import make_case

pytestmark = pytest.mark.django_db

TOLD = "Вы вышли из системы, поэтому это не сделано."


@pytest.fixture
def look():
    return reverse("intake:look", args=[make_case().pk])


def after_login(answer) -> str:
    to = urlsplit(answer.url)
    assert to.path == reverse("wagtailadmin_login")
    return parse_qs(to.query)["next"][0]


def test_the_login_leads_back_to_the_page_of_the_form(look):
    browser = Client(headers={"referer": "http://testserver/admin/intake/7/?tab=mine"})
    assert after_login(browser.post(look)) == "/admin/intake/7/?tab=mine"
    page = browser.get(reverse("wagtailadmin_login")).content.decode()
    assert page.count(TOLD) == 1


@pytest.mark.parametrize(
    "referer",
    [
        "",
        "http://example.org/admin/intake/7/",
        "http://testserver/admin/login/",
        "http://testserver/chto-sluchilos/",
        "//example.org/admin/",
        "javascript:alert(1)//admin/",
        "http://[",
    ],
)
def test_without_such_a_page_it_leads_to_the_start(look, referer):
    assert after_login(Client(headers={"referer": referer}).post(look)) == "/admin/"


def test_what_a_script_sends_is_told_to_nobody(look):
    browser = Client(headers={"sec-fetch-mode": "cors"})
    assert after_login(browser.post(look)) == look
    assert TOLD not in browser.get(reverse("wagtailadmin_login")).content.decode()


def test_logging_out_and_in_again_is_told_nothing():
    browser = Client()
    browser.force_login(UserFactory(role=Role.DISPATCHER))
    assert browser.post(reverse("wagtailadmin_logout")).status_code == 302
    assert TOLD not in browser.get(reverse("wagtailadmin_login")).content.decode()


def test_opening_a_page_without_a_session_leads_to_that_page():
    browser = Client()
    assert after_login(browser.get(reverse("intake:list"))) == reverse("intake:list")
    assert TOLD not in browser.get(reverse("wagtailadmin_login")).content.decode()
