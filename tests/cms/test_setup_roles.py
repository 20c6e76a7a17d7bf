"""The command that makes roles and the review, run by every installation, more than once."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from wagtail.models import Page, Workflow

from catalogue.models import Measure
from cms.access import RIGHTS, Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_running_again_changes_nothing():
    def state():
        return (
            list(Group.objects.order_by("name").values_list("name", "permissions__codename")),
            list(Workflow.objects.values_list("name", "workflow_tasks__task__name")),
        )

    before = state()
    call_command("setup_roles")
    assert state() == before


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_rights(role):
    user = UserFactory(role=role)
    assert user.has_perms(RIGHTS[role].permissions)


def test_only_chief_editors_review_measures_and_pages():
    for reviewed in (Measure.get_default_workflow(), Page.get_first_root_node().get_workflow()):
        (task,) = reviewed.tasks
        assert [group.name for group in task.specific.groups.all()] == [Role.CHIEF_EDITOR.value]
    assert Workflow.objects.count() == 1
