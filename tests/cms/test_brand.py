"""The back office bears the portal's name."""

import pytest

from cms.access import Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_login_page_speaks_of_the_portal(client):
    page = client.get("/admin/login/").content.decode()
    assert "Вход для сотрудников и партнёров" in page
    assert "wagtail-logo" not in page


def test_pages_of_the_back_office_are_titled_with_the_portal(client):
    client.force_login(UserFactory(role=Role.EDITOR))
    page = client.get("/admin/").content.decode()
    assert "Навигатор</title>" in page
    assert '<span class="portal-name">Навигатор</span>' in page
