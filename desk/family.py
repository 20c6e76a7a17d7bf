"""What a family is told of referrals, and what of them goes into its own copy.

Whom, until when and how far; what organisations write to each other is told by the centre.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from desk import packets
from desk.models import Referral, ReferralState, Step
from desk.models.referrals import AWAITED
from forms.models import IntakeCase
from forms.slots import Given, Told
from themes.templatetags.russian import human_date, human_moment


def told(case: IntakeCase) -> list[Told]:
    """A line of points for each referral, the newest first."""
    referrals = case.referrals.select_related("provider").prefetch_related("events")
    return [
        Told(
            _("Handed over: %(who)s") % {"who": referral.provider.full_name},
            _points(referral),
            _text(referral),
        )
        for referral in referrals
    ]


def own_copy(case: IntakeCase) -> list[Given]:
    """What went to whom, when and on whose word."""
    return [_given(referral) for referral in case.referrals.select_related("provider")]


def awaited() -> Exists:
    """For forms.retention: nothing is erased by term under a referral that is still awaited."""
    return Exists(Referral.objects.filter(case=OuterRef("pk"), state__in=AWAITED))


def _points(referral: Referral) -> list[dict[str, Any]]:
    """Handed over → accepted → answered; nothing of the sort for what came to nothing."""
    if referral.state in (ReferralState.RECALLED, ReferralState.SILENT, ReferralState.REFUSED):
        return []
    far = {ReferralState.SENT: 0, ReferralState.ACCEPTED: 1, ReferralState.ANSWERED: 2}
    point = far[ReferralState(referral.state)]
    labels = [_("Handed over"), _("Accepted"), _("Answer")]
    return [
        {"label": label, "done": number < point, "current": number == point}
        for number, label in enumerate(labels)
    ]


def _text(referral: Referral) -> str:
    day = human_date(referral.due_at)
    said = {
        ReferralState.SENT: _("We wait for the answer until %(day)s."),
        ReferralState.ACCEPTED: _(
            "The organisation has taken it on. We wait for the answer until %(day)s."
        ),
        ReferralState.ANSWERED: _(
            "The answer is there. The specialist of the centre will write to you what is next."
        ),
        ReferralState.REFUSED: _(
            "The organisation cannot help with this. The specialist of the centre looks for "
            "another way."
        ),
        ReferralState.SILENT: _(
            "There was no answer in time. The specialist of the centre goes on with your request."
        ),
        ReferralState.RECALLED: _("The centre has taken it back: nothing more will come of it."),
    }
    if referral.is_to_centre and referral.state == ReferralState.ANSWERED:
        return _("This centre goes on with your request now.")
    return said[ReferralState(referral.state)] % {"day": day}


def _given(referral: Referral) -> Given:
    packet = packets.read(referral)
    rows = [
        (_("To whom"), referral.provider.full_name),
        (_("When"), human_moment(referral.sent_at)),
        (_("State"), str(referral.get_state_display())),
    ]
    if referral.consent_on:
        consent = f"{referral.get_consent_way_display()}, {human_date(referral.consent_on)}"
        rows.append((_("Your consent"), consent))
    rows += [
        (": ".join(filter(None, [line.heading, line.label])), line.text)
        for _title, lines in packet.steps
        for line in lines
    ]
    rows += [(_("File"), file.name) for file in packet.files]
    if packet.message:
        rows.append((_("Message to the organisation"), packet.message))
    seen = [event.at for event in referral.events.all() if event.kind == Step.OPENED]
    rows += [(_("Was opened there"), human_moment(moment)) for moment in seen]
    return Given(_("Handed over: %(who)s") % {"who": referral.provider.full_name}, rows)
