"""What a case tells of a family: ages from days of birth, children from rows, what was heard later."""

from __future__ import annotations

import datetime
import uuid
from urllib.parse import quote

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Fact
from cms.access import Role
from desk import amending, hearing
from desk.hearing import Heard
from desk.measures import in_question
from desk.models import HeardFacts
from forms import moves, slots
from forms.erasing import erase
from forms.events import first_broken
from forms.models import AccessLog, CentreClock, EventKind, IntakeCase
from tests.desk.test_measures import case_with, measure, page
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import FormFactory, question, step

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 23)


def fact(key, kind, question, **values):
    return Fact.objects.create(field=key, type=kind, title=key, question=question, **values)


@pytest.fixture
def facts():
    born = fact("child_birth_date", "date", "Когда родился ребёнок?", per_child=True)
    own = fact("applicant_birth_date", "date", "Когда вы родились?")
    return {
        one.field: one
        for one in (
            born,
            own,
            fact("child_age", "number", "Сколько лет ребёнку?", per_child=True, derived_from=born, words="Ребёнку {}"),
            fact("months", "number", "Сколько месяцев?", counted="months", derived_from=born, words="Ребёнку {}"),
            fact("count", "number", "Сколько у вас детей?", counted="people", derived_from=born, words="{}", unit_forms="ребёнок, ребёнка, детей"),
            fact("own_age", "number", "Сколько вам лет?", derived_from=own, words="Вам {}", unit_forms="год, года, лет"),
            fact("sick", "bool", "У ребёнка инвалидность?", per_child=True, words="У ребёнка инвалидность"),
            fact("danger", "bool", "Вам угрожают?", words="Вам угрожают"),
            fact("income", "number", "Какой доход на человека?", words="Доход {}"),
            fact("territory", "territory", "Где вы живёте?", words="Живёт {}"),
        )
    }  # fmt: skip


@pytest.fixture
def form():
    asked = step(
        "О семье",
        question("birth_date", "applicant_birth_date", label="Ваш день рождения", required=False),
        question("repeat", "kids", label="Дети", row_title="Ребёнок", required=False, fields=[
            question("birth_date", "child_birth_date", label="Когда родился", required=False),
            question("yesno", "sick", label="Есть инвалидность?", required=False),
        ]),
        question("repeat", "papers", label="Бумаги", row_title="Бумага", required=False, fields=[
            question("text", "paper", label="Какая", required=False),
        ]),
        question("yesno", "danger", label="Вам опасно?", required=False),
        question("consent", "consent", label="Разрешаю"),
    )  # fmt: skip
    return FormFactory(steps=[asked])


def kids(*born):
    return [{"child_birth_date": day} if day else {} for day in born]


def asks(form, facts, *variants, **values):
    form.measures.add(measure(facts, *variants, **values))
    form.save()


def only(case, day=TODAY):
    case = IntakeCase.objects.get(pk=case.pk)
    known = amending.corrections(case)
    answers = amending.with_corrections(case.submission.read_answers(), known)
    [one] = in_question(case, answers, day)
    return one


def hear(case, actor, *heard):
    hearing.keep(case=case, actor=actor, heard=heard, key=uuid.uuid4())


def told(key, value, child=""):
    return Heard(key, value, f"Спросили: {key}?", child)


# From days of birth


@pytest.mark.parametrize(
    ("born", "fit"),
    [
        (["2024-01-10"], "yes"),
        (["2023-11-23"], "no"),  # three years old today
        (["2023-11-24"], "yes"),
        (["2010-05-05", "2025-05-05"], "yes"),  # one child is enough
        (["2010-05-05", None], "unknown"),  # the other one may be small
        (["2010-05-05", "2027-02-01"], "unknown"),  # who is not born yet has no age
        ([None], "unknown"),
        (["2026-02-30"], "unknown"),
        ([], "unknown"),
    ],
)
def test_ages_follow_from_days_of_birth(facts, form, centre, specialist, born, fit):
    asks(form, facts, [("child_age", "lt", 3)], [("months", "lt", 36)])
    one = only(case_with(form, centre, specialist, kids=kids(*born)))
    assert one.verdict.fit == fit
    if fit == "unknown":  # a day of birth is good next year, too
        assert {each.fact.key for each in one.missing} == {"child_birth_date"}


def test_it_is_said_for_which_child(client, facts, form, centre, specialist):
    asks(form, facts, [("child_age", "lt", 3)], title="Малышам")
    case = case_with(form, centre, specialist, kids=kids("2010-05-05", "2025-05-05"))
    assert only(case).child == "Ребёнок 2"
    text = page(client, case, specialist)
    assert "Подходит</strong>: Ребёнок 2" in text
    assert "«Когда родился»" in text


def test_the_age_of_the_applicant_is_that_of_the_day(facts, form, centre, specialist):
    asks(form, facts, [("own_age", "lte", 35)])
    case = case_with(form, centre, specialist, applicant_birth_date="1990-11-24")
    assert only(case).verdict.fit == "yes"
    assert only(case, datetime.date(2026, 11, 24)).verdict.fit == "no"


@pytest.mark.parametrize(("zone", "fit"), [("Asia/Kamchatka", "no"), ("Europe/Kaliningrad", "yes")])
def test_today_is_that_of_the_centre(client, facts, form, centre, specialist, monkeypatch, zone, fit):  # fmt: skip
    """On Kamchatka the birthday has begun while in Kaliningrad it is still the day before."""
    CentreClock.objects.update_or_create(centre=centre, defaults={"time_zone": zone})
    asks(form, facts, [("child_age", "lt", 3)])
    case = case_with(form, centre, specialist, kids=kids("2023-11-24"))
    evening = datetime.datetime(2026, 11, 23, 20, tzinfo=datetime.UTC)
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: evening)
        text = page(client, case, specialist)
    assert ("Не подходит" in text) == (fit == "no")
    assert ("Подходит" in text) == (fit == "yes")


@pytest.mark.parametrize(
    ("born", "wanted", "fit", "least"),
    [
        (["2020-01-01", "2019-01-01", "2018-01-01"], 3, "yes", None),
        (["2020-01-01", "2019-01-01"], 3, "unknown", 2),
        (["2020-01-01", "2000-01-01"], 2, "unknown", 1),
        ([], 1, "unknown", None),
    ],
)
def test_children_are_counted_and_never_counted_out(facts, form, centre, specialist, born, wanted, fit, least):  # fmt: skip
    asks(form, facts, [("count", "gte", wanted)])
    case = case_with(form, centre, specialist, kids=kids(*born), papers=[{"paper": "паспорт"}])
    one = only(case)
    assert one.verdict.fit == fit
    assert [each.least for each in one.missing] == ([] if fit == "yes" else [least])


def test_a_number_that_was_told_counts_unless_more_children_are_named(facts, form, centre, specialist):  # fmt: skip
    asks(form, facts, [("count", "gte", 3)])
    case = case_with(form, centre, specialist, kids=kids("2020-01-01", "2019-01-01"))
    hear(case, specialist, told("count", 2))
    assert only(case).verdict.fit == "no"
    hear(case, specialist, told("count", 1))
    assert only(case).verdict.fit == "unknown"
    hear(case, specialist, told("count", 4))
    assert only(case).verdict.fit == "yes"


# What was heard


def test_what_is_open_is_asked_and_the_answer_counts_at_once(client, facts, form, centre, specialist):  # fmt: skip
    asks(form, facts, [("danger", "eq", True), ("income", "lte", 1), ("sick", "eq", True)])
    case = case_with(form, centre, specialist, kids=kids("2020-01-01", "2021-01-01"))
    client.force_login(specialist)
    address = reverse("intake:facts", args=[case.pk])
    text = client.get(address).content.decode()
    for words in (
        "Вам угрожают?",
        "Какой доход на человека?",
        "Ребёнок 1. У ребёнка инвалидность?",
    ):
        assert words in text
    key = uuid.uuid4()
    sent = {"writing_id": key, "f-danger": "yes", "f-income": "0,8", "f-sick:kids.1": "yes"}
    for _twice in range(2):
        answer = client.post(address, sent)
        assert answer.status_code == 303
    kept = HeardFacts.objects.get()
    assert "income" not in bytes(kept.body).decode(errors="replace")
    event = IntakeCase.objects.get(pk=case.pk).events.get(kind=EventKind.FACTS_HEARD)
    assert event.data == {"heard": str(kept.pk)}
    assert first_broken(IntakeCase.objects.get(pk=case.pk)) is None
    one = only(case)
    assert (one.verdict.fit, one.child) == ("yes", "Ребёнок 2")
    assert {each.source.who for each in one.met} == {str(specialist)}
    assert "Подходит" in page(client, case, specialist)
    assert "Спрашивать больше нечего" in client.get(address).content.decode()
    assert AccessLog.objects.filter(case=case, what="facts").count() == 2


def test_what_is_known_can_be_asked_again(client, facts, form, centre, specialist):
    asks(form, facts, [("danger", "eq", True), ("child_age", "lt", 3)])
    case = case_with(form, centre, specialist, kids=kids("2025-01-01", "2020-01-01"), danger=True)
    text = page(client, case, specialist)
    address = reverse("intake:facts", args=[case.pk])
    for name in ("f-danger", "f-child_birth_date:kids.0"):
        assert f"{address}?again={quote(name)}" in text
    shown = client.get(address, {"again": ["f-child_birth_date:kids.0", "f-x", "f-danger\0", "x"]})
    assert list(shown.context["form"].asked) == ["f-child_birth_date:kids.0"]
    sent = {"writing_id": uuid.uuid4(), "f-child_birth_date:kids.0": "2015-01-01"}
    assert client.post(address, sent).status_code == 303
    assert only(case).verdict.fit == "no"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Запишите хотя бы один ответ"),
        ({"f-danger": ""}, "Запишите хотя бы один ответ"),
        ({"f-danger": "maybe"}, "списка"),
        ({"f-income": "много"}, "цифрами"),
        ({"f-income": "-1"}, "Не меньше"),
        ({"f-child_birth_date": "2026-02-30"}, "25.12.2026"),
        ({"f-none": "1", "f-sick:kids.9": "yes", "f-": "x", "f-danger\0": "yes"}, "хотя бы один"),
    ],
)
def test_wrong_answers_are_told_and_kept_on_the_page(client, facts, form, centre, specialist, sent, said):  # fmt: skip
    asks(form, facts, [("danger", "eq", True), ("income", "lte", 1)])
    case = case_with(form, centre, specialist)
    client.force_login(specialist)
    address = reverse("intake:facts", args=[case.pk])
    asked = ["f-danger", "f-income"]
    answer = client.post(address, {"writing_id": uuid.uuid4(), "asked": asked, **sent})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert sent.get("f-income", "") in answer.content.decode()
    assert set(asked) <= set(answer.context["form"].asked)
    assert not HeardFacts.objects.exists()


def test_the_later_answer_wins_wherever_it_was_given(client, facts, form, centre, specialist):
    asks(form, facts, [("danger", "eq", True)])
    case = case_with(form, centre, specialist, danger=False)
    assert only(case).verdict.fit == "no"
    hear(case, specialist, told("danger", True))
    assert only(case).verdict.fit == "yes"
    case.refresh_from_db()
    amending.amend(case_id=case.pk, actor=specialist, version=case.version, path="danger", value=True, reason="said")  # fmt: skip
    hear(case, specialist, told("danger", False))
    assert only(case).verdict.fit == "no"
    [why] = only(case).against
    assert why.source.words == "Спросили: danger?"


def test_a_day_of_birth_says_more_than_an_age(facts, form, centre, specialist):
    asks(form, facts, [("child_age", "gte", 5)])
    case = case_with(form, centre, specialist, kids=kids("2024-01-01"))
    hear(case, specialist, told("child_age", 7))
    assert only(case).verdict.fit == "no"


def test_of_several_children_nobody_knows_which_was_meant(facts, form, centre, specialist):
    asks(form, facts, [("sick", "eq", True)])
    two = case_with(form, centre, specialist, kids=kids("2024-01-01", "2020-01-01"))
    hear(two, specialist, told("sick", True))
    assert only(two).verdict.fit == "unknown"
    one = case_with(form, centre, specialist, kids=kids("2024-01-01"))
    hear(one, specialist, told("sick", True))
    assert only(one).verdict.fit == "yes"


def test_children_of_whom_only_the_number_is_known_may_fit(client, facts, form, centre, specialist):
    asks(form, facts, [("sick", "eq", True)])
    case = case_with(form, centre, specialist, kids=[{"sick": False}])
    assert only(case).verdict.fit == "no"
    hear(case, specialist, told("count", 2))
    one = only(case)
    assert (one.verdict.fit, one.child) == ("unknown", "Ещё один ребёнок (1)")
    client.force_login(specialist)
    address = reverse("intake:facts", args=[case.pk])
    assert "Ещё один ребёнок (1). У ребёнка инвалидность?" in client.get(address).content.decode()
    name = "f-sick:other.1"
    sent = {"writing_id": uuid.uuid4(), "asked": name, name: "yes"}
    assert client.post(address, sent).status_code == 303
    assert only(case).verdict.fit == "yes"


def test_of_a_family_that_named_no_child_one_child_is_known(facts, form, centre, specialist):
    asks(form, facts, [("child_age", "gte", 7)])
    case = case_with(form, centre, specialist)
    hear(case, specialist, told("child_birth_date", "2024-01-01"))
    assert only(case).verdict.fit == "no"
    hear(case, specialist, told("count", 3))
    assert only(case).verdict.fit == "unknown"


def test_where_the_family_lives_moves_the_case(facts, form, centre, specialist):
    TerritoryFactory(slug="rajon", kind="region")
    asks(form, facts, [("territory", "eq", "rajon")])
    case = case_with(form, centre, specialist)
    assert only(case).verdict.fit == "unknown"
    hear(case, specialist, told("territory", {"slug": "rajon", "title": "Район"}))
    assert IntakeCase.objects.get(pk=case.pk).territory.slug == "rajon"
    assert only(case).verdict.fit == "yes"


def test_what_was_heard_is_never_changed_and_goes_with_the_data(client, facts, form, centre, specialist):  # fmt: skip
    asks(form, facts, [("danger", "eq", True)])
    case = case_with(form, centre, specialist)
    hear(case, specialist, told("danger", True))
    for change in (
        HeardFacts.objects.all().delete,
        lambda: HeardFacts.objects.update(where="talk"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    erase(case=case)
    text = page(client, case, specialist)
    assert "Подходит" not in text
    assert client.get(reverse("intake:facts", args=[case.pk])).status_code == 410
    sent = {"writing_id": uuid.uuid4(), "f-danger": "yes"}
    assert client.post(reverse("intake:facts", args=[case.pk]), sent).status_code == 410


def test_the_family_gets_what_it_has_told(facts, form, centre, specialist):
    case = case_with(form, centre, specialist)
    hear(case, specialist, told("danger", False), told("income", 0.8))
    [given] = [one for one in slots.given(case) if one.title == "Что вы нам рассказали"]
    assert [value for _asked, value in given.rows] == ["нет", "0,8"]
    assert given.rows[0][0].startswith("Спросили: danger?")


def test_closed_cases_and_other_people_hear_nothing(client, facts, form, centre, specialist):
    asks(form, facts, [("danger", "eq", True)])
    case = case_with(form, centre, specialist)
    address = reverse("intake:facts", args=[case.pk])
    sent = {"writing_id": uuid.uuid4(), "f-danger": "yes"}
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=ProviderFactory(centre=True)))
    assert client.get(address).status_code == 404
    assert client.post(address, sent).status_code == 404
    case.refresh_from_db()
    moves.move(case_id=case.pk, action=moves.Action.SET_ASIDE, actor=specialist, version=case.version, text="x", outcome="withdrawn")  # fmt: skip
    client.force_login(specialist)
    assert client.post(address, sent).status_code == 409
    assert not HeardFacts.objects.exists()


def test_a_measure_that_is_closed_says_so(client, facts, form, centre, specialist):
    asks(
        form, facts, [("danger", "eq", True)], valid_to=timezone.localdate() - datetime.timedelta(1)
    )
    case = case_with(form, centre, specialist, danger=True)
    assert "Приём новых заявлений закончился" in page(client, case, specialist)
