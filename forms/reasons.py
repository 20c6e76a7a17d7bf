"""Why a case was given back, moved, refused: reasons to choose from, so that they can be counted."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    AWAY = "away", _("I am ill or away")
    TOO_MUCH = "too_much", _("I have too much work")
    KNOWN_FAMILY = "known_family", _("I know this family")
    OTHER_TOPIC = "other_topic", _("it is about something else")
    OTHER_PLACE = "other_place", _("the family lives elsewhere")
    OTHER_SPECIALIST = "other_specialist", _("another specialist is needed")
    NO_RIGHT = "no_right", _("the family has no right to it by law")
    NO_PAPERS = "no_papers", _("papers are missing and the family does not bring them")
    NO_SERVICE = "no_service", _("there is no such help here")
    NO_PLACES = "no_places", _("there are no places or no money left")
    OTHER_AGENCY = "other_agency", _("another agency decides this")
    OTHER_REGION = "other_region", _("another region decides this")
    NOT_A_REQUEST = "not_a_request", _("it asks for nothing: advertising, a test, a joke")
    NEW_FACTS = "new_facts", _("something new has become known")
    NOT_DONE = "not_done", _("what was promised was not done")
    MISTAKE = "mistake", _("it was closed by mistake")
    COMPLAINT = "complaint", _("the family complains")
    OTHER = "other", _("something else: see the note")


TO_RELEASE = (
    Reason.AWAY,
    Reason.TOO_MUCH,
    Reason.KNOWN_FAMILY,
    Reason.OTHER_TOPIC,
    Reason.OTHER,
)
TO_ROUTE = (
    Reason.OTHER_TOPIC,
    Reason.OTHER_PLACE,
    Reason.OTHER_SPECIALIST,
    Reason.KNOWN_FAMILY,
    Reason.OTHER,
)
TO_ASSIGN = (
    Reason.OTHER_SPECIALIST,
    Reason.AWAY,
    Reason.TOO_MUCH,
    Reason.KNOWN_FAMILY,
    Reason.OTHER,
)
TO_REFUSE = (
    Reason.NO_RIGHT,
    Reason.NO_PAPERS,
    Reason.NO_SERVICE,
    Reason.NO_PLACES,
    Reason.OTHER_AGENCY,
    Reason.OTHER,
)
NOT_OURS = (
    Reason.OTHER_AGENCY,
    Reason.OTHER_REGION,
    Reason.NOT_A_REQUEST,
    Reason.OTHER,
)
TO_REOPEN = (
    Reason.NEW_FACTS,
    Reason.NOT_DONE,
    Reason.MISTAKE,
    Reason.COMPLAINT,
    Reason.OTHER,
)
