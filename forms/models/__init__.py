"""The records of forms and intake. One module a subject; import them from here."""

from forms.models.cases import (
    HELD,
    OPEN,
    SET_ASIDE,
    CaseEvent,
    EventKind,
    IntakeCase,
    Outcome,
    State,
)
from forms.models.definition import ConsentText, FormDefinition, FormVersion
from forms.models.drafts import FormDraft
from forms.models.files import Scan, UploadedFile
from forms.models.ledger import Finding, LedgerRow, Loss, Sweep, UnroutedAlarm
from forms.models.marks import BlindMark, MarkKind
from forms.models.queues import Queue, RoutingRule, Topic
from forms.models.ready import ReadyBlock
from forms.models.registers import Register, RegisterEntry
from forms.models.submission import Channel, ConsentGiven, Erased, Submission, SubmissionKey
from forms.models.talk import CaseMessage, Direction, InternalNote
from forms.models.watch import AccessLog, Arrival, LookupAttempt

__all__ = [
    "HELD",
    "OPEN",
    "SET_ASIDE",
    "AccessLog",
    "Arrival",
    "BlindMark",
    "CaseEvent",
    "CaseMessage",
    "Channel",
    "ConsentGiven",
    "ConsentText",
    "Direction",
    "Erased",
    "EventKind",
    "Finding",
    "FormDefinition",
    "FormDraft",
    "FormVersion",
    "IntakeCase",
    "InternalNote",
    "LedgerRow",
    "LookupAttempt",
    "Loss",
    "MarkKind",
    "Outcome",
    "Queue",
    "ReadyBlock",
    "Register",
    "RegisterEntry",
    "RoutingRule",
    "Scan",
    "State",
    "Submission",
    "SubmissionKey",
    "Sweep",
    "Topic",
    "UnroutedAlarm",
    "UploadedFile",
]
