"""Files wait until they have been scanned; an infected one is destroyed, its row says so."""

from __future__ import annotations

import uuid

from django.db import transaction

from forms.crypto import DataKey
from forms.files import content_of, place_of
from forms.models import Erased, Scan, UploadedFile
from forms.scanning import ScanFailed, is_infected


def owner_key(file: UploadedFile) -> DataKey:
    """:raises forms.models.Erased: the key of the submission was destroyed."""
    holder = file.draft or file.submission
    assert holder is not None
    return holder.data_key


def scan(file: str) -> None:
    """:raises ScanFailed: no verdict; the row says that, and the task tries again."""
    found = (
        UploadedFile.objects.filter(pk=uuid.UUID(file), scan__in=[Scan.PENDING, Scan.ERROR])
        .select_related("draft", "submission__key")
        .first()
    )
    if found is None:  # removed, or scanned already
        return
    try:
        owner = owner_key(found)
        _name, content = content_of(found, owner)
        state = Scan.INFECTED if is_infected(content) else Scan.CLEAN
    except Erased:
        return
    except ScanFailed:
        UploadedFile.objects.filter(pk=found.pk).update(scan=Scan.ERROR)
        raise
    with transaction.atomic():
        UploadedFile.objects.filter(pk=found.pk).update(scan=state)
        if state == Scan.INFECTED:
            transaction.on_commit(lambda: place_of(found.pk).unlink(missing_ok=True))
