"""The desk of a centre: cases of every channel, who works on them, and what they need to do it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeDeskConfig(AppConfig):
    name = "desk"
    label = "intake_desk"
    verbose_name = _("Intake desk")

    def ready(self) -> None:
        from desk import (
            amending,
            consent_form,
            diagnosing,
            family,
            family_appointments,
            heard_copy,
            joining,
            partner_letters,
            reminding,
            specialist_letters,
            time_after_form,
        )
        from desk import slots as of_case
        from desk.mail import replies, taking_in, threads
        from desk.models import ExportFile, Mailbox
        from forms import rotation, sending, slots

        slots.told_to_family.append(family.told)
        slots.still_to_do.append(time_after_form.section)
        slots.ways_on.append(time_after_form.links)
        slots.own_copy.extend((family.own_copy, family_appointments.own_copy, heard_copy.own_copy))
        slots.not_erased.append(family.awaited)
        slots.against_joining.append(joining.against)
        slots.joined.append(joining.carry_bookings)
        sending.composers[partner_letters.KIND] = partner_letters.letter
        sending.composers[taking_in.RECEIVED] = replies.received
        sending.threads.append(threads.put_into_thread)
        rotation.WRAPPED["mailboxes"] = Mailbox
        rotation.WRAPPED["exports"] = ExportFile
        slots.marked_beside.append(amending.marked_beside)
        slots.amended.append(amending.told)
        of_case.among_actions.append(diagnosing.fragment)
        of_case.among_actions.append(consent_form.fragment)
        sending.composers[reminding.KIND] = reminding.letter
        sending.composers[specialist_letters.KIND] = specialist_letters.letter
