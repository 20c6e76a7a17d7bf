"""What leaves has a known fate: killed at any point, refused, hung – never lost, and never twice
without the same Message-ID and a mark."""

from __future__ import annotations

import ssl

import pytest
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.access import Role
from forms import moves, recovery, sending
from forms.models import FAMILY, Notice, NoticeState, RecoveryCode
from forms.moves import Action
from forms.sending import NotSent, tell, tell_staff
from forms.tasks import send_notice
from tests.dovecot import make_certificate
from tests.factories import ProviderFactory, UserFactory
from tests.gateway import gateway
from tests.intake import EMAIL, FormFactory, contact_steps, make_case, reached_by
from tests.smtp import DROP, HANG, smtp
from tests.telling import tell_count
from tests.workers import Worker, do_the_rest


@pytest.fixture
def asked():
    """A case whose family is told of a question."""

    def ask(*ways: str) -> Notice:
        centre = ProviderFactory(centre=True)
        specialist = UserFactory(role=Role.SPECIALIST, provider=centre)
        form = FormFactory(steps=contact_steps())
        case = make_case(form, centre=centre, answers=reached_by(*ways))
        moves.take(case_id=case.pk, actor=specialist)
        case.refresh_from_db()
        moves.move(
            case_id=case.pk, action=Action.ASK, actor=specialist, version=case.version, text="что?"
        )
        return Notice.objects.get(case=case)

    return ask


@pytest.fixture
def server(settings):
    with smtp() as known:
        for name, value in known.settings.items():
            setattr(settings, name, value)
        settings.EMAIL_TIMEOUT = 1
        yield known


# Once


@pytest.mark.django_db
def test_one_message_for_an_event_a_recipient_and_a_way(asked):
    notice = asked("email")
    about = {"event": notice.event, "recipient": FAMILY, "way": "email"}
    assert tell(kind="news", **about) == notice
    assert Notice.objects.count() == 1
    with pytest.raises(IntegrityError, match="notice_once"), transaction.atomic():
        Notice.objects.create(kind="news", message_id="<other@x>", **about)
    alarm = {"occasion": "digest:1", "recipient": "user:1", "way": "email"}  # which has no event
    Notice.objects.create(message_id="<first@x>", **alarm)
    with pytest.raises(IntegrityError, match="notice_once"), transaction.atomic():
        Notice.objects.create(message_id="<second@x>", **alarm)
    with pytest.raises(IntegrityError, match="notice_about_one_thing"), transaction.atomic():
        Notice.objects.create(recipient="user:1", way="email", message_id="<none@x>")


@pytest.mark.django_db
def test_staff_is_told_by_the_words_of_its_kind(monkeypatch, server, case):
    user = UserFactory(email="sotrudnik@example.org")
    monkeypatch.setitem(
        sending.composers,
        "late",
        lambda notice: sending.to_user(notice, "Срок вышел", f"Обращение {notice.case.number}"),
    )
    for _ in range(2):
        notice = tell_staff(user, "late", occasion="late:7", case=case)
    send_notice(notice.pk)
    [letter] = server.taken
    assert letter["To"] == user.email
    user.is_active = False
    user.save()
    gone = tell_staff(user, "late", occasion="late:8", case=case)
    send_notice(gone.pk)
    assert len(server.taken) == 1
    assert Notice.objects.get(pk=gone.pk).state == NoticeState.REFUSED


# What servers do


def once_more(notice: Notice) -> Notice:
    """One try, of whose failure nothing tells the address."""
    failed = None
    try:
        send_notice(notice.pk)
    except NotSent as failure:
        failed = failure
    if failed is not None:
        assert failed.__context__ is failed.__cause__ is None
        assert EMAIL not in str(failed)
    notice.refresh_from_db()
    return notice


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "how", "state", "for_good"),
    [
        ("ehlo", "421 later", NoticeState.FAILED, False),
        ("ehlo", HANG, NoticeState.FAILED, False),
        ("mail", "450 later", NoticeState.FAILED, False),
        ("mail", "550 not this sender", NoticeState.FAILED, False),
        ("rcpt", "450 later", NoticeState.FAILED, False),
        ("rcpt", "550 nobody here", NoticeState.FAILED, True),
        ("data", "451 later", NoticeState.FAILED, False),
        ("data", "554 not taken", NoticeState.FAILED, True),
        ("data", HANG, NoticeState.UNKNOWN, False),
        ("data", DROP, NoticeState.UNKNOWN, False),
        ("taken", HANG, NoticeState.UNKNOWN, False),
        ("taken", DROP, NoticeState.UNKNOWN, False),
        ("quit", HANG, NoticeState.SENT, False),
        ("quit", DROP, NoticeState.SENT, False),
    ],
)
def test_fault_of_the_mail_server(asked, server, moment, how, state, for_good):
    notice = asked("email")
    server.fail[moment] = how
    once_more(notice)
    assert (notice.state, notice.given_up) == (state, for_good), notice.problem
    server.fail.clear()
    once_more(notice)
    sent = server.letters()
    if for_good:
        assert not sent
        assert notice.state == NoticeState.FAILED
    else:
        assert notice.state == NoticeState.SENT
        assert sent == {notice.message_id: 2 if moment == "taken" else 1}
        assert notice.repeated == (state == NoticeState.UNKNOWN)
        assert (server.taken[-1]["X-Repeated"] == "yes") == notice.repeated


@pytest.mark.django_db
def test_certificate_that_nobody_vouches_for_is_no_way_for_letters(asked, settings, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path), tmp_path / "server.key")
    notice = asked("email")
    with smtp(context) as known:
        for name, value in known.settings.items():
            setattr(settings, name, value)
        settings.EMAIL_USE_TLS = True
        once_more(notice)
        assert (notice.state, notice.given_up) == (NoticeState.FAILED, False)
        assert notice.problem == "mail: SSLCertVerificationError"
    with smtp() as known:  # and one that offers no TLS at all
        settings.EMAIL_PORT = known.port
        once_more(notice)
        assert notice.problem == "mail: SMTPNotSupportedError"
        assert known.taken == []


@pytest.mark.django_db
def test_after_the_last_try_it_is_given_up_and_told(asked, server, client):
    notice = asked("email")
    server.fail["rcpt"] = "450 later"
    for _ in range(sending.MOST_TRIES - 1):
        with pytest.raises(NotSent):
            send_notice(notice.pk)
    send_notice(notice.pk)  # no more: the task ends
    send_notice(notice.pk)
    notice.refresh_from_db()
    assert (notice.tries, notice.given_up) == (sending.MOST_TRIES, True)
    client.force_login(notice.case.assignee)
    page = client.get(f"/admin/intake/{notice.case_id}/").content.decode()
    assert "Портал больше не пробует" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "state", "for_good"),
    [
        (422, NoticeState.FAILED, True),
        (429, NoticeState.FAILED, False),
        (500, NoticeState.FAILED, False),
        (504, NoticeState.UNKNOWN, False),
    ],
)
def test_answers_of_the_gateway(asked, settings, answer, state, for_good):
    with gateway() as messages:
        settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": messages.url, "TOKEN": ""}
        notice = asked("sms")
        messages.answer = answer
        once_more(notice)
        assert (notice.state, notice.given_up) == (state, for_good)
        messages.answer = 200
        once_more(notice)
        keys = {headers["Idempotency-Key"] for headers in messages.headers}
        assert len(messages.headers) == (1 if for_good else 2)
        assert keys == {notice.message_id.strip("<>")}
        assert notice.repeated == (state == NoticeState.UNKNOWN)


@pytest.mark.django_db
def test_bounce_ends_the_hope(asked, server):
    notice = once_more(asked("email"))
    assert sending.bounced("<nobody's@x>", "5.1.1") is None
    sending.bounced(notice.message_id, "5.1.1")
    once_more(notice)
    assert (notice.state, notice.problem) == (NoticeState.FAILED, "mail: bounced 5.1.1")
    assert len(server.taken) == 1


@pytest.mark.django_db
def test_worker_that_was_thought_dead_does_not_undo_what_the_next_one_knows(asked, server):
    """It sends again, which nobody can prevent; what it writes down counts no more."""
    notice = asked("email")
    first = sending._claim(notice.pk)
    assert first is not None
    once_more(notice)
    assert (notice.state, notice.repeated) == (NoticeState.SENT, True)
    sending._settle(first[0], NoticeState.FAILED, problem="late", given_up=True)
    notice.refresh_from_db()
    assert (notice.state, notice.given_up) == (NoticeState.SENT, False)


# Killed

# Where the worker is killed: how many copies leave, and whether the row says that it may be two.
POINTS = {
    "before it is claimed": (("forms.sending:_claim", "before"), 1, False),
    "while the words are made": (("forms.sending:to_family", "before"), 1, False),
    "before the wire": (("forms.sending:carry", "before"), 1, True),
    "at the greeting": ("ehlo", 1, True),
    "at the recipient": ("rcpt", 1, True),
    "before the letter is taken": ("data", 2, True),
    "when it is taken, before that is said": ("taken", 2, True),
    "before it is written down": (("forms.sending:_settle", "before"), 2, True),
    "after it is written down": (("forms.sending:_settle", "after"), 1, False),
}


@pytest.mark.slow
def test_worker_killed_at_each_point_loses_no_message(committed_db, tmp_path, asked):
    with smtp() as server:
        notices = {}
        for point, (where, _copies, _repeated) in POINTS.items():
            notice = notices[point] = asked("email")
            _killed(tmp_path, server, where)
            assert ProcrastinateJob.objects.get(args__notice=notice.pk).status == "doing"
        do_the_rest(tmp_path, server.settings)
        counts = server.letters()
        lost = [point for point, notice in notices.items() if not counts[notice.message_id]]
        for point, (_where, copies, repeated) in POINTS.items():
            notice = notices[point]
            notice.refresh_from_db()
            assert notice.state == NoticeState.SENT, point
            assert (counts[notice.message_id], notice.repeated) == (copies, repeated), point
        marked = [letter["Message-ID"] for letter in server.taken if letter["X-Repeated"]]
        twice = {key for key, number in counts.items() if number > 1}
        assert twice <= set(marked)
        assert set(counts) == {notice.message_id for notice in notices.values()}
    tell_count(
        f"{len(notices)} workers killed, one at each point: {len(counts)} of {len(notices)} messages"
        f" arrived, {len(twice)} of them twice with the same Message-ID and marked, lost"
        f" {len(lost)}"
    )
    assert lost == []


def _killed(home, server, where) -> None:
    if isinstance(where, tuple):
        worker = Worker(home, server.settings, dies=where[0], when=where[1])
    else:
        holder = []

        def kill(now: str) -> None:
            if now == where:
                holder[0].kill()
                holder[0].ends()

        server.at = kill
        worker = Worker(home, server.settings)
        holder.append(worker)
    assert worker.ends() == -9, worker.log.read_text()
    server.at = lambda moment: None


@pytest.mark.slow
def test_code_whose_sending_was_cut_off_comes_again_as_the_same(committed_db, tmp_path, asked):
    asked("email")
    with smtp() as server:
        do_the_rest(tmp_path, server.settings)
        server.taken.clear()
        key = recovery.ask(kind="email", contact=EMAIL, address="192.0.2.1")
        _killed(tmp_path, server, "taken")
        assert RecoveryCode.objects.get().code_hash == ""
        do_the_rest(tmp_path, server.settings)
        first, second = server.taken
        assert first.get_payload() == second.get_payload()
        assert first["Message-ID"] == second["Message-ID"]
        code = "".join(filter(str.isdigit, first.get_payload(decode=True).decode().split(".")[0]))
        assert recovery.redeem(asked=str(key), code=code)
    tell_count("1 worker killed when a code was taken: the same code twice, and it opens")
