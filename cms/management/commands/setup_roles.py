"""Makes the groups of the roles, gives them their rights, and sets up the review before publishing.

May be run at any time: what is there already stays.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand
from django.db import transaction
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowContentType,
    WorkflowMixin,
    WorkflowPage,
    WorkflowTask,
)

from cms.access import RIGHTS, Rights, Role

WORKFLOW = "Проверка перед публикацией"
TASK = "Проверяет главный редактор"
# What Wagtail's own migrations make; its groups know nothing of our roles.
WAGTAIL_GROUPS = ["Editors", "Moderators"]
WAGTAIL_WORKFLOW = "Moderators approval"


class Command(BaseCommand):
    help = "Make the groups of the roles, their rights and the review workflow (idempotent)."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        known = {
            f"{app}.{codename}": pk
            for pk, app, codename in Permission.objects.values_list(
                "pk", "content_type__app_label", "codename"
            )
        }
        for role, rights in RIGHTS.items():
            _give(role, rights, known)
        _set_up_review()
        Group.objects.filter(name__in=WAGTAIL_GROUPS, user=None).delete()


def _give(role: Role, rights: Rights, known: dict[str, int]) -> None:
    group, _ = Group.objects.get_or_create(name=role.value)
    group.permissions.set([known[name] for name in rights.permissions])
    root = Page.get_first_root_node()
    pages = [known[f"wagtailcore.{name}"] for name in rights.pages]
    GroupPagePermission.objects.filter(group=group).exclude(permission__in=pages).delete()
    for permission in pages:
        GroupPagePermission.objects.get_or_create(group=group, page=root, permission_id=permission)
    collection = Collection.get_first_root_node()
    # Wagtail asks for the permissions of its own models, whatever model a project puts there.
    files = [
        known[f"{app}.{action}_{model}"]
        for action in rights.files
        for app, model in (("wagtailimages", "image"), ("wagtaildocs", "document"))
    ]
    GroupCollectionPermission.objects.filter(group=group).exclude(permission__in=files).delete()
    for permission in files:
        GroupCollectionPermission.objects.get_or_create(
            group=group, collection=collection, permission_id=permission
        )


def _set_up_review() -> None:
    """Chief editors see whatever is going to be published: pages and every kind of snippet."""
    task, _ = GroupApprovalTask.objects.get_or_create(name=TASK)
    task.groups.set(Group.objects.filter(name=Role.CHIEF_EDITOR.value))
    workflow, _ = Workflow.objects.get_or_create(name=WORKFLOW)
    WorkflowTask.objects.get_or_create(workflow=workflow, task=task)
    WorkflowPage.objects.update_or_create(
        page=Page.get_first_root_node(), defaults={"workflow": workflow}
    )
    for model in apps.get_models():
        if issubclass(model, WorkflowMixin) and not issubclass(model, Page):
            WorkflowContentType.objects.update_or_create(
                content_type=ContentType.objects.get_for_model(model),
                defaults={"workflow": workflow},
            )
    Workflow.objects.filter(name=WAGTAIL_WORKFLOW, workflow_states=None).delete()
    GroupApprovalTask.objects.filter(name=WAGTAIL_WORKFLOW, workflow_tasks=None).delete()
