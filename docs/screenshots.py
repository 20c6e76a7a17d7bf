"""Makes the pictures of the documentation from a running demonstration.

    make demo                                     # in one terminal
    .venv/bin/python docs/screenshots.py http://localhost:8000

A sample family sends a request, a specialist takes it and answers, an editor and a partner open
their rooms. Everything typed is marked as a sample. Names given after the address limit which
pictures are kept: `docs/screenshots.py http://localhost:8000 home search`.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pictures_of_desk import desk  # noqa: E402

from tests.install_browser import QUIET, find  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
PHONE, DESK = (320, 640), (1280, 800)
COLOURS = 64
PLACE = "tihvinskij-rajon"
FORM = "/forms/konsultaciya-specialista/"

# What anybody sees without sending anything: name of the picture and its address.
PUBLIC = {
    "home": "/",
    "situation": "/situations/rozhdenie-rebenka/",
    "quiet": "/situations/domashnee-nasilie/",
    "measure": "/measures/materinskij-kapital/",
    "search": "/search/?q=маткапитал",
    "form": FORM,
    "territory": "/territory/",
}


@dataclass
class Camera:
    """Opens pages of the portal in one browser and keeps small pictures of them."""

    browser: Browser
    portal: str
    password: str
    only: frozenset[str]
    kept: list[str] = field(default_factory=list)

    def open(self, path: str, size: tuple[int, int]) -> Page:
        """A page of somebody new: no cookies are shared."""
        context = self.browser.new_context(
            base_url=self.portal,
            viewport={"width": size[0], "height": size[1]},
            locale="ru-RU",
            timezone_id="Europe/Moscow",
            reduced_motion="reduce",
        )
        page = context.new_page()
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        page.set_default_timeout(10_000)
        return page

    def enter(self, username: str, path: str = "/admin/") -> Page:
        """The back office, as a sample account sees it."""
        page = self.open(f"/admin/login/?next={path}", DESK)
        page.fill("[name=username]", username)
        page.fill("[name=password]", self.password)
        page.click("button[type=submit]")
        page.wait_for_url(re.compile(r"/admin/(?!login)"))
        return page

    def keep(self, page: Page, name: str) -> None:
        """What stands on the screen now, in few colours."""
        assert page.viewport_size is not None
        name = f"{name}-{page.viewport_size['width']}"
        if self.only and name.rpartition("-")[0] not in self.only:
            return
        page.wait_for_load_state("networkidle")
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture = picture.quantize(COLOURS, dither=Image.Dither.NONE)
        FOLDER.mkdir(exist_ok=True)
        picture.save(FOLDER / f"{name}.png", optimize=True)
        self.kept.append(name)

    def keep_both(self, page: Page, name: str) -> None:
        """The same page on a phone and on a desk, opened anew at each width."""
        for width, height in (PHONE, DESK):
            page.set_viewport_size({"width": width, "height": height})
            page.reload()
            self.keep(page, name)


def public_pages(camera: Camera) -> None:
    for name, path in PUBLIC.items():
        for size in (PHONE, DESK):
            page = camera.open(path, size)
            camera.keep(page, name)
            page.context.close()


def ask(camera: Camera) -> Page:
    """A sample family sends a request; returns its browser, which stands on the receipt."""
    page = camera.open(FORM, DESK)
    page.check("[name=a-topic][value=money]")
    page.fill("[name=a-question]", "Образец вопроса: родился второй ребёнок, что нам положено?")
    page.fill("[name=a-name]", "Образец")
    page.select_option("[name=a-territory]", PLACE)
    page.check("[name=a-contact_ways][value=call]")
    page.fill("[name=a-contact_phone]", "8 921 000-00-00")
    page.check("[name=a-consent]")
    page.get_by_role("button", name="Отправить", exact=True).click()
    page.wait_for_url("**/receipts/**")
    camera.keep_both(page, "receipt")
    return page


def answer(camera: Camera, number: str) -> None:
    """A specialist finds the request in the queue, takes it and asks the family."""
    page = camera.enter("specialist")
    camera.keep_both(page, "admin-start-specialist")
    page.goto("/admin/intake/?tab=free")
    camera.keep_both(page, "admin-intake")
    page.click(f"text={number}")
    page.click(".case-take button")
    panel = page.locator("details:has(input[value=ask])")
    panel.locator("summary").click()
    panel.locator("textarea").fill("Образец ответа: скажите, пожалуйста, какой год рождения детей?")
    panel.locator("button").last.click()
    page.locator(".writing--message").wait_for()
    camera.keep_both(page, "admin-case")
    page.locator("#next").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('next').scrollIntoView()")
    camera.keep(page, "admin-case-next")
    page.context.close()


def editor(camera: Camera) -> None:
    page = camera.enter("redaktor", "/admin/snippets/catalogue/measure/")
    camera.keep(page, "admin-measures")
    page.goto("/admin/snippets/catalogue/measure/?q=материнский")
    page.locator("main .title-wrapper a, main td a").first.click()
    page.locator("[name=title]").wait_for()
    camera.keep_both(page, "admin-measure")
    page.goto("/admin/snippets/intake_forms/formdefinition/")
    page.get_by_role("link", name="Консультация специалиста").first.click()
    page.locator("[name=title]").wait_for()
    builder(camera, page)
    page.goto("/admin/exchange/")
    camera.keep_both(page, "admin-exchange")
    page.context.close()


def builder(camera: Camera, page: Page) -> None:
    """The builder with the rules beside, and the check of a form that has a condition too many."""
    edit = page.url
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(edit)
        page.locator(".form-question").first.wait_for(state="attached")
        if width > PHONE[0]:
            page.locator("[data-side-panel-toggle=rules]").click()
            page.locator(".form-rules").wait_for()
        page.locator(".form-step").first.scroll_into_view_if_needed()
        page.evaluate("document.querySelector('.form-step').scrollIntoView()")
        camera.keep(page, "form-builder")
    page.goto(re.sub(r".*/edit/(\d+)/.*", r"/admin/intake/forms/\1/check/", edit))
    camera.keep_both(page, "form-check")


def partner(camera: Camera) -> None:
    page = camera.enter("partner")
    camera.keep_both(page, "admin-start-partner")
    page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("portal", help="address of a running demonstration")
    parser.add_argument("names", nargs="*", help="only these pictures")
    given = parser.parse_args()
    home = Path(os.environ.get("NAVIGATOR_HOME") or ROOT / "var")
    path = find()
    assert path, "No Chromium: run tests/install_browser.py, or set CHROMIUM to its path."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[*QUIET, "--lang=ru-RU"],
            env={**os.environ, "LANGUAGE": "ru"},
        )
        password = (home / "keys" / "demo-password").read_text().strip()
        camera = Camera(browser, given.portal, password, frozenset(given.names))
        public_pages(camera)
        family = ask(camera)
        number = family.locator(".receipt__code").first.inner_text()
        answer(camera, number)
        desk(camera, number)
        family.click(".buttons a")
        camera.keep_both(family, "status")
        editor(camera)
        partner(camera)
        browser.close()
    size = sum((FOLDER / f"{name}.png").stat().st_size for name in camera.kept)
    sys.stdout.write(
        f"{len(camera.kept)} pictures, {size / 1024:.0f} KB, in {FOLDER.relative_to(ROOT)}/\n"
    )


if __name__ == "__main__":
    main()
