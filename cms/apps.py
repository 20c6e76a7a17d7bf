"""The ground floor: people, files, abstract pages, settings, roles, and the routes above all."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
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
        from cms.second_factor.middleware import remember_without

        every = SpreadsheetExportMixin.custom_value_preprocess
        every[object] = {SpreadsheetExportMixin.FORMAT_CSV: for_report}  # after its own kinds
        user_logged_in.connect(
            lambda request, user, **kwargs: remember_without(request, user),
            weak=False,
            dispatch_uid="cms.second_factor",
        )
        post_migrate.connect(install_triggers, sender=self, dispatch_uid="cms.announcements")


class PeopleConfig(WagtailUsersAppConfig):
    """Wagtail's accounts with forms of ours."""

    user_viewset = "cms.people.PeopleViewSet"
