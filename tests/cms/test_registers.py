"""Registers: tables of the back office over one base."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from catalogue.models import Agreement, LegalAct
from cms.access import Role
from tests.factories import ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    return client


def test_editor_adds_changes_and_deletes_a_legal_act(editor):
    address = "catalogue_legalact_modeladmin"
    editor.post(reverse(f"{address}_create"), {"title": "Закон о детях", "kind": "закон"})
    act = LegalAct.objects.get()
    editor.post(reverse(f"{address}_edit", args=[act.pk]), {"title": "Закон о семьях"})
    act.refresh_from_db()
    assert act.title == "Закон о семьях"
    editor.post(reverse(f"{address}_delete", args=[act.pk]))
    assert not LegalAct.objects.exists()


def test_list_reads_the_same_number_of_queries_for_any_number_of_rows(
    editor, django_assert_num_queries
):
    address = reverse("catalogue_agreement_modeladmin_index")

    def agreements(count):
        for n in range(count):
            Agreement.objects.create(provider=ProviderFactory(), subject=f"Предмет {n}")

    agreements(2)
    editor.get(address)  # fills the caches that live as long as the process
    with CaptureQueriesContext(connection) as few:
        editor.get(address)
    agreements(30)
    with django_assert_num_queries(len(few)):
        page = editor.get(address)
    assert "Предмет 29" in page.content.decode()


@pytest.mark.parametrize("key", ["0", "abc", "99999999999999999999"])
@pytest.mark.parametrize("view", ["edit", "delete"])
def test_row_that_is_not_there_is_not_found(editor, view, key):
    address = reverse(f"catalogue_agreement_modeladmin_{view}", args=[key])
    assert editor.get(address).status_code == 404


def test_registers_keep_no_history_view():
    with pytest.raises(NoReverseMatch):
        reverse("catalogue_agreement_modeladmin_history", args=[1])


@pytest.mark.parametrize("role", [Role.PARTNER, Role.SPECIALIST, Role.ANALYST])
def test_others_do_not_open_registers(client, role):
    client.force_login(UserFactory(role=role))
    response = client.get(reverse("catalogue_membership_modeladmin_index"))
    assert response.status_code in {302, 403}
    assert response.content == b""
