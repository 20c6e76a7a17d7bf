"""An editor opens, previews and publishes every kind of page."""

import pytest
from django.urls import reverse
from wagtail.models import Page
from wagtail.test.utils.form_data import nested_form_data, streamfield

from cms.access import Role
from content.models import HomePage, LifeSituationPage
from tests.factories import MeasureFactory, UserFactory
from tests.streams import items, stream


@pytest.fixture
def editor(client):
    user = UserFactory(role=Role.CHIEF_EDITOR)
    client.force_login(user)
    return user


def test_every_loaded_page_opens_in_the_editor_and_has_a_preview(loaded_db, client, editor):
    kinds = {page.specific_class: page.pk for page in Page.objects.filter(depth__gt=1)}
    assert len(kinds) == 7
    for kind, pk in kinds.items():
        assert client.get(reverse("wagtailadmin_pages:edit", args=[pk])).status_code == 200, kind
        preview = client.get(reverse("wagtailadmin_pages:view_draft", args=[pk]))
        assert preview.status_code == 200, kind
        assert "UNDEFINED" not in preview.text


@pytest.mark.django_db
def test_an_editor_s_words_reach_families_when_published(client, editor, tell, index):
    measure = MeasureFactory(title="Новая мера")
    page = tell("beda", title="Старое название")
    step = {"what": "Сделайте так", "where": "", "text": "null", "measures": streamfield([])}
    step["measures"] = {
        "count": "1",
        "0-deleted": "",
        "0-order": "0",
        "0-value": str(measure.pk),
        "0-type": "item",
        "0-id": "",
    }
    form = nested_form_data(
        {
            "title": "Новое название",
            "slug": "beda",
            "lead": "",
            "situation": page.situation_id,
            "who": "",
            "phones_title": "",
            "phones": streamfield([]),
            "steps": streamfield([("step", step)]),
            "related": streamfield([]),
            "action-publish": "1",
        }
    )
    response = client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), form)
    assert response.status_code == 302
    client.logout()
    text = client.get("/situations/beda/").text
    assert "Новое название" in text
    assert "Сделайте так" in text
    assert "Новая мера" in text


@pytest.mark.django_db
def test_a_draft_never_leaks(client, editor, tell):
    page = tell("beda", title="Видят все", steps=[("Шаг", [])])
    page.title = "Видит редактор"
    page.steps = stream([("step", {"what": "Тайный шаг", "measures": items()})])
    page.save_revision(user=editor)
    client.logout()
    assert "Видит редактор" not in client.get("/situations/beda/").text
    assert "Тайный шаг" not in client.get("/situations/beda/").text
    assert "Видит редактор" not in client.get("/situations/").text


@pytest.mark.django_db
def test_pages_stand_only_where_they_belong():
    assert HomePage.allowed_subpage_models()
    assert [model.__name__ for model in LifeSituationPage.allowed_parent_page_models()] == [
        "SituationIndexPage"
    ]
    assert LifeSituationPage.allowed_subpage_models() == []


@pytest.mark.django_db
def test_families_are_not_let_into_a_preview(client, tell):
    page = tell("beda")
    response = client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    assert response.status_code == 302


@pytest.mark.django_db
def test_formatted_text_nested_too_deep_is_refused(client, editor, tell):
    page = tell("beda")
    form = nested_form_data(
        {
            "title": "Название",
            "slug": "beda",
            "steps": streamfield([("step", {"what": "Шаг", "text": "[" * 100_000})]),
        }
    )
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    assert client.post(address, form).status_code == 400
