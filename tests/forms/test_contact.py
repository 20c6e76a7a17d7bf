"""The question how a family may be reached: what is typed, kept, read and shown at the desk."""

from __future__ import annotations

import pytest
from django.urls import reverse

from forms import marks
from forms.answers import AnswerForm
from forms.contacts import contact_in, wishes_in
from forms.jsonschema import answers_schema
from forms.models import IntakeCase
from forms.reading import as_asked
from forms.typed import WrongShape, typed
from tests.intake import (
    EMAIL,
    PHONE,
    FormFactory,
    contact_steps,
    make_case,
    question,
    reached_by,
    step,
    version_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(db):
    return FormFactory(slug="svyaz", steps=contact_steps())


@pytest.fixture
def schema(form):
    return version_of(form).schema


def filled(schema, **parts):
    data = {"a-story": "образец", "a-consent": "on"}
    data |= {f"a-contact_{part}": value for part, value in parts.items()}
    return AnswerForm(schema, data=_multi(data))


def _multi(data):
    from django.http import QueryDict

    found = QueryDict(mutable=True)
    for name, value in data.items():
        found.setlist(name, value if isinstance(value, list) else [value])
    return found


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ({"ways": ["page"]}, {"ways": ["page"]}),
        ({"ways": ["page"], "phone": "не номер"}, {"ways": ["page"]}),
        (
            {"ways": ["sms", "call"], "phone": "8 921 123-45-67", "email": "не адрес"},
            {"ways": ["call", "sms"], "phone": PHONE},
        ),
        (
            {"ways": ["call"], "phone": PHONE, "voice": "on", "time": " утром "},
            {"ways": ["call"], "phone": PHONE, "voice": True, "time": "утром"},
        ),
        ({"ways": ["email"], "email": EMAIL, "voice": "on"}, {"ways": ["email"], "email": EMAIL}),
    ],
)
def test_only_what_the_ways_need_is_kept(schema, parts, answer):
    form = filled(schema, **parts)
    assert form.is_valid(), form.errors
    assert form.answers["contact"] == answer


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, "Выберите, как с вами можно связаться."),
        ({"phone": PHONE}, "Выберите, как с вами можно связаться."),
        ({"ways": ["call"]}, "телефон, по которому это безопасно"),
        ({"ways": ["sms"], "phone": "12"}, "Телефон не похож на номер"),
        ({"ways": ["email"], "phone": PHONE}, "почту, которую прочитаете только вы"),
        ({"ways": ["page", "sms"], "phone": PHONE}, "и «никак», и способ связи"),
        ({"ways": ["telepathy"]}, "из списка"),
        ({"ways": ["call"], "phone": PHONE, "time": "x" * 101}, "100"),
        ({"ways": ["call"], "phone": PHONE + "\0"}, ""),
    ],
)
def test_what_is_missing_is_told_beside_the_question(schema, parts, told):
    form = filled(schema, **parts)
    assert not form.is_valid()
    assert told in " ".join(form.errors["contact"])
    shown = str(form["contact"])
    assert parts.get("phone", "").strip("\0") in shown  # what was typed is kept


def test_api_takes_the_same_answer(schema):
    for answers in (
        reached_by("call", "email", voice=True, time="утром"),
        reached_by("page"),
        reached_by("sms"),
    ):
        form = AnswerForm(schema, data=typed(schema, answers))
        assert form.is_valid(), form.errors
        assert form.answers == answers
    assert answers_schema(schema)["properties"]["contact"]["required"] == ["ways"]
    for wrong in ("call", {"ways": "call"}, {"ways": ["call"], "voice": "да"}, {"more": 1}, []):
        with pytest.raises(WrongShape):
            typed(schema, {"contact": wrong})


def test_wishes_and_words_of_an_answer(schema):
    answers = reached_by("call", "email", time="утром")
    wishes = wishes_in(contact_in(schema, answers))
    assert wishes.may_call
    assert list(wishes.addresses()) == [("email", EMAIL)]
    steps = as_asked(schema, answers, day=IntakeCase._meta.get_field("created_at").default().date())
    text = next(one.text for one in steps[0].answers if one.kind == "contact")
    assert "+7 921 123-45-67" in text
    assert "Голосовое сообщение не оставлять." in text
    assert contact_in(schema, {"story": "x"}) is None


def test_contact_is_found_by_blind_marks(form):
    case = make_case(form, answers=reached_by("sms", "email"))
    for kind, value in (("phone", "8 921 123 45 67"), ("email", EMAIL.upper())):
        assert marks.submissions_with(kind, value).get() == case.submission


def test_page_works_without_script_and_keeps_what_was_typed(client, form):
    page = client.get("/forms/svyaz/").content.decode()
    for name in ("ways", "phone", "email", "voice", "time"):
        assert f'name="a-contact_{name}"' in page
    token = page.split('name="draft" value="')[1].split('"')[0]
    sent = {
        "draft": token,
        "a-story": "образец",
        "a-contact_ways": ["sms"],
        "a-contact_phone": "12",
        "a-consent": "on",
    }
    answer = client.post("/forms/svyaz/", sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_a-contact"' in text
    assert 'id="id_a-contact"' in text
    assert 'value="12"' in text


def opened_page(client, case):
    """The page of a case at the desk when everything that was hidden is open."""
    everything = {"field": "*", "reason": "call"}
    client.post(reverse("intake:look", args=[case.pk]), everything)
    return client.get(reverse("intake:case", args=[case.pk])).content.decode()


@pytest.mark.parametrize(
    ("answers", "may_call"),
    [(reached_by("call", "email"), True), (reached_by("sms"), False), (reached_by("page"), False)],
)
def test_desk_shows_the_wishes_and_no_link_to_call_against_them(
    client, form, centre, specialist, answers, may_call
):
    case = make_case(form, centre=centre, answers=answers)
    client.force_login(specialist)
    page = opened_page(client, case)
    assert ('href="tel:+79211234567"' in page) is may_call
    assert ("Не звонить" in page) is not may_call
    if "phone" in answers["contact"]:
        assert "921 123-45-67" in page


def test_desk_sends_the_short_message_by_hand_where_the_portal_sends_none(
    client, form, centre, specialist, settings
):
    case = make_case(form, centre=centre, answers=reached_by("sms"))
    client.force_login(specialist)
    address = reverse("intake:case", args=[case.pk])
    for gateway, by_hand in (("", True), ("https://gate.example.org/", False)):
        settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": gateway}
        page = client.get(address).content.decode()
        assert ("отправьте СМС сами" in page) is by_hand
        assert ("нейтральной СМС" in page) is not by_hand


def test_other_phones_are_hidden_too_when_nobody_may_call(client, centre, specialist):
    steps = contact_steps()
    steps.insert(
        0, step("Ещё", question("phone", "mobile", personal=True, purpose="Чтобы не потерять"))
    )
    form = FormFactory(steps=steps)
    answers = {"mobile": "+79005554433", **reached_by("page")}
    case = make_case(form, centre=centre, answers=answers)
    client.force_login(specialist)
    address = reverse("intake:case", args=[case.pk])
    assert "900 555-44-33" not in client.get(address).content.decode()
    page = opened_page(client, case)
    assert "900 555-44-33" in page
    assert "tel:+79005554433" not in page


def test_family_that_was_not_asked_may_be_called_and_gets_no_notice(client, case, specialist):
    client.force_login(specialist)
    page = opened_page(client, case)
    assert 'href="tel:+79211234567"' in page
    assert "Не звонить" not in page
