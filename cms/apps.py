"""The ground floor: people, files, abstract pages, settings, roles, and the routes above all."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from cms import checks  # noqa: F401 - registers them
        from cms.announcements import install_triggers

        post_migrate.connect(install_triggers, sender=self, dispatch_uid="cms.announcements")
