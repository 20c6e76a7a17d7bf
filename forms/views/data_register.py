"""The register of personal data: a page to read and print, a table to hand in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalogue.exchange.files import FORMATS, write
from forms import register_of_data
from forms.views.attachment import attachment

RIGHT = "intake_forms.view_data_register"


@require_safe
def data_register(request: HttpRequest) -> HttpResponse:
    _demand(request)
    context = {"rows": register_of_data.rows(), "readers": register_of_data.readers()}
    return render(request, "intake_forms/admin/data_register.html", context)


@require_safe
def data_register_file(request: HttpRequest, file_format: str) -> HttpResponse:
    _demand(request)
    if file_format not in FORMATS:
        raise Http404
    content = write(register_of_data.table(), file_format)
    return attachment(content, FORMATS[file_format], f"реестр-данных.{file_format}")


def _demand(request: HttpRequest) -> None:
    if not request.user.has_perm(RIGHT):
        raise Http404
