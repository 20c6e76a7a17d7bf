"""Scripts of dispatchers: editing, versions, talks, what flows into the form."""

from __future__ import annotations

import datetime
import io
import json
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Fact, Situation
from cms.access import Role
from cms.loading import Report
from desk import loading_scripts as loading
from desk.hearing import said_since
from desk.models import HeardWhere, Script, ScriptRun, ScriptVersion
from desk.scripting import check
from desk.talk import begun_at, can_be_asked, flowed, told
from forms.erasing import erase
from forms.models import Erased, FormDefinition, IntakeCase
from tests.desk.test_registering import contact, form, place, staff, token_of, typed, url
from tests.factories import MeasureFactory, UserFactory
from tests.intake import FormFactory, contact_steps, version_of

__all__ = ["form", "place", "staff"]
pytestmark = pytest.mark.django_db


def block(kind, text, **value):
    return {"type": kind, "id": str(uuid.uuid4()), "value": {"text": text, "mark": "", **value}}


def answers(*pairs):
    return [
        {"type": "item", "id": str(uuid.uuid4()), "value": {"text": text, "goto": goto}}
        for text, goto in pairs
    ]


def phones(*numbers):
    return [
        {"type": "item", "id": str(uuid.uuid4()), "value": {"title": "Линия", "phone": number}}
        for number in numbers
    ]


def make_script(form=None, steps=None, **values):
    steps = steps if steps is not None else [
        block("phrase", "Здравствуйте, слушаю вас."),
        block("branch", "Опасно прямо сейчас?", answers=answers(("Да", "беда"), ("Нет", ""))),
        block("ask", "Как вас называть?", key="name"),
        block("ask", "Кто ещё дома?", key=""),
        block("warning", "Звоните 112", mark="беда", urgent=True, phones=phones("112")),
        block("action", "Повторите главное"),
    ]  # fmt: skip
    script = Script(
        slug=values.pop("slug", f"s-{uuid.uuid4().hex[:6]}"),
        title=values.pop("title", "Разговор"),
        form=form,
        live=False,
        **values,
    )
    script.steps = script.steps.stream_block.to_python(steps)
    check(script)
    script.save()
    script.save_revision().publish()
    return Script.objects.get(pk=script.pk)


def ids(script):
    return [step["id"] for step in script.version_in_force().content["steps"]]


# Versions


def test_publishing_cuts_a_version_once_for_each_change(form):
    script = make_script(form)
    assert [version.number for version in script.versions.all()] == [1]
    script.save_revision().publish()
    assert script.versions.count() == 1
    script.title = "Другое имя"
    script.save_revision()
    assert script.versions.count() == 1
    script.get_latest_revision().publish()
    assert [version.content["title"] for version in script.versions.all()] == ["Другое имя", "Разговор"]  # fmt: skip


def test_a_version_never_changes(form):
    make_script(form)
    for change in (
        lambda: ScriptVersion.objects.update(number=5),
        lambda: ScriptVersion.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    "steps",
    [
        [block("branch", "?", answers=answers(("Да", "нигде"), ("Нет", "")))],
        [block("phrase", "а", mark="дом"), block("branch", "?", answers=answers(("Да", "дом"), ("Нет", "")))],
        [block("phrase", "а", mark="дом"), block("phrase", "б", mark="дом")],
        [block("ask", "а", key="name"), block("ask", "б", key="name")],
        [block("phrase", "")],
        [block("phrase", "я" * 601)],
    ],
)  # fmt: skip
def test_a_script_that_leads_nowhere_is_refused(form, steps):
    with pytest.raises(ValidationError):
        make_script(form, steps)


# The talk


def talk(client, form, script, data, **more):
    page = client.get(url(form), {"script": script.slug})
    version = script.version_in_force()
    sent = {"draft": token_of(page), "script": version.pk, "started": page.context["started"].isoformat()}  # fmt: skip
    return client.post(url(form), {**sent, **data, **more})


def test_a_talk_is_kept_with_its_case(staff, specialist, form, place):
    script = make_script(form)
    _say, fork, _name, own, danger, do = ids(script)
    data = typed(place, d=[danger, do], **{f"x-{own}": "двое детей", f"x-{fork}": "0"})
    answer = talk(staff, form, script, data)
    assert answer.status_code == 303
    case = IntakeCase.objects.get()
    run = case.script_run
    assert (run.version, run.led_by) == (script.version_in_force(), specialist)
    assert [step for step, _at in run.done] == [danger, do]
    assert run.read_answers() == {own: "двое детей", fork: "Да"}
    assert "двое детей".encode() not in bytes(run.answers)
    assert case.urgent
    page = staff.get(answer["Location"]).content.decode()
    for words in ("Повторите главное", "двое детей", "Разговор, версия 1"):
        assert words in page


def test_answers_to_the_script_flow_into_empty_questions_of_the_form(staff, form, place):
    script = make_script(form)
    data = typed(place, **{"s-name": "образец из сценария"})
    del data["a-name"]
    assert talk(staff, form, script, data).status_code == 303
    case = IntakeCase.objects.get()
    assert case.submission.read_answers()["name"] == "образец из сценария"
    assert not case.urgent


def test_what_stands_in_the_form_counts_more_than_what_flows(form):
    schema = version_of(form).schema
    assert flowed(schema, {"s-name": ["a"], "a-name": ["b"]})["a-name"] == ["b"]
    assert flowed(schema, {"s-name": ["a"], "a-name": [""]})["a-name"] == ["a"]
    assert flowed(schema, {"s-nothing": ["a"]}) == {"s-nothing": ["a"]}


def test_answers_of_several_inputs_flow_together():
    schema = version_of(FormFactory(steps=contact_steps())).schema
    given = {"s-contact_ways": ["call"], "s-contact_phone": ["8 921 123-45-67"]}
    found = flowed(schema, given)
    assert found["a-contact_ways"] == ["call"]
    assert found["a-contact_phone"] == ["8 921 123-45-67"]
    kept = flowed(schema, {**given, "a-contact_ways": ["page"]})
    assert "a-contact_phone" not in kept


def test_a_question_that_the_form_has_no_more_is_asked_for_the_script_itself(staff, form, place):
    script = make_script(form, [block("ask", "Чего уже нет?", key="gone")])
    [step] = ids(script)
    assert "gone" not in can_be_asked(version_of(form).schema)
    answer = talk(staff, form, script, typed(place, **{f"x-{step}": "ответ"}))
    assert answer.status_code == 303
    assert ScriptRun.objects.get().read_answers() == {step: "ответ"}


def test_a_published_change_does_not_alter_old_talks(staff, form, place):
    script = make_script(form)
    do = ids(script)[-1]
    answer = talk(staff, form, script, typed(place, d=[do]))
    before = staff.get(answer["Location"]).content.decode()
    script.steps = script.steps.stream_block.to_python([block("phrase", "Совсем другое")])
    script.save_revision().publish()
    assert script.version_in_force().number == 2
    page = staff.get(answer["Location"]).content.decode()
    assert "Повторите главное" in before
    assert "Повторите главное" in page
    assert "Совсем другое" not in page
    assert "версия 1" in page


def test_a_script_that_changes_during_a_talk_stays_as_it_was_for_it(staff, form, place):
    script = make_script(form)
    page = staff.get(url(form), {"script": script.slug})
    first = script.version_in_force()
    script.title = "Новее"
    script.save_revision().publish()
    sent = {"draft": token_of(page), "script": first.pk, "do": "keep"}
    again = staff.post(url(form), {**typed(place), **sent})
    assert again.context["script"] == first


def test_steps_are_stamped_when_they_are_seen_done_first(staff, form, place, monkeypatch):
    script = make_script(form)
    danger, do = ids(script)[4:]
    page = staff.get(url(form), {"script": script.slug})
    sent = {"draft": token_of(page), "script": script.version_in_force().pk, **typed(place)}
    staff.post(url(form), {**sent, "d": [danger], "do": "keep", f"t-{danger}": "1999-01-01"})
    later = timezone.now() + datetime.timedelta(minutes=3)
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: later)
        staff.post(url(form), {**sent, "d": [danger, do]})
    first, second = (at for _step, at in ScriptRun.objects.get().done)
    assert first < second
    assert second == later.isoformat()


def test_a_talk_has_a_beginning_that_can_be(form):
    now = timezone.now()
    for text in ("", "x", "2026-13-45T00:00", (now + datetime.timedelta(hours=1)).isoformat(), "1999-01-01T00:00:00+03:00", "2026-11-20T10:00"):  # fmt: skip
        assert begun_at(text) >= now
    started = now - datetime.timedelta(minutes=7)
    assert begun_at(started.isoformat()) == started


def test_what_was_said_dies_with_the_key(staff, form, place):
    script = make_script(form)
    own = ids(script)[3]
    answer = talk(staff, form, script, typed(place, **{f"x-{own}": "двое детей"}))
    case = IntakeCase.objects.get()
    IntakeCase.objects.filter(pk=case.pk).update(state="closed", outcome="advised", closed_at=timezone.now())  # fmt: skip
    erase(case=case)
    with pytest.raises(Erased):
        told(ScriptRun.objects.get())
    page = staff.get(answer["Location"])
    assert page.status_code == 200
    assert "двое детей" not in page.content.decode()


@pytest.mark.parametrize("key", ["", "0", "x", "99999999", "-1", "1" * 50])
def test_a_script_that_is_not_there_is_left_out(staff, form, place, key):
    page = staff.get(url(form))
    data = {**typed(place), "draft": token_of(page), "script": key}
    assert staff.post(url(form), data).status_code == 303
    assert not ScriptRun.objects.exists()


def test_the_page_of_a_talk_asks_the_same_number_of_queries_however_long_the_script(
    staff, form, django_assert_max_num_queries
):
    def counted(script):
        with django_assert_max_num_queries(60) as queries:
            staff.get(url(form), {"script": script.slug})
        return len(queries)

    measure = MeasureFactory()
    tell = {"measures": [{"type": "item", "id": str(uuid.uuid4()), "value": measure.pk}]}
    short = make_script(form, [block("tell", "Есть помощь", **tell)])
    long = make_script(form, [block("tell", f"Есть помощь {n}", **tell) for n in range(30)])
    counted(short)
    assert counted(short) == counted(long)


def test_scripts_are_found_by_name_situation_and_everyday_words(staff, form):
    situation = Situation.objects.create(slug="beda", title="Беда", synonyms=["сгорел дом"])
    script = make_script(form, title="Пожар")
    script.situations.set([situation])
    script.save()
    other = make_script(form, title="Другое")
    for words, found in (("пожар", [script]), ("беда", [script]), ("сгорел", [script]), ("", [other, script])):  # fmt: skip
        page = staff.get(reverse("intake:new"), {"q": words})
        assert list(page.context["scripts"]) == found, words
    other.unpublish()
    assert other.title not in staff.get(reverse("intake:new")).content.decode()
    assert staff.get(url(form), {"script": other.slug}).context["script"] is None


# The back office


def test_an_editor_writes_and_a_chief_editor_publishes(client, form):
    script = make_script(form)
    edit = f"/admin/snippets/intake_desk/script/edit/{script.pk}/"
    for role, expected in ((Role.EDITOR, 200), (Role.CHIEF_EDITOR, 200), (Role.HEAD, 200), (Role.DISPATCHER, 302), (Role.PARTNER, 302)):  # fmt: skip
        client.force_login(UserFactory(role=role))
        answer = client.get(edit)
        assert answer.status_code == expected, role
    client.force_login(UserFactory(role=Role.EDITOR))
    page = client.get(edit).content.decode()
    assert '["name", ' in page  # the questions of the form, to be chosen from
    assert "action-publish" not in page
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    assert "action-publish" in client.get(edit).content.decode()


def test_a_draft_of_a_script_is_previewed(client, form, settings):
    script = make_script(form)
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    from desk.views.scripts import preview

    request = client.get("/admin/").wsgi_request
    text = preview(request, script).render().content.decode()
    assert "Здравствуйте, слушаю вас." in text
    assert "112" in text


# The data set


def test_loading_twice_changes_nothing_and_keeps_what_people_wrote(tmp_path, form):
    (tmp_path / loading.SCRIPTS).write_text(
        json.dumps([
            {"slug": "odin", "title": "Один", "lead": "", "situations": [], "form": form.slug,
             "steps": [{"kind": "say", "text": "Здравствуйте"}, {"kind": "fork", "text": "Да?", "answers": [{"text": "Да", "goto": "конец"}, {"text": "Нет"}], "mark": "да"}, {"kind": "say", "text": "Хорошо", "only": {"fork": "да", "answers": ["Нет"]}}, {"kind": "danger", "text": "Беда", "mark": "конец", "phones": [{"title": "Линия", "phone": "112"}]}]}
        ])
    )  # fmt: skip

    def load():
        report = Report()
        loading.load(tmp_path, report, lambda _said: None)
        assert not report.refusals
        return {
            "created": report.created[loading.KIND],
            "changed": report.changed[loading.KIND],
            "unchanged": report.unchanged[loading.KIND],
            "kept": dict(report.kept),
        }

    assert load()["created"] == 1
    assert load()["unchanged"] == 1
    script = Script.objects.get()
    assert script.versions.count() == 1
    script.title = "Правленый"
    script.save_revision(user=UserFactory()).publish()
    assert load()["kept"]
    assert Script.objects.get().title == "Правленый"


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": "net-takoj"},
        {"situations": ["net-takoj"]},
        {"steps": [{"kind": "tell", "text": "а", "measures": ["net-takoj"]}]},
        {"steps": [{"kind": "sing", "text": "а"}]},
        {"steps": [{"kind": "fork", "text": "а", "answers": [{"text": "Да", "goto": "нигде"}, {"text": "Нет"}]}]},
        {"steps": [{"kind": "say", "text": ""}]},
    ],
)  # fmt: skip
def test_a_data_set_with_a_wrong_script_is_refused(tmp_path, wrong):
    row = {"slug": "odin", "title": "Один", "lead": "", "situations": [], "steps": [], **wrong}
    (tmp_path / loading.SCRIPTS).write_text(json.dumps([row]))
    report = Report()
    loading.load(tmp_path, report, lambda _said: None)
    assert report.refusals
    assert not Script.objects.exists()


def test_an_installation_with_other_situations_gets_none_of_ours(tmp_path):
    report = Report()
    loading.load(tmp_path, report, lambda _said: None)
    assert not report.refusals
    assert not Script.objects.exists()
    assert FormDefinition.objects.count() == 0
    assert call_command("check", stdout=io.StringIO()) is None
    assert contact()["r-channel"] == "phone"


# Facts of the family


@pytest.fixture
def count(db):
    return Fact.objects.create(
        field="count", type="number", title="Дети", question="Сколько детей?", maximum=30
    )


def test_what_a_talk_hears_of_the_family_is_known_to_the_case(staff, specialist, form, place, count):  # fmt: skip
    danger = Fact.objects.create(field="danger", type="bool", title="Опасно", question="Опасно?")
    script = make_script(
        form,
        [
            block("ask", "Сколько у вас детей?", key="", fact="count"),
            block("ask", "Вам угрожают?", key="", fact=danger.field),
            block("ask", "Кто ещё дома?", key="", fact=""),
        ],
    )
    number, threat, own = ids(script)
    Fact.objects.filter(field="danger").update(type="number")  # the version stays as it was
    data = typed(place, **{f"x-{number}": "3", f"x-{threat}": "no", f"x-{own}": "бабушка"})
    answer = talk(staff, form, script, data)
    assert answer.status_code == 303
    case = IntakeCase.objects.get()
    said = {one.fact: one for one in said_since(case)}
    assert {key: one.value for key, one in said.items()} == {"count": 3, "danger": False}
    assert said["count"].source.words == "Сколько у вас детей?"
    assert said["count"].source.who == str(specialist)
    assert case.heard_facts.get().where == HeardWhere.SCRIPT
    assert case.script_run.read_answers() == {number: "3", threat: "нет", own: "бабушка"}


def test_a_measure_that_was_told_about_is_in_question(staff, form, place):
    named = [MeasureFactory(title=f"Мера {n}") for n in range(2)]
    listed = [[{"type": "item", "id": str(uuid.uuid4()), "value": one.pk}] for one in named]
    script = make_script(
        form, [block("tell", f"Есть мера {n}", measures=listed[n]) for n in (0, 1)]
    )
    told_step, _other = ids(script)
    answer = talk(staff, form, script, typed(place, d=[told_step]))
    text = staff.get(answer["Location"]).content.decode()
    asked = text.partition('id="measures"')[2].partition("<h2")[0]
    assert "Мера 0" in asked
    assert "рассказали по сценарию" in asked
    assert "Мера 1" not in asked


@pytest.mark.parametrize("words", ["трое", "-1", "31", "1" * 400])
def test_what_is_no_answer_to_the_question_stays_with_the_talk_only(staff, form, place, count, words):  # fmt: skip
    script = make_script(form, [block("ask", "Сколько детей?", key="", fact="count")])
    [step] = ids(script)
    assert talk(staff, form, script, typed(place, **{f"x-{step}": words})).status_code == 303
    assert ScriptRun.objects.get().read_answers() == {step: words}
    assert not IntakeCase.objects.get().heard_facts.exists()


def test_a_question_is_of_the_form_or_on_a_fact(form, count):
    for steps in (
        [block("ask", "?", key="name", fact="count")],
        [block("ask", "?", key="", fact="count"), block("ask", "!", key="", fact="count")],
        [block("ask", "?", key="", fact="nothing")],
    ):
        with pytest.raises(ValidationError):
            make_script(form, steps)
