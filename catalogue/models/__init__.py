"""The catalogue's records. One module a subject; import them from here."""

from catalogue.models.conditions import Condition, ConditionGroup
from catalogue.models.exchange import ImportBatch
from catalogue.models.figures import Indicator, SampleFamily
from catalogue.models.law import LegalAct
from catalogue.models.loaded import LoadedRow
from catalogue.models.measure import (
    Amount,
    ApplicationStep,
    LegalBasis,
    Measure,
    RequiredDocument,
)
from catalogue.models.providers import Agreement, Hotline, Membership, Office, Provider
from catalogue.models.taxonomy import Category, DocumentType, Fact, FactOption, Situation
from catalogue.models.territory import Territory

__all__ = [
    "Agreement",
    "Amount",
    "ApplicationStep",
    "Category",
    "Condition",
    "ConditionGroup",
    "DocumentType",
    "Fact",
    "FactOption",
    "Hotline",
    "ImportBatch",
    "Indicator",
    "LegalAct",
    "LegalBasis",
    "LoadedRow",
    "Measure",
    "Membership",
    "Office",
    "Provider",
    "RequiredDocument",
    "SampleFamily",
    "Situation",
    "Territory",
]
