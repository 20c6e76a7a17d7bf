"""The records of the desk. One module a subject; import them from here."""

from desk.models.diagnosis import (
    DepartmentTask,
    Diagnosis,
    Level,
    RiskSign,
    SignGroup,
    UrgentHelp,
    UrgentHelpKind,
)
from desk.models.mail import DONE, Fate, Mailbox, Reason, ReceivedMail, Security, Trouble
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

__all__ = [
    "AWAITED",
    "DONE",
    "CaseRoute",
    "ConsentWay",
    "DepartmentTask",
    "Diagnosis",
    "Fate",
    "Level",
    "Mailbox",
    "Reason",
    "ReceivedMail",
    "Receiver",
    "Referral",
    "ReferralEvent",
    "ReferralKind",
    "ReferralState",
    "Result",
    "RiskSign",
    "RouteStep",
    "RouteTemplate",
    "Script",
    "ScriptRun",
    "ScriptVersion",
    "Security",
    "SignGroup",
    "Step",
    "Trouble",
    "UrgentHelp",
    "UrgentHelpKind",
    "Way",
]
