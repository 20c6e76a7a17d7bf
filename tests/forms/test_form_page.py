"""The page of a form: what a family sees, and what happens to what it sends."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalogue.models import Territory
from forms import drafts
from forms.erasing import erase
from forms.models import ConsentGiven, FormVersion, IntakeCase, Submission
from tests.factories import MeasureFactory, TerritoryFactory
from tests.intake import (
    NAME,
    PHONE,
    STORY,
    FormFactory,
    condition,
    question,
    rows,
    step,
    version_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return TerritoryFactory(
        slug="rajon",
        parent=TerritoryFactory(kind="region", parent=TerritoryFactory(kind="country")),
    )


@pytest.fixture
def form(place):
    return FormFactory(slug="vopros")


def draft_of(page) -> str:
    return re.search(r'name="draft" value="([^"]+)"', page.content.decode())[1]


def typed(**changed) -> dict[str, str]:
    values = {
        "a-story": STORY,
        "a-way": "call",
        "a-name": NAME,
        "a-phone": "8 (921) 123-45-67",
        "a-place": "rajon",
        "a-consent": "on",
        **changed,
    }
    return {name: value for name, value in values.items() if value is not None}


@pytest.fixture
def send(client, form):
    def send(**changed):
        draft = changed.pop("draft", None) or draft_of(client.get("/forms/vopros/"))
        return client.post("/forms/vopros/", {"draft": draft, **typed(**changed)})

    return send


def test_page_shows_questions_and_is_kept_nowhere(client, form):
    page = client.get("/forms/vopros/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "О чём вопрос" in text
    assert "Вопрос name" in text
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "no-store" in page.headers["Cache-Control"]
    assert re.search(r"<meta name=\"robots\" content=\"noindex\">", text)


def test_two_blank_pages_have_different_keys(client, form):
    assert draft_of(client.get("/forms/vopros/")) != draft_of(client.get("/forms/vopros/"))


def test_sending_leads_to_a_receipt(client, send):
    answer = send()
    assert answer.status_code == 303
    case = IntakeCase.objects.get()
    assert answer.headers["Location"] == f"/receipts/{case.ref}/"
    receipt = client.get(answer.headers["Location"]).content.decode()
    assert case.number in receipt
    assert case.submission.read_answers() == {
        "story": STORY,
        "way": "call",
        "name": NAME,
        "phone": PHONE,
        "place": {
            "slug": "rajon",
            "title": case.territory.title,
            "around": [*Territory.objects.around(case.territory).values_list("slug", flat=True)],
        },
        "consent": True,
    }


def test_session_of_a_new_browser_is_written_by_the_statement_that_accepts(client, form, place):
    drafted = [draft_of(client.get("/forms/vopros/")) for _ in range(2)]
    assert not Session.objects.exists()
    with CaptureQueriesContext(connection) as seen:
        first = client.post("/forms/vopros/", {"draft": drafted[0], **typed()})
    writing = [query["sql"] for query in seen if '"django_session"' in query["sql"]]
    assert len(writing) == 1
    assert "intake_forms_submission" in writing[0]
    assert Session.objects.count() == 1
    # From then on it is a session as any other: the next request of the family is added to it.
    second = client.post("/forms/vopros/", {"draft": drafted[1], **typed(**{"a-name": "Образец"})})
    assert Session.objects.count() == 1
    assert IntakeCase.objects.count() == 2
    for answer in (first, second):
        assert client.get(answer.headers["Location"]).status_code == 200
    assert Client().get(first.headers["Location"]).status_code == 302


def test_consent_is_kept_with_its_wording(send, form):
    send()
    given = ConsentGiven.objects.get()
    assert given.text == version_of(form).consent_text
    assert given.way == "web"


def test_consents_to_other_things_are_kept_with_their_own_wording(client, db):
    TerritoryFactory(kind="country")
    FormFactory(
        slug="klub",
        retention_days=77,
        steps=[
            step(
                "Вопросы",
                question("text", "name"),
                question("consent", "photos", label="Можно снимать нас", required=False),
                question("consent", "news", label="Можно писать нам", required=False,
                         text="Письма приходят {retention_days} дней."),
                question("consent", "consent", label="Разрешаю"),
            )
        ],
    )  # fmt: skip
    page = client.get("/forms/klub/")
    text = page.content.decode()
    assert text.count('class="consent__text"') == 2  # of the form, and of the letters
    assert "Письма приходят 77 дней." in text
    sent = {"draft": draft_of(page), "a-name": NAME, "a-photos": "on", "a-news": "on"}
    assert client.post("/forms/klub/", {**sent, "a-consent": "on"}).status_code == 303
    said = {given.field: given.text.body for given in ConsentGiven.objects.select_related("text")}
    version = FormVersion.objects.select_related("consent_text").get()
    assert said == {
        "photos": "Можно снимать нас",
        "news": "Письма приходят 77 дней.",
        "consent": version.consent_text.body,
    }
    assert "Можно снимать нас" not in version.consent_text.body


def test_same_page_sent_twice_is_one_case_with_one_receipt(client, send):
    draft = draft_of(client.get("/forms/vopros/"))
    first = send(draft=draft)
    second = send(draft=draft, **{"a-story": "другой текст"})
    spoiled = send(draft=draft, **{"a-story": ""})
    assert first.headers["Location"] == second.headers["Location"] == spoiled.headers["Location"]
    assert IntakeCase.objects.count() == 1
    assert IntakeCase.objects.get().submission.read_answers()["story"] == STORY


def test_page_sent_again_after_its_data_were_erased_leads_to_the_case(client, send):
    draft = draft_of(client.get("/forms/vopros/"))
    send(draft=draft)
    case = IntakeCase.objects.get()
    erase(case=case)
    again = send(draft=draft)
    assert again.status_code == 303
    assert client.get(again.headers["Location"], follow=True).status_code == 200
    assert IntakeCase.objects.count() == 1


def test_errors_are_beside_fields_and_what_was_typed_is_kept(send):
    answer = send(**{"a-phone": "не номер", "a-consent": None})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_a-phone"' in text
    assert 'href="#id_a-consent"' in text
    assert 'value="не номер"' in text
    assert STORY in text
    assert not Submission.objects.exists()


def test_fixed_answers_are_accepted_with_the_same_key(send):
    answer = send(**{"a-name": ""})
    assert send(draft=draft_of(answer)).status_code == 303


def test_hidden_question_is_not_needed_and_its_answer_is_dropped(send):
    answer = send(**{"a-way": "mail", "a-phone": "не номер"})
    assert answer.status_code == 303
    answers = IntakeCase.objects.get().submission.read_answers()
    assert "phone" not in answers


@pytest.mark.parametrize("draft", ["", "forged", "x" * 5000, "\x00"])
def test_forged_key_is_refused_and_answers_are_kept(send, form, draft):
    answer = send(draft=draft or " ")
    text = answer.content.decode()
    assert answer.status_code == 400
    assert STORY in text
    assert PHONE[-2:] in text
    assert send(draft=draft_of(answer)).status_code == 303


def test_key_of_another_form_is_refused(client, send):
    other = FormFactory()
    assert send(draft=drafts.issue(version_of(other).pk)).status_code == 400


def test_expired_key_is_told_and_answers_are_kept(send, form, monkeypatch):
    old = drafts.issue(version_of(form).pk)
    monkeypatch.setattr(drafts, "LIFE", datetime.timedelta(seconds=-1))
    answer = send(draft=old)
    assert answer.status_code == 410
    assert STORY in answer.content.decode()
    assert not Submission.objects.exists()


def test_key_that_is_too_old_opens_no_request_that_it_has_sent(client, send, form, monkeypatch):
    draft = draft_of(client.get("/forms/vopros/"))
    assert send(draft=draft).status_code == 303
    other = Client()
    monkeypatch.setattr("forms.drafts.LIFE", datetime.timedelta(0))
    answer = other.post("/forms/vopros/", {"draft": draft})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/status/")
    assert "intake_cases" not in other.session
    assert Submission.objects.count() == 1


def test_form_begun_on_an_older_version_is_accepted_on_it(client, form, send):
    draft = draft_of(client.get("/forms/vopros/"))
    old = version_of(form)
    form.title = "Новое имя"
    form.steps = [*form.steps.raw_data, step("Ещё", question("text", "more"))]
    form.save_revision().publish()
    assert version_of(form).number == 2
    assert send(draft=draft).status_code == 303
    assert Submission.objects.get().version == old


def test_form_taken_down_meanwhile_gives_back_what_was_typed(client, form, send):
    draft = draft_of(client.get("/forms/vopros/"))
    form.unpublish()
    answer = send(draft=draft)
    assert answer.status_code == 410
    assert STORY in answer.content.decode()
    assert not Submission.objects.exists()


def test_form_taken_down_gives_back_rows_names_and_choices_too(client):
    steps = [
        step(
            "О семье",
            question("name", "who", label="Как вас зовут"),
            question("choice", "kin", label="Кто вы", options={"m": "Мама", "f": "Папа"}),
            rows("children", question("text", "child", label="Имя ребёнка"), minimum=2),
            question("consent", "consent", label="Разрешаю"),
        )
    ]
    form = FormFactory(slug="semya", steps=steps, layout="one")
    draft = draft_of(client.get("/forms/semya/"))
    form.unpublish()
    sent = {
        "draft": draft,
        "a-who_family": "Планетова",
        "a-kin": "m",
        "a-children.rows": "2",
        "a-children.0.child": "Первый образец",
        "a-children.1.child": "Второй образец",
        "a-consent": "on",
    }
    answer = client.post("/forms/semya/", sent)
    assert answer.status_code == 410
    text = answer.content.decode()
    for said in ("Планетова", "Мама", "Первый образец", "Второй образец", "Имя ребёнка"):
        assert said in text
    assert "True" not in text


@pytest.mark.parametrize("urgent", [True, False])
def test_form_taken_down_keeps_the_phones_and_the_way_out_of_a_sensitive_one(client, urgent):
    from catalogue.models import Hotline

    country = TerritoryFactory(kind="country")
    Hotline.objects.create(
        slug="112", title="Экстренные", phone="112", kind="emergency", territory=country, publish=True
    )  # fmt: skip
    FormFactory(slug="beda", urgent=urgent).unpublish()
    main = client.get("/forms/beda/").content.decode().split("<main")[1].split("</main>")[0]
    assert ("tel:112" in main) is urgent
    assert ("data-quick-exit" in main) is urgent


def test_form_that_was_never_public_is_not_found(client, form):
    FormFactory(slug="chernovik", published=False)
    assert client.get("/forms/chernovik/").status_code == 404
    assert client.get("/forms/net-takoj/").status_code == 404


@pytest.mark.parametrize("state", ["unpublished", "expired"])
def test_form_that_is_public_no_more_says_so_and_leads_on(client, form, state):
    FormFactory(slug="obschij", offered_everywhere=True)
    if state == "unpublished":
        form.unpublish()
    else:
        form.expire_at = timezone.now() - datetime.timedelta(minutes=1)
        form.save()
    answer = client.get("/forms/vopros/")
    assert answer.status_code == 410
    text = answer.content.decode()
    assert "заявки больше не принимают" in text
    assert 'href="/forms/obschij/"' in text
    assert "data-intake-form" not in text


def test_robot_that_fills_the_hidden_field_is_asked_to_clear_it(send):
    answer = send(leave_this_empty="http://spam")
    assert answer.status_code == 422
    assert STORY in answer.content.decode()
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"a-story": "с нулём \x00"}, 422),
        ({"a-story": "x" * 5000}, 422),
        ({"a-way": "telepathy"}, 422),
        ({"a-place": "atlantida"}, 422),
        ({"a-place": "<script>"}, 422),
        ({"a-story": "{{ settings.SECRET_KEY }} {% load x %}"}, 303),
        ({"a-extra": "1", "state": "closed", "assignee": "1"}, 303),
    ],
)
def test_bad_input_never_breaks(send, changed, status):
    assert send(**changed).status_code == status


def test_broken_encoding_wrong_method_and_oversized_body(client, form):
    url = "/forms/vopros/"
    form_type = "application/x-www-form-urlencoded"
    assert client.post(url, b"a-story=%ff%fe&draft=%00", content_type=form_type).status_code == 400
    assert client.put(url).status_code == 405
    assert client.delete(url).status_code == 405
    assert client.post(url, b"not multipart", content_type="multipart/form-data").status_code == 400
    big = client.post(url, b"a-story=" + b"x" * 2_000_000, content_type=form_type)
    assert big.status_code == 413
    many = client.post(url, "&".join(f"x{n}=1" for n in range(10_100)), content_type=form_type)
    assert many.status_code == 413


def test_post_without_csrf_token_is_refused(form):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    token = drafts.issue(version_of(form).pk)
    assert strict.post("/forms/vopros/", {"draft": token, **typed()}).status_code == 403
    assert not Submission.objects.exists()


def test_measure_of_the_address_is_chosen_already(client, place):
    MeasureFactory(slug="posobie", title="Пособие")
    FormFactory(
        slug="o-mere",
        steps=[
            step(
                "Вопрос",
                question("choice", "topic", options={"money": "Деньги", "other": "Другое"}),
                question("measure", "measure", show_if=condition("topic", "eq", "money")),
            )
        ],
    )
    text = client.get("/forms/o-mere/?measure=posobie").content.decode()
    assert '<option value="posobie" selected>' in text
    assert re.search(r'value="money"[^>]*checked', text)
    assert client.get("/forms/o-mere/?measure=%00<b>").status_code == 200


def test_urgent_form_shows_phones_before_the_first_question(client):
    from catalogue.models import Hotline

    country = TerritoryFactory(kind="country")
    Hotline.objects.create(
        slug="112",
        title="Экстренные",
        phone="112",
        kind="emergency",
        territory=country,
        publish=True,
    )
    FormFactory(slug="srochno", urgent=True)
    text = client.get("/forms/srochno/").content.decode()
    assert text.index("tel:112") < text.index("data-intake-form")


def test_queries_of_a_page_do_not_grow_with_questions(client, place, django_assert_max_num_queries):
    def steps(number):
        kinds = ["text", "territory", "measure", "provider", "phone", "number"]
        return [step("Шаг", *[question(kinds[n % 6], f"q{n}") for n in range(number)])]

    counts = []
    client.get("/status/")  # the settings of the site are made with the first page
    for number in (6, 48):
        FormFactory(slug=f"f{number}", steps=steps(number))
        with django_assert_max_num_queries(8) as counted:
            assert client.get(f"/forms/f{number}/").status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_personal_data_is_in_no_log_and_no_address(client, send, caplog):
    caplog.set_level("DEBUG")
    places = [send().headers["Location"]]
    client.get(places[0])
    send(**{"a-phone": "8 921 123-45-6"})
    send(draft="forged")
    assert caplog.records
    for planted in (NAME, PHONE, "921 123-45", STORY):
        assert planted not in caplog.text
        assert planted not in places[0]


def test_every_issued_key_is_a_uuid_of_its_own(form):
    keys = {drafts.read(drafts.issue(1)).key for _ in range(100)}
    assert len(keys) == 100
    assert all(isinstance(key, uuid.UUID) for key in keys)
