"""A file of a family, for those who work on its case: saved to their disk, never shown by us."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from forms.crypto import CryptoError
from forms.files import content_of
from forms.models import AccessLog, Erased, IntakeCase, Scan, UploadedFile
from forms.views.attachment import attachment
from forms.views.private import private

SERVED = (Scan.CLEAN, Scan.UNSCANNED)


@private
@require_safe
def serve(request: HttpRequest, pk: int, file: uuid.UUID) -> HttpResponse:
    cases = IntakeCase.objects.visible_to(request.user).select_related("submission__key")
    case = get_object_or_404(cases, pk=pk)
    found = get_object_or_404(UploadedFile, pk=file, submission=case.submission_id)
    if found.scan not in SERVED:
        told = _("This file is not given out: %(why)s.") % {"why": found.get_scan_display()}
        return HttpResponse(told, status=409, content_type="text/plain; charset=utf-8")
    try:
        name, content = content_of(found, case.submission.data_key)
    except (Erased, CryptoError, FileNotFoundError) as error:
        raise Http404 from error
    AccessLog.objects.create(case=case, user_id=request.user.pk, what="file")
    response = attachment(content, "application/octet-stream", name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
