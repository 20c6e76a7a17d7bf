"""«Здесь и сейчас»: signs come to a level, to help at once, and to an act."""

from __future__ import annotations

import datetime
import io
import json
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from catalogue.models import Fact
from cms.access import Role
from cms.loading import Report
from desk import diagnosing, loading_signs
from desk.diagnosing import ATTENTION, HIGH, level_of
from desk.hearing import said_since
from desk.models import (
    DepartmentTask,
    Diagnosis,
    HeardFacts,
    Level,
    RiskSign,
    UrgentHelp,
    UrgentHelpKind,
)
from forms import moves
from forms.erasing import erase
from forms.events import first_broken
from forms.models import AccessLog, Department, EventKind, IntakeCase
from tests.factories import MeasureFactory, ProviderFactory, UserFactory
from tests.intake import NAME, make_case

pytestmark = pytest.mark.django_db

NOTE = "образец: мама боится, говорила шёпотом"


@pytest.fixture
def signs():
    food = UrgentHelpKind.objects.create(slug="food", title="Продукты", by_law="п. 1")
    measure = MeasureFactory(title="Срочная мера")
    made = {
        "hunger": RiskSign(title="Нет еды", group="needs", weight=5, urgent=True, advice="Набор"),
        "tired": RiskSign(title="Устала", group="family", weight=2),
        "school": RiskSign(title="Не учится", group="child", weight=1),
        "debts": RiskSign(title="Долги", group="papers", weight=2),
    }
    for slug, sign in made.items():
        sign.slug = slug
        sign.save()
    made["hunger"].help_kinds.add(food)
    made["hunger"].measures.add(measure)
    return made


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


def page(case):
    return reverse("intake:diagnosis", args=[case.pk])


def keep(staff, case, **typed):
    answer = staff.post(page(case), {"writing_id": uuid.uuid4(), "note": NOTE, **typed})
    assert answer.status_code == 303, answer.content.decode()
    return Diagnosis.objects.latest("at")


# The level


@pytest.mark.parametrize(
    ("weights", "urgent", "level"),
    [
        ((), False, Level.LOW),
        ((ATTENTION - 1,), False, Level.LOW),
        ((1, ATTENTION - 1), False, Level.MEDIUM),
        ((HIGH - 4, 3), False, Level.MEDIUM),
        ((HIGH - 4, 4), False, Level.HIGH),
        ((1,), True, Level.HIGH),
    ],
)
def test_level_follows_from_the_weights_and_from_what_cannot_wait(weights, urgent, level):
    signs = [RiskSign(weight=weight, urgent=urgent) for weight in weights]
    assert level_of(signs) == (level, sum(weights))


def test_page_says_what_to_do_now(staff, case, signs, centre):
    part = Department.objects.create(centre=centre, title="Отдел срочной помощи")
    DepartmentTask.objects.create(centre=centre, department=part).signs.add(signs["hunger"])
    foreign = Department.objects.create(centre=ProviderFactory(centre=True), title="Чужой отдел")
    DepartmentTask.objects.create(centre=foreign.centre, department=foreign).signs.add(
        signs["hunger"]
    )
    kept = keep(staff, case, needs=["hunger"], family=["tired"])
    text = staff.get(reverse("intake:diagnosed", args=[case.pk, kept.pk])).content.decode()
    for said in ("Высокий риск", "Набор", "Продукты", "Срочная мера", part.title, "Устала", NOTE):
        assert said in text
    assert "Чужой отдел" not in text
    case.refresh_from_db()
    assert case.urgent
    assert case.urgent_since is not None


def test_calm_family_stays_calm_and_an_urgent_case_stays_urgent(staff, case, signs):
    assert keep(staff, case, none="on").level == Level.LOW
    case.refresh_from_db()
    assert not case.urgent
    keep(staff, case, needs=["hunger"])
    keep(staff, case, child=["school"])
    case.refresh_from_db()
    assert case.urgent
    assert [one.level for one in case.diagnoses.all()] == ["low", "high", "low"]


def test_what_was_seen_is_sealed_and_the_event_names_no_sign(staff, case, signs):
    kept = keep(staff, case, needs=["hunger"])
    raw = bytes(Diagnosis.objects.get(pk=kept.pk).body)
    assert NOTE.encode() not in raw
    assert "Нет еды".encode() not in raw
    event = case.events.get(kind=EventKind.DIAGNOSED)
    assert set(event.data) == {"diagnosis", "level", "score", "urgent"}
    assert first_broken(IntakeCase.objects.get(pk=case.pk)) is None
    reverse_to = reverse("intake:diagnosed", args=[case.pk, kept.pk])
    staff.get(reverse_to)
    assert AccessLog.objects.filter(case=case, what=f"diagnosis:{kept.pk}").count() == 1


def test_old_diagnosis_reads_as_it_was_though_the_signs_have_changed(staff, case, signs):
    kept = keep(staff, case, family=["tired"])
    RiskSign.objects.filter(slug="tired").update(title="Совсем другое", retired=True)
    text = staff.get(reverse("intake:diagnosed", args=[case.pk, kept.pk])).content.decode()
    assert "Устала" in text
    assert "Совсем другое" not in staff.get(page(case)).content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Отметьте, что заметили"),
        ({"none": "on", "family": ["tired"]}, "Оставьте что-то одно"),
        ({"family": ["nothing"]}, "вариант"),
        ({"family": ["tired"], "note": "x" * 5000}, "3000"),
    ],
)
def test_page_that_says_nothing_is_not_kept_and_loses_nothing(staff, case, signs, typed, said):
    answer = staff.post(page(case), {"writing_id": uuid.uuid4(), "note": NOTE} | typed)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert typed.get("note", NOTE) in text
    assert not Diagnosis.objects.exists()


def test_old_diagnosis_proposes_what_it_has_proposed(staff, case, signs):
    kept = keep(staff, case, needs=["hunger"])
    RiskSign.objects.filter(slug="hunger").update(advice="Теперь иначе", urgent=False, weight=1)
    signs["hunger"].help_kinds.clear()
    signs["hunger"].measures.clear()
    text = staff.get(reverse("intake:diagnosed", args=[case.pk, kept.pk])).content.decode()
    for said in ("Набор", "Продукты", "Срочная мера", "вес 5", "не может ждать"):
        assert said in text, said
    assert "Теперь иначе" not in text


def test_diagnosis_without_a_kept_proposal_reads_as_before(staff, case, signs):
    body = {"signs": [{"slug": "hunger", "title": "Нет еды", "weight": 5}], "note": NOTE}
    assert diagnosing.proposed(body, case.centre_id)["advice"] == ["Набор"]
    kept = Diagnosis(case=case, author=case.assignee or UserFactory(), level="high", score=5)
    kept.body = case.submission.data_key.seal(kept.purpose, json.dumps(body).encode())
    kept.save()
    text = staff.get(reverse("intake:diagnosed", args=[case.pk, kept.pk])).content.decode()
    assert "Набор" in text
    assert "Нет еды" in text


def test_page_that_is_sent_twice_makes_one_diagnosis_and_one_act(staff, case, signs):
    sent = {"writing_id": uuid.uuid4(), "note": NOTE, "needs": ["hunger"]}
    first, second = (staff.post(page(case), sent) for _twice in range(2))
    assert first["Location"] == second["Location"]
    assert case.diagnoses.count() == 1
    data = help_data(UrgentHelpKind.objects.get())
    address = reverse("intake:urgent_help", args=[case.pk])
    first, second = (staff.post(address, data) for _twice in range(2))
    assert first["Location"] == second["Location"]
    assert case.urgent_help.count() == 1
    kinds = (EventKind.DIAGNOSED, EventKind.URGENT_HELP)
    assert case.events.filter(kind__in=kinds).count() == 2


def test_what_a_sign_says_is_known_when_measures_are_looked_for(staff, case, signs, specialist):
    danger = Fact.objects.create(field="danger", type="bool", title="Опасность", question="?")
    signs["tired"].fact = danger
    signs["tired"].save()
    keep(staff, case, child=["school"])
    assert not HeardFacts.objects.exists()  # what was not seen says nothing
    keep(staff, case, family=["tired"])
    [said] = said_since(IntakeCase.objects.get(pk=case.pk))
    assert (said.fact, said.value) == ("danger", True)
    assert (said.source.words, said.source.who) == ("первичная диагностика", str(specialist))
    body = case.submission.data_key.open(
        HeardFacts.objects.get().purpose, HeardFacts.objects.get().body
    )
    assert "Устала" not in body.decode()  # the sign stands in the diagnosis alone


# Urgent help


def help_data(kind, **more):
    return {
        "writing_id": uuid.uuid4(),
        "kinds": [kind.pk],
        "what": "образец набора: крупа, масло",
        "recipient": NAME,
        "given_at": f"{timezone.localtime() - datetime.timedelta(minutes=5):%Y-%m-%dT%H:%M}",
        **more,
    }


def give(staff, case, signs):
    kind = UrgentHelpKind.objects.get()
    answer = staff.post(reverse("intake:urgent_help", args=[case.pk]), help_data(kind))
    assert answer.status_code == 303, answer.content.decode()
    return UrgentHelp.objects.get()


def test_act_of_urgent_help_is_ready_to_sign(staff, case, signs, centre, specialist):
    given = give(staff, case, signs)
    raw = bytes(UrgentHelp.objects.get().body)
    assert NAME.encode() not in raw
    event = case.events.get(kind=EventKind.URGENT_HELP)
    assert set(event.data) == {"help", "kinds"}
    shown = staff.get(reverse("intake:urgent_helped", args=[case.pk, given.pk])).content.decode()
    assert "крупа" in shown
    act = staff.get(reverse("intake:urgent_act", args=[case.pk, given.pk]))
    assert act.headers["Content-Disposition"].startswith("attachment")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(act.content)).pages)
    for said in (case.number, NAME, "крупа", "Продукты", "442-ФЗ", str(specialist), str(centre)):
        assert said in text.replace("\n", " "), said


def test_an_act_keeps_its_words_when_a_kind_is_named_anew_and_deleted(staff, case, signs):
    given, kind = give(staff, case, signs), UrgentHelpKind.objects.get()

    def said():
        shown = staff.get(reverse("intake:urgent_helped", args=[case.pk, given.pk]))
        act = staff.get(reverse("intake:urgent_act", args=[case.pk, given.pk])).content
        return shown.content.decode(), PdfReader(io.BytesIO(act)).pages[0].extract_text()

    kind.title = "Другое название"
    kind.save()
    for text in said():
        assert "Продукты" in text
        assert "Другое название" not in text
    kind.delete()
    assert all("Продукты" in text for text in said())


def test_form_of_help_knows_the_name_and_what_was_proposed(staff, case, signs):
    kind = UrgentHelpKind.objects.get()
    text = staff.get(f"{reverse('intake:urgent_help', args=[case.pk])}?kind={kind.pk}")
    assert NAME in text.content.decode()
    assert f'value="{kind.pk}"' in text.content.decode()
    assert "checked" in text.content.decode()
    odd = staff.get(f"{reverse('intake:urgent_help', args=[case.pk])}?kind=x&kind=99999")
    assert odd.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": []},
        {"kinds": ["x"]},
        {"what": ""},
        {"recipient": ""},
        {"given_at": "вчера"},
        {"given_at": "2099-01-01T10:00"},
        {"given_at": "2001-01-01T10:00"},
    ],
)
def test_wrong_help_is_told_beside_its_field_and_kept(staff, case, signs, wrong):
    data = help_data(UrgentHelpKind.objects.get()) | wrong
    answer = staff.post(reverse("intake:urgent_help", args=[case.pk]), data)
    assert answer.status_code == 422
    assert "error-message" in answer.content.decode()
    if "what" not in wrong:
        assert "крупа" in answer.content.decode()
    assert not UrgentHelp.objects.exists()


# Who


@pytest.mark.parametrize(
    "role", [Role.SPECIALIST, Role.PARTNER, Role.EDITOR, Role.ANALYST, Role.ADMINISTRATOR]
)
def test_others_see_and_do_nothing(staff, client, case, signs, role):
    kept, given = keep(staff, case, needs=["hunger"]), give(staff, case, signs)
    client.force_login(UserFactory(role=role, provider=ProviderFactory(centre=True)))
    for name, keys in (
        ("diagnosis", []),
        ("diagnosed", [kept.pk]),
        ("urgent_help", []),
        ("urgent_helped", [given.pk]),
        ("urgent_act", [given.pk]),
    ):
        address = reverse(f"intake:{name}", args=[case.pk, *keys])
        assert client.get(address).status_code in (302, 404), address
        assert client.post(address, {}).status_code in (302, 404, 405), address


def test_diagnosis_of_one_case_is_not_reached_over_another(staff, case, signs, centre):
    kept, given = keep(staff, case, needs=["hunger"]), give(staff, case, signs)
    other = make_case(centre=centre)
    for name, key in (("diagnosed", kept), ("urgent_helped", given), ("urgent_act", given)):
        assert staff.get(reverse(f"intake:{name}", args=[other.pk, key.pk])).status_code == 404


def test_closed_case_takes_no_more(staff, case, signs, specialist):
    moves.move(
        case_id=case.pk, action=moves.Action.SET_ASIDE, actor=specialist, version=1,
        text="x", outcome="withdrawn",
    )  # fmt: skip
    assert (
        staff.post(page(case), {"writing_id": uuid.uuid4(), "family": ["tired"]}).status_code == 409
    )
    data = help_data(UrgentHelpKind.objects.get())
    assert staff.post(reverse("intake:urgent_help", args=[case.pk]), data).status_code == 409


def test_with_the_data_of_the_family_the_diagnosis_goes(staff, case, signs):
    kept, given = keep(staff, case, needs=["hunger"]), give(staff, case, signs)
    erase(case=case)
    for name, key in (("diagnosed", kept), ("urgent_helped", given), ("urgent_act", given)):
        assert staff.get(reverse(f"intake:{name}", args=[case.pk, key.pk])).status_code == 404
    assert (
        staff.post(page(case), {"writing_id": uuid.uuid4(), "family": ["tired"]}).status_code == 409
    )


# The data set


def test_signs_of_the_data_set_are_loaded_once_and_then_belong_to_people(tmp_path):
    report = Report()
    loading_signs.load(tmp_path, report, lambda _said: None)
    assert not report.refusals
    count = RiskSign.objects.count()
    assert count >= 25
    assert UrgentHelpKind.objects.count() == 6
    RiskSign.objects.filter(slug="nasilie").update(title="Наше название", weight=4)
    loading_signs.load(tmp_path, report, lambda _said: None)
    assert RiskSign.objects.get(slug="nasilie").title == "Наше название"
    assert RiskSign.objects.count() == count
    assert RiskSign.objects.filter(urgent=True, advice="").count() == 0


def test_pages_cost_the_same_however_many_signs(
    staff, case, tmp_path, django_assert_max_num_queries
):
    loading_signs.load(tmp_path, Report(), lambda _said: None)
    some = list(RiskSign.objects.values_list("group", "slug"))
    typed: dict[str, list[str]] = {}
    for group, slug in some:
        typed.setdefault(group, []).append(slug)
    kept = keep(staff, case, **typed)
    with django_assert_max_num_queries(16):
        staff.get(page(case))
    with django_assert_max_num_queries(20):
        staff.get(reverse("intake:diagnosed", args=[case.pk, kept.pk]))
    assert len(diagnosing.known_signs()) == len(some)
