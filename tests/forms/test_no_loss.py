"""Nothing is lost or doubled: whatever is killed, restarted or full, a receipt means a case.

`make torture` kills ten times as often (TORTURE_ACCEPT), in the server that the portal runs in.
"""

from __future__ import annotations

import os
import random
import socketserver
import struct
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections

from cms.tasks import retry_stalled
from forms import drafts, ledger
from forms.events import broken_chains
from forms.models import (
    CaseEvent,
    EventKind,
    FormDraft,
    IntakeCase,
    Scan,
    Submission,
    UploadedFile,
)
from tests.cms.test_tasks import run_worker
from tests.factories import ProviderFactory, TerritoryFactory
from tests.forms.test_form_page import typed
from tests.forms.test_submitting_by_api import ANSWERS
from tests.intake import (
    NAME,
    PHONE,
    STORY,
    FormFactory,
    QueueFactory,
    RuleFactory,
    question,
    step,
    version_of,
)
from tests.processes import (
    Families,
    Sending,
    from_system,
    granian,
    page,
    page_with_file,
    preforked,
)
from tests.telling import tell_count

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("TORTURE_ACCEPT", "20"))
RESTARTS = 3


@pytest.fixture
def forms(committed_db):
    """A form of questions and one with a file; a district with a rule, one without."""
    country = TerritoryFactory(kind="country")
    region = TerritoryFactory(kind="region", parent=country)
    district = TerritoryFactory(slug="rajon", parent=region)
    TerritoryFactory(slug="drugoj", parent=region)
    RuleFactory(territory=district, queue=QueueFactory(centre=ProviderFactory(centre=True)))
    papers = step(
        "Бумаги",
        question("text", "name"),
        question("file", "papers", most_files=2, most_megabytes=1, accepts="papers"),
    )
    return FormFactory(slug="vopros"), FormFactory(slug="bumagi", steps=[papers])


@pytest.fixture
def senders(forms):
    """What families send: pages of both forms, and answers from another system."""
    questions, papers = (version_of(form) for form in forms)

    def by_page(place="rajon"):
        return page("vopros", drafts.issue(questions.pk), typed(**{"a-place": place}))

    def without_rule():
        return by_page("drugoj")

    def by_system():
        return from_system("vopros", questions.number, ANSWERS)

    def with_file():
        draft = drafts.issue(papers.pk)
        return page_with_file("bumagi", draft, {"a-name": "Образец"}, "a-papers")

    return [by_page, without_rule, by_system, with_file]


def counts() -> dict[str, int]:
    return {
        "submissions": Submission.objects.count(),
        "cases": IntakeCase.objects.count(),
        "accepted events": CaseEvent.objects.filter(kind=EventKind.ACCEPTED).count(),
    }


def nothing_lost(families: Families) -> dict[str, int]:
    """Every receipt is a case, every case has its receipt; what is repeated gets the same."""
    given = [ref for _sending, ref in families.receipts]
    found = {"receipts": len(given), **counts()}
    assert len(set(given)) == len(given)
    assert set(given) == set(IntakeCase.objects.values_list("ref", flat=True))
    assert set(found.values()) == {len(given)}, found
    for sending, ref in random.sample(families.receipts, min(20, len(given))):
        assert families.until_receipt(sending) == ref
    assert {"receipts": len(given), **counts()} == found
    assert not FormDraft.objects.exists()
    assert list(broken_chains()) == []
    assert set(ledger.findings()) == set()
    return found


@pytest.fixture
def home(tmp_path, settings):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    return tmp_path


# Many at once


def test_twenty_posts_with_one_key_over_http_give_one_receipt(forms, senders, home):
    with preforked(home, web=3) as portal:
        for make in senders:
            sending, before = make(), counts()
            start = threading.Barrier(20)

            def send(_number, sending=sending, start=start):
                start.wait()
                return sending.once(portal.port)

            with ThreadPoolExecutor(20) as pool:
                answers = list(pool.map(send, range(20)))
            assert Counter(answer.status for answer in answers) == {answers[0].status: 20}
            assert answers[0].status in (201, 303)
            assert len({answer.ref for answer in answers}) == 1
            assert answers[0].ref
            assert {name: number - before[name] for name, number in counts().items()} == {
                "submissions": 1,
                "cases": 1,
                "accepted events": 1,
            }
            tell_count(
                f"{make.__name__}: 20 posts at once, 1 submission, 1 case, 20 equal receipts"
            )
    assert set(ledger.findings()) == set()


# Killed


class Clamd(socketserver.ThreadingTCPServer):
    """Finds every file clean, after a moment in which a worker can be killed."""

    daemon_threads, allow_reuse_address = True, True

    class RequestHandlerClass(socketserver.StreamRequestHandler):
        def handle(self):
            if self.rfile.read(10) == b"zINSTREAM\0":
                while length := struct.unpack("!I", self.rfile.read(4))[0]:
                    self.rfile.read(length)
                time.sleep(0.05)
                self.wfile.write(b"stream: OK\0")

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.RequestHandlerClass)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def clamd(settings):
    server = Clamd()
    settings.CLAMD_ADDRESS = f"127.0.0.1:{server.server_address[1]}"
    yield settings.CLAMD_ADDRESS
    server.shutdown()
    server.server_close()


def test_killing_web_and_worker_at_random_points_loses_nothing(forms, senders, home, clamd):
    server = granian if "TORTURE_ACCEPT" in os.environ else preforked
    killed = Counter()
    with server(home, web=3, workers=1, CLAMD_ADDRESS=clamd) as portal:
        with Families(portal.port, lambda: random.choice(senders)()) as families:
            while sum(killed.values()) < KILLS:
                time.sleep(random.uniform(0.02, 0.6))
                kind = random.choice(["web", "web", "worker"])
                killed[kind] += portal.kill_one(kind)
                families.wait_for_receipt()
        found = nothing_lost(families)
    scans = _scan_what_is_left(clamd)
    tell_count(
        f"{killed['web']} kills of web processes, {killed['worker']} of workers; {families.broken}"
        f" answers that never came, {sum(families.statuses.values())} that came; {found};"
        f" {scans} files scanned in the end"
    )
    assert families.broken, "nobody was hit"
    assert set(families.statuses) <= {201, 303, 503}, families.statuses


def _scan_what_is_left(clamd: str) -> int:
    """What dead workers left undone is done by the next; every file has its verdict."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_workers")
    retry_stalled.configure(queueing_lock=None).defer(timestamp=0)
    private = django_settings.NAVIGATOR_PRIVATE_FILES
    run_worker(CLAMD_ADDRESS=clamd, NAVIGATOR_PRIVATE_FILES=str(private))
    run_worker(CLAMD_ADDRESS=clamd, NAVIGATOR_PRIVATE_FILES=str(private))
    files = UploadedFile.objects.all()
    assert {file.scan for file in files} == {Scan.CLEAN}
    return len(files)


# The database restarted


def test_restarting_the_database_under_load_loses_nothing(forms, senders, home):
    server = django_settings.EMBEDDED
    if server is None:
        pytest.skip("the server of the tests is not ours to stop")
    with preforked(home, web=2) as portal, Families(portal.port, senders[0]) as families:
        pages = []
        for _ in range(RESTARTS):
            time.sleep(1)
            connections.close_all()
            server.crash()
            pages += [_get(portal.port, path) for path in ("/forms/vopros/", "/healthz/web")]
            server.ensure_up()
        time.sleep(1)
        recovered = len(families.receipts)
        time.sleep(1)
        assert len(families.receipts) > recovered, "the portal did not recover by itself"
        ours = _get(portal.port, "/forms/vopros/")
    with preforked(home / "after", web=1) as portal:
        families.port = portal.port
        found = nothing_lost(families)
    told = [*pages, *families.pages]
    tell_count(
        f"{RESTARTS} immediate stops under load; {found}; answers {dict(families.statuses)},"
        f" {families.broken} that never came"
    )
    assert ours.status == 200
    log = (home / "portal.log").read_text()
    assert "OperationalError" in log, "the administrator is not told"
    assert not [secret for secret in (NAME, PHONE, STORY) if secret in log]
    assert {answer.status for answer in told} == {503}
    for answer in told:
        assert "Traceback" not in answer.body
        assert "OperationalError" not in answer.body
        assert "на нашей стороне" in answer.body or answer.body == '{"status": "failing"}'


def _get(port: int, path: str):
    return Sending(path, b"", {}).once(port, method="GET")
