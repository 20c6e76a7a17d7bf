"""Words that would be a script or a template, in every place that takes words, in a real browser."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.conf import settings as portal
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cms.models import User
from forms.models import IntakeCase, ReadyBlock, Topic
from forms.routing import unrouted_queue
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_files import PDF
from tests.forms.test_form_page import draft_of
from tests.intake import FormFactory, compare, question, rows, step
from tests.telling import tell_count

# Each says where it has worked, and does something that the browser would show.
VECTORS = [
    '"><img src=x onerror=hit(1)>',
    "'><svg onload=hit(2)>",
    "</script><script>hit(3)</script>",
    "</textarea></title></style><iframe srcdoc='<script>parent.hit(4)</script>'>",
    "javascript:hit(5)",
    "\" autofocus onfocus=hit(6) x=\"",
    "`-hit(7)-`${hit(8)}",
    "{{ 7|add:7 }}{% debug %}{{ settings.SECRET_KEY }}{% csrf_token %}",
    "<!--<script>--><b id=injected>",
    "&lt;script&gt;hit(9)&lt;/script&gt;\\u003cscript\\u003ehit(10)",
    "<math><mi//xlink:href=\"data:x,<script>hit(11)</script>\">",
    "%3Cscript%3Ehit(12)%3C/script%3E",
    "<style>@import'//x'</style><base href=//x><meta http-equiv=refresh content=0>",
    "\u2028hit(13)\u2029]]>",
]  # fmt: skip
LONG = " ".join(VECTORS)
SHORT = '"><img src=x onerror=hit(20)><b id=injected>{{ 7|add:7 }}${hit(21)}'
WATCH = """
window.hit = (n) => console.error("HIT " + n);
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP " + event.violatedDirective + " " + event.blockedURI));
"""
INJECTED = "img[src='x'], #injected, svg[onload], iframe[srcdoc], [onfocus], math, base"


def hostile_steps():
    def asked(kind, key, **more):
        return question(kind, key, label=f"{key} {SHORT}", help=SHORT, purpose=SHORT, **more)

    return [
        step(
            f"Шаг {SHORT}",
            asked("text", "text", max_length=1000),
            asked("longtext", "story", personal=True),
            asked("name", "name", required=False),
            asked("choice", "way", options={"a": f"a {SHORT}", "b": f"b {SHORT}"}),
            asked("multichoice", "some", options={"a": f"a {SHORT}", "b": SHORT}, required=False),
            asked("number", "count", unit='<b id="injected">', required=False),
            asked(
                "text", "why", required=False, show_if=compare("text", "eq", LONG[:500]),
            ),
            asked("file", "paper", required=False, accepts="papers"),
            rows("kids", asked("text", "kid", max_length=1000), row_title=f"Ребёнок {SHORT}"[:60], minimum=1, maximum=3),
            {"type": "info", "id": str(uuid.uuid4()), "value": {"label": LONG, "key": "info"}},
            asked("consent", "consent"),
        ),
    ]  # fmt: skip


@pytest.fixture
def form(committed_db, settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    settings.NAVIGATOR_FORM_PACE = 600
    region = TerritoryFactory(
        kind="region", title=f"Область {SHORT}", parent=TerritoryFactory(kind="country")
    )
    TerritoryFactory(slug="rajon", kind="district", title=SHORT, parent=region)
    topic = Topic.objects.create(slug="opasno", title=f"Тема {SHORT}"[:100])
    return FormFactory(
        slug="opasno", title=f"Форма {SHORT}", lead=LONG[:500], topic=topic, steps=hostile_steps(),
        consent_text=f"Согласие {LONG}", layout="one",
    )  # fmt: skip


def typed(draft: str) -> dict[str, str]:
    return {
        "draft": draft,
        "a-text": LONG,
        "a-story": LONG,
        "a-name_family": SHORT,
        "a-name_given": SHORT,
        "a-way": "a",
        "a-kids.rows": "2",
        "a-kids.0.kid": LONG,
        "a-kids.1.kid": SHORT,
        "a-consent": "on",
        "a-paper": SimpleUploadedFile(f"{SHORT}.pdf", PDF),
    }


def watched(browser_page, *, login=None):
    """A page on which anything that ran would be seen; the fixture fails at a console error."""
    page = browser_page("/status/")
    said: list[str] = []
    page.context.add_init_script(WATCH)
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    if login is not None:
        client = Client()
        client.force_login(login)
        cookie = client.cookies[portal.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [
                {
                    "name": portal.SESSION_COOKIE_NAME,
                    "value": cookie,
                    "url": page.url.removesuffix("status/"),
                }
            ]
        )
    return page, said


def is_harmless(page, said) -> str:
    assert said == []
    assert page.locator(INJECTED).count() == 0, page.url
    text = page.content()
    assert portal.SECRET_KEY not in text
    return page.locator("body").inner_text()


@pytest.mark.browser
@pytest.mark.slow
def test_words_of_families_and_editors_stay_words(form, browser_page):
    seen = 0
    page, said = watched(browser_page)
    # A family: the form, what was wrong, the check, the receipt, the status.
    page.goto("/forms/opasno/")
    text = is_harmless(page, said)
    assert "{{ 7|add:7 }}" in text
    assert "onerror=hit(20)" in text
    page.fill("[name=a-text]", LONG)
    page.fill("[name=a-story]", LONG)
    page.fill("[name=a-name_family]", SHORT)
    page.fill("[name='a-kids.0.kid']", LONG)
    paper = {"name": f"{SHORT}.pdf".replace("/", ""), "mimeType": "text/html", "buffer": PDF}
    page.set_input_files("[name=a-paper]", paper)
    page.locator("main form button.button:not(.button--quiet)").last.click()
    page.locator(".error-summary").wait_for()
    assert "hit(20)" in is_harmless(page, said)
    assert page.locator("[name=a-text]").input_value() == LONG
    page.fill("[name=a-name_given]", SHORT)
    page.check("[name=a-way][value=a]")
    page.check("[name=a-consent]")
    page.locator("main form button.button:not(.button--quiet)").last.click()
    page.wait_for_url("**/receipts/**")
    is_harmless(page, said)
    case = IntakeCase.objects.get()
    page.goto(f"/status/{case.ref}/")
    page.fill("[name=text]", LONG)
    page.locator("main form:has([name=text]) button[type=submit]").first.click()
    page.wait_for_load_state()
    assert "{{ 7|add:7 }}" in is_harmless(page, said)
    seen += 5
    for address in (
        f"/status/{SHORT}/", f"/receipts/{SHORT}/", f"/drafts/{SHORT}/", f"/forms/{SHORT}/",
        f"/forms/opasno/?measure={SHORT}", f"/search/?q={SHORT}", f"/measures/{SHORT}/",
    ):  # fmt: skip
        page.goto(address)
        is_harmless(page, said)
        seen += 1
    # The desk.
    centre = ProviderFactory(centre=True, short_name=SHORT[:60])
    boss = User.objects.create_superuser(
        "boss", "boss@example.org", "x" * 20, first_name=SHORT[:60], last_name="Образец"
    )
    case.queue, case.centre = unrouted_queue(centre), centre
    case.save()
    desk, said = watched(browser_page, login=boss)
    block = ReadyBlock.objects.create(
        slug="blok", title=SHORT[:60], help=SHORT,
        questions=[question("text", "t", label=SHORT), question("info", "i", label=LONG)],
    )  # fmt: skip
    form.refresh_from_db()
    revision = form.latest_revision.pk
    snippet = "/admin/snippets/intake_forms/formdefinition"
    for address in (
        "/admin/", "/admin/intake/", f"/admin/intake/{case.pk}/", f"/admin/intake/?q={SHORT}",
        "/admin/intake/person/", "/admin/intake/data/", "/admin/intake/ledger/", "/admin/intake/acts/",
        f"{snippet}/", f"{snippet}/edit/{form.pk}/", f"{snippet}/history/{form.pk}/", f"{snippet}/usage/{form.pk}/",
        f"{snippet}/edit/{form.pk}/preview/", f"{snippet}/revisions/{form.pk}/revert/{revision}/",
        f"/admin/intake/forms/{form.pk}/check/", f"/admin/intake/forms/{form.pk}/check/s0/",
        f"/admin/snippets/intake_forms/readyblock/edit/{block.pk}/", "/admin/snippets/intake_forms/readyblock/",
        "/admin/reports/site-history/",
    ):  # fmt: skip
        answer = desk.goto(address)
        desk.wait_for_load_state("networkidle")
        assert answer.status in (200, 404), (address, answer.status)
        text = is_harmless(desk, said)
        if address.endswith(f"/intake/{case.pk}/"):
            assert text.count("{{ 7|add:7 }}") >= 6
            assert SHORT[:20] in text
        seen += answer.status == 200
    # What the staff write is read by the family.
    desk.goto(f"/admin/intake/{case.pk}/")
    desk.locator(".case-take button").first.click()
    desk.locator(".writing--note textarea").fill(LONG)
    desk.locator(".writing--note button").click()
    desk.wait_for_load_state()
    panel = desk.locator("details:has(input[value=answer])")
    panel.locator("summary").click()
    panel.locator("textarea").fill(LONG)
    panel.locator("button").click()
    desk.wait_for_load_state()
    assert is_harmless(desk, said).count("{% debug %}") >= 4
    page.goto(f"/status/{case.ref}/")
    assert "{% debug %}" in is_harmless(page, said)
    tell_count(
        f"{len(VECTORS)} vectors in every place that takes words: {seen + 3} pages, none ran"
    )


def test_other_ways_out_carry_words_as_they_are(form):
    """The API, the PDF, the script's data, headers, the name of a file; a hostile browser's name."""
    client = Client(
        headers={"User-Agent": LONG.encode("ascii", "ignore").decode(), "Referer": SHORT}
    )
    page = client.get("/forms/opasno/")
    held = re.search(r'<script id="form-schema" type="application/json">(.*?)</script>', page.content.decode(), re.DOTALL)[1]  # fmt: skip
    assert "<" not in held
    assert json.loads(held)["schema"]["steps"][0]["title"] == f"Шаг {SHORT}"
    answer = client.post("/forms/opasno/", typed(draft_of(page)))
    assert answer.status_code == 303
    case = IntakeCase.objects.select_related("submission__key").get()
    kept = case.submission.read_answers()
    assert kept["text"] == LONG
    assert kept["kids"][1] == {"kid": SHORT}
    (paper,) = kept["paper"]
    assert not set('<>"/\\:|?*') & set(paper["name"])
    told = client.get("/api/v1/forms/opasno")
    assert told.headers["Content-Type"].startswith("application/json")
    assert told.json()["title"] == f"Форма {SHORT}"
    pdf = client.get(f"/receipts/{case.ref}/receipt.pdf")
    assert pdf.content.startswith(b"%PDF-")
    for name in (b"/JavaScript", b"/JS", b"/Launch", b"/SubmitForm", b"/EmbeddedFile"):
        assert name not in pdf.content
    boss = UserFactory(is_superuser=True)
    desk = Client()
    desk.force_login(boss)
    file = case.submission.files.get()
    header = desk.get(f"/admin/intake/{case.pk}/files/{file.pk}/").headers["Content-Disposition"]
    assert header.startswith("attachment; ")
    assert not set("\r\n<>") & set(header)
