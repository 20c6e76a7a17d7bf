"""Putting a form in force: what changes is seen first, and a set time that cannot be kept is told."""

from __future__ import annotations

import datetime
import io
import uuid

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Measure
from cms import scheduled, start
from cms.access import Role
from forms import crypto
from forms.models import FormDefinition, FormDraft
from forms.references import new_reference
from tests.factories import MeasureFactory, UserFactory
from tests.intake import FormFactory, compare, question, simple_steps, step, version_of

pytestmark = pytest.mark.django_db

BASE = "wagtailsnippets_intake_forms_formdefinition"
MISTAKE = question("text", "never", show_if=[*compare("way", "eq", "call"), *compare("way", "eq", "mail")])  # fmt: skip


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    return client


def changed(form, **more):
    """A newer draft of a form that is in force."""
    steps = simple_steps()
    steps[0]["value"]["fields"].append(question("text", "extra", label="Что ещё важно"))
    form.steps = steps
    for name, value in more.items():
        setattr(form, name, value)
    return form.save_revision()


def begin(form):
    key = uuid.uuid4()
    data_key = crypto.new_key(key)
    draft = FormDraft(
        pk=key,
        ref=new_reference(),
        version=version_of(form),
        wrapped=crypto.wrap(data_key),
        wrapped_by=crypto.newest_key_id(),
        expires_at=timezone.now() + datetime.timedelta(days=1),
    )
    draft.write_typed({})
    draft.save()


def check_page(client, form):
    return client.get(reverse("intake:check", args=[form.pk]))


def test_the_check_shows_what_changes_and_how_many_have_begun(chief):
    form = FormFactory()
    changed(form, consent_text="Разрешаю иначе.")
    begin(form)
    begin(form)
    text = check_page(chief, form).content.decode()
    assert "Что ещё важно" in text
    assert "Текст согласия" in text
    assert "2 семьи начали форму и ещё не отправили" in text
    assert "Опубликовать" in text


def test_publishing_from_the_check(chief):
    form = FormFactory()
    revision = changed(form)
    chief.post(reverse("intake:publish", args=[form.pk]), {"revision": revision.pk})
    assert version_of(form).number == 2
    assert "Что ещё важно" in str(version_of(form).schema)


def test_a_draft_that_was_not_seen_is_not_published(chief):
    form = FormFactory()
    seen = changed(form)
    form.lead = "Ещё новее"
    form.save_revision()
    chief.post(reverse("intake:publish", args=[form.pk]), {"revision": seen.pk})
    assert version_of(form).number == 1


def test_a_mistake_is_told_on_the_check_and_nothing_is_published(chief):
    form = FormFactory()
    form.steps = [*simple_steps(), step("Ещё", MISTAKE)]
    revision = form.save_revision()
    answer = chief.post(
        reverse("intake:publish", args=[form.pk]), {"revision": revision.pk}, follow=True
    )
    assert answer.redirect_chain[-1][0] == reverse("intake:check", args=[form.pk])
    assert version_of(form).number == 1


def test_only_who_may_publish_is_offered_to(client):
    form = FormFactory()
    revision = changed(form)
    client.force_login(UserFactory(role=Role.EDITOR))
    assert b"intake/forms/%d/publish" % form.pk not in check_page(client, form).content
    answer = client.post(reverse("intake:publish", args=[form.pk]), {"revision": revision.pk})
    assert answer.status_code in (302, 403)
    assert version_of(form).number == 1


def test_approving_goes_by_the_check_too(chief):
    form = FormFactory()
    changed(form)
    author = UserFactory(role=Role.EDITOR)
    form.get_workflow().start(form, author)
    text = check_page(chief, form).content.decode()
    assert "Одобрить и опубликовать" in text
    chief.post(
        reverse("intake:publish", args=[form.pk]),
        {"revision": form.latest_revision_id, "comment": "Спасибо"},
    )
    assert version_of(form).number == 2
    form = FormDefinition.objects.get(pk=form.pk)
    assert form.current_workflow_state is None
    assert form.workflow_states.get().status == "approved"


def due(form, revision):
    """The time that was set has come."""
    past = timezone.now() - datetime.timedelta(minutes=1)
    revision.content["go_live_at"] = past.isoformat()
    revision.approved_go_live_at = past
    revision.save()


def test_what_is_set_for_later_is_checked_at_once(chief):
    form = FormFactory(published=False)
    form.steps = [*simple_steps(), step("Ещё", MISTAKE)]
    form.go_live_at = timezone.now() + datetime.timedelta(days=1)
    revision = form.save_revision()
    answer = chief.post(
        reverse("intake:publish", args=[form.pk]), {"revision": revision.pk}, follow=True
    )
    assert answer.context["errors"]
    revision.refresh_from_db()
    assert revision.approved_go_live_at is None


def test_a_form_that_cannot_go_live_in_time_is_told_and_holds_nobody_up(chief):
    wrong = FormFactory(title="С ошибкой", published=False)
    wrong.steps = [*simple_steps(), step("Ещё", MISTAKE)]
    revision = wrong.save_revision()
    due(wrong, revision)
    right = FormFactory(title="Верная", published=False)
    due(right, right.save_revision())
    measure = MeasureFactory(live=False)
    due(measure, measure.save_revision())

    call_command("publish_scheduled", stdout=io.StringIO())
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert not wrong.live
    assert right.live
    assert version_of(right).number == 1
    assert Measure.objects.get(pk=measure.pk).live
    revision.refresh_from_db()
    assert revision.approved_go_live_at is None
    user = UserFactory(role=Role.EDITOR)
    told = [item for item in start.items(user) if "С ошибкой" in item.title]
    assert len(told) == 1
    assert "never" in told[0].note
    history = chief.get(reverse(f"{BASE}:history", args=[wrong.pk])).content.decode()
    assert "Не опубликовано в назначенное время" in history

    wrong.steps = simple_steps()
    wrong.save_revision().publish()
    assert not [item for item in start.items(user) if "С ошибкой" in item.title]


def test_a_form_past_its_day_is_taken_down():
    form = FormFactory()
    FormDefinition.objects.filter(pk=form.pk).update(
        expire_at=timezone.now() - datetime.timedelta(minutes=1)
    )
    assert not FormDefinition.objects.public().filter(pk=form.pk).exists()
    assert scheduled.run() == (1, 0)
    form.refresh_from_db()
    assert not form.live
    assert form.expired
    assert version_of(form).number == 1
