"""A walk over every address of the portal, as everybody: nothing breaks, nothing of others shows.

The addresses come from the resolver itself (tests/cms/walk.py), so a floor that adds one is
walked too.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
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
    LegalAct,
    Measure,
    Office,
    Situation,
)
from cms.access import Role
from cms.models import PortalDocument, PortalImage
from desk import diagnosing
from desk.models import (
    Booking,
    BulkJob,
    BulkRow,
    CaseRoute,
    ChangedDay,
    Diagnosis,
    Fate,
    Mailbox,
    MessageTemplate,
    Reason,
    ReceivedMail,
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
    Erasure,
    ErasureAct,
    FormDraft,
    IntakeCase,
    ReadyBlock,
    Register,
    UploadedFile,
)
from search.engine import get_engine
from search.indexer import rebuild
from search.models import Intent, PinnedAnswer, SearchEvent, Synonym
from tests.appointments import make_hours, make_kind, make_room, make_slot
from tests.arrangement import rows_of
from tests.cms.walk import MEASURE, OTHER, OWN, Route, World, addresses, routes
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

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    # Wagtail leaves the file of a rendition open until it is collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

MARKS = {
    OWN: "МЕТКА-СВОЕГО-ПАРТНЁРА",
    OTHER: "МЕТКА-ДРУГОГО-ПАРТНЁРА",
}
FAMILIES = {OWN: "МЕТКА-СЕМЬИ-СВОЕГО-ЦЕНТРА", OTHER: "МЕТКА-СЕМЬИ-ДРУГОГО-ЦЕНТРА"}
STAFF = (Role.SPECIALIST, Role.DISPATCHER, Role.HEAD)
WRITERS = (Role.PARTNER, Role.SPECIALIST, Role.CHIEF_EDITOR)
HOURS = {"rooms", "appointment_kinds", "working_hours", "changed_days"}
# Of the back office, only what a person needs to log in.
OPEN = re.compile(r"(?!/admin/)|/admin/(login|password_reset|sprite|jsi18n|modeladmin/jsi18n)/")
BREAKS_ON_PURPOSE = {"wagtailadmin_error_test"}


@pytest.fixture
def world(settings, tmp_path) -> World:
    settings.NAVIGATOR_HOME = tmp_path
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    territory = TerritoryFactory()
    providers = {whose: ProviderFactory(note=MARKS[whose]) for whose in MARKS}
    centres = {whose: ProviderFactory(centre=True) for whose in MARKS}
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
    cases = {whose: _case(form, centres[whose], FAMILIES[whose]) for whose in MARKS}
    drafts = {whose: _draft(form, FAMILIES[whose]) for whose in MARKS}
    files = {whose: _file(drafts[whose], cases[whose], FAMILIES[whose]) for whose in MARKS}
    referrals = {
        whose: _referral(cases[whose], providers[whose], centres[whose], whose) for whose in MARKS
    }
    appointments = _appointments(centres, cases, people["specialist2"])
    ReadyBlock.objects.create(slug="block", title="Блок")
    Script.objects.create(slug="script", title="Сценарий", live=False).save_revision().publish()
    acts = {whose: _act(cases[whose]) for whose in MARKS}
    LegalAct.objects.create(title="Закон")
    Agreement.objects.create(provider=providers[OTHER], subject=MARKS[OTHER])
    MessageTemplate.objects.create(title="Заготовка", body="Текст", centre=centres[OTHER])
    Register.objects.create(slug="journal", title="Журнал")
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
    world = World(
        measures=measures,
        providers=providers,
        offices=offices,
        batches=batches,
        of_centres={whose: rows_of(centres[whose]) for whose in MARKS},
        cases=cases,
        drafts=drafts,
        files=files,
        acts=acts,
        referrals=referrals,
        letters={whose: _letter(form, centres[whose], MARKS[whose]) for whose in MARKS},
        diagnoses={whose: _diagnosis(cases[whose], FAMILIES[whose]) for whose in MARKS},
        urgent_help={whose: _urgent_help(cases[whose], FAMILIES[whose]) for whose in MARKS},
        kept=SavedFilter.objects.create(
            owner=people["specialist2"], title=FAMILIES[OTHER], query="tab=free"
        ),
        job=_job(people["specialist2"], cases[OTHER]),
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


def _case(form, centre, mark: str) -> IntakeCase:
    territory = TerritoryFactory()
    RuleFactory(territory=territory, queue=QueueFactory(centre=centre))
    answers = {**sample_answers(territory), "name": mark, "story": mark}
    send(form, answers=answers)
    return IntakeCase.objects.latest("pk")


def _draft(form, mark: str) -> FormDraft:
    version = version_of(form)
    page = read(issue(version.pk))
    return keeping.keep(page=page, version=version, step=None, posted={"a-name": [mark]})


def _file(draft, case, mark: str) -> UploadedFile:
    """A paper that came with a case."""
    spec = {"accepts": "papers", "most_files": 1, "most_megabytes": 1}
    received = SimpleUploadedFile(f"{mark}.pdf", b"%PDF-1.4\ntrailer\n%%EOF\n")
    file = take_in(draft=draft, path="paper", spec=spec, received=received)
    file.seal_key(case.submission.data_key, file.open_key(draft.data_key))
    file.draft, file.submission = None, case.submission
    file.save()
    return file


def _referral(case, provider, centre, whose: str) -> Referral:
    """A case that was handed to a partner by a route; of another's, the packet names the family."""
    holder = UserFactory(role=Role.SPECIALIST, provider=centre)
    moves.take(case_id=case.pk, actor=holder)
    CaseRoute.objects.create(case=case, title="Маршрут", steps=[], chosen_by=holder)
    return hand_over(
        case,
        holder,
        ReceiverFactory(provider=provider),
        days=1,
        keys=["way"] if whose == OWN else ["story"],
        message="образец" if whose == OWN else FAMILIES[OTHER],
    )


def _appointments(centres, cases, person) -> dict[str, dict[str, object]]:
    """A centre receives families: everything that has an address of its own, of each centre."""
    made: dict[str, dict[str, object]] = defaultdict(dict)
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
        made["slot"][whose] = slot
        made["booking"][whose] = Booking.objects.create(slot=slot, case=cases[whose])
    return made


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


class Walker:
    """One person that opens addresses; whatever an address does is taken back."""

    def __init__(self, user=None) -> None:
        self.client = Client(raise_request_exception=False)
        if user is not None:
            self.client.force_login(user)
        self.cookies = self.client.cookies.output()
        self.jar = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def open(self, path: str, method: str):
        self.client.cookies.clear()
        for name, value in self.jar.items():
            self.client.cookies[name] = value
        with transaction.atomic():
            response = getattr(self.client, method)(path)
            content = b"".join(response) if response.streaming else response.content
            response.content_text = content.decode("utf-8", "replace")
            transaction.set_rollback(True)
        if method != "get":
            caches["default"].clear()  # it may hold what was taken back
        return response


def hidden_from(role: str, world: World) -> list[str]:
    """What this person must never read anywhere."""
    of_families = [
        text
        for whose in FAMILIES
        for text in (FAMILIES[whose], world.cases[whose].ref, world.cases[whose].number)
    ]
    others_family = [FAMILIES[OTHER], world.cases[OTHER].ref, world.cases[OTHER].number]
    if role == Role.PARTNER:
        return [MARKS[OTHER], world.people["partner2"].username + "<", *of_families]
    if role in STAFF:
        return [*MARKS.values(), *others_family]
    if role in {Role.EDITOR, Role.CHIEF_EDITOR, Role.ADMINISTRATOR}:
        return of_families
    return [*MARKS.values(), *of_families]


def walk(world: World, role: str, methods: tuple[str, ...]):
    """Every address, one's own and others', with the answer."""
    walker = Walker(world.people.get(role))
    for route in routes():
        paths = {OWN: addresses(route, world, OWN), OTHER: addresses(route, world, OTHER)}
        paths[OTHER] = [path for path in paths[OTHER] if path not in paths[OWN]]
        for whose, of_whom in paths.items():
            for path in of_whom:
                for method in methods:
                    yield route, whose, method, path, walker.open(path, method)


def belongs_to_another(route: Route, role: str, whose: str, path: str) -> bool:
    """The address names a row that this person may not know of."""
    if whose == OWN:
        return False
    if role == Role.PARTNER:
        owned = {MEASURE, "wagtailsnippetchoosers_catalogue_measure", "providers", "offices"}
        named = "pk" in route.parts or "?id=" in path
        if route.namespace == "intake" and "referral" in route.parts:
            return True
        return named and route.namespace in {*owned, "catalogue_exchange"}
    of_cases = route.namespace == "intake" and {"pk", "referral", "slot"} & set(route.parts)
    of_hours = route.namespace in HOURS and "pk" in route.parts
    return (role in STAFF and bool(of_cases)) or (role == Role.HEAD and of_hours)


@pytest.mark.parametrize("role", [*Role, "anonymous"], ids=[*Role.__members__, "anonymous"])
def test_nothing_breaks_and_nothing_of_others_shows(world, role):
    methods = ("get", "post") if role in {*WRITERS, "anonymous"} else ("get",)
    secrets = hidden_from(role, world)
    faults = []
    for route, whose, method, path, response in walk(world, role, methods):
        where = f"{method.upper()} {path} ({route.name}, {whose}) → {response.status_code}"
        if response.status_code >= 500 and route.name not in BREAKS_ON_PURPOSE:
            faults.append(f"{where}: {_reason(response)}")
        if belongs_to_another(route, role, whose, path) and response.status_code not in {404, 405}:
            faults.append(f"{where}: another's row has to be not found")
        answer = response.content_text + str(response.headers)
        faults += [
            f"{where}: shows {text}" for text in secrets if text in answer and text not in path
        ]
        if role == "anonymous" and response.status_code == 200 and not OPEN.match(path):
            faults.append(f"{where}: open to everybody")
    assert not faults, "\n".join(faults)


def _reason(response) -> str:
    if getattr(response, "exc_info", None):
        kind, error, _ = response.exc_info
        return f"{kind.__name__}: {str(error)[:200]}"
    return ""


@pytest.mark.parametrize("role", [Role.PARTNER])
def test_another_rows_revision_is_not_reached_over_ones_own(world, role):
    walker = Walker(world.people[role])
    own, other = world.measures[OWN], world.measures[OTHER]
    state = other.current_workflow_task_state
    base = f"/admin/snippets/catalogue/measure/history/{own.pk}/revisions"
    paths = [
        f"{base}/{other.latest_revision_id}/view/",
        f"{base}/{other.latest_revision_id}/revert/",
        f"{base}/compare/{other.latest_revision_id}...live/",
        f"{base}/compare/live...{other.latest_revision_id}/",
        f"/admin/snippets/catalogue/measure/workflow/action/{own.pk}/approve/{state.pk}/",
        f"/admin/snippets/catalogue/measure/workflow_history/{own.pk}/detail/{state.workflow_state_id}/",
    ]
    for path in paths:
        for method in ("get", "post"):
            response = walker.open(path, method)
            assert response.status_code in {302, 403, 404, 405}, path
            assert MARKS[OTHER] not in response.content_text
    other.refresh_from_db()
    assert other.title == "Опубликовано"


def test_every_named_address_has_values(world):
    """Fails with the place to add one when an address is new."""
    unknown = []
    for route in routes():
        for whose in (OWN, OTHER):
            try:
                assert addresses(route, world, whose)
            except AssertionError as fault:
                unknown.append(str(fault))
    assert not unknown, "\n".join(unknown)
