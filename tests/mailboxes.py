"""A mailbox of a centre on a real server, for tests: letters come into it and it is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.core import mail as sent_mail

from cms.loading import Report
from desk.mail import fetching
from desk.mail.loading import load
from desk.models import Mailbox
from forms import talk
from forms.models import (
    Direction,
    FormDefinition,
    IntakeCase,
    Notice,
    NoticeState,
)
from forms.tasks import send_notice
from tests.dovecot import PASSWORD, USER

STRANGER = "obrazec-chuzhoj@example.org"


def make_box(dovecot, centre, **values) -> Mailbox:
    if not FormDefinition.objects.filter(slug="pismo").exists():
        load(Path("/nowhere"), Report(), lambda _said: None)
    box = Mailbox(
        **{
            "address": USER,
            "centre": centre,
            "form": FormDefinition.objects.get(slug="pismo"),
            "host": "127.0.0.1",
            "port": dovecot.port,
            "user": USER,
            **values,
        }
    )
    box.keep_password(PASSWORD)
    box.save()
    return box


@pytest.fixture
def box(dovecot, centre, store):
    return make_box(dovecot, centre)


@pytest.fixture
def come(dovecot, box):
    """Letters come and the mailbox is read."""

    def come(*letters) -> Counter:
        for one in letters:
            dovecot.deliver(one if isinstance(one, bytes) else one.as_bytes())
        return fetching.read(str(box.pk))

    return come


def the_case() -> IntakeCase:
    return IntakeCase.objects.order_by("-pk").first()


def send_all() -> list:
    """What waits leaves."""
    before = len(sent_mail.outbox)
    for notice in Notice.objects.filter(state=NoticeState.WAITING):
        send_notice(notice.pk)
    return sent_mail.outbox[before:]


def messages_of(case) -> list[str]:
    return [talk.read(one, case) for one in case.messages.filter(direction=Direction.FROM_FAMILY)]
