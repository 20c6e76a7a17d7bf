"""The ways in which families reach a centre."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    WEB = "web", _("portal")
    VISIT = "visit", _("visit")
    PHONE = "phone", _("phone call")
    EMAIL = "email", _("e-mail")
    POST = "post", _("letter")
    BRIGADE = "brigade", _("visiting team")
    PARTNER = "partner", _("partner")
    API = "api", _("another system")
