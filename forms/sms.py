"""Short messages, through any gateway that takes JSON over HTTP. None is set up by default."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings

TIMEOUT = 10.0  # seconds


# What a gateway says of a message itself, not of us or of the moment: again it would say the same.
_FOR_GOOD = (400, 404, 410, 413, 422)
_UNKNOWN = (502, 504)  # somebody between us and the gateway did not wait for its answer


class NotTaken(Exception):
    """The gateway did not take the message; the reason names neither the phone nor the text.

    `for_good`: it never will. `unknown`: it may have taken it and not said so.
    """

    def __init__(self, why: str, *, for_good: bool = False, unknown: bool = False) -> None:
        super().__init__(why)
        self.for_good, self.unknown = for_good, unknown


def is_set_up() -> bool:
    return bool(settings.NAVIGATOR_SMS["URL"])


def send(*, phone: str, text: str, key: str) -> None:
    """:param key: of this message: a gateway that knows it does not send it twice.

    :raises NotTaken: see there.
    """
    body = _filled(json.loads(settings.NAVIGATOR_SMS["BODY"]), {"{to}": phone, "{text}": text})
    request = urllib.request.Request(  # noqa: S310 - the address is the administrator's
        settings.NAVIGATOR_SMS["URL"],
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key},
        method="POST",
    )
    if settings.NAVIGATOR_SMS["TOKEN"]:
        request.add_header("Authorization", f"Bearer {settings.NAVIGATOR_SMS['TOKEN']}")
    try:
        with _OPENER.open(request, timeout=TIMEOUT):
            return
    except urllib.error.HTTPError as error:
        error.close()
        failure = NotTaken(
            f"gateway: {error.code}",
            for_good=error.code in _FOR_GOOD,
            unknown=error.code in _UNKNOWN,
        )
    except urllib.error.URLError:  # no connection, or cut off before all was said
        failure = NotTaken("gateway: no answer")
    except (OSError, http.client.HTTPException):
        failure = NotTaken("gateway: no answer", unknown=True)
    raise failure  # outside of `except`: a traceback would carry the request


def _filled(template: Any, values: dict[str, str]) -> Any:
    if isinstance(template, dict):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return values.get(template, template) if isinstance(template, str) else template


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A message goes where the administrator said, nowhere else."""

    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
