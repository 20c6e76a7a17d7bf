"""The letter that tells a family that its own has come: a number, and where to look."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from forms.models import Notice
from forms.sending import Letter, to_family


def received(notice: Notice) -> Letter | None:
    """It names no subject and no centre. The secret code does not go by mail: a one-time code opens
    the page, as when a receipt is lost."""
    assert notice.case is not None
    text = _(
        "Your letter has come. Its number: %(number)s\n\n"
        "The answer will stand on the page of the request. To open it, ask for a one-time code to "
        "this address:\n%(page)s\n\n"
        "You may simply answer this letter, too: it will be added to the request. Please do not "
        "send anything by mail that others must not read; on the page nobody else sees it."
    )
    page = settings.WAGTAILADMIN_BASE_URL.rstrip("/") + reverse("intake_forms:lost")
    return to_family(
        notice, _("Your letter has come"), text % {"number": notice.case.number, "page": page}
    )
