"""The one way in: answers become a submission, a case and its first event, all or nothing.

Every channel comes through here. A repeated idempotency key gets the first receipt again.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.models import Provider, Territory
from forms import crypto, marks
from forms.calendars import calendar_of
from forms.compiling import fields_of
from forms.consenting import given_with
from forms.crypto import CryptoError
from forms.events import acceptance
from forms.files import give_over, has_files
from forms.inserting import insert_together
from forms.models import (
    Channel,
    Erased,
    FormDraft,
    FormVersion,
    IntakeCase,
    Queue,
    Registration,
    Submission,
    SubmissionKey,
    Topic,
)
from forms.partly import ask, partly
from forms.references import grouped, new_reference, secret_from
from forms.registering import Registered
from forms.routing import Answered, Facts, Route, curator_of, route

# A number for the case; the stamp of the routing rules; the centres that alone answer the form; the
# measures that it serves; who is away; the place that was named.
_LOOKED_UP = """
select nextval(pg_get_serial_sequence('intake_forms_intakecase', 'id')),
  exists (select from intake_forms_intakecase where ref = %s),
  (select stamp from intake_forms_routingstate),
  array(select p.id from intake_forms_formdefinition_centres c
    join catalogue_provider p on p.id = c.provider_id
    where c.formdefinition_id = %s and p.is_centre),
  array(select m.slug from intake_forms_formdefinition_measures f
    join catalogue_measure m on m.id = f.measure_id where f.formdefinition_id = %s),
  array(select person_id from intake_forms_absence
    where starts_at <= %s and (ends_at is null or ends_at > %s)),
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
    contact_at: datetime.datetime | None = None,
    queue: Queue | None = None,
    urgent: bool = False,
    registered: Registered | None = None,
    beside: Callable[[IntakeCase], Sequence[Model]] = lambda _case: (),
) -> Receipt:
    """Take in answers that `forms.answers` has validated against this version.

    :param territory: where the family is known to be, when the form does not ask.
    :param actor: who typed it in, when that was not the family.
    :param contact_at: when the family turned to the centre: terms count from then.
    :param queue: that the staff has chosen; otherwise the rules choose.
    :param urgent: the staff says so, whatever the form is.
    :param registered: how it came to the staff that has typed it in.
    :param beside: rows that are written with it, by its case, which is not saved yet.
    """
    said = Said(channel, territory, contact_at, queue, urgent)
    rows = _rows(version, answers, idempotency_key, said, actor, registered)
    others = beside(rows.case)
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
    given = given_with(held, answers, _permission(held))
    lacking: list[Model] = [each for each in given if each.field not in recorded]
    case = IntakeCase.objects.filter(submission=held).first()
    if case is None:
        case = _case(held, answers, Said(Channel(held.channel)))
        lacking.append(case)
    if case in lacking or not case.events.exists():
        lacking.append(acceptance(case, mended=True, **_codes(case, held)))
    if lacking:
        insert_together(*lacking)
    return bool(lacking)


class Said(NamedTuple):
    """What is known beside the answers."""

    channel: Channel
    territory: Territory | None = None
    contact_at: datetime.datetime | None = None
    queue: Queue | None = None
    urgent: bool = False


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
    said: Said,
    actor: Any,
    registered: Registered | None,
) -> _Rows:
    submission = Submission(version=version, channel=said.channel, idempotency_key=key)
    data_key = crypto.new_key(submission.pk)
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode()
    submission.answers, submission.data_key = data_key.seal("answers", plain), data_key
    newest = crypto.newest_key_id()
    wrapped = SubmissionKey(
        submission=submission, wrapped=crypto.wrap(data_key), wrapped_by=newest, marked_by=newest
    )
    case = _case(submission, answers, said)
    actor = registered.by if registered else actor
    event = acceptance(case, actor=actor, **_codes(case, submission))
    consents = given_with(submission, answers, registered.permission if registered else None)
    others = [wrapped, *marks.made(submission, answers), *consents]
    if registered:
        others.append(registered.row(submission))
    return _Rows(submission, case, [*others, case, event])


def _codes(case: IntakeCase, submission: Submission) -> dict[str, Any]:
    """What the first event tells."""
    return {
        "channel": str(submission.channel),
        "version": submission.version_id,
        "queue": case.queue_id,
        "rule": case.routed_by_id,
    }


def _permission(submission: Submission) -> str:
    """How the consent was given to staff; empty when the family gave it itself."""
    registration = Registration.objects.filter(submission=submission).first()
    return registration.permission if registration else ""


def _case(submission: Submission, answers: Mapping[str, Any], said: Said) -> IntakeCase:
    """The case of a submission, not saved yet."""
    version, schema = submission.version, submission.version.schema
    topic = version.form.topic
    if topic.slug != schema["topic"]:
        topic = Topic.objects.filter(slug=schema["topic"]).first() or topic
    looked = _looked_up(version, slug_of_place(schema, answers))
    place, urgent = looked.place or said.territory, schema["urgent"] or said.urgent
    if said.queue is not None:
        found = Route(said.queue, _("chosen when it was registered"))
    else:
        facts = Facts(
            form=version.form,
            urgent=urgent,
            channel=said.channel,
            territory=place,
            chosen_centre=_centre(schema, answers),
            centres=looked.centres,
            measures=looked.measures | set(chosen_slugs(schema, answers, "measure")),
            answered=Answered(schema, answers, submission.day),
        )
        found = route(facts, looked.stamp)
    centre = found.queue.centre_id
    calendar = calendar_of(centre, looked.stamp)
    contact_at = said.contact_at or submission.received_at
    due_at = calendar.due_after(contact_at, topic.answer_days)
    return IntakeCase(
        pk=looked.pk,
        submission=submission,
        ref=looked.ref,
        form=version.form,
        topic=topic,
        territory=place,
        centre_id=centre,
        queue=found.queue,
        department_id=found.queue.department_id,
        curator_id=curator_of(centre, place, looked.stamp, looked.away),
        routed_by=found.rule,
        route_note=found.explanation[:600],
        channel=submission.channel,
        urgent=urgent,
        urgent_since=submission.received_at if urgent else None,
        secret=topic.secret,
        created_at=submission.received_at,
        contact_at=contact_at,
        clock_at=contact_at,
        first_due_at=min(calendar.due_after(contact_at, topic.first_answer_days), due_at),
        due_at=due_at,
    )


def _take_over(key: uuid.UUID, submission: Submission) -> None:
    """The draft is over; its files belong to the submission from now on."""
    draft = FormDraft.objects.filter(pk=key).first()
    if draft is not None:
        if has_files(submission.version.schema):
            give_over(draft, submission, submission.data_key)
        draft.delete()


class _LookedUp(NamedTuple):
    pk: int
    ref: str  # that no case has
    stamp: uuid.UUID
    centres: set[int]
    measures: set[str]
    away: set[int]  # people who get no new families now
    place: Territory | None


def _looked_up(version: FormVersion, slug: str | None) -> _LookedUp:
    while True:
        ref = new_reference()
        now = timezone.now()
        found = ask(_LOOKED_UP, [ref, version.form_id, version.form_id, now, now, slug])
        assert found is not None
        pk, is_taken, stamp, centres, measures, away, *place = found
        if not is_taken:
            named = partly(Territory, _PLACE, place) if place[0] else None
            return _LookedUp(pk, ref, stamp, set(centres), set(measures), set(away), named)


def slug_of_place(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> str | None:
    """Where the family lives, as it has said."""
    return _chosen(schema, answers, "territory") or _chosen(schema, answers, "address")


def _centre(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Provider | None:
    slug = _chosen(schema, answers, "provider")
    return Provider.objects.centres().filter(slug=slug).first() if slug else None


def _chosen(schema: Mapping[str, Any], answers: Mapping[str, Any], kind: str) -> str | None:
    """The slug of the first record of that kind that the family chose."""
    return next(chosen_slugs(schema, answers, kind), None)


def chosen_slugs(schema: Mapping[str, Any], answers: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Slugs of the records of that kind that were chosen, in the order of the form."""
    for spec in fields_of(schema):
        if spec["type"] == kind and spec["key"] in answers:
            yield str(answers[spec["key"]]["slug"])
