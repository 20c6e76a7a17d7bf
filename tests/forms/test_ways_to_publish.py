"""However a form is put in force, one that cannot be asked is not, and who tried is told why."""

from __future__ import annotations

import datetime
import json

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Task, Workflow, WorkflowTask

from cms import scheduled
from cms.access import Role
from forms.models import FormDefinition
from tests.builder import posted
from tests.factories import UserFactory
from tests.intake import (
    FormFactory,
    TopicFactory,
    compare,
    question,
    simple_steps,
    step,
    version_of,
)

pytestmark = pytest.mark.django_db

BASE = "wagtailsnippets_intake_forms_formdefinition"
LABEL = "Сюда никто не попадёт"
# No answer is both: only the check finds it.
NEVER = question(
    "text",
    "never",
    label=LABEL,
    show_if=[*compare("way", "eq", "call"), *compare("way", "eq", "mail")],
)


def wrong_steps():
    return [*simple_steps(), step("Ещё", NEVER)]


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    return client


@pytest.fixture
def form():
    """In force as it was, with a draft that has a mistake."""
    form = FormFactory()
    form.steps = wrong_steps()
    form.save_revision()
    return form


def url(name, *args):
    return reverse(f"{BASE}:{name}", args=args)


def told(answer):
    """What the person reads: the message on the page that a refusal leads to."""
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def is_as_it_was(form):
    form.refresh_from_db()
    return version_of(form).number == 1 and LABEL not in str(form.steps.get_prep_value())


def reviewed(form):
    """The form has been sent to the check of the chief editor."""
    form.get_workflow().start(form, UserFactory(role=Role.EDITOR))
    return form.current_workflow_state


def test_the_publish_button_of_the_builder(chief, form):
    data = posted(form, **{"action-publish": "yes"})
    chief.post(url("edit", form.pk), data, follow=True)
    assert is_as_it_was(form)


def test_the_publish_button_of_a_new_form_keeps_what_was_typed(chief):
    new = FormDefinition(slug="new", title="Новая", topic=TopicFactory(), steps=wrong_steps())
    answer = chief.post(url("add"), posted(new, **{"action-publish": "yes"}), follow=True)
    assert LABEL in told(answer)
    kept = FormDefinition.objects.get(slug="new")
    assert not kept.live
    assert not kept.versions.exists()
    assert LABEL in str(kept.get_latest_revision_as_object().steps.get_prep_value())


def test_the_publish_button_of_a_form_that_was_not_out_yet(chief):
    form = FormFactory(published=False, steps=wrong_steps())
    form.save_revision()
    data = posted(form, **{"action-publish": "yes"})
    answer = chief.post(url("edit", form.pk), data, follow=True)
    assert LABEL in told(answer)
    form.refresh_from_db()
    assert not form.live


def test_an_old_revision_that_is_brought_back(chief, form):
    wrong = form.latest_revision
    form.steps = simple_steps()
    form.save_revision()
    data = posted(wrong.as_object(), revision=wrong.pk, **{"action-publish": "yes"})
    chief.post(url("revisions_revert", form.pk, wrong.pk), data, follow=True)
    assert is_as_it_was(form)


@pytest.mark.parametrize("script", [False, True])
def test_approving_by_the_address_of_the_task(chief, form, script):
    task = reviewed(form).current_task_state
    action = url("workflow_action", form.pk, "approve", task.pk)
    headers = {"x-requested-with": "XMLHttpRequest"} if script else {}
    answer = chief.post(action, {"comment": ""}, headers=headers)
    # The start page approves in a window of its own, and goes where that tells it.
    where = json.loads(answer.content)["redirect"] if script else answer.url
    chief.get(where)
    assert is_as_it_was(form)
    assert where.startswith(reverse("intake:check", args=[form.pk]))
    task.refresh_from_db()
    assert task.status == "in_progress"


def test_approving_in_the_builder(chief, form):
    reviewed(form)
    data = posted(form, **{"action-workflow-action": "true", "workflow-action-name": "approve"})
    data["workflow-action-extra-data"] = json.dumps({"comment": "Хорошо"})
    chief.post(url("edit", form.pk), data, follow=True)
    assert is_as_it_was(form)


def test_a_workflow_without_tasks_publishes_what_is_sent_to_it(client, form):
    client.force_login(UserFactory(role=Role.EDITOR))
    WorkflowTask.objects.all().delete()
    data = posted(form, **{"action-submit": "yes"})
    client.post(url("edit", form.pk), data, follow=True)
    assert is_as_it_was(form)


@pytest.mark.parametrize("what", ["task", "workflow"])
def test_a_task_or_a_workflow_that_is_switched_off(client, form, what):
    state = reviewed(form)
    client.force_login(UserFactory(is_superuser=True))
    if what == "task":
        address = reverse("wagtailadmin_workflows:disable_task", args=[Task.objects.get().pk])
    else:
        address = reverse("wagtailadmin_workflows:disable", args=[Workflow.objects.get().pk])
    answer = client.post(address, follow=True)
    assert answer.status_code == 200
    assert is_as_it_was(form)
    state.refresh_from_db()
    assert state.status != "approved"


def test_a_time_that_is_set(chief, form):
    later = timezone.now() + datetime.timedelta(days=1)
    data = posted(form, go_live_at=f"{later:%Y-%m-%d %H:%M}", **{"action-publish": "yes"})
    chief.post(url("edit", form.pk), data, follow=True)
    form.latest_revision.refresh_from_db()
    assert form.latest_revision.approved_go_live_at is None
    revision = form.get_latest_revision()
    revision.approved_go_live_at = timezone.now() - datetime.timedelta(minutes=1)
    revision.content["go_live_at"] = revision.approved_go_live_at.isoformat()
    revision.save()
    assert scheduled.run() == (0, 1)
    assert is_as_it_was(form)


def test_what_was_right_goes_in_force_by_an_approval_only(client):
    form = FormFactory()
    form.lead = "Иначе"
    form.save_revision()
    state = reviewed(form)
    client.force_login(UserFactory(is_superuser=True))
    client.post(reverse("wagtailadmin_workflows:disable_task", args=[Task.objects.get().pk]))
    state.refresh_from_db()
    assert state.status == "cancelled"
    form.refresh_from_db()
    assert version_of(form).number == 1
    assert form.has_unpublished_changes


def test_what_is_approved_on_the_start_page_is_seen_on_the_check_first(chief):
    form = FormFactory()
    form.lead = "Иначе"
    form.save_revision()
    task = reviewed(form).current_task_state
    action = url("workflow_action", form.pk, "approve", task.pk)
    page = chief.post(action, {"comment": "Спасибо"}, follow=True).content.decode()
    assert "Иначе" in page
    assert "Одобрить и опубликовать" in page
    assert ">Спасибо</textarea>" in page
    assert version_of(form).number == 1


def test_sending_back_needs_no_check(chief, form):
    task = reviewed(form).current_task_state
    chief.post(url("workflow_action", form.pk, "reject", task.pk), {"comment": "Поправьте"})
    task.refresh_from_db()
    assert task.status == "rejected"


def test_no_bulk_action_publishes(chief, form):
    for name in ("publish", "unpublish", "approve"):
        bulk = reverse("wagtail_bulk_action", args=["intake_forms", "formdefinition", name])
        assert chief.post(f"{bulk}?id={form.pk}").status_code == 404
    assert is_as_it_was(form)
