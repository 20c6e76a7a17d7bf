"""Papers that a family adds to a request after it was sent, under the limits of any file."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile as Received
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from forms import files
from forms.detecting import Refused
from forms.models import IntakeCase, Submission, UploadedFile

ADDED = "@added"  # in the place of the path of a question: no question can have it
OF_OTHERS = "@referral:"  # files about a family that are not its own begin like this
MOST_MEGABYTES = 10
MOST_A_DAY = 10
MOST_OF_CASE = 40
SPEC = {"most_megabytes": MOST_MEGABYTES, "most_files": MOST_OF_CASE, "accepts": "papers"}


def of_family(submission: Submission) -> QuerySet[UploadedFile]:
    """What the family has added: with the form, or since."""
    files = UploadedFile.objects.filter(submission=submission)
    return files.exclude(path__startswith=OF_OTHERS)


def add(case: IntakeCase, received: Sequence[Received[Any]]) -> list[UploadedFile]:
    """Keep papers of a case whose row the caller has locked; those that are there stay as they are.

    :returns: the new ones.
    :raises Refused: too many, too large, of another kind; says which and why, and none is kept.
    :raises forms.files.NoRoom: the disk is full.
    """
    submission, added = case.submission, []
    for one in received:
        held = files.Held.of(of_family(submission))
        try:
            file = files.keep(
                received=one, spec=SPEC, path=ADDED, held=held, owner=submission.data_key,
                submission=submission,
            )  # fmt: skip
        except Refused as reason:
            raise Refused(f"{files.said_name(one.name)}: {reason}") from reason
        if file is not None:
            added.append(file)
    today = UploadedFile.objects.filter(
        submission=submission,
        path=ADDED,
        uploaded_at__gte=timezone.now() - datetime.timedelta(days=1),
    )
    if added and today.count() > MOST_A_DAY:
        raise Refused(_("That is many files for one day. Please add the rest tomorrow."))
    return added
