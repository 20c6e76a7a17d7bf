"""A file of a packet on its way to a partner: saved to its disk, never shown by us."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse

from desk import packets
from desk.models import Referral
from forms.crypto import CryptoError
from forms.files import content_of
from forms.models import Erased
from forms.views.attachment import attachment


def given_file(referral: Referral, file: uuid.UUID) -> HttpResponse:
    """:raises Http404: it is not in the packet, or not there any more."""
    try:
        found = packets.file_in(referral, str(file))
        if found is None:
            raise Http404
        name, content = content_of(found, referral.case.submission.data_key)
    except (Erased, CryptoError, FileNotFoundError) as error:
        raise Http404 from error
    response = attachment(content, "application/octet-stream", name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
