"""Copying a form, carrying it in a file, and who uses it: pages of the back office."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import Page

from catalogue.models import Situation
from cms.access import Role
from content.models import InformationPage
from forms.models import FormDefinition, Register, Topic
from forms.portable import _COPIED, LARGEST, NOT_CARRIED, as_file, from_file
from forms.usage import usage_of
from tests.conftest import _clone
from tests.factories import MeasureFactory, ProviderFactory, UserFactory
from tests.intake import FormFactory, RuleFactory, family_steps, send

BASE = "wagtailsnippets_intake_forms_formdefinition"


@pytest.fixture
def editor(client, db):
    client.force_login(UserFactory(role=Role.EDITOR))
    return client


def brought(raw, name="form.json"):
    return {"file": SimpleUploadedFile(name, raw, content_type="application/json")}


def rich_form():
    form = FormFactory(
        slug="deti",
        title="Дети",
        urgent=True,
        layout="steps",
        about="Это не обращение по 59-ФЗ.",
        steps=family_steps(),
    )
    form.measures.set([MeasureFactory(slug="vyplata")])
    form.centres.set([ProviderFactory(slug="centr", centre=True)])
    form.save()
    form.save_revision()
    return form


def test_everything_that_an_editor_sets_is_carried():
    fields = {field.name for field in FormDefinition._meta.get_fields() if field.concrete}
    machinery = {"id", "sort_key", "live", "locked", "locked_at", "expired", "live_revision"}
    machinery |= {"has_unpublished_changes", "first_published_at", "last_published_at"}
    machinery |= {"latest_revision"}
    named = {*_COPIED, *NOT_CARRIED, "slug", "topic", "steps", "measures", "centres"}
    assert fields - machinery == named


def test_a_form_goes_to_an_empty_installation_and_comes_back_the_same(
    committed_db, template_database
):
    file = as_file(rich_form())
    with _clone(template_database, "test_another_installation"):
        assert not FormDefinition.objects.exists()
        assert not Topic.objects.exists()
        MeasureFactory(slug="vyplata")
        ProviderFactory(slug="centr", centre=True)
        arrived = from_file(file.encode())
        assert arrived.is_new_topic
        again = as_file(arrived.definition)
        arrived.definition.get_latest_revision().publish()
    assert again == file


def test_the_file_is_the_newest_draft(editor):
    form = rich_form()
    form.title = "Дети и внуки"
    form.save_revision()
    answer = editor.get(reverse("intake:form_file", args=[form.pk]))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="deti.json"'
    assert json.loads(answer.content)["title"] == "Дети и внуки"


def test_a_file_is_told_before_it_makes_anything(editor):
    form = rich_form()
    file = as_file(form).replace('"vyplata"', '"nigde"')
    file = json.dumps(
        json.loads(file) | {"topic": {"slug": "new", "title": "Новая тема", "answer_days": 3}}
    )
    text = editor.post(reverse("intake:form_arrive"), brought(file.encode())).content.decode()
    assert FormDefinition.objects.count() == 1
    assert not Topic.objects.filter(slug="new").exists()
    for words in ("2\u00a0шага, 5\u00a0вопросов", "/forms/deti-2/", "Новая тема", "nigde"):
        assert words in text
    carried = text.partition('name="carried" value="')[2].partition('"')[0]
    answer = editor.post(reverse("intake:form_take_in"), {"carried": carried})
    made = FormDefinition.objects.get(slug="deti-2")
    assert answer.url == reverse(f"{BASE}:edit", args=[made.pk])
    assert not made.live
    assert made.topic.title == "Новая тема"
    assert [centre.slug for centre in made.centres.all()] == ["centr"]


@pytest.mark.parametrize(
    "raw",
    [b"\0", b"{}", b"[" * 200_000, b"\xff\xfe\x00", b'{"kind":"form"}' + b" " * LARGEST, b"PK\x03\x04"],
)  # fmt: skip
def test_a_hostile_file_is_refused_in_words(editor, raw):
    answer = editor.post(reverse("intake:form_arrive"), brought(raw))
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert not FormDefinition.objects.exists()


def nested(depth):
    value = {"label": "x", "key": "a", "fields": []}
    for _ in range(depth):
        value = {"label": "x", "key": "a", "fields": [{"type": "group", "value": value}]}
    return [
        {"type": "step", "value": {"title": "x", "fields": [{"type": "group", "value": value}]}}
    ]


@pytest.mark.parametrize(
    "parts",
    [
        {"layout": "wild"},
        {"basis": "none"},
        {"steps": nested(1)},
        {"steps": nested(60)},
        {"steps": nested(200)},
        {"steps": [{"type": "step", "value": {"title": "x", "fields": []}}] * 99},
        {"title": "\0"},
        {"title": "<script>alert(1)</script>{{ 7|add:7 }}"},
    ],
)
def test_a_well_formed_file_with_odd_content_breaks_nothing(editor, parts):
    raw = json.dumps(json.loads(as_file(rich_form())) | parts).encode()
    answer = editor.post(reverse("intake:form_arrive"), brought(raw))
    assert answer.status_code in (200, 400)
    assert "<script>alert(1)" not in answer.content.decode()
    assert FormDefinition.objects.count() == 1


def test_what_was_not_reported_is_not_made(editor):
    for carried in ("", "x", as_file(rich_form())):
        answer = editor.post(reverse("intake:form_take_in"), {"carried": carried})
        assert answer.status_code == 400
    assert FormDefinition.objects.count() == 1


def test_a_copy_is_a_draft_with_a_short_name_of_its_own(editor):
    form = rich_form()
    assert editor.get(reverse("intake:form_copy", args=[form.pk])).status_code == 200
    assert FormDefinition.objects.count() == 1
    editor.post(reverse("intake:form_copy", args=[form.pk]))
    made = FormDefinition.objects.get(slug="deti-2")
    assert not made.live
    assert json.loads(as_file(made))["steps"] == json.loads(as_file(form))["steps"]


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.PARTNER, Role.ANALYST, Role.ADMINISTRATOR])
def test_who_builds_no_forms_carries_none(client, db, role):
    form = FormFactory()
    client.force_login(UserFactory(role=role))
    for name in ("form_file", "form_copy", "form_usage"):
        assert client.get(reverse(f"intake:{name}", args=[form.pk])).status_code in (302, 403)
    assert client.get(reverse("intake:form_arrive")).status_code in (302, 403)
    answer = client.post(reverse("intake:form_copy", args=[form.pk]))
    assert answer.status_code in (302, 403)
    assert FormDefinition.objects.count() == 1


def test_who_uses_a_form(editor):
    form = rich_form()
    situation = Situation.objects.create(slug="s", title="Родился ребёнок")
    measure = form.measures.get()
    measure.situations.add(situation)
    measure.save()
    rule = RuleFactory(form=form)
    RuleFactory(form=FormFactory())
    journal = Register.objects.create(slug="j", title="Журнал приёма", on_case=True)
    Register.objects.create(slug="k", title="Не про обращения")
    send(FormFactory(topic=form.topic))
    text = '<p><a href="/forms/deti/">Форма</a></p>'
    page = InformationPage(
        title="О пособиях", slug="o-posobiyah", body=json.dumps([{"type": "text", "value": text}])
    )
    Page.get_first_root_node().add_child(instance=page)
    used = usage_of(form)
    assert used.measures == [measure]
    assert used.situations == [situation]
    assert used.rules == [rule]
    assert used.registers == [journal]
    assert [str(each) for each in used.links] == [page.title]
    assert (used.submissions, used.drafts) == (0, 0)
    text = editor.get(reverse("intake:form_usage", args=[form.pk])).content.decode()
    for words in ("Родился ребёнок", "Журнал приёма", page.title):
        assert words in text
