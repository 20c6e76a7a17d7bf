"""A password alone opens nothing; a lost phone locks nobody out for ever."""

from __future__ import annotations

import contextlib
import datetime
import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from cms.access import Role
from cms.second_factor import devices
from tests.cms import walk
from tests.factories import ProviderFactory, UserFactory
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

MINE, SET_UP, VERIFY = (f"/admin/second-factor/{end}" for end in ("", "set-up/", "code/"))


@pytest.fixture
def enforced(settings):
    settings.NAVIGATOR_SECOND_FACTOR = True


@pytest.fixture
def head():
    return UserFactory(role=Role.HEAD, provider=ProviderFactory(centre=True))


def code_of(phone, steps=0):
    """What the app of the phone shows now, or so many half minutes from now."""
    phone.refresh_from_db()
    made = TOTP(phone.bin_key, phone.step, phone.t0, phone.digits, phone.drift)
    made.time = timezone.now().timestamp() + steps * phone.step
    return f"{made.token():06d}"


def logged_in(person):
    client = Client()
    client.force_login(person)
    return client


def set_up(client, person):
    """Gives the spare codes that are shown."""
    client.get(SET_UP)
    phone = TOTPDevice.objects.get(user=person, confirmed=False)
    answer = client.post(SET_UP, {"code": code_of(phone)})
    assert answer.status_code == 200
    return answer.context["codes"]


def test_password_alone_leads_to_the_set_up_and_nowhere_else(enforced, head):
    client = logged_in(head)
    for address in ("/admin/", "/admin/intake/", "/admin/account/", "/admin/intake/ledger/", MINE):
        for method in (client.get, client.post):
            answer = method(address)
            assert answer.status_code == 302, address
            assert answer.headers["Location"] == SET_UP


def test_no_address_of_the_back_office_opens_without_the_second_step(enforced, head):
    """Every address that the resolver knows."""
    set_up(logged_in(head), head)
    client, asked = logged_in(head), 0
    for address in sorted(set(_addresses())):
        if not address.startswith("/admin/") or address.startswith(
            (VERIFY, SET_UP, "/admin/login", "/admin/logout", "/admin/password_reset")
        ):
            continue
        for method in (client.get, client.post):
            answer = method(address)
            assert answer.status_code in (301, 302, 404, 405), (address, answer.status_code)
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith((VERIFY, "/admin/login")), address
            asked += 1
    tell_count(f"addresses and methods asked with a password alone: {asked}")
    assert asked > 900


def _addresses():
    """Of every route one, whatever its parts are."""
    for route in walk.routes():
        for value in (1, "x", uuid.UUID(int=1)):
            with contextlib.suppress(AssertionError):
                yield walk.address(route, dict.fromkeys(route.parts, value))
                break


def test_phone_is_set_up_and_asked_for_with_the_next_login(enforced, head):
    first = logged_in(head)
    page = first.get(SET_UP).content.decode()
    assert "<svg" in page
    typed = code_of(TOTPDevice.objects.get())
    codes = first.post(SET_UP, {"code": typed}).context["codes"]
    assert len(set(codes)) == devices.SPARE_CODES
    assert first.get("/admin/").status_code == 200
    again = logged_in(head)
    answer = again.get("/admin/intake/?tab=free")
    assert answer.headers["Location"] == f"{VERIFY}?next=%2Fadmin%2Fintake%2F%3Ftab%3Dfree"
    # A code is good once: the one of the set-up is not good any more.
    phone = TOTPDevice.objects.get()
    assert again.post(VERIFY, {"code": typed}).status_code == 422
    phone.throttling_failure_count, phone.last_t = 0, -1
    phone.save()
    answer = again.post(VERIFY, {"code": code_of(phone), "next": "/admin/intake/?tab=free"})
    assert answer.headers["Location"] == "/admin/intake/?tab=free"
    assert again.get("/admin/").status_code == 200


def test_spare_code_is_good_once(enforced, head):
    codes = set_up(logged_in(head), head)
    typed = f" {codes[0][:4].upper()} {codes[0][4:]} "
    assert logged_in(head).post(VERIFY, {"code": typed}).status_code == 302
    assert logged_in(head).post(VERIFY, {"code": codes[0]}).status_code == 422
    assert StaticToken.objects.count() == devices.SPARE_CODES - 1


def test_wrong_codes_make_the_next_ones_wait(enforced, head):
    set_up(logged_in(head), head)
    client, phone = logged_in(head), TOTPDevice.objects.get()
    for number in range(1, 5):
        assert client.post(VERIFY, {"code": "000000"}).status_code == 422
        phone.refresh_from_db()
        assert phone.throttling_failure_count == number
        long_ago = timezone.now() - datetime.timedelta(minutes=10)
        TOTPDevice.objects.update(throttling_failure_timestamp=long_ago)
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now())
    assert "через" in client.post(VERIFY, {"code": "000000"}).content.decode()
    TOTPDevice.objects.update(last_t=-1)
    assert client.post(VERIFY, {"code": code_of(phone)}).status_code == 422  # right, but too soon
    TOTPDevice.objects.update(
        throttling_failure_timestamp=timezone.now() - datetime.timedelta(minutes=10)
    )
    assert client.post(VERIFY, {"code": code_of(phone)}).status_code == 302


@pytest.mark.parametrize("code", ["", "x" * 5000, "абвгде", "１２３４５６", "\x00", "12345"])
def test_what_is_no_code_is_told_so(enforced, head, code):
    set_up(logged_in(head), head)
    client = logged_in(head)
    assert client.post(VERIFY, {"code": code}).status_code == 422
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_nobody_is_led_to_another_site(enforced, head, wanted):
    codes = set_up(logged_in(head), head)
    answer = logged_in(head).post(VERIFY, {"code": codes[0], "next": wanted})
    assert answer.headers["Location"] == "/admin/"


def test_phone_of_another_opens_nothing(enforced, head):
    other = UserFactory(role=Role.HEAD, provider=ProviderFactory(centre=True))
    set_up(logged_in(head), head)
    codes = set_up(logged_in(other), other)
    client = logged_in(head)
    for code in (codes[0], code_of(TOTPDevice.objects.get(user=other), 1)):
        assert client.post(VERIFY, {"code": code}).status_code == 422
        TOTPDevice.objects.update(throttling_failure_count=0)


def test_set_up_cannot_replace_a_phone_without_it(enforced, head):
    set_up(logged_in(head), head)
    thief = logged_in(head)
    assert thief.get(SET_UP).headers["Location"] == VERIFY
    assert thief.post(SET_UP, {"code": "123456"}).headers["Location"] == VERIFY
    assert thief.post("/admin/second-factor/spare-codes/").status_code == 302
    assert TOTPDevice.objects.filter(user=head).count() == 1


def test_new_phone_ends_the_old_one_and_its_sessions(enforced, head):
    first, second = logged_in(head), logged_in(head)
    codes = set_up(first, head)
    second.post(VERIFY, {"code": codes[0]})
    assert second.get("/admin/").status_code == 200
    set_up(first, head)
    assert TOTPDevice.objects.filter(user=head).count() == 1
    assert first.get("/admin/").status_code == 200
    assert second.get("/admin/").status_code == 302  # its spare code went with the old phone


def test_administrator_helps_who_has_lost_the_phone(enforced, head):
    codes = set_up(logged_in(head), head)
    open_session = logged_in(head)
    open_session.post(VERIFY, {"code": codes[0]})
    administrator = UserFactory(role=Role.ADMINISTRATOR)
    client = logged_in(administrator)
    set_up(client, administrator)
    assert str(head) in client.get("/admin/second-factor/people/").content.decode()
    address = reverse("second_factor:reset", args=[head.pk])
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 302
    assert not devices.has_second_factor(head)
    assert open_session.get("/admin/").headers["Location"] == SET_UP
    assert client.post(address).status_code == 404  # there is nothing any more


@pytest.mark.parametrize("role", [Role.HEAD, Role.SPECIALIST, Role.PARTNER, Role.EDITOR])
def test_only_who_tends_accounts_takes_a_second_step_off(role):
    person, other = UserFactory(role=role), UserFactory(role=Role.HEAD)
    set_up(logged_in(other), other)
    client = logged_in(person)
    address = reverse("second_factor:reset", args=[other.pk])
    for answer in (client.get("/admin/second-factor/people/"), client.post(address)):
        assert answer.status_code == 404
    assert devices.has_second_factor(other)


def test_administrator_takes_none_off_from_the_almighty_or_from_oneself():
    almighty, administrator = UserFactory(is_superuser=True), UserFactory(role=Role.ADMINISTRATOR)
    client = logged_in(administrator)
    for person in (almighty, administrator):
        set_up(client if person == administrator else logged_in(person), person)
        assert client.post(reverse("second_factor:reset", args=[person.pk])).status_code == 404
        assert devices.has_second_factor(person)


def test_command_helps_who_has_the_server(head):
    set_up(logged_in(head), head)
    call_command("reset_second_factor", head.username, stdout=StringIO())
    assert not devices.has_second_factor(head)
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "nobody")


def test_where_it_is_not_enforced_who_has_it_is_asked_all_the_same(head):
    other = logged_in(UserFactory(role=Role.HEAD))
    assert other.get("/admin/").status_code == 200
    set_up(logged_in(head), head)
    assert logged_in(head).get("/admin/").headers["Location"].startswith(VERIFY)


def test_account_page_leads_to_it(head):
    client = logged_in(head)
    assert MINE in client.get("/admin/account/").content.decode()
    assert "один пароль" in client.get(MINE).content.decode()
    set_up(client, head)
    assert "10 запасных кодов" in client.get(MINE).content.decode()
    codes = client.post("/admin/second-factor/spare-codes/").context["codes"]
    assert StaticToken.objects.filter(token__in=codes).count() == StaticToken.objects.count() == 10


# Who leaves


def test_who_leaves_loses_every_session_at_once(head):
    clients = [logged_in(head) for _ in range(3)]
    assert [client.get("/admin/").status_code for client in clients] == [200] * 3
    head.is_active = False
    head.save()
    for client in clients:
        assert client.get("/admin/intake/").headers["Location"].startswith("/admin/login/")


def test_new_password_ends_the_other_sessions(head):
    client = logged_in(head)
    head.set_password("совсем другой пароль")
    head.save()
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_who_leaves_the_centre_sees_nothing_of_it_at_once(head):
    from tests.intake import make_case

    case = make_case(centre=head.memberships.get().provider)
    client = logged_in(head)
    address = reverse("intake:case", args=[case.pk])
    assert client.get(address).status_code == 200
    head.memberships.all().delete()
    assert client.get(address).status_code == 404
