"""Fixtures that drive a real Chromium against a real server.

    @pytest.mark.browser
    def test_something(browser_page):
        page = browser_page("/territory/", width=320)
        ...
        assert violations(page) == []

The server runs on `committed_db`, so what the test creates is seen by the browser. Errors in the
console, failed loads, answers of 4xx/5xx to anything but a page itself, and any load from a
foreign host make the test fail at its end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.install_browser import QUIET, find

OPENED = pytest.StashKey[list[Page]]()
MOST_TOLD = 3000  # symbols of a page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What stood on the pages when a test failed: on another machine nobody can look."""
    report = yield
    if report.when == "call" and report.failed:
        for page in item.stash.get(OPENED, []):
            try:
                page.set_default_timeout(5000)
                told = page.locator("body").inner_text()[:MOST_TOLD]
            except PlaywrightError as error:
                told = f"it does not answer: {error}"
            report.sections.append((f"Page {page.url}", told))
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run."""
    path = find()
    assert path, "No Chromium: run tests/install_browser.py, or set CHROMIUM to its path."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def live_portal(committed_db: None) -> Iterator[str]:
    """The address of a running portal that shares the database of the test."""
    server = LiveServerThread("127.0.0.1", static_handler=lambda application: application)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def browser_page(
    chromium: Browser, live_portal: str, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Opens pages: `browser_page(path, width=…, javascript=…, scheme=…, touch=…)`, each in its own context.

    Two calls are two people: they share no cookies.
    """
    contexts = []
    faults: list[str] = []
    opened = request.node.stash.setdefault(OPENED, [])

    def open_page(
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 900,
        javascript: bool = True,
        scheme: Any = "light",
        touch: bool = False,
    ) -> Page:
        context = chromium.new_context(
            base_url=live_portal,
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            color_scheme=scheme,
            has_touch=touch,
            is_mobile=touch,
            locale="ru-RU",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        opened.append(page)
        _watch(page, live_portal, faults)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == [], faults


def violations(page: Page) -> list[str]:
    """What axe finds wrong with a page, a line for each element."""
    # Preloading, axe looks for the files that main.css imports in the page's own folder.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in found
        for node in rule["nodes"]
    ]


def sign_in(page: Page, username: str, password: str) -> None:
    """Log in on the page that asks for it; the page that comes after it is whole, with its scripts."""
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("form button[type=submit]")
    page.wait_for_url(lambda address: "/admin/login/" not in address)


def open_menu(opener: Locator, wanted: Locator) -> Locator:
    """Press what opens a menu until the wanted item is seen; return the item.

    A menu pressed before its script has come, or while a block above it still slides in, stays
    closed: a person presses again, and so does this.
    """
    for _ in range(10):
        opener.click()
        with contextlib.suppress(PlaywrightTimeout):
            wanted.wait_for(timeout=3000)
            break
    return wanted


def pick(opener: Locator, wanted: Locator, appears: Locator) -> None:
    """Choose from a menu until what it adds is there.

    An item that still moves, or that the menu draws anew under the pointer, may be missed: a person
    chooses again, and so does this.

    Raises:
        TimeoutError: after five times what the menu adds is still not there.
    """
    for _ in range(5):
        with contextlib.suppress(PlaywrightTimeout):
            open_menu(opener, wanted).click(timeout=5000)
            appears.wait_for(state="attached", timeout=5000)
        if appears.count():
            return
    appears.wait_for(state="attached", timeout=5000)


def _watch(page: Page, portal: str, faults: list[str]) -> None:
    def console(message: Any) -> None:
        # Loads that failed are judged by their answers, below.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            faults.append(f"console: {message.text}")

    def answer(response: Any) -> None:
        asked = response.request
        refused = response.status == 422 and asked.method == "POST"  # by a script that tells why
        if response.status >= 400 and not refused and not asked.is_navigation_request():
            faults.append(f"{response.status}: {response.url}")

    def request(request: Any) -> None:
        own = request.url.startswith((portal, "data:", "blob:"))
        if not own and not request.is_navigation_request():
            faults.append(f"foreign host: {request.url}")

    def failure(request: Any) -> None:
        # A navigation cuts off what the page before it still asked for.
        if not request.is_navigation_request() and request.failure != "net::ERR_ABORTED":
            faults.append(f"failed: {request.url} ({request.failure})")

    page.on("console", console)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("response", answer)
    page.on("request", request)
    page.on("requestfailed", failure)
