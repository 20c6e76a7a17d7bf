"""The administrator keeps who takes referrals and the templates of routes."""

from __future__ import annotations

import pytest

from cms.access import Role
from desk.models import Receiver, RouteTemplate
from tests.factories import ProviderFactory, UserFactory
from tests.referrals import ReceiverFactory

pytestmark = pytest.mark.django_db

TEMPLATES = "/admin/intake_desk/routetemplate/"
RECEIVERS = "/admin/intake_desk/receiver/"


@pytest.fixture
def administrator(client):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    return client


def template_data(*steps):
    data = {
        "title": "Потеря работы",
        "note": "",
        "situation": "",
        "active": "on",
        "steps-TOTAL_FORMS": len(steps),
        "steps-INITIAL_FORMS": 0,
        "steps-MIN_NUM_FORMS": 1,
        "steps-MAX_NUM_FORMS": 1000,
    }
    for number, (title, provider, after) in enumerate(steps):
        data |= {
            f"steps-{number}-title": title,
            f"steps-{number}-provider": provider.pk,
            f"steps-{number}-days": 3,
            f"steps-{number}-message": "Просим помочь",
            f"steps-{number}-ORDER": number + 1,
        }
        if after:
            data[f"steps-{number}-after"] = "on"
    return data


def test_a_template_is_made_with_its_steps_in_order(administrator):
    first, second = ProviderFactory(), ProviderFactory()
    data = template_data(("Работа", first, False), ("Учёба", second, True))
    assert administrator.post(f"{TEMPLATES}create/", data).status_code == 302
    template = RouteTemplate.objects.get()
    assert [(one["title"], one["after"]) for one in template.as_steps()] == [
        ("Работа", False),
        ("Учёба", True),
    ]
    assert administrator.get(f"{TEMPLATES}edit/{template.pk}/").status_code == 200


def test_a_template_without_steps_is_not_kept(administrator):
    assert administrator.post(f"{TEMPLATES}create/", template_data()).status_code == 200
    assert not RouteTemplate.objects.exists()


def test_a_group_takes_no_referrals(administrator):
    group = ProviderFactory(is_group=True)
    data = {"provider": group.pk, "answer_days": 5, "accepts": "on"}
    page = administrator.post(f"{RECEIVERS}create/", data)
    assert page.status_code == 200
    assert "Под этим названием много организаций" in page.content.decode()
    data["provider"] = ProviderFactory().pk
    assert administrator.post(f"{RECEIVERS}create/", data).status_code == 302
    assert Receiver.objects.count() == 1


@pytest.mark.parametrize("role", [one for one in Role if one != Role.ADMINISTRATOR])
def test_others_do_not_keep_them(client, role):
    receiver = ReceiverFactory()
    client.force_login(UserFactory(role=role, provider=receiver.provider))
    for address in (TEMPLATES, RECEIVERS, f"{RECEIVERS}edit/{receiver.pk}/"):
        assert client.get(address).status_code in {302, 403, 404}, address
