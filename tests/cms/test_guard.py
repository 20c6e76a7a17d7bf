"""Views of Wagtail that tell of everybody's work are closed to those who tend only their own."""

import pytest
from django.urls import reverse

from cms.access import Role
from cms.models import User
from tests.factories import ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db

CLOSED_TO_PARTNERS = [
    "wagtailadmin_error_test",
    "wagtailadmin_reports:site_history",
    "wagtailadmin_reports:workflow",
    "wagtailadmin_reports:workflow_tasks",
    "wagtailadmin_explore_root",
    "wagtailadmin_pages:search",
    "wagtailadmin_choose_page",
    "wagtailadmin_tag_autocomplete",
    "wagtailadmin_api:pages:listing",
    "wagtailadmin_api:images:listing",
    "wagtailadmin_api:documents:listing",
    "wagtailadmin_workflows:index",
    "wagtailimages:index",
    "wagtailimages_chooser:choose",
    "wagtaildocs:index",
    "wagtaildocs_chooser:choose",
    "wagtailembeds:chooser",
]


@pytest.mark.parametrize("name", CLOSED_TO_PARTNERS)
def test_partner_finds_nothing_that_tells_of_others(client, name):
    client.force_login(UserFactory(role=Role.PARTNER, provider=ProviderFactory()))
    assert client.get(reverse(name)).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["wagtailadmin_reports:site_history", "wagtailimages:index", "wagtailadmin_pages:search"],
)
def test_editor_opens_reports_files_and_pages(client, name):
    client.force_login(UserFactory(role=Role.EDITOR))
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("model", [("cms", "user"), ("catalogue", "measure"), ("no", "such")])
def test_bulk_action_on_what_one_may_not_touch_does_not_exist(client, model):
    client.force_login(UserFactory(role=Role.ANALYST))
    address = reverse("wagtail_bulk_action", args=[*model, "delete"])
    assert client.get(address, {"id": "all"}).status_code == 404


def test_nobody_is_asked_to_log_in_by_a_missing_page(client):
    response = client.get(reverse("wagtailadmin_reports:site_history"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("wagtailadmin_login"))


@pytest.mark.parametrize("count", ["", "abc", "1.5", "-", "9" * 30])
def test_an_editor_s_form_that_was_made_by_hand_is_refused(client, count):
    client.force_login(UserFactory(role=Role.EDITOR))
    address = reverse("wagtailsnippets_catalogue_measure:add")
    assert client.post(address, {"title": "Мера", "rules-count": count}).status_code == 400


def test_an_administrator_makes_nobody_almighty(client):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    typed = {
        "username": "novyj",
        "email": "novyj@example.com",
        "first_name": "Новый",
        "last_name": "Сотрудник",
        "password1": "длинный-пароль-5",
        "password2": "длинный-пароль-5",
        "is_superuser": "on",
    }
    assert client.get(reverse("wagtailusers_users:add")).status_code == 200
    assert client.post(reverse("wagtailusers_users:add"), typed).status_code == 302
    made = User.objects.get(username="novyj")
    assert not made.is_superuser
    address = reverse("wagtailusers_users:edit", args=[made.pk])
    assert client.post(address, typed | {"is_active": "on"}).status_code == 302
    assert not User.objects.get(username="novyj").is_superuser


def test_an_administrator_does_not_touch_who_may_do_more(client):
    almighty = UserFactory(is_superuser=True)
    colleague = UserFactory(role=Role.EDITOR)
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    for name in ("edit", "delete", "copy", "history", "usage"):
        assert (
            client.get(reverse(f"wagtailusers_users:{name}", args=[almighty.pk])).status_code == 404
        )
        assert (
            client.get(reverse(f"wagtailusers_users:{name}", args=[colleague.pk])).status_code
            == 200
        )
    address = reverse("wagtail_bulk_action", args=["cms", "user", "set_active_state"])
    assert client.get(address, {"id": [almighty.pk, colleague.pk]}).status_code == 404
    assert client.get(address, {"id": "all"}).status_code == 404
    assert client.get(address, {"id": colleague.pk}).status_code == 200
    client.force_login(almighty)
    address = reverse("wagtailusers_users:edit", args=[almighty.pk])
    assert client.get(address).status_code == 200
