"""How a family may be reached, when it has changed that after sending."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.submission import Submission


class ContactNow(models.Model):
    """What counts instead of the answer in the submission, which stays as it was sent.

    Sealed with the key of the submission. Only the newest is kept: a phone that is not safe any
    more is of no use to anybody.
    """

    PURPOSE = "contact"

    submission = models.OneToOneField(
        Submission,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="contact_now",
        verbose_name=_("submission"),
    )
    answer = models.BinaryField(_("answer, sealed"))
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("changed way to reach a family")
        verbose_name_plural = _("changed ways to reach families")

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.changed_at:%d.%m.%Y}"

    def read(self) -> dict[str, Any]:
        """An answer as forms.contacts tells.

        :raises forms.models.Erased: the key was destroyed.
        """
        answer: dict[str, Any] = json.loads(
            self.submission.data_key.open(self.PURPOSE, self.answer)
        )
        return answer
