"""Editing forms in the back office: what is refused, and what is told."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cms.access import Role
from forms.models import FormDefinition
from tests.factories import UserFactory
from tests.intake import FormFactory, question, step

pytestmark = pytest.mark.django_db

BASE = "wagtailsnippets_intake_forms_formdefinition"


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    return client


def url(name, *args):
    return reverse(f"{BASE}:{name}", args=args)


def test_published_form_cannot_be_deleted_and_nothing_breaks(chief):
    form = FormFactory()
    answer = chief.post(url("delete", form.pk), follow=True)
    assert answer.status_code == 200
    assert FormDefinition.objects.filter(pk=form.pk).exists()


def test_published_forms_cannot_be_deleted_in_bulk(chief):
    form = FormFactory()
    bulk = reverse("wagtail_bulk_action", args=["intake_forms", "formdefinition", "delete"])
    answer = chief.post(f"{bulk}?id={form.pk}", follow=True)
    assert answer.status_code in (200, 404)
    assert FormDefinition.objects.filter(pk=form.pk).exists()


def test_draft_form_can_be_deleted(chief):
    form = FormFactory(published=False)
    chief.post(url("delete", form.pk))
    assert not FormDefinition.objects.filter(pk=form.pk).exists()


def test_form_that_went_wrong_under_review_is_not_published_and_it_is_told(chief):
    form = FormFactory(published=False)
    form.save_revision()
    user = UserFactory(is_superuser=True)
    state = form.get_workflow().start(form, user)
    state.refresh_from_db()
    form.steps = [step("Шаг", question("text", "a", label=""))]
    form.save_revision()
    chief.force_login(user)
    action = url("workflow_action", form.pk, "approve", state.current_task_state.pk)
    answer = chief.post(action, {"comment": ""}, follow=True)
    assert answer.status_code == 200
    assert "label" in answer.content.decode()
    form.refresh_from_db()
    assert not form.live


@pytest.mark.parametrize("name", ["list", "add"])
def test_editors_open_the_builder_and_specialists_do_not(client, name):
    client.force_login(UserFactory(role=Role.EDITOR))
    assert client.get(url(name)).status_code == 200
    client.force_login(UserFactory(role=Role.SPECIALIST))
    assert client.get(url(name)).status_code in (302, 403, 404)


def test_reviewer_sees_the_draft_and_families_do_not(chief, client):
    form = FormFactory(title="Опубликованная")
    form.title = "Черновая"
    form.save_revision()
    draft = form.get_latest_revision_as_object().make_preview_request()
    assert "Черновая" in draft.content.decode()
    assert "disabled" in draft.content.decode()
    assert "Черновая" not in client.get(form.get_absolute_url()).content.decode()
