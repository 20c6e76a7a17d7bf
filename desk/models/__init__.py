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

__all__ = [
    "DepartmentTask",
    "Diagnosis",
    "Level",
    "RiskSign",
    "SignGroup",
    "UrgentHelp",
    "UrgentHelpKind",
]
