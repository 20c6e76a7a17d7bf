"""Pages about the end of personal data: holds, withdrawals, acts, what is given out, the register."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from cms.access import Role
from forms import acts, consents, giving_out, register_of_data, retention, talk
from forms.models import (
    AccessLog,
    Channel,
    ConsentWithdrawn,
    Erasure,
    ErasureAct,
    HoldReason,
    LegalHold,
)
from tests.factories import TerritoryFactory, UserFactory
from tests.forms.test_keys import PDF, store, with_file
from tests.forms.test_retention import DAY, close, form_kept
from tests.intake import (
    NAME,
    PHONE,
    STORY,
    FormFactory,
    QueueFactory,
    RuleFactory,
    make_case,
    question,
    simple_steps,
    step,
)

__all__ = ["store"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def head(centre):
    return UserFactory(role=Role.HEAD, provider=centre, last_name="Руководитель-образец")


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(head):
    return client_of(head)


@pytest.fixture
def family(case):
    """The browser of the family of this case."""
    return browser_of(case)


def browser_of(case) -> Client:
    client = Client()
    session = client.session
    session["intake_cases"] = {case.ref: case.secret_round}
    session.save()
    return client


def entries(answer) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


# Holds.


def test_head_forbids_erasing_and_lifts_it_again(desk, case):
    page = f"/admin/intake/{case.pk}/"
    day = timezone.localdate() + 30 * DAY
    answer = desk.post(f"{page}hold/", {"reason": "court", "until": day.isoformat()})
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    text = desk.get(page).content.decode()
    assert "запрет удаления" in text
    assert "суд или иск" in text
    assert "Запретил" in text
    desk.post(f"{page}hold/", {"reason": "other"})
    assert LegalHold.objects.count() == 1
    assert desk.post(f"{page}lift/").status_code == 303
    assert not LegalHold.objects.standing().exists()
    assert [*case.events.values_list("kind", flat=True)] == ["accepted", "held", "freed"]


def test_wrong_hold_is_told_beside_its_field(desk, case):
    past = (timezone.localdate() - DAY).isoformat()
    answer = desk.post(f"/admin/intake/{case.pk}/hold/", {"reason": "court", "until": past})
    assert answer.status_code == 422
    assert "Этот день уже прошёл" in answer.content.decode()
    assert f'value="{past}"' in answer.content.decode()
    for reason in ("", "' or 1=1", "COURT"):
        assert desk.post(f"/admin/intake/{case.pk}/hold/", {"reason": reason}).status_code == 422
    assert not LegalHold.objects.exists()


def test_specialist_neither_holds_nor_lifts(specialist, case, head):
    desk = client_of(specialist)
    assert "Запретить удаление" not in desk.get(f"/admin/intake/{case.pk}/").content.decode()
    assert desk.post(f"/admin/intake/{case.pk}/hold/", {"reason": "court"}).status_code == 404
    retention.hold(case=case, reason=HoldReason.COURT, until=None, actor=head)
    assert desk.post(f"/admin/intake/{case.pk}/lift/").status_code == 404
    assert LegalHold.objects.standing().count() == 1


@pytest.mark.parametrize("what", ["hold", "lift", "withdraw"])
def test_case_of_another_centre_does_not_exist(stranger, case, what):
    answer = client_of(stranger).post(f"/admin/intake/{case.pk}/{what}/", {"reason": "court"})
    assert answer.status_code == 404


# Withdrawal.


def test_family_reads_what_will_happen_and_takes_its_consent_back(family, case, specialist):
    url = f"/status/{case.ref}/consent/"
    before = family.get(url).content.decode()
    assert "В течение 30" in before
    assert not ConsentWithdrawn.objects.exists()
    for _ in range(2):  # the button pressed twice
        assert family.post(url).status_code == 303
    after = family.get(url)
    assert "Вы отозвали разрешение" in after.content.decode()
    assert "no-store" in after.headers["Cache-Control"]
    assert ConsentWithdrawn.objects.get().written_by is None
    desk = client_of(specialist)
    assert "согласие отозвано" in desk.get(f"/admin/intake/{case.pk}/").content.decode()
    assert "с отозванным согласием" in desk.get("/admin/").content.decode()
    listed = desk.get("/admin/intake/?tab=withdrawn").content.decode()
    assert case.number in listed
    assert "Отозвано согласие" in listed


def test_tab_of_withdrawn_consents_stands_there_only_when_there_is_one(specialist, case):
    assert "tab=withdrawn" not in client_of(specialist).get("/admin/intake/").content.decode()


def test_staff_write_a_withdrawal_down_once(specialist, case):
    desk, url = client_of(specialist), f"/admin/intake/{case.pk}/withdraw/"
    assert desk.post(url, {"way": "web"}).status_code == 303  # not a way of the counter
    assert not ConsentWithdrawn.objects.exists()
    for way in ("visit", "phone"):
        assert desk.post(url, {"way": way}).status_code == 303
    written = ConsentWithdrawn.objects.get()
    assert (written.way, written.written_by) == (Channel.VISIT, specialist)
    assert written.erase_by == timezone.localdate() + 30 * DAY


def test_law_as_a_basis_is_told_before_and_after(centre):
    case = make_case(form_kept(100, basis="law", basis_text="442-ФЗ, ст. 7"), centre=centre)
    family, url = browser_of(case), f"/status/{case.ref}/consent/"
    assert "442-ФЗ" in family.get(url).content.decode()
    family.post(url)
    assert "442-ФЗ" in family.get(url).content.decode()
    assert ConsentWithdrawn.objects.get().erase_by is None


def test_form_on_a_law_has_to_name_it():
    form = FormFactory(published=False)
    form.basis = "law"
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError) as wrong:
        form.clean()
    assert "basis_text" in wrong.value.message_dict


# What is kept about a family.


def test_family_reads_what_is_kept_why_and_who_looked(family, case, specialist):
    page = family.get(f"/status/{case.ref}/").content.decode()
    assert page.count(f'href="/status/{case.ref}/data/"') == 1
    url = f"/status/{case.ref}/data/"
    text = family.get(url).content.decode()
    for said in ("Чтобы позвонить", "Телефон", "365", "ещё никто не открывал", "Отозвать"):
        assert said in text
    client_of(specialist).get(f"/admin/intake/{case.pk}/")
    answer = family.get(url)
    text = answer.content.decode()
    assert "Сотрудники открывали" in text
    assert specialist.last_name not in text
    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]


@pytest.mark.parametrize("page", ["data/", "data/copy.zip", "consent/"])
def test_pages_of_a_family_open_for_its_own_browser_only(client, case, page):
    answer = client.get(f"/status/{case.ref}/{page}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/status/")
    other = browser_of(make_case())
    for send in (other.get, other.post):
        answer = send(f"/status/{case.ref}/{page}")
        assert answer.status_code in (302, 405)
    assert not ConsentWithdrawn.objects.exists()


def test_family_takes_its_copy(store):
    case = with_file().case
    browser = browser_of(case)
    answer = browser.get(f"/status/{case.ref}/data/copy.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    held = entries(answer)
    assert held[f"{case.number}/файлы/1-справка.pdf"] == PDF
    assert case.events.count() == 1  # nothing of it is done by the staff


def test_erased_case_says_so_and_gives_nothing(case, family):
    close(case, ago=400)
    retention.erase_due()
    assert "стёрто" in family.get(f"/status/{case.ref}/data/").content.decode()
    answer = family.get(f"/status/{case.ref}/data/copy.zip")
    assert answer.headers["Location"] == f"/status/{case.ref}/data/"
    assert family.post(f"/status/{case.ref}/consent/").status_code == 303
    assert "стёрто" in family.get(f"/status/{case.ref}/consent/").content.decode()
    assert not ConsentWithdrawn.objects.exists()


# Everything of a person.


def test_all_cases_of_a_person_are_given_out_and_every_case_keeps_that(
    desk, head, centre, store, specialist
):
    one, two = make_case(centre=centre), make_case(centre=centre)
    foreign = make_case()
    talk.write_note(case=one, author=specialist, text="для коллег", writing_id=one.submission_id)
    from forms.family_moves import family_writes

    family_writes(case_id=one.pk, text="ответ семьи", writing_id=two.submission_id)
    asked = {"kind": "phone", "value": "8 (921) 123-45-67"}
    page = desk.post("/admin/intake/person/", asked)
    text = page.content.decode()
    assert one.number in text
    assert two.number in text
    assert foreign.number not in text
    assert PHONE not in text
    assert "no-store" in page.headers["Cache-Control"]
    assert not AccessLog.objects.exists()

    answer = desk.post(
        "/admin/intake/person/",
        {**asked, "do": "give", "case": [one.pk, foreign.pk, "x", "9" * 30]},
    )
    assert answer.headers["Content-Type"] == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
    held = entries(answer)
    assert set(held) == {f"{one.number}/заявка.html", f"{one.number}/заявка.json"}
    page = held[f"{one.number}/заявка.html"].decode()
    assert NAME in page
    assert STORY in page
    assert "ответ семьи" in page
    assert "для коллег" not in page
    plain = json.loads(held[f"{one.number}/заявка.json"])
    assert plain["answers"]["phone"] == PHONE
    assert plain["consents"][0]["text"].startswith("Я разрешаю")
    assert (plain["operator"], plain["basis"]) == (str(centre), "согласие человека")
    assert plain["kept_after_closing_days"] == 365
    assert plain["purposes"]["Телефон"] == "Чтобы позвонить"
    assert "Специалист" in plain["seen_by"]
    for said in ("Чтобы позвонить", "365 дней", "Специалист", str(centre)):
        assert said in page.replace("\xa0", " ").replace("&quot;", '"')
    assert "для коллег" not in str(plain)
    assert one.events.latest("seq").kind == "exported"
    assert (two.events.count(), foreign.events.count()) == (1, 1)
    assert AccessLog.objects.get().what == "export"


def test_nothing_unencrypted_is_written_to_a_disk(store, monkeypatch):
    case = with_file().case
    opened = []
    real = open

    def watching(file, mode="r", *args, **kwargs):
        opened.append((str(file), mode))
        return real(file, mode, *args, **kwargs)

    monkeypatch.setattr("builtins.open", watching)
    content = giving_out.archive([case])
    assert content.startswith(b"PK")
    assert [each for each in opened if set(each[1]) & set("wax+")] == []


def test_person_is_found_by_name_and_birth_date(desk, centre):
    form = FormFactory(
        steps=[
            step(
                "Кто",
                question("name", "who", personal=True, purpose="Чтобы обратиться"),
                question("birth_date", "born", personal=True, purpose="Чтобы знать возраст"),
                question("consent", "consent"),
            )
        ]
    )
    name = {"family": "Планетова", "given": "Алёна"}
    answers = {"who": name, "born": "1990-05-17", "consent": True}
    case = make_case(form, centre=centre, answers=answers)
    asked = {"kind": "person", "family": "планетова", "given": "Алена", "born": "17.05.1990"}
    assert case.number in desk.post("/admin/intake/person/", asked).content.decode()
    asked["born"] = "18.05.1990"
    text = desk.post("/admin/intake/person/", asked).content.decode()
    assert case.number not in text
    assert "такого нет" in text


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "phone", "value": "не телефон"},
        {"kind": "snils", "value": "112-233-445 96"},
        {"kind": "email", "value": ""},
        {"kind": "person", "family": "Планетова"},
        {"kind": "nobody", "value": "1"},
        {"kind": "phone", "value": "1" * 5000},
        {"kind": "person", "family": "А", "given": "Б", "born": "30.02.2020"},
        {},
    ],
)
def test_what_names_nobody_is_told(desk, asked):
    assert desk.post("/admin/intake/person/", asked).status_code == 422


def test_nothing_ticked_is_told(desk, case):
    asked = {"kind": "phone", "value": PHONE, "do": "give"}
    answer = desk.post("/admin/intake/person/", asked)
    assert answer.status_code == 422
    assert "Отметьте хотя бы одно" in answer.content.decode()


def test_too_much_gives_out_nothing(desk, case, monkeypatch):
    monkeypatch.setattr(giving_out, "MOST_BYTES", -1)
    asked = {"kind": "phone", "value": PHONE, "do": "give", "case": case.pk}
    assert desk.post("/admin/intake/person/", asked).status_code == 422
    assert case.events.count() == 1


def test_search_of_a_person_costs_the_same_for_few_and_many(
    desk, centre, django_assert_max_num_queries
):
    asked, counts = {"kind": "phone", "value": PHONE}, []
    for _ in range(2):
        make_case(centre=centre)
        with django_assert_max_num_queries(20) as counted:
            desk.post("/admin/intake/person/", asked)
        counts.append(len(counted))
        [make_case(centre=centre) for _ in range(3)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.DISPATCHER, Role.ADMINISTRATOR])
def test_only_who_has_the_right_gives_out(role, centre):
    desk = client_of(UserFactory(role=role, provider=centre))
    assert desk.get("/admin/intake/person/").status_code == 404
    assert desk.post("/admin/intake/person/", {"kind": "phone"}).status_code == 404


# Acts.


@pytest.fixture
def act(centre) -> ErasureAct:
    form = form_kept(1, title="=Форма образец")
    close(make_case(form, centre=centre), ago=3)
    close(make_case(form, centre=centre), ago=3)
    close(make_case(form), ago=3)  # nobody's: an act of its own
    assert retention.erase_due() == 3
    return ErasureAct.objects.get(centre=centre)


def test_act_tells_how_many_of_what_and_when_and_names_nobody(desk, act):
    listed = desk.get("/admin/intake/acts/").content.decode()
    assert f"/admin/intake/acts/{act.pk}/" in listed
    assert listed.count("/admin/intake/acts/") == 2  # the menu, and the one act that may be seen
    text = desk.get(f"/admin/intake/acts/{act.pk}/").content.decode()
    for row in act.rows.all():
        assert row.case.number in text
    assert "истёк срок хранения" in text
    assert "=Форма образец – 2" in text
    assert "Телефон" in text  # what kind of data it was
    for planted in (NAME, PHONE, STORY):
        assert planted not in text


def test_act_is_downloaded_to_sign_with_an_extract_safe_for_tables(desk, act):
    paper = desk.get(f"/admin/intake/acts/{act.pk}/act.pdf")
    assert paper.content.startswith(b"%PDF")
    assert paper.headers["Content-Disposition"].startswith("attachment")
    log = desk.get(f"/admin/intake/acts/{act.pk}/log.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(log), delimiter=";"))
    assert len(rows) == 3
    assert {row[0] for row in rows[1:]} == {row.case.number for row in act.rows.all()}
    assert {row[1] for row in rows[1:]} == {"'=Форма образец"}
    heads = ["Номер", "Форма", "Поступило", "Закрыто", "Стёрто", "Основание хранить"]
    assert rows[0] == [*heads, "Почему и как", "Файлы"]
    closed, today = timezone.localdate() - 3 * DAY, timezone.localdate()
    for row in rows[1:]:
        assert row[2:4] == [f"{today:%d.%m.%Y}", f"{closed:%d.%m.%Y}"]
        assert row[4].startswith(f"{today:%d.%m.%Y} ")
        assert row[5] == "согласие человека"
        assert row[6] == "истёк срок хранения: 1 день после закрытия; удалить всё"
    for planted in (NAME, PHONE, STORY):
        assert planted not in log


def test_act_of_another_centre_does_not_exist(stranger, act, specialist):
    other = UserFactory(role=Role.HEAD, provider=stranger.memberships.get().provider)
    for user in (stranger, other, specialist):
        for page in ("", "act.pdf", "log.csv"):
            found = client_of(user).get(f"/admin/intake/acts/{act.pk}/{page}")
            assert found.status_code == 404


def test_act_of_what_no_centre_had_is_seen_by_who_tends_the_installation(act):
    nobodys = ErasureAct.objects.get(centre=None)
    admin = client_of(UserFactory(role=Role.ADMINISTRATOR))
    listed = admin.get("/admin/intake/acts/").content.decode()
    assert f"/admin/intake/acts/{nobodys.pk}/" in listed
    assert f"/admin/intake/acts/{act.pk}/" not in listed
    page = admin.get(f"/admin/intake/acts/{nobodys.pk}/").content.decode()
    [row] = nobodys.rows.all()
    assert row.case.number in page
    assert f"/admin/intake/{row.case_id}/" not in page
    assert admin.get(f"/admin/intake/acts/{act.pk}/").status_code == 404
    assert admin.get(f"/admin/intake/{row.case_id}/").status_code == 404  # numbers, no cases
    assert admin.get("/admin/intake/").status_code == 404


def test_act_costs_the_same_for_few_and_many(desk, centre, django_assert_max_num_queries):
    form, counts = form_kept(1), []
    for many in (1, 5):
        for _ in range(many):
            close(make_case(form, centre=centre), ago=3)
        retention.erase_due()
        act = ErasureAct.objects.get()
        for page in ("/admin/intake/acts/", f"/admin/intake/acts/{act.pk}/"):
            with django_assert_max_num_queries(20) as counted:
                desk.get(page)
            counts.append(len(counted))
    assert counts[:2] == counts[2:]
    assert Erasure.objects.count() == 6


def test_act_after_a_withdrawal_says_on_which_day(centre):
    case = make_case(form_kept(3650), centre=centre)
    consents.withdraw(case=case, way=Channel.WEB)
    close(case, ago=0)
    assert retention.erase_due(timezone.now() + 31 * DAY) == 1
    said = acts.told(ErasureAct.objects.get()).rows[0].said["Почему и как"]
    assert said == f"отозвано согласие: {timezone.localdate():%d.%m.%Y}; удалить всё"


def test_act_has_the_address_of_the_operator(desk, centre, act):
    for title, address in (("А", ""), ("Б", "г. Образцов, ул. Примерная, 1")):
        centre.offices.create(title=title, address=address, territory=TerritoryFactory())
    assert acts.told(act).operator == f"{centre}, г. Образцов, ул. Примерная, 1"
    assert "ул. Примерная" in desk.get(f"/admin/intake/acts/{act.pk}/").content.decode()


# The register.


def test_register_tells_of_every_personal_question_of_forms_in_force(desk, centre):
    form = FormFactory(
        title="Образец формы",
        retention_days=90,
        retention_method="anonymise",
        basis="law",
        basis_text="442-ФЗ, ст. 7",
    )
    RuleFactory(form=form, queue=QueueFactory(title="Очередь-образец", centre=centre))
    FormFactory(title="Черновик", published=False)
    text = desk.get("/admin/intake/data/").content.decode()
    for said in (
        "Образец формы",
        "Чтобы позвонить",
        "обязанность по закону, 442-ФЗ, ст. 7",
        "90",
        "Очередь-образец",
        "Нераспределённые",
        "слепая метка",
        "Специалист",
        "оставить для подсчётов",
    ):
        assert said in text
    assert "Черновик" not in text
    assert "Партнёр" not in text.split("Кто видит")[1].split("</p>")[0]
    assert "Как ответить" not in text  # not personal


def test_register_says_what_is_found_by_a_mark(desk):
    questions = [question(kind, kind) for kind in ("contact", "phone", "address", "file")]
    FormFactory(steps=[step("Шаг", *questions, question("consent", "consent"))])
    [row] = register_of_data.rows()
    assert [datum.is_found_by for datum in row.data] == [True, True, False, False]


def test_register_follows_the_version_in_force(desk):
    form = FormFactory(retention_days=11)
    form.retention_days = 22
    form.save_revision()  # a draft is not in force
    assert "11" in desk.get("/admin/intake/data/").content.decode().split("Хранится")[1][:200]
    form.save_revision().publish()
    assert "22" in desk.get("/admin/intake/data/").content.decode().split("Хранится")[1][:200]


def test_register_tells_of_what_is_kept_though_it_is_not_asked_any_more(desk, centre):
    def told():
        return [
            (row.number, row.in_force, row.rule.days, [datum.label for datum in row.data])
            for row in register_of_data.rows()
        ]

    form = FormFactory(title="Образец формы", retention_days=90)
    case = make_case(form, centre=centre)
    all_asked = told()[0][3]
    assert told() == [(1, True, 90, all_asked)]
    steps = simple_steps()
    steps[1]["value"]["fields"].pop(0)
    form.steps = steps
    form.save_revision().publish()
    now = [label for label in all_asked if label != "Вопрос name"]
    assert told() == [(2, True, 90, now), (1, False, 90, ["Вопрос name"])]
    page = desk.get("/admin/intake/data/").content.decode()
    assert "Больше не спрашиваем" in page
    form.retention_days = 30
    form.save_revision().publish()
    assert told() == [(3, True, 30, now), (1, False, 90, all_asked)]
    form.unpublish()
    assert told() == [(1, False, 90, all_asked)]
    assert register_of_data.table()["Спрашивают сейчас"] == ["нет, хранится с прежних пор"] * len(
        all_asked
    )
    close(case, ago=400)
    retention.erase_due()
    assert told() == []


def test_register_as_a_table_is_safe_against_formulas(desk):
    FormFactory(
        title="=cmd|' /C calc'!A0",
        steps=[
            step(
                "Шаг",
                question("phone", "p", label="+79", personal=True, purpose="@SUM(1)"),
                question("consent", "consent"),
            )
        ],
    )
    csv_text = desk.get("/admin/intake/data/register.csv").content.decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(csv_text), delimiter=";"))[1]
    assert [row[0], row[2], row[3]] == ["'=cmd|' /C calc'!A0", "'+79", "'@SUM(1)"]
    content = desk.get("/admin/intake/data/register.xlsx").content
    sheet = load_workbook(io.BytesIO(content)).active
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} == {"s"}
    assert sheet["A2"].value == "=cmd|' /C calc'!A0"
    assert desk.get("/admin/intake/data/register.exe").status_code == 404


def test_register_costs_the_same_for_few_and_many_forms(desk, django_assert_max_num_queries):
    counts = []
    for _ in range(2):
        FormFactory()
        with django_assert_max_num_queries(20) as counted:
            desk.get("/admin/intake/data/")
        counts.append(len(counted))
        [FormFactory() for _ in range(3)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.HEAD, True),
        (Role.ADMINISTRATOR, True),
        (Role.CHIEF_EDITOR, True),
        (Role.SPECIALIST, False),
        (Role.PARTNER, False),
        (Role.ANALYST, False),
    ],
)
def test_who_reads_the_register(role, may, centre):
    desk = client_of(UserFactory(role=role, provider=centre))
    for page in ("", "register.csv", "register.xlsx"):
        assert (desk.get(f"/admin/intake/data/{page}").status_code == 200) is may
