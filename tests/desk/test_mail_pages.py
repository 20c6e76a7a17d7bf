"""Pages about mail: mailboxes for the administrator, letters for those who sort them."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.access import Role
from cms.health import items as health_items
from desk.models import Fate, Mailbox, Reason, ReceivedMail, Trouble
from desk.tasks import read_mailboxes
from desk.today import items as desk_items
from forms.models import FormDefinition, Notice, NoticeState
from tests.dovecot import PASSWORD, USER
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, make_case
from tests.mailboxes import make_box

pytestmark = pytest.mark.django_db

LIST, NEW = "/admin/intake/mailboxes/", "/admin/intake/mailboxes/new/"


@pytest.fixture
def administrator(client):
    user = UserFactory(role=Role.ADMINISTRATOR)
    client.force_login(user)
    return user


@pytest.fixture
def dispatcher(client, centre):
    user = UserFactory(role=Role.DISPATCHER, provider=centre)
    client.force_login(user)
    return user


def box_of(centre, address=USER, **values) -> Mailbox:
    box = Mailbox(
        address=address, centre=centre, form=FormFactory(), host="127.0.0.1", user=USER, **values
    )
    box.keep_password(PASSWORD)
    box.save()
    return box


def row_in(box, fate=Fate.UNSORTED, reason=Reason.EMPTY, **values) -> ReceivedMail:
    return ReceivedMail.objects.create(
        pk=uuid.uuid4(), mailbox=box, uid_validity=1, uid=1, fate=fate, reason=reason, **values
    )


def typed(dovecot, **more) -> dict[str, str]:
    form = FormDefinition.objects.get(slug="pismo")
    return {
        "address": "vtoroj@example.org",
        "form": str(form.pk),
        "host": "127.0.0.1",
        "port": str(dovecot.port),
        "security": "tls",
        "user": USER,
        "password": PASSWORD,
        "folder": "INBOX",
        "done_folder": "Готово",
        "since": "2026-01-01",
        "active": "on",
        **more,
    }


def test_mailbox_is_added_checked_and_its_password_never_shown(
    client, administrator, dovecot, centre
):
    make_box(dovecot, centre)
    answer = client.post(NEW, typed(dovecot), follow=True)
    page = answer.content.decode()
    assert "Соединение в порядке" in page
    assert PASSWORD not in page
    box = Mailbox.objects.get(address="vtoroj@example.org")
    assert box.read_password() == PASSWORD
    assert PASSWORD.encode() not in bytes(box.sealed_password)
    # An empty password stays what it was; a wrong one is told, and nothing else is lost.
    address = reverse("intake:mailbox", args=[box.pk])
    client.post(address, typed(dovecot, password="", folder="INBOX", done_folder="Иное"))
    box = Mailbox.objects.get(pk=box.pk)
    assert (box.read_password(), box.done_folder) == (PASSWORD, "Иное")
    page = client.post(address, typed(dovecot, password="не тот"), follow=True).content.decode()
    assert page.count("не принимает пользователя или пароль") == 2  # at once, and as its state


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"address": "не адрес"}, "правильный адрес"),
        ({"address": USER}, "уже есть"),
        ({"host": "http://x/"}, "Имя сервера"),
        ({"host": ""}, "Требуется заполнить это поле"),
        ({"port": "70000"}, "65535"),
        ({"port": "x"}, "целое число"),
        ({"password": ""}, "Требуется заполнить это поле"),
        ({"user": "a\x0bb"}, "невидимый знак"),
        ({"done_folder": "INBOX"}, "другая папка"),
        ({"since": "вчера"}, "правильную дату"),
        ({"form": "0"}, "корректный вариант"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(
    client, administrator, dovecot, centre, wrong, told
):
    make_box(dovecot, centre)
    answer = client.post(NEW, typed(dovecot, **wrong))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert told in page
    assert 'value="Готово"' in page or "done_folder" in wrong  # what was typed is kept
    assert Mailbox.objects.count() == 1


def test_forms_without_a_place_for_a_letter_are_not_offered(client, administrator, dovecot, centre):
    make_box(dovecot, centre)
    other = FormFactory(title="Не для писем")
    assert "Не для писем" not in client.get(NEW).content.decode()
    answer = client.post(NEW, typed(dovecot, form=str(other.pk)))
    assert answer.status_code == 422


def test_list_of_mailboxes_in_few_queries(
    client, administrator, centre, django_assert_max_num_queries
):
    for number in range(3):
        box = box_of(centre, f"{number}@example.org")
        row_in(box)
    box.was_not_read(Trouble.LOGIN)
    client.get(LIST)
    with django_assert_max_num_queries(9):
        page = client.get(LIST).content.decode()
    assert "сервер не принимает пользователя или пароль" in page
    assert page.count("example.org") == 3


@pytest.mark.parametrize("role", [each for each in Role if each != Role.ADMINISTRATOR])
def test_only_administrators_tend_mailboxes(client, centre, role):
    box = box_of(centre)
    client.force_login(UserFactory(role=role, provider=centre))
    for name, key in (("mailboxes", ()), ("new_mailbox", ()), ("mailbox", (box.pk,))):
        assert client.get(reverse(f"intake:{name}", args=key)).status_code == 404
    assert client.post(reverse("intake:check_mailbox", args=[box.pk])).status_code == 404


# Letters


def test_dispatcher_decides_on_letters_of_the_own_centre(client, dispatcher, centre):
    box = box_of(centre)
    case, none = row_in(box, reason=Reason.GENERATED), row_in(box)
    foreign = row_in(box_of(ProviderFactory(centre=True), "x@example.org"))
    everybodys = row_in(box_of(None, "y@example.org"), reason=Reason.NO_SENDER)
    page = client.get("/admin/intake/mail/").content.decode()
    assert page.count("Не обращение</button>") == 3
    assert page.count("Завести обращение</button>") == 2  # not of an empty one
    assert "x@example.org" not in page
    for row, do in ((case, "case"), (none, "none"), (everybodys, "case")):
        answer = client.post(reverse("intake:letter", args=[row.pk]), {"do": do})
        assert answer.status_code == 303
    assert client.post(reverse("intake:letter", args=[foreign.pk])).status_code == 404
    found = {row.pk: (row.fate, row.forced) for row in ReceivedMail.objects.all()}
    assert found == {
        case.pk: (Fate.AGAIN, True),
        everybodys.pk: (Fate.AGAIN, True),
        none.pk: (Fate.SETTLED, False),
        foreign.pk: (Fate.UNSORTED, False),
    }
    assert ProcrastinateJob.objects.filter(task_name="intake_desk.read_mailbox").count() == 2
    hopeless = client.post(reverse("intake:letter", args=[none.pk]), {"do": "case"})
    assert hopeless.status_code == 404
    again = client.post(reverse("intake:letter", args=[none.pk]), {"do": "none"}, follow=True)
    assert "уже кто-то решил" in again.content.decode()


def test_letters_stand_under_their_tabs_in_few_queries(
    client, dispatcher, centre, django_assert_max_num_queries
):
    box = box_of(centre)
    for _ in range(5):
        row_in(box, came_at=timezone.now() - datetime.timedelta(days=2))
        row_in(box, Fate.AUTOMATIC, Reason.LIST)
        row_in(box, Fate.SETTLED, settled_by=dispatcher)
    client.get("/admin/intake/mail/")
    for tab, told in (("unsorted", "ждёт давно"), ("automatic", "Рассылка"), ("settled", "user")):
        with django_assert_max_num_queries(13):
            page = client.get(f"/admin/intake/mail/?tab={tab}").content.decode()
        assert page.count(told) >= 5
    assert client.get("/admin/intake/mail/?tab=x&page=99999999").status_code == 200


def test_specialists_and_partners_see_no_letters(client, centre):
    row = row_in(box_of(centre))
    for role in (Role.SPECIALIST, Role.PARTNER, Role.EDITOR, Role.ANALYST, Role.ADMINISTRATOR):
        client.force_login(UserFactory(role=role, provider=centre))
        assert client.get("/admin/intake/mail/").status_code == 404
        assert client.post(reverse("intake:letter", args=[row.pk])).status_code == 404


# What waits


def test_start_page_and_monitors_tell_of_mail(client, administrator, dispatcher, centre):
    def told(user) -> str:
        source = health_items if user == administrator else desk_items
        return " ".join(f"{item.title} {item.note}" for item in source(user))

    box = box_of(centre)
    assert "не читается" not in told(administrator)
    box.was_not_read(Trouble.NOT_SAFE)
    assert "не читается соединение небезопасно" in told(administrator)
    box.was_read()
    assert "не читается" not in told(administrator)
    Mailbox.objects.update(read_at=timezone.now() - datetime.timedelta(hours=1))
    assert "не читается" in told(administrator)  # nobody reads it
    row_in(box)
    assert "1 письмо не удалось принять" in told(dispatcher)
    Notice.objects.create(
        occasion="x",
        case=make_case(centre=centre),
        recipient="user:1",
        way="email",
        message_id="<x@x>",
        state=NoticeState.FAILED,
        given_up=True,
        problem="mail: SMTPRecipientsRefused 550",
    )
    assert "1 сообщение за сутки не ушло" in told(administrator)
    assert "SMTPRecipientsRefused 550" in told(administrator)
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    attention = client.get("/healthz").json()["attention"]
    counted = {"mailboxes_not_read": 1, "letters_not_sorted": 1, "messages_not_arrived": 1}
    assert counted.items() <= attention.items()


def test_each_mailbox_is_read_by_a_task_of_its_own_once(centre):
    first, second = box_of(centre), box_of(centre, "x@example.org")
    box_of(centre, "y@example.org", active=False)
    for _ in range(3):
        read_mailboxes(0)
    jobs = ProcrastinateJob.objects.filter(task_name="intake_desk.read_mailbox")
    assert {job.args["mailbox"] for job in jobs} == {str(first.pk), str(second.pk)}
    assert len(jobs) == 2
    assert len({job.lock for job in jobs}) == 2
