"""The records of the desk. One module a subject; import them from here."""

from desk.models.amending import Amendment, AmendReason
from desk.models.appointments import AppointmentKind, ChangedDay, Meeting, Room, WorkingHours
from desk.models.bookings import SITTING, TO_MARK, Booking, BookingState, Slot
from desk.models.bulk import BulkAction, BulkJob, BulkRow, RowState
from desk.models.diagnosis import (
    DepartmentTask,
    Diagnosis,
    Level,
    RiskSign,
    SignGroup,
    UrgentHelp,
    UrgentHelpKind,
)
from desk.models.exports import (
    CaseExport,
    ExportEvent,
    ExportFile,
    ExportFormat,
    ExportReason,
    ExportState,
    ExportStep,
)
from desk.models.facts import HeardFacts, HeardWhere
from desk.models.figures import (
    CategoryCount,
    CountedAs,
    DayCounts,
    FiguresState,
    Known,
    Plan,
    Sums,
)
from desk.models.journals import JournalCounter, JournalEntry
from desk.models.listing import SavedFilter
from desk.models.mail import DONE, Fate, Mailbox, Reason, ReceivedMail, Security, Trouble
from desk.models.presence import Presence
from desk.models.referrals import (
    AWAITED,
    ConsentWay,
    Referral,
    ReferralEvent,
    ReferralKind,
    ReferralState,
    Result,
    Step,
    Way,
)
from desk.models.routes import CaseRoute, Receiver, RouteStep, RouteTemplate
from desk.models.scripts import Script, ScriptRun, ScriptVersion
from desk.models.templates import MessageTemplate

__all__ = [
    "AWAITED",
    "DONE",
    "SITTING",
    "TO_MARK",
    "AmendReason",
    "Amendment",
    "AppointmentKind",
    "Booking",
    "BookingState",
    "BulkAction",
    "BulkJob",
    "BulkRow",
    "CaseExport",
    "CaseRoute",
    "CategoryCount",
    "ChangedDay",
    "ConsentWay",
    "CountedAs",
    "DayCounts",
    "DepartmentTask",
    "Diagnosis",
    "ExportEvent",
    "ExportFile",
    "ExportFormat",
    "ExportReason",
    "ExportState",
    "ExportStep",
    "Fate",
    "FiguresState",
    "HeardFacts",
    "HeardWhere",
    "JournalCounter",
    "JournalEntry",
    "Known",
    "Level",
    "Mailbox",
    "Meeting",
    "MessageTemplate",
    "Plan",
    "Presence",
    "Reason",
    "ReceivedMail",
    "Receiver",
    "Referral",
    "ReferralEvent",
    "ReferralKind",
    "ReferralState",
    "Result",
    "RiskSign",
    "Room",
    "RouteStep",
    "RouteTemplate",
    "RowState",
    "SavedFilter",
    "Script",
    "ScriptRun",
    "ScriptVersion",
    "Security",
    "SignGroup",
    "Slot",
    "Step",
    "Sums",
    "Trouble",
    "UrgentHelp",
    "UrgentHelpKind",
    "Way",
    "WorkingHours",
]
