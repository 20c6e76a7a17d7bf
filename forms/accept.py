"""The one way in: answers become a submission, a case and its first event, all or nothing.

Every channel comes through here. A repeated idempotency key gets the first receipt again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from catalogue.models import Provider, Territory
from forms import crypto, marks
from forms.compiling import fields_of
from forms.crypto import CryptoError
from forms.events import record
from forms.files import give_over, has_files
from forms.models import (
    Channel,
    ConsentGiven,
    Erased,
    EventKind,
    FormDraft,
    FormVersion,
    IntakeCase,
    Submission,
    SubmissionKey,
    Topic,
)
from forms.references import grouped, new_reference, secret_from
from forms.routing import Facts, route
from forms.terms import due_after


@dataclass(frozen=True)
class Receipt:
    """What a family gets: a number for everybody, a secret code for itself."""

    ref: str
    secret: str

    @property
    def number(self) -> str:
        return grouped(self.ref)


def accept(
    *,
    version: FormVersion,
    answers: Mapping[str, Any],
    idempotency_key: uuid.UUID,
    channel: Channel = Channel.WEB,
    territory: Territory | None = None,
    actor: Any = None,
) -> Receipt:
    """Take in answers that `forms.answers` has validated against this version.

    :param territory: where the family is known to be, when the form does not ask.
    :param actor: who typed it in, when that was not the family.
    """
    first = case_for(idempotency_key)
    if first is not None:
        return receipt_of(first)
    try:
        with transaction.atomic():
            return _accept(version, answers, idempotency_key, channel, territory, actor)
    except IntegrityError:
        # Somebody with the same key was quicker; anything else is a real error.
        first = case_for(idempotency_key)
        if first is None:
            raise
        return receipt_of(first)


def case_for(idempotency_key: uuid.UUID) -> IntakeCase | None:
    """The case that this key has already made, if it has."""
    cases = IntakeCase.objects.filter(submission__idempotency_key=idempotency_key)
    return cases.select_related("submission__key").first()


def receipt_of(case: IntakeCase) -> Receipt:
    """The receipt of a case.

    The secret is computed from the submission's key, so it is stored nowhere, and gone with the key.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    code = case.submission.data_key.code(f"receipt:{case.secret_round}")
    return Receipt(case.ref, secret_from(code))


@transaction.atomic
def complete(submission: uuid.UUID) -> bool:
    """Make up what a submission lacks of what acceptance leaves behind; says whether it did."""
    held = Submission.objects.select_for_update().get(pk=submission)
    try:
        answers = held.read_answers()
    except (Erased, CryptoError):  # it gets its case all the same: somebody has to look at it
        answers = {}
    before = held.consents.count()
    _keep_consents(held, answers)
    done = held.consents.count() > before
    case = IntakeCase.objects.filter(submission=held).first()
    if case is None:
        case, done = _case(held, answers, None), True
    if not case.events.exists():
        _record_acceptance(case, held, mended=True)
        done = True
    return done


def _accept(
    version: FormVersion,
    answers: Mapping[str, Any],
    idempotency_key: uuid.UUID,
    channel: Channel,
    territory: Territory | None,
    actor: Any,
) -> Receipt:
    submission = _submission(version, answers, idempotency_key, channel)
    _keep_consents(submission, answers)
    case = _case(submission, answers, territory)
    _take_over(idempotency_key, submission)
    _record_acceptance(case, submission, actor=actor)
    return receipt_of(case)


def _record_acceptance(
    case: IntakeCase, submission: Submission, *, actor: Any = None, **codes: Any
) -> None:
    record(
        case,
        EventKind.ACCEPTED,
        actor=actor,
        to_state=case.state,
        channel=str(submission.channel),
        version=submission.version_id,
        queue=case.queue_id,
        rule=case.routed_by_id,
        **codes,
    )


def _submission(
    version: FormVersion, answers: Mapping[str, Any], key: uuid.UUID, channel: Channel
) -> Submission:
    submission = Submission(version=version, channel=channel, idempotency_key=key)
    data_key = crypto.new_key(submission.pk)
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode()
    submission.answers = data_key.seal("answers", plain)
    submission.save(force_insert=True)
    newest = crypto.newest_key_id()
    submission.key = SubmissionKey.objects.create(
        submission=submission, wrapped=crypto.wrap(data_key), wrapped_by=newest, marked_by=newest
    )
    marks.put(submission, answers)
    return submission


def _keep_consents(submission: Submission, answers: Mapping[str, Any]) -> None:
    version = submission.version
    if version.consent_text_id is None:
        return
    ConsentGiven.objects.bulk_create(
        (
            ConsentGiven(
                submission=submission,
                text_id=version.consent_text_id,
                field=spec["key"],
                way=submission.channel,
                given_at=submission.received_at,
            )
            for spec in fields_of(version.schema)
            if spec["type"] == "consent" and answers.get(spec["key"]) is True
        ),
        ignore_conflicts=True,
    )


def _case(
    submission: Submission, answers: Mapping[str, Any], territory: Territory | None
) -> IntakeCase:
    version, schema = submission.version, submission.version.schema
    topic = Topic.objects.filter(slug=schema["topic"]).first() or version.form.topic
    place = _territory(schema, answers) or territory
    found = route(
        Facts(
            form=version.form,
            urgent=schema["urgent"],
            territory=place,
            chosen_centre=_centre(schema, answers),
        )
    )
    return IntakeCase.objects.create(
        submission=submission,
        ref=_free_reference(),
        form=version.form,
        topic=topic,
        territory=place,
        centre=found.queue.centre,
        queue=found.queue,
        routed_by=found.rule,
        route_note=found.explanation[:600],
        channel=submission.channel,
        urgent=schema["urgent"],
        created_at=submission.received_at,
        due_at=due_after(submission.received_at, topic.answer_days),
    )


def _take_over(key: uuid.UUID, submission: Submission) -> None:
    """The draft is over; its files belong to the submission from now on."""
    draft = FormDraft.objects.filter(pk=key).first()
    if draft is not None:
        if has_files(submission.version.schema):
            give_over(draft, submission, submission.data_key)
        draft.delete()


def _free_reference() -> str:
    ref = new_reference()
    while IntakeCase.objects.filter(ref=ref).exists():
        ref = new_reference()
    return ref


def _territory(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Territory | None:
    slug = _chosen(schema, answers, "territory") or _chosen(schema, answers, "address")
    return Territory.objects.filter(slug=slug).first() if slug else None


def _centre(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Provider | None:
    slug = _chosen(schema, answers, "provider")
    return Provider.objects.centres().filter(slug=slug).first() if slug else None


def _chosen(schema: Mapping[str, Any], answers: Mapping[str, Any], kind: str) -> str | None:
    """The slug of the first record of that kind that the family chose."""
    for spec in fields_of(schema):
        if spec["type"] == kind and spec["key"] in answers:
            return str(answers[spec["key"]]["slug"])
    return None
