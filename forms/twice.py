"""The same words sent once more from the same browser: after «back» a page comes with a new key."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from forms.models import Erased, FormVersion, IntakeCase, State
from forms.opened import SESSION_KEY

WINDOW = datetime.timedelta(hours=1)  # later it is meant


def sent_before(request: HttpRequest, version: FormVersion, answers: Mapping[str, Any]) -> str:
    """The number of an open case that this browser has just made with these very answers."""
    refs = request.session.get(SESSION_KEY, [])
    if not refs:
        return ""
    cases = IntakeCase.objects.filter(
        ref__in=refs, submission__version=version, created_at__gt=timezone.now() - WINDOW
    )
    for case in cases.exclude(state=State.CLOSED).select_related("submission__key"):
        try:
            if _words(case.submission.read_answers()) == _words(answers):
                return case.ref
        except Erased:
            continue
    return ""


def _words(answers: Any) -> Any:
    """Answers without the ids of files: the same file that was added again has another."""
    if isinstance(answers, Mapping):
        is_file = answers.keys() == {"id", "name", "size"}
        return {
            key: _words(value) for key, value in answers.items() if not (is_file and key == "id")
        }
    return [_words(each) for each in answers] if isinstance(answers, list) else answers
