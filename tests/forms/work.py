"""Work of the tasks of forms."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from django.db import connection, transaction

from cms.access import Role
from forms import drafts, files, keeping, ledger, moves, recovery
from forms.actions import Action
from forms.events import broken_chains
from forms.models import (
    Alarm,
    Channel,
    Erasure,
    Finding,
    FormDraft,
    IntakeCase,
    LedgerRow,
    Notice,
    RecoveryCode,
    Scan,
    State,
    SubmissionKey,
    UploadedFile,
)
from tests.forms.test_keys import with_file
from tests.forms.test_ledger import bare_submission, past_the_database
from tests.intake import (
    EMAIL,
    FormFactory,
    contact_steps,
    make_case,
    reached_by,
    version_of,
)
from tests.work import DAY, Site, Work, ask_families, letters_left, once_each, same, work_of


@work_of("intake_forms.sweep_drafts")
def sweep_drafts(site: Site) -> Work:
    """Drafts past their term, a code past its own, and half of a file that belongs to nobody."""
    version = version_of(FormFactory())
    for _ in range(4):
        page = drafts.read(drafts.issue(version.pk))
        keeping.keep(page=page, version=version, step=None, posted={"a-x": ["1"]})
    stays = with_file()
    recovery.ask(kind="email", contact=EMAIL, address="192.0.2.1")
    half = files.place_of(stays.files.get().pk).parent / "half.part"
    half.write_bytes(b"x")
    _age(half)

    def done() -> str:
        same(
            (FormDraft.objects.count(), RecoveryCode.objects.count(), half.exists()), (0, 0, False)
        )
        assert files.place_of(stays.files.get().pk).exists()
        return "4 drafts, 1 code and 1 half of a file gone, 1 file kept"

    return Work(done, hours=60 * DAY)


def _age(path: Path) -> None:
    ago = datetime.datetime.now().timestamp() - 30 * 24 * 3600
    os.utime(path, (ago, ago))


@work_of("intake_forms.erase_due")
def erase_due(site: Site) -> Work:
    form, holder = FormFactory(retention_days=30), site.person()
    cases = [make_case(form, centre=site.centre) for _ in range(5)]
    for case in cases[:4]:
        moves.move(
            case_id=case.pk, action=Action.SET_ASIDE, actor=holder, version=case.version,
            outcome="withdrawn", text="x",
        )  # fmt: skip

    def done() -> str:
        left = SubmissionKey.objects.values_list("submission", flat=True)
        same(list(left), [cases[4].submission_id])
        same(set(Erasure.objects.values_list("case", flat=True)), {one.pk for one in cases[:4]})
        same(len(set(Erasure.objects.values_list("act", flat=True))), 1)
        same(list(broken_chains()), [])
        return "4 cases erased, each once in one act; 1 kept"

    return Work(done, hours=40 * DAY)


def _unscanned(site: Site) -> list[UploadedFile]:
    site.settings["CLAMD_ADDRESS"] = site.fixture("clean_clamd")
    for _ in range(3):
        with_file()
    UploadedFile.objects.update(scan=Scan.PENDING)
    return list(UploadedFile.objects.all())


def _clean(number: int) -> str:
    same(list(UploadedFile.objects.values_list("scan", flat=True)), [Scan.CLEAN] * number)
    return f"{number} files with a verdict"


@work_of("intake_forms.scan_file")
def scan_file(site: Site) -> Work:
    one = _unscanned(site)[0]

    def done() -> str:
        one.refresh_from_db()
        same(one.scan, Scan.CLEAN)
        return "1 file with its verdict"

    return Work(done, args={"file": str(one.pk)})


@work_of("intake_forms.scan_the_rest")
def scan_the_rest(site: Site) -> Work:
    number = len(_unscanned(site))
    return Work(lambda: _clean(number))


@work_of("intake_forms.raise_alarms")
def raise_alarms(site: Site) -> Work:
    site.person(Role.HEAD, email="head@example.org")
    cases = [make_case(centre=site.centre) for _ in range(3)]

    def done() -> str:
        same(set(Alarm.objects.values_list("case", flat=True)), {case.pk for case in cases})
        same(Alarm.objects.filter(told_at__isnull=False).count(), len(cases))
        told = list(Notice.objects.order_by("pk"))
        assert told
        return f"{len(cases)} alarms, {letters_left(site, told)}"

    return Work(done, hours=2)


@work_of("intake_forms.find_losses")
def find_losses(site: Site) -> Work:
    lost = [bare_submission() for _ in range(3)]

    def done() -> str:
        same(IntakeCase.objects.count(), len(lost))
        same({case.submission_id for case in IntakeCase.objects.all()}, {one.pk for one in lost})
        once_each("accepted", list(IntakeCase.objects.all()))
        same(Finding.objects.filter(kind="no_case", mended=True).count(), len(lost))
        same(list(broken_chains()), [])
        return f"{len(lost)} submissions without a case mended, each once"

    return Work(done)


@work_of("intake_forms.write_ledger")
def write_ledger(site: Site) -> Work:
    with transaction.atomic():
        make_case()
        past_the_database(
            "update intake_forms_submission set received_at = received_at - interval '6 days'"
        )

    def done() -> str:
        days = LedgerRow.objects.values("day").distinct().count()
        assert days >= 5
        same(LedgerRow.objects.count(), days * len(Channel))
        same(ledger.days.first_broken(), None)
        return f"{days} days written once, the chain whole"

    return Work(done)


@work_of("intake_forms.send_notice")
def send_notice(site: Site) -> Work:
    notices = ask_families(site, 4)
    return Work(lambda: letters_left(site, notices), args=None)


@work_of("intake_forms.send_recovery_code")
def send_recovery_code(site: Site) -> Work:
    make_case(FormFactory(steps=contact_steps()), centre=site.centre, answers=reached_by("email"))
    recovery.ask(kind="email", contact=EMAIL, address="192.0.2.1")

    def done() -> str:
        came = site.smtp.letters()
        same(len(came), 1)
        same(len({letter.get_payload() for letter in site.smtp.taken}), 1)
        return f"1 code, sent {came.total()} times as the same letter"

    return Work(done, args=None)


@work_of("intake_forms.return_silent")
def return_silent(site: Site) -> Work:
    ask_families(site, 3)
    cases = list(IntakeCase.objects.all())
    with connection.cursor() as cursor:  # the letters are no matter here
        cursor.execute("delete from procrastinate_jobs")

    def done() -> str:
        once_each("family_silent", cases)
        same({case.state for case in IntakeCase.objects.all()}, {State.IN_WORK})
        same(list(broken_chains()), [])
        return f"{len(cases)} cases back from silent families, each once"

    return Work(done, hours=90 * DAY)
