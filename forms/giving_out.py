"""Everything that is kept of a person, as a file for that person (152-ФЗ, ст. 14 ч. 7; ст. 20).

Answers as they were asked, messages, consents and files; who keeps them, what for, on what basis,
for how long and who sees them. Notes and journals of the staff stay inside. The archive is made in memory: nothing of it ever lies on a disk.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from forms import files, marks, papers, slots, talk
from forms.calendars import clock_of
from forms.contacts import changed_contact
from forms.crypto import CryptoError
from forms.events import record
from forms.models import (
    AccessLog,
    Direction,
    EventKind,
    IntakeCase,
    Registration,
    Scan,
    SubmissionKey,
    UploadedFile,
    unasked_in,
)
from forms.operators import operator_of
from forms.reading import as_asked, contact_in_words
from forms.register_of_data import data_of, readers
from forms.retention import rule_of

MOST_CASES = 50
MOST_BYTES = 200 * 1024 * 1024  # of files; the whole archive lies in memory


class TooMuch(Exception):
    """More cases or files than one archive takes."""


def cases_of(user: Any, kind: str, value: str) -> QuerySet[IntakeCase]:
    """Cases in which this phone, e-mail, СНИЛС or person was given, as far as a user sees them."""
    return _whole(
        IntakeCase.objects.visible_to(user).filter(
            submission__in=marks.submissions_with(kind, value)
        )
    )


@transaction.atomic
def give_out(*, cases: Iterable[IntakeCase], actor: Any) -> bytes:
    """The archive of these cases; each keeps that it was given out, and by whom.

    :raises TooMuch: nothing was given out.
    """
    wanted = IntakeCase.objects.filter(pk__in=[case.pk for case in cases])
    list(wanted.select_for_update().order_by("pk"))
    cases = list(_whole(wanted))  # without what was erased before the lock
    content = archive(cases)
    for case in cases:
        record(case, EventKind.EXPORTED, actor=actor)
        AccessLog.objects.create(case=case, user=actor, what="export")
    return content


def archive(cases: Iterable[IntakeCase]) -> bytes:
    """A folder for each case: a page to read, the same for programs, the files.

    :raises TooMuch: see there.
    """
    cases = list(cases)
    sizes = UploadedFile.objects.filter(submission__in=[case.submission_id for case in cases])
    if len(cases) > MOST_CASES or sum(sizes.values_list("size", flat=True)) > MOST_BYTES:
        raise TooMuch
    out, who = io.BytesIO(), readers()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for case in cases:
            data = _data(case, who)
            with clock_of(case.centre_id):
                page = render_to_string("intake_forms/given_out.html", {"case": case, **data})
            packed.writestr(f"{case.number}/заявка.html", page)
            plain = json.dumps(_plain(case, data), ensure_ascii=False, indent=2)
            packed.writestr(f"{case.number}/заявка.json", plain)
            for place, content in data["contents"]:
                packed.writestr(f"{case.number}/{place}", content)
    return out.getvalue()


def _whole(cases: QuerySet[IntakeCase]) -> QuerySet[IntakeCase]:
    """With what an archive needs; erased ones have nothing to give."""
    kept = SubmissionKey.objects.values("submission")
    return (
        cases.filter(submission__in=kept)
        .select_related(
            "submission__key",
            "submission__version",
            "submission__contact_now",
            "submission__registration",
            "form",
            "centre",
        )
        .order_by("-created_at", "-pk")
    )


def _data(case: IntakeCase, readers: list[str]) -> dict[str, Any]:
    submission = case.submission
    answers = submission.read_answers()
    changed = changed_contact(submission)
    messages = [
        {
            "at": message.at,
            "ours": message.direction == Direction.TO_FAMILY,
            "text": talk.read(message, case),
        }
        for message in case.messages.all()
    ]
    held, contents = [], []
    for number, (file, name, content) in enumerate(_files(case), start=1):
        place = f"файлы/{number}-{name}" if content is not None else ""
        held.append({"name": name, "place": place, "why": file.get_scan_display()})
        if content is not None:
            contents.append((place, content))
    return {
        "title": submission.version.schema["title"],
        "steps": as_asked(
            submission.version.schema, answers, submission.day, unasked_in(submission)
        ),
        "registration": getattr(submission, "registration", None),
        "answers": answers,
        "amended": [one for told in slots.amended for one in told(case)],
        "contact_now": changed.read() if changed else None,
        "contact_said": contact_in_words(changed.read()) if changed else "",
        "messages": messages,
        "files": held,
        "contents": contents,
        "consents": list(submission.consents.select_related("text")),
        "operator": operator_of(case.centre),
        "rule": rule_of(submission.version.schema),
        "asked": data_of(submission.version.schema),
        "readers": readers,
        "withdrawal": getattr(submission, "withdrawal", None),
        "given": slots.given(case),
    }


def _files(case: IntakeCase) -> Iterator[tuple[UploadedFile, str, bytes | None]]:
    """Files with their contents; without, when there is nothing that could be given out."""
    key = case.submission.data_key
    for file in papers.of_family(case.submission):
        try:
            if file.scan in (Scan.CLEAN, Scan.UNSCANNED):
                yield file, *files.content_of(file, key)
                continue
        except (CryptoError, FileNotFoundError):
            pass
        yield file, files.name_of(file, key), None


def _told(registration: Registration | None) -> dict[str, Any] | None:
    """How it came to the staff that typed it in."""
    if registration is None:
        return None
    return {
        "at": registration.contacted_at.isoformat(),
        "by": registration.teller,
        "from_paper": registration.from_paper,
        "consent": registration.permission,
    }


def _plain(case: IntakeCase, data: dict[str, Any]) -> dict[str, Any]:
    """For programs: answers under the keys of their questions."""
    return {
        "number": case.number,
        "form": data["title"],
        "received": case.submission.received_at.isoformat(),
        "channel": case.channel,
        "told": _told(data["registration"]),
        "operator": data["operator"],
        "basis": data["rule"].basis_said,
        "kept_after_closing_days": data["rule"].days,
        "purposes": {datum.label: datum.purpose for datum in data["asked"]},
        "seen_by": data["readers"],
        "state": case.state,
        "answers": data["answers"],
        "corrections": [
            {"question": one.label, "answer": one.text, "at": one.at.isoformat(), "why": one.why}
            for one in data["amended"]
        ],
        "contact_now": data["contact_now"],
        "questions": [
            {
                "step": step.title,
                "question": answer.label,
                "answer": getattr(answer, "text", None),
                "asked": not getattr(answer, "unasked", False),
            }
            for step in data["steps"]
            for answer in step.answers
        ],
        "messages": [
            {
                "at": one["at"].isoformat(),
                "from": "centre" if one["ours"] else "family",
                "text": one["text"],
            }
            for one in data["messages"]
        ],
        "files": [{"name": one["name"], "place": one["place"]} for one in data["files"]],
        "consents": [
            {"at": one.given_at.isoformat(), "way": one.way, "text": one.text.body}
            for one in data["consents"]
        ],
        "beside": [
            {"title": one.title, "rows": [[name, value] for name, value in one.rows]}
            for one in data["given"]
        ],
        "consent_withdrawn": data["withdrawal"].at.isoformat() if data["withdrawal"] else None,
    }
