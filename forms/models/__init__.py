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
from forms.models.contact import ContactNow
from forms.models.definition import (
    Basis,
    ConsentText,
    FormDefinition,
    FormVersion,
    RetentionMethod,
)
from forms.models.drafts import FormDraft
from forms.models.files import Scan, UploadedFile
from forms.models.ledger import Finding, LedgerRow, Loss, Sweep, UnroutedAlarm
from forms.models.marks import BlindMark, MarkKind
from forms.models.notices import Notice, NoticeState, RecoveryCode
from forms.models.queues import Queue, RoutingRule, RoutingState, Topic
from forms.models.ready import ReadyBlock
from forms.models.registers import Register, RegisterEntry
from forms.models.retention import (
    AnonymousAnswers,
    ConsentWithdrawn,
    Erasure,
    ErasureAct,
    ErasureRule,
    HoldReason,
    LegalHold,
)
from forms.models.submission import Channel, ConsentGiven, Erased, Submission, SubmissionKey
from forms.models.talk import CaseMessage, Direction, InternalNote
from forms.models.watch import AccessLog, Arrival, LookupAttempt

__all__ = [
    "HELD",
    "OPEN",
    "SET_ASIDE",
    "AccessLog",
    "AnonymousAnswers",
    "Arrival",
    "Basis",
    "BlindMark",
    "CaseEvent",
    "CaseMessage",
    "Channel",
    "ConsentGiven",
    "ConsentText",
    "ConsentWithdrawn",
    "ContactNow",
    "Direction",
    "Erased",
    "Erasure",
    "ErasureAct",
    "ErasureRule",
    "EventKind",
    "Finding",
    "FormDefinition",
    "FormDraft",
    "FormVersion",
    "HoldReason",
    "IntakeCase",
    "InternalNote",
    "LedgerRow",
    "LegalHold",
    "LookupAttempt",
    "Loss",
    "MarkKind",
    "Notice",
    "NoticeState",
    "Outcome",
    "Queue",
    "ReadyBlock",
    "RecoveryCode",
    "Register",
    "RegisterEntry",
    "RetentionMethod",
    "RoutingRule",
    "RoutingState",
    "Scan",
    "State",
    "Submission",
    "SubmissionKey",
    "Sweep",
    "Topic",
    "UnroutedAlarm",
    "UploadedFile",
]
