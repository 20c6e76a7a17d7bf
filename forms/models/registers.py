"""Registers and cards of the centre. They are the staff's: their fields stay on the case."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.fields import RussianSortKeyField
from forms.models.cases import IntakeCase
from forms.models.queues import Topic


class RegisterKind(models.TextChoices):
    REGISTER = "register", _("journal")
    FORM = "form", _("form to fill in")
    PLAN = "plan", _("plan")
    PROTOCOL = "protocol", _("minutes")
    REPORT = "report", _("report")
    REQUEST = "request", _("request")
    SURVEY = "survey", _("survey")


class Register(models.Model):
    """A journal, card or plan that the centre's documents ask for: what it holds, field by field.

    `fields` is a list of {"name", "label", "type", "required"}.
    """

    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    kind = models.CharField(_("kind"), max_length=20, choices=RegisterKind)
    purpose = models.CharField(_("what for"), max_length=400, blank=True)
    fields = models.JSONField(_("fields"), default=list)
    source = models.CharField(_("source"), max_length=300, blank=True)
    named_in_seed = models.BooleanField(_("named in the centre's documents"), default=False)
    on_case = models.BooleanField(
        _("filled in on a case"),
        default=False,
        help_text=_("Staff see its fields on the page of the case."),
    )
    numbered_since = models.DateTimeField(
        _("numbered since"),
        null=True,
        blank=True,
        help_text=_(
            "Cases received from then on get a number by centre and year, without gaps."
            " Empty: it is not numbered."
        ),
    )
    topics = models.ManyToManyField(
        Topic,
        blank=True,
        related_name="registers",
        verbose_name=_("on cases about"),
        help_text=_("Empty: on every case."),
    )

    class Meta:
        verbose_name = _("register")
        verbose_name_plural = _("registers")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title


class RegisterEntry(models.Model):
    """What staff wrote into a register about a case, sealed with the submission's key."""

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="entries", verbose_name=_("case")
    )
    register = models.ForeignKey(
        Register, on_delete=models.PROTECT, related_name="entries", verbose_name=_("register")
    )
    values = models.BinaryField(_("values, sealed"))
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("changed by"),
    )

    class Meta:
        verbose_name = _("entry of a register")
        verbose_name_plural = _("entries of registers")
        constraints = [
            models.UniqueConstraint(fields=["case", "register"], name="registerentry_unique")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.register}"
