"""The one way in: answers become a submission, a case and its first event, all or nothing.

Every channel comes through here. A repeated idempotency key gets the first receipt again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from catalogue.models import Provider, Territory
from forms import crypto, marks
from forms.compiling import fields_of
from forms.crypto import CryptoError
from forms.events import acceptance
from forms.files import give_over, has_files
from forms.inserting import insert_together
from forms.models import (
    Channel,
    ConsentGiven,
    ConsentText,
    Erased,
    FormDraft,
    FormVersion,
    IntakeCase,
    Submission,
    SubmissionKey,
    Topic,
)
from forms.partly import ask, partly
from forms.references import grouped, new_reference, secret_from
from forms.routing import Facts, route
from forms.terms import due_after

# A number for the case; the stamp of the routing rules; the centres that alone answer the form;
# the place that was named.
_LOOKED_UP = """
select nextval(pg_get_serial_sequence('intake_forms_intakecase', 'id')),
  exists (select from intake_forms_intakecase where ref = %s),
  (select stamp from intake_forms_routingstate),
  array(select p.id from intake_forms_formdefinition_centres c
    join catalogue_provider p on p.id = c.provider_id
    where c.formdefinition_id = %s and p.is_centre),
  t.id, t.slug, t.title, t.ancestor_ids, t.depth
from (values (%s::text)) named (slug) left join catalogue_territory t on t.slug = named.slug
"""
_PLACE = ("id", "slug", "title", "ancestor_ids", "depth")


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
    beside: Callable[[str], Sequence[Model]] = lambda _ref: (),
) -> Receipt:
    """Take in answers that `forms.answers` has validated against this version.

    :param territory: where the family is known to be, when the form does not ask.
    :param actor: who typed it in, when that was not the family.
    :param beside: rows that are written with it, by the reference of the case.
    """
    rows = _rows(version, answers, idempotency_key, channel, territory, actor)
    others = beside(rows.case.ref)
    try:
        if not (connection.in_atomic_block or has_files(version.schema)):
            # One statement is whole or nothing by itself. The draft is over with it.
            insert_together(*others, *rows.in_order(), without=FormDraft(pk=idempotency_key))
        else:
            with transaction.atomic():
                insert_together(*others, *rows.in_order())
                _take_over(idempotency_key, rows.submission)
    except IntegrityError:
        # Somebody with the same key was quicker; anything else is a real error.
        first = case_for(idempotency_key)
        if first is None:
            raise
        return receipt_of(first)
    return receipt_of(rows.case)


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
    recorded = set(held.consents.values_list("field", flat=True))
    lacking: list[Model] = [each for each in _consents(held, answers) if each.field not in recorded]
    case = IntakeCase.objects.filter(submission=held).first()
    if case is None:
        case = _case(held, answers, None)
        lacking.append(case)
    if case in lacking or not case.events.exists():
        lacking.append(acceptance(case, mended=True, **_codes(case, held)))
    if lacking:
        insert_together(*lacking)
    return bool(lacking)


class _Rows(NamedTuple):
    """Everything that acceptance writes; marks and consents as many as there are."""

    submission: Submission
    case: IntakeCase
    others: list[Model]

    def in_order(self) -> list[Model]:
        return [self.submission, *self.others]


def _rows(
    version: FormVersion,
    answers: Mapping[str, Any],
    key: uuid.UUID,
    channel: Channel,
    territory: Territory | None,
    actor: Any,
) -> _Rows:
    submission = Submission(version=version, channel=channel, idempotency_key=key)
    data_key = crypto.new_key(submission.pk)
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode()
    submission.answers, submission.data_key = data_key.seal("answers", plain), data_key
    newest = crypto.newest_key_id()
    wrapped = SubmissionKey(
        submission=submission, wrapped=crypto.wrap(data_key), wrapped_by=newest, marked_by=newest
    )
    case = _case(submission, answers, territory)
    event = acceptance(case, actor=actor, **_codes(case, submission))
    others = [wrapped, *marks.made(submission, answers), *_consents(submission, answers)]
    return _Rows(submission, case, [*others, case, event])


def _codes(case: IntakeCase, submission: Submission) -> dict[str, Any]:
    """What the first event tells."""
    return {
        "channel": str(submission.channel),
        "version": submission.version_id,
        "queue": case.queue_id,
        "rule": case.routed_by_id,
    }


def _consents(submission: Submission, answers: Mapping[str, Any]) -> list[ConsentGiven]:
    version = submission.version
    given = [
        spec
        for spec in fields_of(version.schema)
        if spec["type"] == "consent" and answers.get(spec["key"]) is True
    ]
    texts = _texts(version, given)
    return [
        ConsentGiven(
            submission=submission,
            text_id=texts[spec["key"]],
            field=spec["key"],
            way=submission.channel,
            given_at=submission.received_at,
        )
        for spec in given
    ]


def _texts(version: FormVersion, given: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The text that each consent was given to, by its question: one of its own, or the form's."""
    found = dict.fromkeys((spec["key"] for spec in given), version.consent_text_id or 0)
    numbers = {spec["key"]: spec["consent"]["number"] for spec in given if spec.get("consent")}
    if numbers:
        own = ConsentText.objects.filter(code=version.schema["slug"], number__in=numbers.values())
        ids = dict(own.values_list("number", "pk"))
        found |= {key: ids[number] for key, number in numbers.items()}
    return found


def _case(
    submission: Submission, answers: Mapping[str, Any], territory: Territory | None
) -> IntakeCase:
    """The case of a submission, not saved yet."""
    version, schema = submission.version, submission.version.schema
    topic = version.form.topic
    if topic.slug != schema["topic"]:
        topic = Topic.objects.filter(slug=schema["topic"]).first() or topic
    pk, ref, stamp, centres, named = _looked_up(version, _slug_of_place(schema, answers))
    place = named or territory
    found = route(
        Facts(
            form=version.form,
            urgent=schema["urgent"],
            territory=place,
            chosen_centre=_centre(schema, answers),
            centres=centres,
        ),
        stamp,
    )
    return IntakeCase(
        pk=pk,
        submission=submission,
        ref=ref,
        form=version.form,
        topic=topic,
        territory=place,
        centre_id=found.queue.centre_id,
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


def _looked_up(
    version: FormVersion, slug: str | None
) -> tuple[int, str, uuid.UUID, set[int], Territory | None]:
    """An id and a reference that no case has; the stamp of routing; the form's centres; the place."""
    while True:
        ref = new_reference()
        found = ask(_LOOKED_UP, [ref, version.form_id, slug])
        assert found is not None
        pk, is_taken, stamp, centres, *place = found
        if not is_taken:
            named = partly(Territory, _PLACE, place) if place[0] else None
            return pk, ref, stamp, set(centres), named


def _slug_of_place(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> str | None:
    return _chosen(schema, answers, "territory") or _chosen(schema, answers, "address")


def _centre(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Provider | None:
    slug = _chosen(schema, answers, "provider")
    return Provider.objects.centres().filter(slug=slug).first() if slug else None


def _chosen(schema: Mapping[str, Any], answers: Mapping[str, Any], kind: str) -> str | None:
    """The slug of the first record of that kind that the family chose."""
    for spec in fields_of(schema):
        if spec["type"] == kind and spec["key"] in answers:
            return str(answers[spec["key"]]["slug"])
    return None
