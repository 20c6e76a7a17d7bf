"""One box for what a person at the desk has at hand: a number, a phone, an e-mail, a СНИЛС."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from forms import marks
from forms.models import BlindMark, IntakeCase, MarkKind
from forms.references import ALPHABET, folded, is_reference
from forms.visibility import scope_of

KINDS = (MarkKind.PHONE, MarkKind.EMAIL, MarkKind.SNILS)
FOUND_AT_MOST = 50
MAX_TYPED = 254
SHORTEST_PART = 4  # of a number
SHORTEST_PHONE = 10  # without the code of the country


class SearchForm(forms.Form):
    """What is typed into the box; it never stands in an address unless it is a number of a case."""

    use_required_attribute = False
    what = forms.CharField(
        label=_("Number, phone, e-mail or SNILS"),
        max_length=MAX_TYPED,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        error_messages={"required": _("Please write something first.")},
    )

    def clean_what(self) -> str:
        return str(self.cleaned_data["what"]).replace("\0", "")

    @property
    def number(self) -> str:
        """A number of a case, or its beginning; empty when something else was typed."""
        typed = folded(self.cleaned_data["what"])
        if is_reference(typed):
            return typed
        if len(typed) < SHORTEST_PART or not set(typed) <= set(ALPHABET):
            return ""
        # The beginning of a number may be digits only; libraries take five of them for a phone.
        names = len(typed) >= SHORTEST_PHONE and any(
            marks.mark(kind, self.cleaned_data["what"]) for kind in KINDS
        )
        return "" if names else typed


def by_mark(user: Any, typed: str) -> QuerySet[IntakeCase]:
    """Cases that a person may see in which this phone, e-mail or СНИЛС was given."""
    digests = [digest for kind in KINDS for digest in marks.mark(kind, typed)]
    same = BlindMark.objects.filter(digest__in=digests).values("submission")
    return IntakeCase.objects.visible_to(user).filter(submission__in=same)


def closed_to(user: Any, ref: str) -> IntakeCase | None:
    """A case of the person's own centre that it may not see, when it may break the glass."""
    if not user.has_perm("intake_forms.break_glass") or not is_reference(ref):
        return None
    found = IntakeCase.objects.filter(Q(centre__in=scope_of(user).centres), ref=ref)
    seen = IntakeCase.objects.visible_to(user).filter(ref=ref)
    return found.exclude(pk__in=seen.values("pk")).select_related("centre", "queue").first()
