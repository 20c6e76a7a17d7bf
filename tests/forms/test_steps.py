"""A form of several pages: its steps, what is kept between them, the check before sending."""

from __future__ import annotations

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from forms import drafts, keeping
from forms.models import FormDraft, IntakeCase, Submission
from forms.tasks import sweep_drafts
from tests.factories import TerritoryFactory
from tests.forms.test_form_page import draft_of
from tests.intake import (
    NAME,
    STORY,
    FormFactory,
    compare,
    family_steps,
    question,
    rows,
    step,
    version_of,
)

pytestmark = pytest.mark.django_db

URL = "/forms/shagi/"


@pytest.fixture
def form(db):
    """Three steps; the second is asked only of those who have a baby."""
    TerritoryFactory(kind="country")
    return FormFactory(
        slug="shagi",
        layout="steps",
        steps=[
            step("О вас", question("text", "name"), question("yesno", "baby")),
            step(
                "О малыше",
                question("date", "born", required=False),
                show_if=compare("baby", "eq", "yes"),
            ),
            step(
                "Вопрос",
                question("longtext", "story"),
                question("text", "clinic", show_if=compare("baby", "eq", "yes")),
            ),
        ],
    )


class Family:
    """Goes through the form as a browser without script does."""

    def __init__(self, client, page=None):
        self.client = client
        self.page = page or client.get(URL)

    @property
    def text(self):
        return self.page.content.decode()

    @property
    def heading(self):
        return re.search(r"<h2>\s*(.+?)</h2>", self.text, re.DOTALL)[1]

    def hidden(self):
        # The button of leaving the page has a form of its own; only ours holds these.
        return {
            name: found[1]
            for name in ("draft", "step")
            if (found := re.search(rf'name="{name}" value="([^"]*)"', self.text))
        }

    def send(self, **typed):
        values = {f"a-{name}": value for name, value in typed.items() if name != "do"}
        if "do" in typed:
            values["do"] = typed["do"]
        sent = {**self.hidden(), **values}
        self.answer = self.client.post(URL, sent)
        self.page = self.answer
        if self.answer.status_code == 303:
            self.page = self.client.get(self.answer.headers["Location"])
        return self


@pytest.fixture
def family(client, form):
    return Family(client)


def test_looking_at_a_form_begins_nothing(client, form):
    for _ in range(3):
        assert client.get(URL).status_code == 200
    assert not FormDraft.objects.exists()
    assert not client.session.keys()


def test_steps_are_asked_one_by_one_then_checked_then_sent(client, family):
    assert "a-story" not in family.text
    family.send(name=NAME, baby="yes")
    assert family.heading == "О малыше"
    family.send(born="2026-09-01")
    assert family.heading == "Вопрос"
    family.send(story=STORY, clinic="Первая")
    assert family.page.request["PATH_INFO"].endswith("/check/")
    for said in (NAME, "01.09.2026", STORY, "Первая"):
        assert said in family.text
    assert not Submission.objects.exists()
    family.send()
    assert "/receipts/" in family.answer.headers["Location"]
    assert IntakeCase.objects.get().submission.read_answers() == {
        "name": NAME,
        "baby": True,
        "born": "2026-09-01",
        "story": STORY,
        "clinic": "Первая",
    }
    assert not FormDraft.objects.exists()


def test_way_back_after_sending_leads_to_the_receipt(client, family):
    family.send(name=NAME, baby="no")
    step_page = family.page.request["PATH_INFO"]
    family.send(story=STORY)
    check = family.page.request["PATH_INFO"]
    family.send()
    receipt = family.answer.headers["Location"]
    for page in (check, step_page):
        answer = client.get(page, follow=True)
        assert answer.redirect_chain[-1] == (receipt, 302)
        assert "Заявка принята" in answer.content.decode()
        assert "/receipts/" not in Client().get(page, follow=True).redirect_chain[-1][0]
    client.post("/status/leave/")
    answer = client.get(check, follow=True)
    assert "/drafts/" in answer.redirect_chain[-1][0]
    assert 'href="/status/"' in answer.content.decode()


def test_step_that_conditions_skip_is_skipped(family):
    family.send(name=NAME, baby="no")
    assert family.heading == "Вопрос"
    assert "a-clinic" not in family.text  # this page knows already that it is not asked
    family.send(story=STORY).send()
    assert IntakeCase.objects.get().submission.read_answers() == {
        "name": NAME,
        "baby": False,
        "story": STORY,
    }


def test_mistake_keeps_the_step_and_what_was_typed(family):
    family.send(name=NAME)
    assert family.page.status_code == 422
    assert family.heading == "О вас"
    assert f'value="{NAME}"' in family.text
    assert 'href="#id_a-baby' in family.text
    assert "id_a-story" not in family.text


def test_back_keeps_even_what_is_wrong(family):
    family.send(name=NAME, baby="yes").send(born="тридцатого", do="back")
    assert family.heading == "О вас"
    assert f'value="{NAME}"' in family.text
    family.send(name=NAME, baby="yes")
    assert family.heading == "О малыше"
    assert 'value="тридцатого"' in family.text
    assert family.page.status_code == 200
    family.send(born="тридцатого")
    assert family.page.status_code == 422


def test_change_from_the_check_leads_back_to_the_check(client, family):
    family.send(name=NAME, baby="no").send(story=STORY)
    link = re.search(r'<a href="(/drafts/[^"]+/1/)">', family.text)[1]
    other = Family(client, client.get(link)).send(name="образец Другая", baby="no")
    assert other.page.request["PATH_INFO"].endswith("/check/")
    assert "образец Другая" in other.text
    assert NAME not in other.text


def test_change_that_opens_a_step_asks_it(client, family):
    family.send(name=NAME, baby="no").send(story=STORY)
    link = re.search(r'<a href="(/drafts/[^"]+/1/)">', family.text)[1]
    other = Family(client, client.get(link)).send(name=NAME, baby="yes")
    assert other.heading == "О малыше"
    other.send(born="")
    assert other.heading == "Вопрос"  # one more question is asked there now
    assert STORY in other.text


def test_error_in_an_earlier_step_leads_there_at_sending(client, family):
    family.send(name=NAME, baby="no").send(story=STORY)
    check = family.hidden()
    draft = FormDraft.objects.get()
    typed = draft.read_typed()
    del typed["a-name"]
    draft.write_typed(typed)
    draft.save()
    answer = client.post(URL, check)
    assert answer.status_code == 422
    assert Family(client, answer).heading == "О вас"
    assert not Submission.objects.exists()


def test_address_of_the_check_skips_no_step(client, family):
    family.send(name=NAME, baby="yes")
    ref = FormDraft.objects.get().ref
    answer = client.get(f"/drafts/{ref}/check/")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/2/")


@pytest.mark.parametrize("place", ["0", "9", "x", "١", "99999", "-1"])
def test_step_that_is_not_there_is_not_found(client, family, place):
    family.send(name=NAME, baby="yes")
    ref = FormDraft.objects.get().ref
    assert client.get(f"/drafts/{ref}/{place}/").status_code == 404


def test_page_sent_again_doubles_nothing(client, family):
    sent = {**family.hidden(), "a-name": NAME, "a-baby": "yes"}
    first, second = client.post(URL, sent), client.post(URL, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert FormDraft.objects.get().revision == 1
    changed = client.post(URL, {**sent, "a-name": "образец Другая"})  # the browser's back button
    assert changed.status_code == 303
    assert FormDraft.objects.get().read_typed()["a-name"] == ["образец Другая"]


def test_sent_twice_from_the_check_is_one_case(client, family):
    family.send(name=NAME, baby="no").send(story=STORY)
    check = family.hidden()
    first, second = client.post(URL, check), client.post(URL, check)
    assert first.headers["Location"] == second.headers["Location"]
    assert IntakeCase.objects.count() == 1
    late = client.post(URL, {**check, "step": "", "a-name": "поздно"})
    assert late.headers["Location"] == first.headers["Location"]
    assert not FormDraft.objects.exists()


def test_two_blank_pages_are_two_drafts(client, form):
    tabs = [Family(client), Family(client)]
    tabs[0].send(name="первая", baby="no")
    tabs[1].send(name="вторая", baby="no")
    assert FormDraft.objects.count() == 2
    tabs[0].send(story="один").send()
    tabs[1].send(story="два").send()
    said = {case.submission.read_answers()["name"] for case in IntakeCase.objects.all()}
    assert said == {"первая", "вторая"}


def test_form_begun_here_is_offered_on_a_blank_page(client, family):
    family.send(name=NAME, baby="yes")
    ref = FormDraft.objects.get().ref
    blank = client.get(URL).content.decode()
    assert f"/drafts/{ref}/" in blank
    assert NAME not in blank
    assert ref not in Client().get(URL).content.decode()


def test_draft_is_sealed_and_belongs_to_its_browser(client, family):
    family.send(name=NAME, baby="yes")
    draft = FormDraft.objects.get()
    assert NAME.encode() not in bytes(draft.typed)
    for place in ("1", "check", "kept"):
        answer = Client().get(f"/drafts/{draft.ref}/{place}/")
        assert answer.status_code == 302
        assert (
            NAME not in Client().get(f"/drafts/{draft.ref}/{place}/", follow=True).content.decode()
        )


def test_values_of_unknown_names_are_not_kept(client, family):
    client.post(URL, {**family.hidden(), "a-name": NAME, "a-extra": "1", "state": "closed"})
    assert FormDraft.objects.get().read_typed() == {"a-name": [NAME]}


def test_values_of_another_step_are_not_taken_from_a_page(client, family):
    family.send(name=NAME, baby="yes")
    client.post(URL, {**family.hidden(), "a-born": "2026-09-01", "a-name": "подмена"})
    assert FormDraft.objects.get().read_typed()["a-name"] == [NAME]


def test_rows_are_added_on_a_step(client, form):
    FormFactory(slug="deti", layout="steps", steps=family_steps())
    page = client.get("/forms/deti/")
    sent = {
        "draft": draft_of(page),
        "step": re.search(r'name="step" value="([^"]+)"', page.content.decode())[1],
        "a-children.rows": "1",
        "a-children.0.child": "образец Анна",
        "do": "add:children",
    }
    answer = client.post("/forms/deti/", sent)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="a-children.1.child"' in text
    assert 'value="образец Анна"' in text
    assert "error-summary" not in text


def test_answer_of_an_earlier_step_reaches_the_script_only_when_it_is_looked_at(client, form):
    FormFactory(
        slug="skript",
        layout="steps",
        steps=[
            step("Один", question("text", "secret"), question("number", "age")),
            step(
                "Два",
                question("text", "more", show_if=compare("age", "gt", "5"), required=False),
            ),
        ],
    )
    page = client.get("/forms/skript/")
    sent = {"draft": draft_of(page), "a-secret": NAME, "a-age": "7"}
    text = client.get(client.post("/forms/skript/", sent).headers["Location"]).content.decode()
    assert '"before": {"age": 7}' in text
    assert NAME not in text
    assert "form-question__condition" not in text  # it is known that the question is asked


def test_what_is_known_of_a_later_step_travels_with_the_first(client, form):
    place = TerritoryFactory(
        slug="rajon",
        parent=TerritoryFactory(kind="region", parent=TerritoryFactory(kind="country")),
    )
    FormFactory(
        slug="mesto",
        layout="steps",
        steps=[step("Один", question("text", "name")), step("Два", question("territory", "place"))],
    )
    client.cookies["territory"] = place.slug
    page = client.get("/forms/mesto/").content.decode()
    assert '<input type="hidden" name="a-place" value="rajon">' in page
    sent = {"draft": re.search(r'name="draft" value="([^"]+)"', page)[1], "a-name": NAME}
    answer = client.post("/forms/mesto/", {**sent, "a-place": "rajon"})
    assert (
        '<option value="rajon" selected>' in client.get(answer.headers["Location"]).content.decode()
    )


def test_draft_is_deleted_after_its_term_however_often(family):
    family.send(name=NAME, baby="yes")
    sweep_drafts(0)
    assert FormDraft.objects.exists()
    FormDraft.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    sweep_drafts(0)
    sweep_drafts(0)
    assert not FormDraft.objects.exists()


def test_page_of_a_draft_that_is_gone_keeps_what_it_holds(client, family):
    family.send(name=NAME, baby="yes")
    FormDraft.objects.all().delete()
    answer = client.post(URL, {**family.hidden(), "a-born": "2026-09-01"})
    assert answer.status_code == 303
    assert FormDraft.objects.get().read_typed() == {"a-born": ["2026-09-01"]}
    assert Family(client, client.get(answer.headers["Location"])).heading == "О вас"


@pytest.mark.parametrize(
    ("layout", "sizes", "pages"),
    [
        ("auto", [4, 4], "one"),
        ("auto", [5, 4], "steps"),
        ("auto", [1, 1, 1], "steps"),
        ("auto", [30], "one"),
        ("one", [9, 9, 9], "one"),
        ("steps", [1, 1], "steps"),
    ],
)
def test_short_forms_stand_on_one_page(db, layout, sizes, pages):
    steps = [
        step(f"Шаг {place}", *[question("text", f"q{place}_{n}") for n in range(size)])
        for place, size in enumerate(sizes)
    ]
    form = FormFactory(layout=layout, steps=steps)
    assert version_of(form).schema["pages"] == pages


def test_queries_of_a_step_do_not_grow_with_questions(client, db, django_assert_max_num_queries):
    TerritoryFactory(kind="country")
    client.get("/status/")
    counts = []
    for number in (20, 60):
        kinds = ["text", "territory", "measure", "provider", "phone", "number"]
        FormFactory(
            slug=f"f{number}",
            layout="steps",
            steps=[
                step("Имя", question("text", "name")),
                step("Шаг", *[question(kinds[n % 6], f"q{n}") for n in range(number)]),
            ],
        )
        sent = {"draft": draft_of(client.get(f"/forms/f{number}/")), "a-name": NAME}
        to = client.post(f"/forms/f{number}/", sent).headers["Location"]
        with django_assert_max_num_queries(8) as counted:
            assert client.get(to).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]


# Two devices.


@pytest.fixture
def devices(client, family):
    """A form begun on a phone, saved, and opened on a computer, too."""
    family.send(name=NAME, baby="no").send(story="первый текст", do="save")
    draft = FormDraft.objects.get()
    computer = Client()
    computer.post("/drafts/", {"number": draft.number, "secret": draft.code})
    address = f"/drafts/{draft.ref}/3/"
    return Family(client, client.get(address)), Family(computer, computer.get(address))


def test_later_page_that_did_not_know_the_earlier_is_shown_both(devices):
    phone, computer = devices
    phone.send(story="текст с телефона")
    computer.send(story="текст с компьютера")
    assert computer.page.status_code == 409
    assert "текст с телефона" in computer.text
    assert "текст с компьютера" in computer.text
    assert FormDraft.objects.get().read_typed()["a-story"] == ["текст с телефона"]
    computer.send(story="оба текста")  # now it knows
    assert computer.answer.status_code == 303
    assert FormDraft.objects.get().read_typed()["a-story"] == ["оба текста"]


def test_two_devices_on_different_steps_do_not_meet(client, devices):
    phone, computer = devices
    first = Family(client, client.get(phone.page.request["PATH_INFO"].replace("/3/", "/1/")))
    first.send(name="образец Другая", baby="no")
    computer.send(story="новый текст")
    assert computer.answer.status_code == 303
    typed = FormDraft.objects.get().read_typed()
    assert (typed["a-name"], typed["a-story"]) == (["образец Другая"], ["новый текст"])


def test_check_page_that_is_out_of_date_is_shown_anew(devices):
    phone, computer = devices
    phone.send(story="готово")
    computer.page = computer.client.get(phone.page.request["PATH_INFO"])
    check = computer.hidden()
    other = Family(
        phone.client, phone.client.get(phone.page.request["PATH_INFO"].replace("check", "3"))
    )
    other.send(story="передумала")
    answer = computer.client.post(URL, check)
    assert answer.status_code == 409
    assert "передумала" in answer.content.decode()
    assert not Submission.objects.exists()


# Saving and coming back.


def test_kept_form_is_opened_elsewhere_with_number_and_code(client, family):
    stale = family.send(name=NAME, baby="yes").hidden()
    family.send(born="не знаю", do="save")
    draft = FormDraft.objects.get()
    assert draft.number in family.text
    code = draft.code
    assert f"{code[:4]}-{code[4:]}" in family.text
    assert code not in family.page.request["PATH_INFO"]
    assert draft.kept
    assert draft.expires_at > timezone.now() + keeping.KEPT_FOR_LATER - datetime.timedelta(hours=1)

    other = Client()
    asked = other.get(f"/drafts/{draft.ref}/")
    assert asked.status_code == 200
    assert NAME not in asked.content.decode()
    answer = other.post(f"/drafts/{draft.ref}/", {"number": draft.number, "secret": code.lower()})
    assert answer.status_code == 303
    come_back = Family(other, other.get(answer.headers["Location"]))
    assert come_back.heading == "О малыше"
    assert 'value="не знаю"' in come_back.text
    come_back.send(born="2026-09-01").send(story=STORY, clinic="Первая").send()
    assert IntakeCase.objects.count() == 1
    late = client.post(URL, {**stale, "a-born": "2026-10-01"})
    assert "/receipts/" in late.headers["Location"]


def test_guessing_the_code_of_a_kept_form_is_limited(client, family):
    family.send(name=NAME, baby="yes", do="save")
    draft = FormDraft.objects.get()
    other = Client()
    statuses = [
        other.post("/drafts/", {"number": draft.number, "secret": "2222-2222"}).status_code
        for _ in range(7)
    ]
    assert statuses == [422] * 5 + [429] * 2
    right = other.post("/drafts/", {"number": draft.number, "secret": draft.code})
    assert right.status_code == 429


def test_unknown_number_and_wrong_code_get_the_same_answer(client, family):
    from forms.references import grouped, new_reference

    family.send(name=NAME, baby="yes", do="save")
    number = FormDraft.objects.get().number
    pages = [
        re.sub(r'value="[^"]*"', "", Client().post("/drafts/", sent).content.decode())
        for sent in (
            {"number": number, "secret": "2222-2222"},
            {"number": grouped(new_reference()), "secret": "2222-2222"},
        )
    ]
    assert pages[0] == pages[1]


def test_form_that_was_not_kept_has_no_code(client, family):
    family.send(name=NAME, baby="yes")
    draft = FormDraft.objects.get()
    sent = {"number": draft.number, "secret": draft.code}
    assert Client().post("/drafts/", sent).status_code == 422


def test_device_forgets_a_begun_form(client, family):
    family.send(name=NAME, baby="yes", do="save")
    client.post("/status/leave/")
    assert client.get(f"/drafts/{FormDraft.objects.get().ref}/kept/").status_code == 302


def test_short_form_is_kept_and_come_back_to_whole(client, db):
    TerritoryFactory(kind="country")
    FormFactory(
        slug="korotko",
        steps=[step("Всё", question("text", "name"), rows("kids", question("text", "kid")))],
    )
    sent = {"draft": draft_of(client.get("/forms/korotko/")), "a-name": NAME, "do": "save"}
    assert client.post("/forms/korotko/", sent).status_code == 303
    draft = FormDraft.objects.get()
    page = client.get(f"/drafts/{draft.ref}/", follow=True)
    assert f'value="{NAME}"' in page.content.decode()
    sent = {"draft": draft_of(page), "a-name": NAME}
    assert "/receipts/" in client.post("/forms/korotko/", sent).headers["Location"]
    assert not FormDraft.objects.exists()


def test_token_of_a_draft_names_its_page():
    token = drafts.read(drafts.issue(7))
    again = drafts.read(drafts.issue(7, token.key, 3))
    assert (again.key, again.revision) == (token.key, 3)
    assert again.page != token.page
