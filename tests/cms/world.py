"""What there is in the portal for those who walk its addresses: of everything one's own and another's.

Of cases and of what hangs on them there are two more of the own centre: one of another department,
and a secret one that is opened to nobody.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Page

from catalogue.models import (
    Agreement,
    Category,
    DocumentType,
    Fact,
    Hotline,
    ImportBatch,
    Indicator,
    LegalAct,
    Measure,
    Office,
    Situation,
)
from cms.access import Role
from cms.models import PortalDocument, PortalImage
from desk import diagnosing, writing_journals
from desk.exports import asking, making
from desk.models import (
    Booking,
    BulkJob,
    BulkRow,
    CaseExport,
    CaseRoute,
    ChangedDay,
    CountedAs,
    Diagnosis,
    Fate,
    Mailbox,
    MessageTemplate,
    Plan,
    Reason,
    ReceivedMail,
    Receiver,
    Referral,
    RiskSign,
    RouteTemplate,
    SavedFilter,
    Script,
    UrgentHelp,
    UrgentHelpKind,
)
from forms import keeping, ledger, moves
from forms.drafts import issue, read
from forms.files import take_in
from forms.models import (
    Absence,
    CaseGrant,
    Department,
    Erasure,
    ErasureAct,
    FormDraft,
    IntakeCase,
    Queue,
    ReadyBlock,
    Register,
    UploadedFile,
)
from search.engine import get_engine
from search.indexer import rebuild
from search.models import Intent, PinnedAnswer, SearchEvent, Synonym
from tests.appointments import make_hours, make_kind, make_room, make_slot
from tests.arrangement import rows_of
from tests.cms.walk import APART, OTHER, OWN, SECRET, Kept, World
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import (
    FormFactory,
    QueueFactory,
    RuleFactory,
    sample_answers,
    send,
    version_of,
)
from tests.referrals import ReceiverFactory, hand_over

MARKS = {
    OWN: "МЕТКА-СВОЕГО-ПАРТНЁРА",
    OTHER: "МЕТКА-ДРУГОГО-ПАРТНЁРА",
}
FAMILIES = {
    OWN: "МЕТКА-СЕМЬИ-СВОЕГО-ЦЕНТРА",
    OTHER: "МЕТКА-СЕМЬИ-ДРУГОГО-ЦЕНТРА",
    APART: "МЕТКА-СЕМЬИ-ДРУГОГО-ОТДЕЛА",
    SECRET: "МЕТКА-СЕМЬИ-ИЗ-ЗАКРЫТЫХ",
}
STAFF = (Role.SPECIALIST, Role.DISPATCHER, Role.HEAD)


@pytest.fixture
def world(settings, tmp_path) -> World:
    settings.NAVIGATOR_HOME = tmp_path
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    territory = TerritoryFactory()
    providers = {whose: ProviderFactory(note=MARKS[whose]) for whose in MARKS}
    centres = Kept({whose: ProviderFactory(centre=True) for whose in MARKS})
    people = {
        "partner": UserFactory(role=Role.PARTNER, provider=providers[OWN]),
        "partner2": UserFactory(role=Role.PARTNER, provider=providers[OTHER]),
        "specialist2": UserFactory(role=Role.SPECIALIST, provider=centres[OTHER]),
    }
    measures = {
        OWN: _measure(OWN, providers, people["partner"]),
        OTHER: _measure(OTHER, providers, people["partner2"]),
    }
    offices = {
        whose: Office.objects.create(
            provider=providers[whose], title="Пункт", territory=territory, note=MARKS[whose]
        )
        for whose in MARKS
    }
    batches = {
        whose: ImportBatch.objects.create(
            kind="measures",
            user=people["partner" if whose == OWN else "partner2"],
            file_name=f"{MARKS[whose]}.csv",
            file_format="csv",
            sha256="0" * 64,
        )
        for whose in MARKS
    }
    form = FormFactory()
    cases = Kept(
        {whose: _case(form, _queue(centres[whose], whose), FAMILIES[whose]) for whose in FAMILIES}
    )
    drafts = {whose: _draft(form, FAMILIES[whose]) for whose in MARKS}
    # Each file comes from a draft of its own: it dies with it until it is sent.
    files = {
        whose: _file(_draft(form, mark), cases[whose], mark) for whose, mark in FAMILIES.items()
    }
    referrals = {
        whose: _referral(cases[whose], providers, centres[whose], whose) for whose in FAMILIES
    }
    IntakeCase.objects.filter(pk=cases[SECRET].pk).update(secret=True)
    for case in cases.values():
        _name_holder(case)
    appointments = _appointments(centres, cases, people["specialist2"])
    ReadyBlock.objects.create(slug="block", title="Блок")
    Script.objects.create(slug="script", title="Сценарий", live=False).save_revision().publish()
    acts = Kept({whose: _act(cases[whose]) for whose in MARKS})
    LegalAct.objects.create(title="Закон")
    Agreement.objects.create(provider=providers[OTHER], subject=MARKS[OTHER])
    MessageTemplate.objects.create(title="Заготовка", body="Текст", centre=centres[OTHER])
    _journal()
    Category.objects.create(slug="category", title="Категория")
    Situation.objects.create(slug="situation", title="Ситуация")
    Fact.objects.create(field="fact", type="bool", title="Факт", question="Да?")
    DocumentType.objects.create(name="Паспорт")
    RouteTemplate.objects.create(title="Маршрут")
    RiskSign.objects.create(slug="sign", title="Признак", group="family")
    UrgentHelpKind.objects.create(slug="kind", title="Помощь")
    Hotline.objects.create(
        slug="line", title="Линия", phone="112", kind="help", territory=territory
    )
    Synonym.objects.create(canonical="слово")
    Intent.objects.create(title="слово", words=["слово"])
    PinnedAnswer.objects.create(phrases=["слово"])
    SearchEvent.objects.create(day=timezone.localdate(), query="слово", results=0)
    Redirect.objects.create(old_path="/old/", redirect_link="/new/")
    page = Page.objects.filter(depth=2).first()
    page.save_revision()
    owners = {OWN: UserFactory(provider=centres[OWN]), OTHER: people["specialist2"]}
    world = World(
        measures=Kept(measures),
        providers=Kept(providers),
        offices=Kept(offices),
        batches=Kept(batches),
        of_centres=Kept({whose: rows_of(centres[whose]) for whose in MARKS}),
        cases=cases,
        drafts=Kept(drafts),
        begun=Kept({whose: _draft(form, FAMILIES[whose], owners[whose]) for whose in MARKS}),
        files=Kept(files),
        acts=acts,
        referrals=Kept(referrals),
        letters=Kept({whose: _letter(form, centres[whose], MARKS[whose]) for whose in MARKS}),
        diagnoses=Kept({whose: _diagnosis(cases[whose], mark) for whose, mark in FAMILIES.items()}),
        urgent_help=Kept(
            {whose: _urgent_help(cases[whose], mark) for whose, mark in FAMILIES.items()}
        ),
        exports=Kept({whose: _export(centres[whose]) for whose in MARKS}),
        kept=Kept(
            {
                whose: SavedFilter.objects.create(
                    owner=owners[whose], title=FAMILIES[whose], query="tab=free"
                )
                for whose in MARKS
            }
        ),
        jobs=Kept({whose: _job(owners[whose], cases[whose]) for whose in MARKS}),
        form=form,
        page=page,
        image=PortalImage.objects.create(title=MARKS[OTHER], file=get_test_image_file()),
        document=PortalDocument.objects.create(title=MARKS[OTHER], file=get_test_image_file()),
        appointments=appointments,
        people=people,
    )
    for role in Role:
        provider = {Role.PARTNER: providers[OWN]}.get(role)
        provider = centres[OWN] if role in STAFF else provider
        world.people[role] = UserFactory(role=role, provider=provider)
    rebuild(get_engine())
    ledger.sweep()
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values")
    return world


def _measure(whose: str, providers, user) -> Measure:
    """Published before, now a draft under review, with everything that a review leaves behind."""
    measure = MeasureFactory(owner=providers[whose], title="Опубликовано", live=True)
    measure.title = MARKS[whose]
    measure.save_revision(user=user, log_action=True)
    hidden = MeasureFactory(owner=providers[whose], title=f"{MARKS[whose]}-ЧЕРНОВИК", live=False)
    hidden.save_revision(user=user, log_action=True)
    measure.get_workflow().start(measure, user)
    return Measure.objects.get(pk=measure.pk)


def _queue(centre, whose: str) -> Queue:
    """Of another department, where nobody works whom the test asks; of secret cases, with a name."""
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    if whose == APART:
        department = Department.objects.create(centre=centre, title="Другой отдел")
        department.people.add(colleague)
        return QueueFactory(centre=centre, department=department)
    queue = QueueFactory(centre=centre)
    if whose == SECRET:
        queue.confidants.add(colleague)
    return queue


def _case(form, queue, mark: str) -> IntakeCase:
    territory = TerritoryFactory()
    RuleFactory(territory=territory, queue=queue)
    answers = {**sample_answers(territory), "name": mark, "story": mark}
    send(form, answers=answers)
    return IntakeCase.objects.latest("pk")


def _draft(form, mark: str, author=None) -> FormDraft:
    version = version_of(form)
    page = read(issue(version.pk))
    posted = {"a-name": [mark]}
    return keeping.keep(page=page, version=version, step=None, posted=posted, author=author)


def _file(draft, case, mark: str) -> UploadedFile:
    """A paper that came with a case."""
    spec = {"accepts": "papers", "most_files": 1, "most_megabytes": 1}
    received = SimpleUploadedFile(f"{mark}.pdf", b"%PDF-1.4\ntrailer\n%%EOF\n")
    file = take_in(draft=draft, path="paper", spec=spec, received=received)
    file.seal_key(case.submission.data_key, file.open_key(draft.data_key))
    file.draft, file.submission = None, case.submission
    file.save()
    return file


def _referral(case, providers, centre, whose: str) -> Referral:
    """A case that was handed to a partner by a route; of another's, the packet names the family."""
    holder = UserFactory(role=Role.SPECIALIST, provider=centre)
    if case.department is not None:
        case.department.people.add(holder)
    moves.take(case_id=case.pk, actor=holder)
    CaseRoute.objects.create(case=case, title="Маршрут", steps=[], chosen_by=holder)
    return hand_over(
        case,
        holder,
        _receiver(providers[OTHER if whose == OTHER else OWN]),
        days=1,
        keys=["story"] if whose == OTHER else ["way"],
        message=FAMILIES[OTHER] if whose == OTHER else "образец",
    )


def _name_holder(case) -> None:
    """Somebody may see the case who sees it anyway: whoever else is tried gets no further by it."""
    case.refresh_from_db()
    CaseGrant.objects.create(
        case=case, person=case.assignee, given_by=case.assignee, reason="named"
    )


def _receiver(provider) -> Receiver:
    return Receiver.objects.filter(provider=provider).first() or ReceiverFactory(provider=provider)


def _journal() -> None:
    """A journal in which every case has its line."""
    Register.objects.create(
        slug="journal",
        title="Журнал",
        on_case=True,
        numbered_since=timezone.now() - datetime.timedelta(days=1),
        fields=[{"name": "applicant", "label": "Кто", "type": "ref:person", "required": True}],
    )
    writing_journals.write()


def _appointments(centres, cases, person) -> dict[str, dict[str, object]]:
    """A centre receives families: everything that has an address of its own, of each centre."""
    made: dict[str, dict[str, object]] = defaultdict(dict)
    indicator = Indicator.objects.create(table="Образец", name="Образец", source="образец")
    for number, (whose, centre) in enumerate(centres.items()):
        receives = person if whose == OTHER else UserFactory(role=Role.SPECIALIST, provider=centre)
        kind = make_kind(centre, title=f"Приём {MARKS[whose]}" if whose == OTHER else "Приём")
        hours = make_hours(centre, receives, kind)
        slot = make_slot(kind, receives, 48 + number)
        day = timezone.localdate()
        made["rooms"][whose] = make_room(centre, title=MARKS[OTHER] if whose == OTHER else "Зал")
        made["appointment_kinds"][whose] = kind
        made["working_hours"][whose] = hours
        made["changed_days"][whose] = ChangedDay.objects.create(
            centre=centre, person=receives, first_day=day, last_day=day
        )
        made["absence"][whose] = Absence.objects.create(
            person=receives, reason="holiday", starts_at=timezone.now()
        )
        made["slot"][whose] = slot
        made["plans"][whose] = Plan.objects.create(
            indicator=indicator, centre=centre, year=2026, value=1
        )
        made["counted_as"][whose] = CountedAs.objects.create(indicator=indicator, centre=centre)
        made["booking"][whose] = Booking.objects.create(slot=slot, case=cases[whose])
    for number, whose in enumerate((APART, SECRET)):
        slot = make_slot(
            made["appointment_kinds"][OWN], made["working_hours"][OWN].person, 52 + number
        )
        made["booking"][whose] = Booking.objects.create(slot=slot, case=cases[whose])
    return {name: Kept(rows) for name, rows in made.items()}


def _act(case) -> ErasureAct:
    """An act that names this case."""
    act = ErasureAct.objects.create(day=timezone.localdate(), centre=case.centre)
    Erasure.objects.create(act=act, case=case, rule="term", method="delete")
    return act


def _letter(form, centre, mark: str) -> ReceivedMail:
    """A letter that was not sorted, in the mailbox of a centre."""
    box = Mailbox(address=f"{centre.slug}@example.org", centre=centre, form=form, user=mark)
    box.host, box.port = "127.0.0.1", 1
    box.keep_password(mark)
    box.save()
    return ReceivedMail.objects.create(
        pk=uuid.uuid4(), mailbox=box, uid_validity=1, uid=1, fate=Fate.UNSORTED, reason=Reason.EMPTY
    )


def _diagnosis(case, mark: str) -> Diagnosis:
    case.refresh_from_db()
    return diagnosing.keep_diagnosis(case=case, actor=case.assignee, signs=[], note=mark)


def _urgent_help(case, mark: str) -> UrgentHelp:
    return diagnosing.keep_urgent_help(
        case=case,
        actor=case.assignee,
        kinds=UrgentHelpKind.objects.all(),
        given_at=timezone.now(),
        what=mark,
        recipient=mark,
    )


def _job(owner, case) -> BulkJob:
    """Something that a colleague elsewhere does with many cases."""
    job = BulkJob.objects.create(owner=owner, action="release", given={"reason": "away"})
    BulkRow.objects.create(job=job, case=case)
    return job


def _export(centre) -> CaseExport:
    """A table of cases that the head of a centre has had made; its file is there to be given."""
    head = UserFactory(role=Role.HEAD, provider=centre)
    given = {"columns": ["number"], "file_format": "csv", "reason": "report"}
    export = asking.ask(asking.Selection.of(head, "tab=open"), version=None, given=given)
    making.make(export.pk)
    export.refresh_from_db()
    return export
