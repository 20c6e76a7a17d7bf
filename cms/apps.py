"""The ground floor: people, files, abstract pages, settings, roles, and the routes above all."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _
from wagtail.users.apps import WagtailUsersAppConfig


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from wagtail.admin.views.mixins import SpreadsheetExportMixin

        from cms import checks  # noqa: F401 - registers them
        from cms.announcements import install_triggers
        from cms.cells import for_report

        every = SpreadsheetExportMixin.custom_value_preprocess
        every[object] = {SpreadsheetExportMixin.FORMAT_CSV: for_report}  # after its own kinds
        post_migrate.connect(install_triggers, sender=self, dispatch_uid="cms.announcements")


class PeopleConfig(WagtailUsersAppConfig):
    """Wagtail's accounts with forms of ours."""

    user_viewset = "cms.people.PeopleViewSet"
