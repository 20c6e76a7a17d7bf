"""The records of forms and intake. One module a subject; import them from here."""

from forms.models.absences import Absence, AbsenceReason
from forms.models.alarms import Alarm, AlarmKind
from forms.models.cases import (
    HELD,
    OPEN,
    RUNNING,
    SET_ASIDE,
    CaseEvent,
    EventKind,
    IntakeCase,
    Outcome,
    State,
    read_along,
)
from forms.models.centres import CentreClock, CuratorArea, Department, DutyShift, SpecialDay
from forms.models.channels import Channel
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
from forms.models.grants import CaseGrant, GrantReason
from forms.models.ledger import Finding, LedgerRow, Loss, Sweep
from forms.models.marks import BlindMark, MarkKind
from forms.models.notices import FAMILY, Notice, NoticeState, RecoveryCode
from forms.models.queues import Queue, RoutingRule, RoutingState, Topic
from forms.models.rating import Rating, Score
from forms.models.ready import ReadyBlock
from forms.models.registers import Register, RegisterEntry
from forms.models.registration import BY_STAFF, Heard, Permission, Registration, Teller, unasked_in
from forms.models.retention import (
    AnonymousAnswers,
    ConsentWithdrawn,
    Erasure,
    ErasureAct,
    ErasureRule,
    HoldReason,
    LegalHold,
)
from forms.models.submission import ConsentGiven, Erased, Submission, SubmissionKey
from forms.models.talk import (
    BroughtBy,
    CaseMessage,
    Conversation,
    Direction,
    InternalNote,
    PapersBrought,
    TalkResult,
    TalkWay,
    Unsent,
)
from forms.models.watch import AccessLog, Arrival, LookReason, LookupAttempt

__all__ = [
    "BY_STAFF",
    "FAMILY",
    "HELD",
    "OPEN",
    "RUNNING",
    "SET_ASIDE",
    "Absence",
    "AbsenceReason",
    "AccessLog",
    "Alarm",
    "AlarmKind",
    "AnonymousAnswers",
    "Arrival",
    "Basis",
    "BlindMark",
    "BroughtBy",
    "CaseEvent",
    "CaseGrant",
    "CaseMessage",
    "CentreClock",
    "Channel",
    "ConsentGiven",
    "ConsentText",
    "ConsentWithdrawn",
    "ContactNow",
    "Conversation",
    "CuratorArea",
    "Department",
    "Direction",
    "DutyShift",
    "Erased",
    "Erasure",
    "ErasureAct",
    "ErasureRule",
    "EventKind",
    "Finding",
    "FormDefinition",
    "FormDraft",
    "FormVersion",
    "GrantReason",
    "Heard",
    "HoldReason",
    "IntakeCase",
    "InternalNote",
    "LedgerRow",
    "LegalHold",
    "LookReason",
    "LookupAttempt",
    "Loss",
    "MarkKind",
    "Notice",
    "NoticeState",
    "Outcome",
    "PapersBrought",
    "Permission",
    "Queue",
    "Rating",
    "ReadyBlock",
    "RecoveryCode",
    "Register",
    "RegisterEntry",
    "Registration",
    "RetentionMethod",
    "RoutingRule",
    "RoutingState",
    "Scan",
    "Score",
    "SpecialDay",
    "State",
    "Submission",
    "SubmissionKey",
    "Sweep",
    "TalkResult",
    "TalkWay",
    "Teller",
    "Topic",
    "Unsent",
    "UploadedFile",
    "read_along",
    "unasked_in",
]
