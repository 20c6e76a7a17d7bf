"""Tables of cases: who may have one made, what stands in it, who gets it, how it ends."""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
import signal
import subprocess
import sys
import time
import uuid

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.access import Role
from desk.exports import asking, giving, making
from desk.exports.sealed import PIECE, Sealing, opened
from desk.models import Amendment, CaseExport, ExportEvent, ExportFile
from forms import crypto, granting, moves, rotation, talk
from forms.crypto import CryptoError
from forms.erasing import erase
from forms.models import (
    AccessLog,
    CaseGrant,
    Department,
    GrantReason,
    IntakeCase,
    SubmissionKey,
)
from tests.factories import ProviderFactory, UserFactory
from tests.intake import (
    FormFactory,
    QueueFactory,
    make_case,
    question,
    rows,
    sample_answers,
    step,
    version_of,
)
from tests.processes import ROOT, environment
from tests.telling import tell_count

NEW = "/admin/intake/exports/new/"
GIVEN = {"columns": ["number", "topic"], "file_format": "csv", "reason": "report"}


@pytest.fixture(autouse=True)
def _store(store):
    return store


@pytest.fixture
def head(centre):
    return UserFactory(role=Role.HEAD, provider=centre, last_name="Начальникова")


@pytest.fixture
def staff(client, head):
    client.force_login(head)
    return client


def asked(head, version=None, query="tab=open", **more):
    given = {**GIVEN, "open_reason": "", **more}
    return asking.ask(asking.Selection.of(head, query), version=version, given=given)


def made(head, version=None, query="tab=open", **more):
    export = asked(head, version, query, **more)
    making.make(export.pk)
    export.refresh_from_db()
    return export


def content(export):
    return b"".join(opened(making.place_of(export), export.file.data_key))


def lines(export):
    text = content(export).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))


def answer_columns(version):
    from desk.exports.columns import questions_of

    return [one.code for one in questions_of(version.schema)]


# Asking


@pytest.mark.django_db
def test_the_head_chooses_columns_and_gets_a_table_with_a_log(staff, head, centre):
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(3)]
    make_case(form, centre=ProviderFactory(centre=True))
    listed = staff.get("/admin/intake/?tab=open").content.decode()
    assert f'href="{NEW}?tab=open"' in listed
    page = staff.get(f"{NEW}?tab=open")
    assert page.context["count"] == 3
    answer = staff.post(f"{NEW}?tab=open", {**GIVEN, "version": ""})
    export = CaseExport.objects.get()
    assert answer.headers["Location"] == reverse("intake:export", args=[export.pk])
    assert ProcrastinateJob.objects.get(task_name="intake_desk.make_export").args == {
        "export": str(export.pk)
    }
    assert staff.get(answer.headers["Location"]).headers["Refresh"] == "3"
    assert making.make(export.pk) == 3
    assert making.make(export.pk) == 0
    shown = staff.get(answer.headers["Location"])
    assert "Refresh" not in shown.headers
    given = staff.post(reverse("intake:export_file", args=[export.pk]))
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in given.headers["Cache-Control"]
    file = b"".join(given.streaming_content)
    assert len(file) == int(given.headers["Content-Length"])
    table = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert table[0] == ["Номер", "Тема"]
    assert [row[0] for row in table[1:]] == [one.number for one in cases]
    steps = ExportEvent.objects.values_list("step", "actor", "rows")
    assert list(steps) == [("asked", head.pk, 0), ("made", None, 3), ("taken", head.pk, 3)]
    assert not AccessLog.objects.exists()  # nothing of a family is in it


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.DISPATCHER, Role.ANALYST, Role.EDITOR])
def test_others_have_no_way_to_it(client, centre, head, role, case):
    export = made(head)
    client.force_login(UserFactory(role=role, provider=centre))
    assert "exports/new" not in client.get("/admin/intake/").content.decode()
    for name in ("exports", "export_new"):
        assert client.get(reverse(f"intake:{name}")).status_code in (302, 404)
    assert client.get(reverse("intake:export", args=[export.pk])).status_code in (302, 404)
    for name in ("export_file", "export_delete"):
        answer = client.post(reverse(f"intake:{name}", args=[export.pk]))
        assert answer.status_code in (302, 404)
    assert content(export)


@pytest.mark.django_db
def test_a_colleague_who_is_head_sees_the_row_and_never_the_file(client, head, centre, case):
    export = made(head)
    page = reverse("intake:export", args=[export.pk])
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    assert "Скачать файл может только" in client.get(page).content.decode()
    assert "Начальникова" in client.get(reverse("intake:exports")).content.decode()
    assert client.post(reverse("intake:export_file", args=[export.pk])).status_code == 404
    assert client.post(reverse("intake:export_delete", args=[export.pk])).status_code == 404
    client.force_login(UserFactory(role=Role.HEAD, provider=ProviderFactory(centre=True)))
    assert client.get(page).status_code == 404
    assert "Начальникова" not in client.get(reverse("intake:exports")).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": []},
        {"columns": ["note"]},
        {"file_format": "exe"},
        {"reason": ""},
        {"reason": "because"},
    ],
)
def test_what_is_missing_is_told_and_ticks_stay(staff, case, wrong):
    answer = staff.post(f"{NEW}?tab=open", {**GIVEN, "columns": ["closed"], **wrong})
    assert answer.status_code == 422
    assert "error-message" in answer.content.decode()
    if "columns" not in wrong:
        assert re.search(r'value="closed"[^>]* checked', answer.content.decode())
        assert not re.search(r'value="number"[^>]* checked', answer.content.decode())
    assert not CaseExport.objects.exists()


@pytest.mark.django_db
def test_one_does_not_wait_for_more_than_three(staff, head, case):
    for _ in range(3):
        asked(head)
    answer = staff.post(f"{NEW}?tab=open", GIVEN)
    assert answer.status_code == 422
    assert "уже делаются три таблицы" in answer.content.decode()
    assert CaseExport.objects.count() == 3


@pytest.mark.django_db
def test_too_many_and_none_are_told_before_and_while_making(staff, head, centre, monkeypatch):
    assert "нечего выгружать" in staff.get(f"{NEW}?tab=open").content.decode()
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(3)]
    monkeypatch.setattr(asking, "MOST", 2)
    monkeypatch.setattr(making, "MOST", 2)
    assert "много" in staff.get(f"{NEW}?tab=open").content.decode()
    assert staff.post(f"{NEW}?tab=open", GIVEN).status_code == 422
    export = made(head)
    assert export.state == "too_much"
    assert not making.place_of(export).exists()
    moves.take(case_id=cases[0].pk, actor=head)
    assert made(head, query="tab=free").done == 2


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_cases(staff, head, centre, django_assert_max_num_queries):
    form = FormFactory()
    for _ in range(12):
        make_case(form, centre=centre)
    codes = ["number", *answer_columns(version_of(form))]
    export = asked(head, version_of(form), columns=codes)
    with django_assert_max_num_queries(48):
        assert making.make(export.pk) == 12
    with django_assert_max_num_queries(18):
        staff.get(f"{NEW}?tab=open&version={version_of(form).pk}")


@pytest.mark.django_db
def test_the_head_reads_every_table_of_its_people_however_many(
    staff, head, centre, django_assert_max_num_queries
):
    colleague = UserFactory(role=Role.HEAD, provider=centre)
    counts = []
    for number in (3, 60):
        CaseExport.objects.bulk_create(
            [CaseExport(owner=colleague, query="tab=open", **GIVEN) for _ in range(number)]
        )
        staff.get(reverse("intake:exports"))
        with django_assert_max_num_queries(20) as counted:
            first = staff.get(reverse("intake:exports"))
        counts.append(len(counted))
    assert counts[0] == counts[1]
    second = staff.get(reverse("intake:exports") + "?page=2")
    assert (len(first.context["page"]), len(second.context["page"])) == (50, 13)
    assert "page=2" in first.content.decode()
    assert staff.get(reverse("intake:exports") + "?page=%00x").status_code == 200


# What stands in it


@pytest.mark.django_db
def test_answers_of_one_version_masked_until_a_reason_is_given(staff, head, centre):
    inside = rows(
        "children",
        question("text", "child", label="Имя", personal=True, purpose="Чтобы помочь"),
        question(
            "birth_date", "born", label="Дата рождения", personal=True, purpose="Чтобы помочь"
        ),
        minimum=0,
        maximum=3,
    )
    asked_for = {"personal": True, "purpose": "Чтобы помочь"}
    steps = [
        step(
            "Шаг",
            question("snils", "snils", label="СНИЛС", **asked_for),
            question("phone", "phone", label="Телефон", **asked_for),
            question("longtext", "story", label="Рассказ", **asked_for),
            question("money", "income", label="Доход"),
            inside,
            question("consent", "consent"),
        )
    ]
    form = FormFactory(steps=steps)
    answers = {
        "snils": "11223344595",
        "phone": "+79211234567",
        "story": "паспорт 4012 345678, почта obrazec@example.org",
        "income": 45000,
        "children": [{"child": "Аня", "born": "2019-04-30"}],
        "consent": True,
    }
    case = make_case(form, centre=centre, answers=answers)
    make_case(centre=centre)  # of another form
    codes = ["number", *answer_columns(version_of(form))]
    masked = lines(made(head, version_of(form), columns=codes))
    assert masked[0] == ["Номер", "СНИЛС", "Телефон", "Рассказ", "Доход, ₽", "Группа children"]
    assert len(masked) == 2
    said = "\n".join(masked[1])
    for hidden in ("112-233", "123-45", "4012", "345678", "obrazec@", "30.04"):
        assert hidden not in said
    assert masked[1][4] == "45000"
    assert "Имя: Аня; Дата рождения: ••.••.2019" in said
    looked = AccessLog.objects.get()
    assert (looked.case, looked.user, looked.what, looked.reason) == (case, head, "table", "")
    data = {**GIVEN, "columns": ["number"], "answers": codes[1:], "version": version_of(form).pk}
    staff.post(f"{NEW}?tab=open", {**data, "open_reason": "papers"})
    export = CaseExport.objects.latest("asked_at")
    making.make(export.pk)
    export.refresh_from_db()
    is_open = lines(export)[1]
    assert is_open[1:3] == ["112-233-445 95", "8 (921) 123-45-67"]
    assert "4012 345678" in is_open[3]
    assert AccessLog.objects.get(reason="papers").case == case
    page = staff.get("/admin/intake/looks/").content.decode()
    assert "таблица многих обращений" in page


@pytest.mark.django_db
def test_corrected_and_erased_answers_notes_never(head, centre, specialist):
    form = FormFactory()
    first, second, third = (make_case(form, centre=centre) for _ in range(3))
    moves.take(case_id=first.pk, actor=specialist)
    talk.write_note(case=first, author=specialist, text="ЗАМЕТКА", writing_id=uuid.uuid4())
    key = first.submission.data_key
    amendment = Amendment(case=first, field="name", reason="mistyped", author=specialist)
    amendment.value = key.seal(amendment.purpose, '"Исправлена Верно"'.encode())
    amendment.save()
    erase(case=second)
    SubmissionKey.objects.filter(submission=third.submission).update(wrapped=b"x" * 60)
    codes = ["number", *answer_columns(version_of(form))]
    export = made(head, version_of(form), columns=codes, open_reason="check")
    table = {row[0]: row[1:] for row in lines(export)[1:]}
    assert "Исправлена Верно" in table[first.number]
    assert set(table[second.number]) == set(table[third.number]) == {"стёрто"}
    assert "ЗАМЕТКА" not in content(export).decode()


@pytest.mark.django_db
def test_only_what_is_seen_when_it_is_made(head, centre):
    form = FormFactory()
    kept, secret, gone = (make_case(form, centre=centre) for _ in range(3))
    export = asked(head)
    named = UserFactory(role=Role.SPECIALIST, provider=centre)
    secret.queue.confidants.add(named)
    IntakeCase.objects.filter(pk=secret.pk).update(secret=True)
    elsewhere = make_case(form, centre=ProviderFactory(centre=True))
    IntakeCase.objects.filter(pk=gone.pk).update(queue=elsewhere.queue, centre=elsewhere.centre)
    making.make(export.pk)
    assert [row[0] for row in lines(export)[1:]] == [kept.number]


@pytest.mark.django_db
def test_columns_moments_and_people_in_xlsx(head, centre):
    case = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=head)
    from desk.exports.columns import COLUMNS

    export = made(head, columns=list(COLUMNS), file_format="xlsx")
    sheet = load_workbook(io.BytesIO(content(export))).active
    heads, row = ([cell.value for cell in line] for line in sheet.iter_rows())
    known = dict(zip(heads, row, strict=True))
    assert known["Номер"] == case.number
    assert known["Состояние"] == "в работе"
    assert known["У кого"] == str(head)
    received = timezone.localtime(case.created_at).replace(tzinfo=None)
    assert abs(known["Получено"] - received) < datetime.timedelta(seconds=1)
    assert known["Закрыто"] is None
    assert len(heads) == len(COLUMNS)


# Who gets it, and until when


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["left", "role", "centre", "account of the installation"])
def test_who_has_lost_a_right_gets_nothing(client, head, centre, case, change):
    waiting, ready = asked(head), made(head)
    client.force_login(head)
    if change == "left":
        head.is_active = False
        head.save()
    elif change == "role":
        head.groups.clear()
    elif change == "centre":
        head.memberships.update(provider=ProviderFactory(centre=True))
    else:
        type(head).objects.filter(pk=head.pk).update(is_superuser=True)
    answer = client.post(reverse("intake:export_file", args=[ready.pk]))
    assert answer.status_code in (302, 404, 410)
    assert not answer.streaming
    if change == "centre":
        assert ready.events.filter(step="withheld", actor=head).exists()
    making.make(waiting.pk)
    waiting.refresh_from_db()
    if change == "centre":
        assert lines(waiting)[1:] == []
    else:
        assert waiting.state == "refused"
        assert waiting.events.filter(step="not_made").exists()


def _glass_is_over(case, head):
    CaseGrant.objects.update(until=timezone.now() - datetime.timedelta(seconds=1))


def _no_longer_a_confidant(case, head):
    case.queue.confidants.set([UserFactory(role=Role.SPECIALIST, provider=case.centre)])


def _becomes_secret(case, head):
    _no_longer_a_confidant(case, head)
    IntakeCase.objects.filter(pk=case.pk).update(secret=True)


def _goes_to(case, **queue):
    to = QueueFactory(**queue)
    rows = IntakeCase.objects.filter(pk=case.pk)
    rows.update(queue=to, centre=to.centre, department=to.department)


def _goes_to_another_centre(case, head):
    _goes_to(case, centre=ProviderFactory(centre=True))


def _goes_to_another_department(case, head):
    _only_own_department(head)
    away = Department.objects.create(centre=case.centre, title="Другой отдел")
    _goes_to(case, centre=case.centre, department=away)


def _leaves_the_department(case, head):
    _only_own_department(head)
    head.departments.clear()


def _only_own_department(head):
    """Exports, and sees no more than the own department."""
    right = Permission.objects.get(codename="export_cases")
    group = Group.objects.create(name="Статистик отдела")
    group.permissions.set([right, *Group.objects.get(name=Role.SPECIALIST).permissions.all()])
    head.groups.set([group])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("was", "change"),
    [
        ("glass", _glass_is_over),
        ("confidant", _no_longer_a_confidant),
        ("open", _becomes_secret),
        ("open", _goes_to_another_centre),
        ("department", _goes_to_another_department),
        ("department", _leaves_the_department),
    ],
)
def test_a_case_that_was_closed_to_its_owner_since_keeps_the_table_back(
    client, head, centre, was, change
):
    form = FormFactory()
    case = make_case(form, centre=centre, answers={**sample_answers(), "name": "Скрытая"})
    others = [make_case(form, centre=centre) for _ in range(2)]
    secret = was in ("glass", "confidant")
    if was == "glass":
        case.queue.confidants.add(UserFactory(role=Role.SPECIALIST, provider=centre))
    elif was == "confidant":
        case.queue.confidants.add(head)
    elif was == "department":
        own = Department.objects.create(centre=centre, title="Свой отдел")
        own.people.add(head)
        _goes_to(case, centre=centre, department=own)
    IntakeCase.objects.filter(pk=case.pk).update(secret=secret)
    if was == "glass":
        granting.break_glass(case=case, actor=head, reason=GrantReason.DANGER)
    codes = ["number", *answer_columns(version_of(form))]
    export = made(head, version_of(form), columns=codes)
    assert export.done == 3
    client.force_login(head)
    page, file = (reverse(f"intake:{name}", args=[export.pk]) for name in ("export", "export_file"))
    given = client.post(file)
    assert "Скрытая".encode() in b"".join(given.streaming_content)
    change(case, head)
    answer = client.post(file)
    assert (answer.status_code, answer.streaming) == (410, False)
    shown = client.get(page).content.decode()
    for text in (answer.content.decode(), shown):
        assert text.count("Часть обращений этой таблицы с тех пор закрыта от вас") == 1
        assert "Скачать таблицу" not in text
        assert "Удалить сейчас" in text
    assert export.events.get(step="withheld").actor == head
    anew = re.search(r'href="([^"]+)">Сделать таблицу заново', shown)[1].replace("&amp;", "&")
    again = client.get(anew)
    assert (again.context["count"], again.context["version"]) == (2, version_of(form))
    numbers = {line[0] for line in lines(made(head, version_of(form), columns=codes))[1:]}
    assert numbers == {one.number for one in others}


@pytest.mark.django_db
def test_erased_answers_stay_in_no_table(client, head, centre, django_capture_on_commit_callbacks):
    form = FormFactory()
    first, second = (make_case(form, centre=centre) for _ in range(2))
    erase(case=first)
    codes = ["number", *answer_columns(version_of(form))]
    with_answers, numbers_only = made(head, version_of(form), columns=codes), made(head)
    client.force_login(head)
    address = reverse("intake:export_file", args=[with_answers.pk])
    assert client.post(address).streaming  # this one holds nothing of the first family
    erase(case=second)
    answer = client.post(address)
    assert answer.status_code == 410
    assert "сведения семей из этой таблицы стёрты" in answer.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert giving.sweep() == 1
    states = dict(CaseExport.objects.values_list("pk", "state"))
    assert states == {with_answers.pk: "gone", numbers_only.pk: "made"}
    assert not making.place_of(with_answers).exists()


@pytest.mark.django_db
def test_asking_for_the_rows_again_costs_the_same_for_any_number(head, centre):
    form, counts = FormFactory(), []
    for number in (1, 12):
        for _ in range(number):
            make_case(form, centre=centre)
        export = made(head, version_of(form), columns=answer_columns(version_of(form)))
        owner = type(head).objects.get(pk=head.pk)
        with CaptureQueriesContext(connection) as queries:
            assert giving.why_not(export, owner) == ""
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


@pytest.mark.django_db
def test_a_filter_that_is_understood_no_more_does_not_widen_it(head, centre, case):
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    export = asked(head, query=f"tab=open&whose={colleague.pk}")
    colleague.memberships.all().delete()
    making.make(export.pk)
    export.refresh_from_db()
    assert export.state == "refused"


@pytest.mark.django_db(transaction=False)
def test_after_its_term_and_on_demand_it_is_gone(
    client, head, case, django_capture_on_commit_callbacks
):
    old, unwanted, kept = made(head), made(head), made(head)
    client.force_login(head)
    now = timezone.now()
    CaseExport.objects.filter(pk=old.pk).update(until=now)
    assert client.post(reverse("intake:export_file", args=[old.pk])).status_code == 410
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("intake:export_delete", args=[unwanted.pk]))
        assert giving.sweep() == 1
    assert [making.place_of(one).exists() for one in (old, unwanted, kept)] == [False, False, True]
    assert list(ExportFile.objects.values_list("pk", flat=True)) == [kept.pk]
    answer = client.post(reverse("intake:export_file", args=[unwanted.pk]))
    assert answer.status_code == 410
    assert "Файл больше не выдаётся" in answer.content.decode()
    assert old.events.get(step="deleted").actor is None
    assert unwanted.events.get(step="deleted").actor == head


@pytest.mark.django_db
def test_the_sweep_gives_up_what_no_worker_has_and_removes_what_has_no_row(head, case):
    lost, waiting, over, again = asked(head), asked(head), made(head), made(head)
    jobs = ProcrastinateJob.objects
    jobs.filter(args__export__in=[str(lost.pk), str(over.pk)]).delete()
    folder = making.folder()
    ExportFile.objects.filter(pk=over.pk).delete()  # killed after the row went, before the file
    left = [
        making.place_of(over),
        folder / f"{lost.pk}.12345678.half",
        folder / f"{over.pk}.12345678.half",
        folder / str(lost.pk),
        folder / str(uuid.uuid4()),
        folder / "nothing",
    ]
    working = [folder / f"{waiting.pk}.12345678.half", folder / str(waiting.pk)]
    for place in (*left, *working):
        place.write_bytes(b"x")
    assert giving.sweep() == len(left)
    kept = {making.place_of(again), *working}
    assert set(folder.iterdir()) == kept
    states = dict(CaseExport.objects.values_list("pk", "state"))
    assert (states[lost.pk], states[waiting.pk], states[again.pk]) == ("failed", "waiting", "made")
    assert lost.events.filter(step="not_made").exists()
    assert giving.sweep() == 0


@pytest.mark.django_db
def test_the_database_keeps_who_wanted_what(head, case):
    export = made(head)
    for sql in (
        "update intake_desk_exportevent set rows = 0",
        "delete from intake_desk_exportevent",
        "update intake_desk_caseexport set reason = 'control'",
        "delete from intake_desk_caseexport",
    ):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    assert export.events.count() == 2


# The file on the disk


@pytest.mark.django_db
def test_the_file_is_sealed_and_its_key_goes_with_the_installation_keys(head, centre, settings):
    from tests.forms.test_keys import key

    form = FormFactory()
    make_case(form, centre=centre, answers={**sample_answers(), "name": "Заметная"})
    codes = ["number", *answer_columns(version_of(form))]
    export = made(head, version_of(form), columns=codes)
    place = making.place_of(export)
    assert "Заметная".encode() not in place.read_bytes()
    assert place.stat().st_mode & 0o077 == 0
    before = content(export)
    settings.NAVIGATOR_DATA_KEYS = [key(), *settings.NAVIGATOR_DATA_KEYS]
    list(rotation.rotate())
    export = CaseExport.objects.get(pk=export.pk)
    assert export.file.wrapped_by == crypto.newest_key_id()
    assert content(export) == before


def test_a_piece_that_is_cut_off_moved_or_changed_does_not_open(tmp_path):
    key, place = crypto.new_key(uuid.uuid4()), tmp_path / "file"
    plain = os.urandom(PIECE * 3 + 17)
    with place.open("wb") as out:
        sealing = Sealing(out, key)
        for start in range(0, len(plain), 100_001):
            sealing.write(plain[start : start + 100_001])
        sealing.finish()
    assert b"".join(opened(place, key)) == plain
    whole = place.read_bytes()
    size = 4 + int.from_bytes(whole[:4])
    spoiled = {
        "cut off at a piece": whole[: size * 3],
        "cut off within": whole[:-1],
        "swapped": whole[size : 2 * size] + whole[:size] + whole[2 * size :],
        "longer": whole + whole[:size],
        "changed": whole[:100] + bytes([whole[100] ^ 1]) + whole[101:],
        "empty": b"",
    }
    for what, content_ in spoiled.items():
        place.write_bytes(content_)
        with pytest.raises(CryptoError):
            print(what, len(b"".join(opened(place, key))))


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_leaves_no_half_file(committed_db, tmp_path, settings):
    home = tmp_path / "home"
    settings.NAVIGATOR_PRIVATE_FILES = home / "private"
    centre = ProviderFactory(centre=True)
    head = UserFactory(role=Role.HEAD, provider=centre)
    form = FormFactory()
    count = 60
    for _ in range(count):
        make_case(form, centre=centre)
    codes = ["number", *answer_columns(version_of(form))]
    export = asked(head, version_of(form), columns=codes)
    program = (
        "import django; django.setup(); from desk.exports import making; making.BATCH = 2;"
        f"making.make('{export.pk}')"
    )
    kills = 0
    for aim in (4, 20, 40, count):
        worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment(home))
        while worker.poll() is None:
            export.refresh_from_db()
            if aim < count and aim <= export.done < count and export.state == "waiting":
                os.kill(worker.pid, signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.002)
        worker.wait(timeout=60)
        CaseExport.objects.filter(pk=export.pk, state="waiting").update(done=0)
    export.refresh_from_db()
    tell_count(
        f"killed {kills} times; {export.done} cases, {AccessLog.objects.count()} rows of the log"
    )
    assert kills >= 2
    assert export.state == "made"
    assert [place.name for place in making.folder().iterdir()] == [str(export.pk)]
    assert len(lines(export)) == count + 1
    assert AccessLog.objects.count() == count
    assert export.events.filter(step="made").count() == 1
