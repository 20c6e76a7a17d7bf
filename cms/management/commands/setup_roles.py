"""Makes the groups of the roles and gives them their rights. May be run at any time."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand
from django.db import transaction
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from cms.access import RIGHTS, Rights, Role


class Command(BaseCommand):
    help = "Make the groups of the roles and give them their rights (idempotent)."

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
        Group.objects.filter(name__in=["Editors", "Moderators"], user=None).delete()


def _give(role: Role, rights: Rights, known: dict[str, int]) -> None:
    group, _ = Group.objects.get_or_create(name=role.value)
    group.permissions.set([known[name] for name in rights.permissions])
    root = Page.get_first_root_node()
    pages = [known[f"wagtailcore.{name}"] for name in rights.pages]
    GroupPagePermission.objects.filter(group=group).exclude(permission__in=pages).delete()
    for permission in pages:
        GroupPagePermission.objects.get_or_create(group=group, page=root, permission_id=permission)
    collection = Collection.get_first_root_node()
    files = [
        known[f"{app}.{action}_{model}"]
        for action in rights.files
        for app, model in (("cms", "portalimage"), ("cms", "portaldocument"))
    ]
    GroupCollectionPermission.objects.filter(group=group).exclude(permission__in=files).delete()
    for permission in files:
        GroupCollectionPermission.objects.get_or_create(
            group=group, collection=collection, permission_id=permission
        )
