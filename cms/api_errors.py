"""Errors of the API: always JSON, `{"detail": …}` in Russian, with the right status."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, Throttled, ValidationError

ROOT = "/api/"


class ErrorOut(Schema):
    """What went wrong, in words."""

    detail: str


class FieldErrorOut(Schema):
    """What is wrong with a parameter."""

    field: str
    message: str


class InvalidOut(ErrorOut):
    """Some parameters are wrong; `detail` says the same in one line."""

    errors: list[FieldErrorOut]


class ApiErrorsMiddleware:
    """Whatever goes wrong under the API's address, other systems get JSON and not a page.

    Wherever GET is answered HEAD is too; the server keeps the body back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "HEAD" and request.path.startswith(ROOT):
            request.method = "GET"  # django-ninja knows no HEAD
        response = self.get_response(request)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or is_json or not request.path.startswith(ROOT):
            return response
        answer = JsonResponse(
            {"detail": words_for(response.status_code)},
            status=response.status_code,
            json_dumps_params={"ensure_ascii": False},
        )
        for kept in ("Allow", "Retry-After"):
            if kept in response.headers:
                answer[kept] = response[kept]
        return answer


def unknown_address(request: HttpRequest) -> HttpResponse:
    """No page lives under the API's address, with or without a slash at its end."""
    raise Http404


def words_for(status: int) -> str:
    """What a status means, for the people who read other systems' logs."""
    words = {
        400: _("The request cannot be read."),
        403: _("Access is closed."),
        404: _("Nothing is found at this address."),
        405: _("This address does not take this method."),
        413: _("The request is too large."),
        415: _("This kind of content is not taken."),
        429: _("Too many requests. Try again later."),
        503: _("The portal cannot answer now. Send the same in a minute: nothing counts twice."),
    }
    return words.get(status, _("The portal failed to answer. We already know."))


def handle_errors_of(api: NinjaAPI) -> None:
    """Give an API its exception handlers."""

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        return api.create_response(request, {"detail": words_for(404)}, status=404)

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
        said_by_us = "parse request body" not in str(error) and not isinstance(error, Throttled)
        detail = str(error) if said_by_us else words_for(error.status_code)
        response = api.create_response(request, {"detail": detail}, status=error.status_code)
        if isinstance(error, Throttled) and error.wait:
            response.headers["Retry-After"] = str(math.ceil(error.wait))
        return response

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [
            {"field": ".".join(map(str, item["loc"][1:])), "message": _message(item)}
            for item in error.errors
        ]
        detail = "; ".join(f"{item['field']}: {item['message']}" for item in errors)
        return api.create_response(request, {"detail": detail, "errors": errors}, status=422)


def _message(item: dict[str, Any]) -> str:
    """A message of pydantic in plain words, by the type of the error."""
    limits = item.get("ctx", {})
    match item["type"]:
        case "missing":
            return _("is required")
        case "int_parsing" | "int_type" | "float_parsing" | "decimal_parsing":
            return _("must be a number")
        case "bool_parsing":
            return _("must be true or false")
        case "greater_than_equal":
            return _("must be at least %(limit)s") % {"limit": limits["ge"]}
        case "less_than_equal":
            return _("must be at most %(limit)s") % {"limit": limits["le"]}
        case "string_too_long":
            return _("must be at most %(limit)s characters long") % {"limit": limits["max_length"]}
        case "literal_error" | "enum":
            values = str(limits["expected"]).replace(" or ", ", ").replace("'", "")
            return _("must be one of: %(values)s") % {"values": values}
        case "date_from_datetime_parsing" | "date_parsing":
            return _("must be a date like 2026-11-22")
        case "extra_forbidden" | "unknown":
            return _("is not known")
        case _:
            return _("is not right")
