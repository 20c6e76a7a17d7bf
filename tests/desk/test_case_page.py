"""The page of a case: masks with a reason, corrections, templates, other cases, who looks, paper."""

from __future__ import annotations

import datetime
import json
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk import masks, presence
from desk.amending import corrections
from desk.models import Amendment, MessageTemplate, Presence
from desk.views import case as views
from forms import giving_out, marks, moves, sorting, talk
from forms.erasing import erase
from forms.models import AccessLog, CaseEvent, IntakeCase
from tests.factories import MeasureFactory, ProviderFactory, UserFactory
from tests.intake import (
    EMAIL,
    NAME,
    PHONE,
    FormFactory,
    TopicFactory,
    contact_steps,
    make_case,
    question,
    reached_by,
    rows,
    step,
)

pytestmark = pytest.mark.django_db
SPOKEN = "+7 921 123-45-67"
SNILS = "11223344595"


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def mine(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    return case


@pytest.fixture
def papers(centre, specialist):
    """A case with one of each thing that is masked, and rows."""
    personal = {"personal": True, "purpose": "Чтобы помочь", "required": False}
    steps = [
        step(
            "Кто",
            question("name", "who", **personal),
            question("snils", "snils", **personal),
            question("birth_date", "born", **personal),
            question("email", "mail", **personal),
            question("longtext", "story", **personal),
            rows("children", question("birth_date", "born_child", **personal), minimum=0),
            question("number", "income", required=False),
            question("consent", "consent"),
        )
    ]
    case = make_case(
        FormFactory(steps=steps),
        centre=centre,
        answers={
            "who": {"family": "Планетова", "given": "Анфиса"},
            "snils": SNILS,
            "born": "1990-04-30",
            "mail": EMAIL,
            "story": "Паспорт 4512 345678, звоните 8 921 123-45-67, пишите a.b@example.org. Нас 4.",
            "children": [{"born_child": "2019-05-06"}],
            "income": 12000,
            "consent": True,
        },
    )
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    return case


def url(name, case, *more):
    return reverse(f"intake:{name}", args=[case.pk, *more])


def page(staff, case):
    return staff.get(url("case", case)).content.decode()


# Masks


@pytest.mark.parametrize(
    ("kind", "text", "seen"),
    [
        ("phone", "+7 921 123-45-67", "+• ••• •••-••-67"),
        ("snils", "112-233-445 95", "•••-•••-••• 95"),
        ("email", "anna@example.org", "a•••@example.org"),
        ("birth_date", "30.04.1990", "••.••.1990"),
        ("address", "Тихвин, ул. Победы, 3", "Тихвин, •••"),
        ("text", "4512 345678", "•••• ••••78"),
        ("longtext", "нас 4, доход 12000", "нас 4, доход 12000"),
        ("longtext", "Планетова Анфиса", "Планетова Анфиса"),
        ("text", "", ""),
    ],
)
def test_what_is_masked(kind, text, seen):
    assert masks.masked(kind, text, personal=True) == seen


def test_identifiers_are_masked_wherever_they_stand(staff, papers):
    text = page(staff, papers)
    for hidden in ("112-233-445", "30.04.1990", "06.05.2019", EMAIL, "345678", "123-45-67", "a.b@"):
        assert hidden not in text, hidden
    for seen in ("Планетова Анфиса", "••.••.1990", "••.••.2019", "Паспорт", "Нас 4."):
        assert seen in text, seen


def test_one_answer_opens_with_a_reason_and_leaves_a_row(staff, specialist, papers):
    answer = staff.post(url("look", papers), {"field": "snils", "reason": "papers"})
    assert answer.status_code == 303
    row = AccessLog.objects.get(what="snils")
    assert (row.case, row.user, row.reason) == (papers, specialist, "papers")
    text = page(staff, papers)
    assert "112-233-445 95" in text
    assert "30.04.1990" not in text
    staff.post(url("look", papers), {"field": "*", "reason": "check"})
    text = page(staff, papers)
    assert "30.04.1990" in text
    assert EMAIL in text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"field": "snils"}, 422),
        ({"field": "snils", "reason": "because"}, 422),
        ({"field": "nothing", "reason": "call"}, 404),
        ({"reason": "call"}, 404),
        ({"field": "x" * 5000, "reason": "call"}, 404),
    ],
)
def test_without_a_reason_nothing_opens(staff, papers, data, status):
    before = AccessLog.objects.exclude(what="answers").count()
    assert staff.post(url("look", papers), data).status_code == status
    assert AccessLog.objects.exclude(what="answers").count() == before
    assert "112-233-445" not in page(staff, papers)


def test_what_was_opened_closes_by_itself_and_for_others_it_never_opened(
    staff, client, papers, centre, monkeypatch
):
    staff.post(url("look", papers), {"field": "snils", "reason": "call"})
    assert "112-233-445" in page(staff, papers)
    assert "112" not in json.dumps(staff.session[masks.SESSION_KEY])
    later = masks.time.time() + masks.OPEN_FOR + 1
    monkeypatch.setattr(masks.time, "time", lambda: later)
    assert "112-233-445" not in page(staff, papers)


def test_looking_is_a_post(staff, papers):
    assert staff.get(url("look", papers) + "?field=snils&reason=call").status_code == 405


def test_how_to_reach_the_family_opens_with_a_reason(staff, centre):
    case = make_case(
        FormFactory(steps=contact_steps()), centre=centre, answers=reached_by("call", "email")
    )
    text = page(staff, case)
    assert PHONE not in text
    assert SPOKEN not in text
    assert EMAIL not in text
    staff.post(url("look", case), {"field": "wishes", "reason": "call"})
    assert f"tel:{PHONE}" in page(staff, case)
    assert AccessLog.objects.filter(what="wishes", reason="call").count() == 1


# Corrections


def correct(staff, case, field, **data):
    staff.post(url("look", case), {"field": field, "reason": "check"})
    case.refresh_from_db()
    address = f"{url('correct', case)}?field={field}"
    return staff.post(address, {"version": case.version, "reason": "paper", **data})


def test_a_correction_stands_beside_what_was_sent(staff, specialist, papers):
    answer = correct(staff, papers, "born", **{"answer": "1991-05-01", "answer_0": "1", "answer_1": "5", "answer_2": "1991"})  # fmt: skip
    assert answer.status_code == 303, answer.content.decode()[:3000]
    text = page(staff, papers)
    assert "01.05.1991" in text
    assert "<s>30.04.1990</s>" in text
    kept = Amendment.objects.get()
    assert (kept.field, kept.reason, kept.author) == ("born", "paper", specialist)
    assert b"1991" not in bytes(kept.value)
    event = CaseEvent.objects.get(kind="amended")
    assert event.data == {"field": "born", "reason": "paper", "amendment": str(kept.pk)}
    papers.refresh_from_db()
    assert papers.submission.read_answers()["born"] == "1990-04-30"


def test_a_corrected_number_is_found_and_the_old_one_too(staff, papers):
    assert correct(staff, papers, "snils", answer="001-001-001 00").status_code in (303, 422)
    assert correct(staff, papers, "mail", answer="novaja@example.org").status_code == 303
    for mail in ("novaja@example.org", EMAIL):
        assert marks.submissions_with("email", mail).filter(pk=papers.submission_id).exists()


def test_an_answer_in_a_row_is_corrected(staff, papers):
    answer = correct(staff, papers, "children.0.born_child", **{"answer": "2019-06-07", "answer_0": "7", "answer_1": "6", "answer_2": "2019"})  # fmt: skip
    assert answer.status_code == 303
    assert corrections(papers)["children.0.born_child"][0].value == "2019-06-07"


def test_numbers_are_kept_as_numbers_and_the_same_is_no_correction(staff, papers):
    assert correct(staff, papers, "income", answer="15 000").status_code == 303
    assert corrections(papers)["income"][0].value == 15000
    assert correct(staff, papers, "income", answer="15000").status_code == 303
    assert Amendment.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "data", "status"),
    [
        ("snils", {"answer": "123"}, 422),
        ("snils", {"answer": ""}, 422),
        ("mail", {"answer": "нет"}, 422),
        ("mail", {"answer": "a@example.org", "reason": "why"}, 422),
        ("nothing", {"answer": "x"}, 404),
        ("children.7.born_child", {"answer": "x"}, 404),
        ("children", {"answer": "x"}, 404),
        ("children.-1.born_child", {"answer": "x"}, 404),
    ],
)
def test_a_wrong_correction_is_told_and_kept_typed(staff, papers, field, data, status):
    answer = correct(staff, papers, field, **data)
    assert answer.status_code == status
    if status == 422 and data["answer"]:
        assert data["answer"] in answer.content.decode()
    assert not Amendment.objects.exists()


def test_a_stale_correction_keeps_what_was_typed(staff, specialist, papers):
    staff.post(url("look", papers), {"field": "mail", "reason": "check"})
    old = papers.version
    wanted = sorting.Sorted(papers.topic, True, False, None)
    sorting.sort(case_id=papers.pk, actor=specialist, version=old, wanted=wanted)
    data = {"version": old, "reason": "said", "answer": "typed@example.org"}
    answer = staff.post(f"{url('correct', papers)}?field=mail", data)
    assert answer.status_code == 409
    assert "typed@example.org" in answer.content.decode()
    assert not Amendment.objects.exists()


def test_what_is_masked_is_opened_before_it_is_corrected(staff, papers):
    answer = staff.get(f"{url('correct', papers)}?field=snils")
    assert answer.status_code == 409
    assert "112-233-445" not in answer.content.decode()


def test_who_does_not_hold_the_case_corrects_nothing(client, papers, centre):
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    assert correct(client, papers, "mail", answer="x@example.org").status_code == 409
    assert not Amendment.objects.exists()


def test_the_copy_for_the_family_has_both(staff, papers):
    correct(staff, papers, "mail", answer="novaja@example.org")
    import io
    import zipfile

    packed = zipfile.ZipFile(io.BytesIO(giving_out.archive([papers])))
    text = packed.read(f"{papers.number}/заявка.html").decode()
    assert "novaja@example.org" in text
    assert EMAIL in text
    plain = json.loads(packed.read(f"{papers.number}/заявка.json"))
    assert plain["corrections"][0]["answer"] == "novaja@example.org"


def test_corrections_are_only_added_and_die_with_the_key(staff, papers):
    correct(staff, papers, "mail", answer="novaja@example.org")
    for statement in ("update intake_desk_amendment set reason = 'said'", "delete from intake_desk_amendment"):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(statement)
    erase(case=papers)
    fresh = IntakeCase.objects.get(pk=papers.pk)
    with pytest.raises(Exception, match=str(fresh.submission_id)):
        corrections(fresh)
    assert staff.get(url("case", papers)).status_code == 200


# Templates


def test_a_template_is_filled_and_put_behind_what_was_typed(staff, mine, centre):
    other = ProviderFactory(centre=True)
    make = MessageTemplate.objects.create
    own = make(title="Приняли", body="Обращение {number}, ответим до {term}. {who}", centre=centre)
    for centre_, topic, retired in ((other, None, False), (None, TopicFactory(), False), (None, None, True)):  # fmt: skip
        make(title="не то", body="не то", centre=centre_, topic=topic, retired=retired)
    assert "не то" not in page(staff, mine)
    data = {"action": "answer", "version": mine.version, "text": "Здравствуйте!", "insert": "1", "template": own.pk}  # fmt: skip
    answer = staff.post(url("move", mine), data)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert f"Здравствуйте!\n\nОбращение {mine.number}, ответим до" in text
    assert "Образец Первый" in text
    assert not mine.messages.exists()


@pytest.mark.parametrize("body", ["{phone}", "{number", "number}", "{}", "{0}", "{number.ref}"])
def test_only_known_placeholders_are_taken(body):
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        MessageTemplate(title="x", body=body).full_clean()


def test_templates_are_tended_by_heads_for_their_centre(client, centre):
    other = ProviderFactory(centre=True)
    everybodys = MessageTemplate.objects.create(title="общая", body="x")
    others = MessageTemplate.objects.create(title="чужая", body="x", centre=other)
    own = MessageTemplate.objects.create(title="своя", body="x", centre=centre)
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    base = "/admin/intake_desk/messagetemplate"
    text = client.get(f"{base}/").content.decode()
    assert ("своя" in text, "чужая" in text, "общая" in text) == (True, False, False)
    for one, status in ((own, 200), (others, 404), (everybodys, 404)):
        assert client.get(f"{base}/edit/{one.pk}/").status_code == status
    for place, made in ((other, 0), ("", 0), (centre, 1)):
        data = {"title": "новая", "body": "текст", "centre": getattr(place, "pk", ""), "topic": ""}
        client.post(f"{base}/create/", data)
        assert MessageTemplate.objects.filter(title="новая").count() == made
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    assert client.get(f"{base}/edit/{own.pk}/").status_code != 200
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    for one in (own, others, everybodys):
        assert client.get(f"{base}/edit/{one.pk}/").status_code == 200


# Other cases of the family, measures


def test_other_cases_are_links_where_they_are_seen_and_else_one_sentence(staff, centre):
    form = FormFactory(steps=contact_steps())
    case = make_case(form, centre=centre, answers=reached_by("call"))
    seen = make_case(form, centre=centre, answers=reached_by("call"))
    assert "не видно" not in page(staff, case)
    away = ProviderFactory(centre=True)
    hidden = [make_case(form, centre=away, answers=reached_by("call")) for _ in range(2)]
    text = page(staff, case)
    assert seen.number in text
    assert text.count("Есть и такое, которое вам не видно.") == 1
    for one in hidden:
        assert one.number not in text
        assert one.ref not in text
        assert f"/intake/{one.pk}/" not in text


def test_a_secret_case_of_the_own_centre_is_told_no_more_of(staff, centre):
    form = FormFactory(steps=contact_steps())
    case = make_case(form, centre=centre, answers=reached_by("call"))
    secret = make_case(form, centre=centre, answers=reached_by("call"))
    UserFactory(role=Role.HEAD, provider=centre)
    IntakeCase.objects.filter(pk=secret.pk).update(secret=True)
    text = page(staff, case)
    assert secret.number not in text
    assert "Есть и такое, которое вам не видно." in text


def test_measures_in_question(staff, centre):
    form = FormFactory()
    form.measures.add(MeasureFactory(title="Пособие образцовое"))
    form.save()
    text = page(staff, make_case(form, centre=centre))
    assert "Пособие образцовое" in text
    assert "нигде не хранится" in text


# Sorting


def test_sorting_from_the_page_and_from_a_stale_one(staff, specialist, mine):
    topic = TopicFactory()
    data = {"version": mine.version, "topic": topic.pk, "urgent": "on", "curator": specialist.pk}
    assert staff.post(url("sort", mine), data).status_code == 303
    mine.refresh_from_db()
    assert (mine.topic, mine.urgent, mine.curator) == (topic, True, specialist)
    other = TopicFactory(title="Совсем другая тема")
    stale = staff.post(url("sort", mine), {**data, "topic": other.pk})
    assert stale.status_code == 409
    assert f'<option value="{other.pk}" selected>' in stale.content.decode()
    mine.refresh_from_db()
    assert mine.topic == topic
    assert "куратор" in page(staff, mine)


@pytest.mark.parametrize("data", [{}, {"topic": "x"}, {"topic": -1, "version": 0}])
def test_wrong_sorting_is_told(staff, mine, data):
    assert staff.post(url("sort", mine), data).status_code == 422


# Who else


def test_who_else_looks_and_writes_and_goes(staff, client, specialist, centre, case):
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre, first_name="Коллега")
    staff.get(url("case", case))
    client.force_login(colleague)
    assert "Смотрит: Образец Первый" in page(client, case)
    client.force_login(specialist)
    client.post(url("here", case), {"writing": "1"})
    client.force_login(colleague)
    assert "Пишет: Образец Первый" in client.post(url("here", case)).content.decode()
    ago = timezone.now() - presence.GONE_AFTER - datetime.timedelta(seconds=1)
    Presence.objects.filter(user=specialist).update(seen_at=ago)
    assert "Образец Первый" not in client.post(url("here", case)).content.decode()
    presence.sweep()
    assert [one.user for one in Presence.objects.all()] == [colleague]


def test_the_sign_is_for_who_sees_the_case(client, case, stranger):
    client.force_login(stranger)
    assert client.post(url("here", case)).status_code == 404
    assert not Presence.objects.exists()


# Paper


def test_paper_for_the_family_has_no_notes_and_that_of_the_centre_is_masked(
    staff, specialist, mine
):
    talk.write_note(case=mine, author=specialist, text="тайная заметка", writing_id=uuid.uuid4())
    moves.move(
        case_id=mine.pk, action=moves.Action.ANSWER, actor=specialist, version=mine.version,
        text="ответ семье",
    )  # fmt: skip
    family = staff.post(url("paper", mine), {"for": "family"}).content.decode()
    assert "тайная заметка" not in family
    assert "ответ семье" in family
    assert SPOKEN in family
    assert AccessLog.objects.filter(what="paper", reason="papers").count() == 1
    centre = staff.post(url("paper", mine), {"for": "centre"}).content.decode()
    assert "тайная заметка" in centre
    assert SPOKEN not in centre
    assert NAME in centre


# What is closed to everybody else


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("look", {"field": "phone", "reason": "call"}),
        ("sort", {}),
        ("here", {}),
        ("paper", {"for": "family"}),
        ("name", {}),
        ("correct", {}),
        ("note", {}),
        ("move", {}),
        ("take", {}),
    ],
)
def test_a_case_of_another_centre_does_not_exist(client, case, stranger, name, data):
    client.force_login(stranger)
    answer = client.post(url(name, case), data)
    assert answer.status_code == 404
    assert case.number not in answer.content.decode()


def test_the_page_opens_when_the_key_is_of_another_installation(staff, mine, settings):
    from tests.forms.test_keys import key

    settings.NAVIGATOR_DATA_KEYS = [key()]
    assert staff.get(url("case", mine)).status_code == 200
    for name, data in (("look", {"field": "*", "reason": "call"}), ("paper", {"for": "family"})):
        assert staff.post(url(name, mine), data).status_code == 410
    typed = {"version": mine.version, "action": "answer", "text": "мой текст"}
    assert staff.post(url("move", mine), typed).status_code == 409


def test_times_stand_by_the_clock_of_the_centre(staff, mine, centre):
    from forms.models import CentreClock

    moment = datetime.datetime(2026, 11, 23, 6, 0, tzinfo=datetime.UTC)
    IntakeCase.objects.filter(pk=mine.pk).update(created_at=moment)
    assert "09:00" in page(staff, mine)
    CentreClock.objects.create(centre=centre, time_zone="Asia/Irkutsk")
    assert "14:00" in page(staff, mine)


def test_what_cannot_be_done_is_told_with_its_reason(staff, mine):
    answer = staff.get(url("case", mine))
    possible = {panel["move"].action for panel in answer.context["panels"]}
    assert {"answer", "ask", "decide"} <= possible
    blocked = {panel["move"].action: str(panel["why_not"]) for panel in answer.context["not_now"]}
    assert "close" in blocked
    assert all(blocked.values())


def test_case_that_was_closed_to_somebody_meanwhile_is_not_found(staff, mine, monkeypatch):
    other = UserFactory(role=Role.SPECIALIST, provider=mine.centre)
    read = views.visible

    def visible(request, pk):
        found = read(request, pk)
        IntakeCase.objects.filter(pk=pk).update(secret=True, assignee=other)
        return found

    monkeypatch.setattr(views, "visible", visible)
    typed = {"action": "release", "reason": "other", "text": "x", "version": mine.version}
    assert staff.post(reverse("intake:move", args=[mine.pk]), typed).status_code == 404
    mine.refresh_from_db()
    assert (mine.assignee, mine.state) == (other, "in_work")
