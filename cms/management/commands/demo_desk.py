"""Makes the desk of the sample centre: departments, who is on duty, cases in different states.

Every family in it is a sample and says so. What is there stays as it is.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from catalogue.models import Provider, Territory
from cms.accounts import samples
from forms import family_moves, moves, rating, talk
from forms.accept import accept
from forms.actions import Action
from forms.choosers import Choosers
from forms.models import (
    Channel,
    Department,
    DutyShift,
    FormDefinition,
    IntakeCase,
    Outcome,
    Score,
    State,
)
from forms.routing import unrouted_queue

CENTRE, PLACE = "tihvinskij-kcson", "tihvinskij-rajon"
FORM = "konsultaciya-specialista"
# Departments, and which of the sample people work in them.
DEPARTMENTS = {
    "Отдел приёма граждан": ("dispetcher", "specialist"),
    "Участковая социальная служба": ("specialist",),
}
_IDS = uuid.UUID("4a2c6d0e-3a55-4b52-9c5e-8a40c2a7d301")
_QUESTIONS = (
    ("Образец Анна Планетова", "Родилась двойня. Какие выплаты нам положены и куда идти?"),
    ("Образец Борис Ручьёв", "Ребёнку дали инвалидность. С чего начать, какие нужны бумаги?"),
    ("Образец Вера Полянская", "Муж потерял работу, двое детей. Чем можете помочь?"),
    ("Образец Глеб Снежин", "Нужен логопед для сына 5 лет, живём в деревне, возить далеко."),
    ("Образец Дина Лугова", "Многодетная семья, удостоверение просрочено. Как продлить?"),
    ("Образец Егор Ветров", "Хочу записать детей в летний лагерь, есть ли ещё путёвки?"),
    ("Образец Жанна Берёзкина", "Мама не встаёт, мне нужен уход на время работы."),
    ("Образец Зоя Калинкина", "Нам затопило квартиру, нечем спать детям. Нужна помощь сегодня."),
)


class Command(BaseCommand):
    help = "Make the desk of the sample centre with sample cases (idempotent)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NAVIGATOR_DEMO:
            raise CommandError("Образцы обращений бывают только в демонстрации.")
        centre = Provider.objects.filter(slug=CENTRE).first()
        form = FormDefinition.objects.filter(slug=FORM).first()
        people = {user.username: user for user in samples()}
        if centre is None or form is None or not {"specialist", "dispetcher"} <= people.keys():
            self.stderr.write("Нет данных или учётных записей: образцы обращений не сделаны.")
            return
        with transaction.atomic():
            _arrange(centre, people)
            if not IntakeCase.objects.filter(submission__idempotency_key=_key(0)).exists():
                _fill(centre, form, people)
        self.stdout.write(f"Образцы на рабочем месте: обращений {IntakeCase.objects.count()}.")


def _arrange(centre: Provider, people: dict[str, Any]) -> None:
    for title, names in DEPARTMENTS.items():
        department, _made = Department.objects.get_or_create(centre=centre, title=title)
        department.people.add(*(people[name] for name in names))
    now = timezone.now()
    if not DutyShift.objects.filter(centre=centre, ends_at__gt=now).exists():
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        DutyShift.objects.create(
            centre=centre,
            person=people["specialist"],
            starts_at=day,
            ends_at=day + datetime.timedelta(days=7),
        )


def _fill(centre: Provider, form: FormDefinition, people: dict[str, Any]) -> None:
    specialist, dispatcher = people["specialist"], people["dispetcher"]
    cases = [_case(centre, form, number) for number in range(len(_QUESTIONS))]
    asked, answered, decided, closed, sorting = cases[1:6]
    _move(asked, Action.ASK, specialist, text="Здравствуйте! Пришлите, пожалуйста, фото справки.")
    _move(answered, Action.ASK, specialist, text="Здравствуйте! Сколько лет детям?")
    family_moves.family_writes(
        case_id=answered.pk, text="Четыре года и семь лет.", writing_id=uuid.uuid4()
    )
    talk.write_note(
        case=answered,
        author=dispatcher,
        text="Семья известна участковой службе.",
        writing_id=uuid.uuid4(),
    )
    for case in (decided, closed):
        _move(
            case,
            Action.DECIDE,
            specialist,
            text="Здравствуйте! Всё оформили, подробности – на приёме.",
            outcome=Outcome.ADVISED,
        )
    _move(closed, Action.CLOSE, specialist)
    rating.rate(case_id=closed.pk, score=Score.YES)
    moves.take(case_id=sorting.pk, actor=dispatcher, into=State.TRIAGE)
    late = timezone.now() - datetime.timedelta(days=2)
    IntakeCase.objects.filter(pk=cases[0].pk).update(due_at=late)


def _case(centre: Provider, form: FormDefinition, number: int) -> IntakeCase:
    version = form.version_in_force()
    assert version is not None
    name, question = _QUESTIONS[number]
    receipt = accept(
        version=version,
        answers=_answers(version.schema, name, question, number),
        idempotency_key=_key(number),
        channel=Channel.PHONE if number % 3 == 1 else Channel.WEB,
        territory=Territory.objects.filter(slug=PLACE).first(),
        queue=unrouted_queue(centre),
        urgent=number == len(_QUESTIONS) - 1,
    )
    return IntakeCase.objects.get(ref=receipt.ref)


def _key(number: int) -> uuid.UUID:
    """By which a sample is known to be there, whatever others are."""
    return uuid.uuid5(_IDS, str(number))


def _answers(schema: Any, name: str, question: str, number: int) -> dict[str, Any]:
    """Answers to the general question: what the form asks of these, and nothing else."""
    phone = f"+7921000{number % 7:02}{number % 7:02}"  # one phone twice: a family, perhaps
    contact = {"ways": ["call"], "phone": phone, "voice": number % 2 == 0, "time": "после 18 часов"}
    place = Choosers().place(PLACE)
    known: dict[str, Any] = {
        "question": question,
        "name": name,
        "contact": contact,
        "consent": True,
    }
    nodes = {node["key"]: node for step in schema["steps"] for node in step["fields"]}
    if place is not None:
        known["territory"] = place
    if "topic" in nodes:
        known["topic"] = nodes["topic"]["options"][0]["value"]
    return {key: value for key, value in known.items() if key in nodes}


def _move(case: IntakeCase, action: Action, actor: Any, **given: Any) -> None:
    case.refresh_from_db()
    if case.state == State.NEW:
        moves.take(case_id=case.pk, actor=actor)
        case.refresh_from_db()
    moves.move(case_id=case.pk, action=action, actor=actor, version=case.version, **given)
