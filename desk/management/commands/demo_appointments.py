"""Sample hours of the sample centres, so that appointments can be tried at once (idempotent)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from catalogue.models import Office, Provider
from cms.models import User
from desk.models import AppointmentKind, Meeting, Room, WorkingHours
from desk.planning import plan
from forms.models import CentreClock

WEEKDAYS = ("mo", "tu", "we", "th", "fr")


@dataclass(frozen=True)
class Centre:
    """A sample centre: whose account receives there, and where its clocks stand."""

    slug: str
    person: str
    zone: str = "Europe/Moscow"


CENTRES = (
    Centre("tihvinskij-kcson", "specialist"),
    Centre("rsmfc-irkutsk", "specialist-irkutsk", "Asia/Irkutsk"),
)


class Command(BaseCommand):
    help = "Make sample rooms, kinds of appointments and hours (idempotent)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NAVIGATOR_DEMO:
            raise CommandError("Образцы записи на приём бывают только в демонстрации.")
        for sample in CENTRES:
            centre = Provider.objects.centres().filter(slug=sample.slug).first()
            person = User.objects.filter(username=sample.person).first()
            if centre is not None and person is not None:
                with transaction.atomic():
                    made = _make(centre, person, sample.zone)
                self.stdout.write(f"Запись на приём, {centre}: новых времён {made}")


def _make(centre: Provider, person: User, zone: str) -> int:
    CentreClock.objects.get_or_create(centre=centre, defaults={"time_zone": zone})
    if not AppointmentKind.objects.filter(centre=centre).exists():
        _hours(centre, person)
    return plan(centre=centre).made


def _hours(centre: Provider, person: User) -> None:
    cabinet = Room.objects.create(centre=centre, title="Кабинет 1 (образец)")
    hall = Room.objects.create(centre=centre, title="Зал (образец)", seats=12)
    office = Office.objects.filter(provider=centre).exclude(address="").first()
    visit = AppointmentKind.objects.create(
        centre=centre,
        title="Приём специалиста (образец)",
        minutes=45,
        office=office,
        how="Возьмите паспорт. Можно прийти с ребёнком.",
    )
    remote = AppointmentKind.objects.create(
        centre=centre,
        title="Дистанционная консультация (образец)",
        meeting=Meeting.REMOTE,
        minutes=30,
        how="Специалист позвонит вам в назначенное время, как вы разрешили в обращении.",
    )
    club = AppointmentKind.objects.create(
        centre=centre,
        title="Родительский клуб (образец)",
        meeting=Meeting.GROUP,
        minutes=90,
        seats=12,
        office=office,
        how="Для мам и пап с детьми до трёх лет.",
    )
    today = timezone.localdate()
    mornings = WorkingHours.objects.create(
        centre=centre,
        person=person,
        room=cabinet,
        valid_from=today,
        **dict.fromkeys(WEEKDAYS, "09:00-12:45"),
    )
    mornings.kinds.set([visit])
    afternoons = WorkingHours.objects.create(
        centre=centre, person=person, valid_from=today, mo="14:00-16:00", we="14:00-16:00"
    )
    afternoons.kinds.set([remote])
    meetings = WorkingHours.objects.create(
        centre=centre, person=person, room=hall, valid_from=today, th="16:00-17:30"
    )
    meetings.kinds.set([club])
