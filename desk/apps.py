"""The desk of a centre: cases of every channel, who works on them, and what they need to do it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeDeskConfig(AppConfig):
    name = "desk"
    label = "intake_desk"
    verbose_name = _("Intake desk")
