"""Which cases and begun forms this browser may look at: kept in its session, never in an address.

A browser gets a case by sending the form, by the number with the secret code, or by a one-time code
to a contact of the family: this until the family changes its contact. It gets a begun form by
beginning it, or by its number with its code.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from forms.models import FormDefinition, FormDraft, IntakeCase
from forms.references import folded, is_reference

SESSION_KEY = "intake_cases"
BY_CONTACT_KEY = "intake_cases_by_contact"  # when a one-time code has opened them
DRAFTS_KEY = "intake_drafts"
SENT_KEY = "intake_sent"  # what became of drafts: the way back leads to their pages
MOST = 20


def open_for(
    request: HttpRequest, ref: str, secret_round: int = 0, *, by_contact: bool = False
) -> None:
    """:param secret_round: of the code that was shown; a newer code closes what an older opened.
    :param by_contact: it was shown through a contact, which may not be the family's for ever.
    """
    before = _opened(request)
    through = _by_contact(request)
    if by_contact and (ref in through or ref not in before):
        request.session[BY_CONTACT_KEY] = through | {ref: timezone.now().timestamp()}
    elif ref in through:
        request.session[BY_CONTACT_KEY] = {one: at for one, at in through.items() if one != ref}
    secret_round = max(secret_round, before.get(ref, 0))
    known = {one: seen for one, seen in before.items() if one != ref}
    request.session[SESSION_KEY] = dict([*known.items(), (ref, secret_round)][-MOST:])


def opening(ref: str) -> dict[str, Any]:
    """The session of a browser that has sent this form and has seen nothing else."""
    return {SESSION_KEY: {ref: 0}}


def opened_case(request: HttpRequest, typed: str) -> IntakeCase | None:
    """The case of a reference in an address, when this browser may see it."""
    ref = folded(typed)
    known = _opened(request)
    if not is_reference(ref) or ref not in known:
        return None
    case = (
        IntakeCase.objects.filter(ref=ref, secret_round=known[ref])
        .readable()
        .select_related(
            "submission__withdrawal", "submission__registration", "form", "topic", "centre"
        )
        .first()
    )
    return case if case and _is_open(request, case) else None


def opened_cases(request: HttpRequest) -> list[IntakeCase]:
    """Every case that this browser may see, the newest first."""
    known = _opened(request)
    cases = IntakeCase.objects.filter(ref__in=known).order_by("-created_at")
    return [
        case
        for case in cases.select_related("submission__contact_now")
        if case.secret_round == known[case.ref] and _is_open(request, case)
    ]


def open_draft(request: HttpRequest, ref: str) -> None:
    known = request.session.get(DRAFTS_KEY, [])
    if known[-1:] != [ref]:
        request.session[DRAFTS_KEY] = [*(one for one in known if one != ref), ref][-MOST:]


def opened_draft(request: HttpRequest, typed: str) -> FormDraft | None:
    """The begun form of a number in an address, when this browser may see it."""
    ref = folded(typed)
    if not is_reference(ref) or ref not in request.session.get(DRAFTS_KEY, []):
        return None
    return _drafts([ref]).first()


def opened_draft_of(request: HttpRequest, form: FormDefinition) -> FormDraft | None:
    """What this browser has begun of a form, the newest."""
    refs = request.session.get(DRAFTS_KEY, [])
    return (
        _drafts(refs).filter(version__form=form).order_by("-updated_at").first() if refs else None
    )


def sent_as(request: HttpRequest, typed: str) -> str:
    """The reference of the case that a begun form has become, when this browser has sent it."""
    sent: dict[str, str] = request.session.get(SENT_KEY, {})
    return sent.get(folded(typed), "")


def forget_draft(request: HttpRequest, draft: str = "", case: str = "") -> None:
    """Forms that were sent are no more among those begun.

    :param draft: the number that it had, when it had been begun; `case` what it became.
    """
    refs = request.session.get(DRAFTS_KEY, [])
    if draft in refs:
        sent = request.session.get(SENT_KEY, {}) | {draft: case}
        request.session[SENT_KEY] = dict([*sent.items()][-MOST:])
    if refs:
        request.session[DRAFTS_KEY] = [*_drafts(refs).values_list("ref", flat=True)]


def close(request: HttpRequest) -> None:
    """Forget every case and begun form: the device may be somebody else's."""
    request.session.pop(SESSION_KEY, None)
    request.session.pop(BY_CONTACT_KEY, None)
    request.session.pop(DRAFTS_KEY, None)
    request.session.pop(SENT_KEY, None)


def _opened(request: HttpRequest) -> dict[str, int]:
    known: dict[str, int] = request.session.get(SESSION_KEY, {})
    return known


def _by_contact(request: HttpRequest) -> dict[str, float]:
    through: dict[str, float] = request.session.get(BY_CONTACT_KEY, {})
    return through


def _is_open(request: HttpRequest, case: IntakeCase) -> bool:
    """A contact that was changed since closes what it has opened."""
    opened_at = _by_contact(request).get(case.ref)
    changed = getattr(case.submission, "contact_now", None)
    return opened_at is None or changed is None or changed.changed_at.timestamp() <= opened_at


def _drafts(refs: list[str]) -> QuerySet[FormDraft]:
    begun = FormDraft.objects.filter(ref__in=refs, expires_at__gt=timezone.now())
    return begun.select_related("version__form__topic", "version__consent_text")
