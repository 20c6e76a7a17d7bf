"""What journals and cards take from a case by themselves."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Situation
from cms.access import Role
from desk import amending, diagnosing
from desk.journal_lines import values_of
from desk.known import known_of
from desk.models import Booking, RiskSign, ScriptRun
from forms import moves
from forms.actions import Action
from forms.journals import save_entry
from forms.models import IntakeCase, Register
from tests.appointments import make_kind, make_slot
from tests.desk.test_scripts import make_script
from tests.factories import TerritoryFactory, UserFactory
from tests.intake import (
    NAME,
    PHONE,
    FormFactory,
    family_steps,
    make_case,
    question,
    sample_answers,
    step,
)

pytestmark = pytest.mark.django_db

CARD = (
    ("applicant", "ref:person"),
    ("members", "list"),
    ("address", "address"),
    ("contacts", "text"),
    ("income", "money"),
    ("risks", "multi"),
    ("consent", "bool"),
    ("territory", "ref:territory"),
    ("slot", "datetime"),
    ("curator", "ref:user"),
    ("plan", "text"),
)


@pytest.fixture
def card(db):
    fields = [{"name": name, "label": name, "type": kind, "required": False} for name, kind in CARD]
    return Register.objects.create(
        slug="card", title="Карточка", kind="register", on_case=True, fields=fields
    )


@pytest.fixture
def head(client, centre):
    person = UserFactory(role=Role.HEAD, provider=centre)
    client.force_login(person)
    return person


def read(case):
    return IntakeCase.objects.get(pk=case.pk)


def test_answers_stand_in_the_card_as_the_family_gave_them(card, centre):
    questions = (
        question("name", "full_name"),
        question("phone", "phone"),
        question("email", "email"),
        question("money", "income"),
    )
    form = FormFactory(steps=[*family_steps()[:1], step("О вас", *questions)])
    answers = {
        "children": [
            {"child": "Образец Старший", "born": "2015-03-01"},
            {"child": "Образец Младший", "born": "2020-04-02"},
        ],
        "full_name": {"family": "Образцова", "given": "Анна", "patronymic": ""},
        "phone": PHONE,
        "email": "sample@example.org",
        "income": 25000,
    }
    said = values_of(card, read(make_case(form, centre=centre, answers=answers)))
    assert said["applicant"] == "Образцова Анна"
    assert said["members"] == (
        "Ребёнок 1: Образец Старший, 01.03.2015\nРебёнок 2: Образец Младший, 02.04.2020"
    )
    assert said["contacts"].split("; ")[1] == "sample@example.org"
    assert "921" in said["contacts"]
    assert said["income"] == "25000"
    assert said["plan"] == said["slot"] == said["risks"] == ""


def test_what_the_staff_found_out_stands_there_too(card, centre, head, specialist):
    territory = TerritoryFactory(title="Район")
    case = make_case(centre=centre, answers=sample_answers(territory))
    IntakeCase.objects.update(curator=specialist, territory=territory)
    moves.take(case_id=case.pk, actor=specialist)
    sign = RiskSign.objects.create(slug="cold", title="В доме холодно", weight=3)
    diagnosing.keep_diagnosis(case=case, actor=specialist, signs=[sign], note="")
    slot = make_slot(make_kind(centre), specialist)
    Booking.objects.create(slot=slot, case=case)
    case = read(case)
    amending.amend(
        case_id=case.pk, actor=specialist, version=case.version, path="name",
        value="Образец Исправленный", reason="mistyped",
    )  # fmt: skip
    said = values_of(card, read(case))
    assert said["applicant"] == "Образец Исправленный"
    assert said["risks"] == "В доме холодно"
    assert said["territory"] == "Район"
    assert said["curator"] == str(specialist)
    assert said["slot"] == f"{timezone.localtime(slot.starts_at):%d.%m.%Y %H:%M}"


def test_journal_of_remote_talks_tells_who_was_wanted_and_what_was_advised(
    centre, head, specialist
):
    names = ("specialist", "specialist_kind", "family", "request", "result")
    journal = Register.objects.create(
        slug="far", title="Журнал заявок", kind="register", on_case=True,
        fields=[{"name": name, "label": name, "type": "text"} for name in names],
    )  # fmt: skip
    asked = (
        question("choice", "specialist", options={"psy": "Психолог", "law": "Юрист"}),
        question("longtext", "story", label="Что беспокоит"),
    )
    form = FormFactory(title="Консультация", steps=[*family_steps()[:1], step("О чём", *asked)])
    answers = {
        "children": [{"child": "Образец Старший", "born": "2015-03-01"}],
        "specialist": "psy",
        "story": "не спит",
    }
    case = make_case(form, centre=centre, answers=answers)
    said = values_of(journal, read(case))
    assert said["specialist_kind"] == "Психолог"
    assert said["family"] == "Ребёнок 1: Образец Старший, 01.03.2015"
    assert said["request"] == "Консультация: не спит"
    assert said["specialist"] == said["result"] == ""
    slot = make_slot(make_kind(centre, title="Разговор с психологом"), specialist)
    Booking.objects.create(slot=slot, case=case)
    case = moves.take(case_id=case.pk, actor=specialist)
    moves.move(
        case_id=case.pk, action=Action.DECIDE, actor=specialist, version=read(case).version,
        text="режим и прогулки", outcome="advised",
    )  # fmt: skip
    said = values_of(journal, read(case))
    assert said["specialist_kind"] == "Разговор с психологом"
    assert said["specialist"] == str(specialist)
    assert said["result"] == f"{read(case).get_outcome_display()}: режим и прогулки"


def test_page_of_the_card_is_filled_in_beforehand_and_what_is_typed_counts(
    card, centre, head, client
):
    case = make_case(centre=centre, territory=TerritoryFactory(title="Район"))
    page = client.get(reverse("intake:register", args=[case.pk, "card"])).content.decode()
    assert f'value="{NAME}"' in page
    save_entry(case=case, register=card, values={"applicant": "Бабушка"}, version=0, actor=head)
    assert values_of(card, read(case))["applicant"] == "Бабушка"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("money", "много"), ("date", "когда-нибудь"), ("datetime", ""), ("ref:territory", "нет")],
)
def test_field_that_cannot_show_an_answer_stays_empty(centre, head, client, kind, answer):
    form = FormFactory(steps=[step("Шаг", question("text", "odd", required=False))])
    case = make_case(form, centre=centre, answers={"odd": answer} if answer else {})
    Register.objects.create(
        slug="odd", title="Журнал", kind="register", on_case=True,
        fields=[{"name": "odd", "label": "Странное", "type": kind, "required": False}],
    )  # fmt: skip
    assert client.get(reverse("intake:register", args=[case.pk, "odd"])).status_code == 200


def test_question_of_the_same_name_answers_a_field(centre):
    form = FormFactory(steps=[step("Шаг", question("text", "housing", required=False))])
    case = read(make_case(form, centre=centre, answers={"housing": "печь"}))
    assert known_of(case)["housing"] == "печь"


def test_situation_is_that_of_the_talk(centre, specialist):
    case = read(make_case(centre=centre))
    assert known_of(case)["situation"] == ""
    script = make_script(None)
    script.situations.add(Situation.objects.create(slug="stove", title="Нет дров"))
    script.save()
    version, now = script.version_in_force(), timezone.now()
    ScriptRun.objects.create(
        case=case, version=version, led_by=specialist, started_at=now, ended_at=now, answers=b"x"
    )
    assert known_of(read(case))["situation"] == {"slug": "stove", "title": "Нет дров"}
