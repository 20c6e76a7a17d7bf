"""The ground floor: people, files, abstract pages, settings, roles, and the routes above all."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = _("Portal")
