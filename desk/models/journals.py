"""Journals: cases by number, without gaps, as the centre's papers ask for them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider
from desk.models.diagnosis import UrgentHelp
from forms.models import IntakeCase, Register


class JournalCounter(models.Model):
    """The last number of a journal of a centre in a year. The database lets it grow by one only."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="+")
    centre = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["register", "centre", "year"], name="journalcounter_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.register_id}/{self.centre_id}/{self.year}: {self.last}"


class JournalEntry(models.Model):
    """A line of a journal. The number is given by the database, in the year of the day.

    While the case is open the line is read from the case; when it is closed the line is sealed as it
    then stands, with the key of the submission, and never changes again. No line is deleted: where
    the personal data were erased, the number and the days stay.
    """

    PURPOSE = "journal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    register = models.ForeignKey(
        Register, on_delete=models.PROTECT, related_name="lines", verbose_name=_("register")
    )
    centre = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("centre")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number"), default=0)
    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="lines", verbose_name=_("case")
    )
    # Of a journal of urgent help, which has a line for each time it was given.
    help = models.ForeignKey(
        UrgentHelp, on_delete=models.PROTECT, null=True, blank=True, related_name="lines"
    )
    # On which the family turned to the centre or help was given, by the clocks of the centre.
    day = models.DateField(_("day"))
    from_paper = models.BooleanField(_("from paper"), default=False)
    written_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    body = models.BinaryField(_("line, sealed"), null=True, blank=True)
    frozen_at = models.DateTimeField(_("frozen"), null=True, blank=True)

    class Meta:
        verbose_name = _("line of a journal")
        verbose_name_plural = _("lines of journals")
        ordering = ["register", "centre", "year", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["register", "centre", "year", "number"], name="journalentry_number"
            ),
            models.UniqueConstraint(
                fields=["register", "centre", "case"],
                condition=Q(help__isnull=True),
                name="journalentry_case_once",
            ),
            models.UniqueConstraint(
                fields=["register", "help"],
                condition=Q(help__isnull=False),
                name="journalentry_help_once",
            ),
            models.CheckConstraint(
                condition=Q(body__isnull=True, frozen_at__isnull=True)
                | Q(body__isnull=False, frozen_at__isnull=False),
                name="journalentry_frozen",
            ),
        ]
        indexes = [
            models.Index(
                fields=["case"], condition=Q(frozen_at__isnull=True), name="journalentry_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"

    @property
    def purpose(self) -> str:
        return f"{self.PURPOSE}:{self.pk}"
