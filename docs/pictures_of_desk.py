"""The desk's pictures: a call by a script, a referral and its partner, the schedule, a trial, and what
the head has: a journal, figures, a table.

Used by docs/screenshots.py; everything typed is marked as a sample.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from playwright.sync_api import Page

if TYPE_CHECKING:
    from screenshots import Camera

PHONE, DESK = (320, 640), (1280, 800)
SCRIPT, PLACE = "ne-hvataet-deneg", "tihvinskij-rajon"
TABLE = "Выгрузить"
LONGEST_WAIT = 6 * 60  # seconds until the worker has written the journal


def desk(camera: Camera, number: str) -> None:
    """
    :param number: of a case that the specialist holds.
    """
    call(camera)
    referral(camera)
    schedule(camera, number)
    trial(camera)
    head(camera)


def call(camera: Camera) -> None:
    """The dispatcher leads a talk; nothing is registered."""
    page = camera.enter("dispetcher", "/admin/intake/new/")
    camera.keep(page, "desk-new")
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"/admin/intake/new/form/konsultaciya-specialista/?script={SCRIPT}")
        page.locator("[name^=x-]").first.check()
        page.fill("[name=s-question]", "Образец: третий день без продуктов, двое детей")
        page.locator(".call h2").scroll_into_view_if_needed()
        camera.keep(page, "desk-call")
    page.context.close()


def referral(camera: Camera) -> None:
    """The sample that waits at a partner: the centre's page, the partner's by link and code."""
    page = camera.enter("specialist", "/admin/intake/?tab=partner")
    page.locator(".desk-list__number").first.click()
    page.locator(".case-referrals li a").first.click()
    code = page.locator(".refer-code__code").inner_text()
    link = page.locator(".refer-code__link").inner_text()
    camera.keep_both(page, "desk-referral")
    page.context.close()
    partner = camera.open(re.sub(r"^https?://[^/]+", "", link), PHONE)
    camera.keep(partner, "partner-link")
    partner.fill("[name=code]", code)
    partner.click("main form button[type=submit]")
    partner.locator(".packet").wait_for()
    camera.keep_both(partner, "partner-packet")
    partner.context.close()


def schedule(camera: Camera, number: str) -> None:
    page = camera.enter("specialist")
    page.goto("/admin/intake/?tab=mine")
    page.get_by_role("link", name=number).click()
    page.get_by_role("link", name="Записать на приём").click()
    page.locator(".free-slot").first.click()
    page.locator(".case-appointments__list").wait_for()
    page.goto("/admin/intake/schedule/?view=week")
    if not page.get_by_role("link", name=number).count():
        page.get_by_role("link", name="Вперёд").click()
    camera.keep_both(page, "desk-schedule")
    page.context.close()


def trial(camera: Camera) -> None:
    """What a rule would have done; it is not put in force."""
    page = camera.enter("admin", "/admin/intake/routes/new/")
    _type_rule(page)
    camera.keep(page, "desk-rule")
    page.locator(".register-form button[type=submit]").last.click()
    page.locator(".desk-actions").wait_for()
    camera.keep(page, "desk-trial")
    page.context.close()


def _type_rule(page: Page) -> None:
    page.select_option("[name=form]", label="Консультация специалиста")
    page.fill("[name=territory]", "Тихвинский муниципальный район")
    page.select_option("[name=channel]", value="phone")
    page.select_option("[name=queue]", label="ЛОГБУ «Тихвинский КЦСОН»: Нераспределённые")
    page.fill("[name=position]", "10")


def head(camera: Camera) -> None:
    """The worker writes journals and counts figures every five minutes: first a journal has a line."""
    page = camera.enter("rukovoditel", "/admin/intake/journals/")
    deadline = time.monotonic() + LONGEST_WAIT
    while not page.locator(".desk-list a").count():
        assert time.monotonic() < deadline, "no line in any journal: does the worker run?"
        page.wait_for_timeout(5000)
        page.reload()
    page.locator(".desk-list a").first.click()
    page.locator(".desk-wide").wait_for()
    camera.keep_both(page, "desk-journal")
    page.goto("/admin/intake/figures/")
    while not page.locator(".figures__numbers dd", has_text=re.compile("[1-9]")).count():
        assert time.monotonic() < deadline, "no figures: does the worker run?"
        page.wait_for_timeout(5000)
        page.reload()
    camera.keep_both(page, "desk-figures")
    page.goto("/admin/intake/?tab=open")
    page.get_by_role("link", name=TABLE).click()
    camera.keep(page, "desk-export")
    page.context.close()
