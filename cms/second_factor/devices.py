"""Phones that give codes, and spare codes for the day when the phone is lost."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django_otp import user_has_device
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from wagtail.log_actions import log

SPARE_CODES = 10
PHONE, SPARE = "phone", "spare"
RESET = "cms.second_factor_reset"


def has_second_factor(user: Any) -> bool:
    return bool(user_has_device(user))


def phone_to_confirm(user: Any) -> TOTPDevice:
    """The phone that is being set up: the same until a code of it has been typed."""
    found, _made = TOTPDevice.objects.get_or_create(user=user, name=PHONE, confirmed=False)
    return found


@transaction.atomic
def confirm(phone: TOTPDevice, code: str) -> list[str] | None:
    """Take a phone whose code is right, instead of any before; gives new spare codes.

    None when the code is not right.
    """
    locked = TOTPDevice.objects.select_for_update().get(pk=phone.pk)
    if not locked.verify_token(code):
        return None
    TOTPDevice.objects.filter(user=locked.user).exclude(pk=locked.pk).delete()
    locked.confirmed = True
    locked.save()
    return new_spare_codes(locked.user)


@transaction.atomic
def new_spare_codes(user: Any) -> list[str]:
    """Spare codes instead of those before; each is good once, and shown now only."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=SPARE)
    codes = [StaticToken.random_token() for _number in range(SPARE_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


def spare_codes_left(user: Any) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def matching(user: Any, code: str) -> Device | None:
    """The device of a person that this code is of, now; a code is good once.

    The library counts failures: after each the next try has to wait twice as long.
    """
    with transaction.atomic():
        for kind in (TOTPDevice, StaticDevice):
            for device in kind.objects.select_for_update().filter(user=user, confirmed=True):
                if device.verify_token(code):
                    return device
    return None


def wait_of(user: Any) -> int:
    """How many seconds no code is looked at, after codes that were wrong."""
    phone = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    if phone is None:
        return 0
    allowed, told = phone.verify_is_allowed()
    until = (told or {}).get("locked_until")
    if allowed or until is None:
        return 0
    return max(1, round((until - timezone.now()).total_seconds()))


@transaction.atomic
def forget(user: Any, *, by: Any = None) -> None:
    """The person has lost the phone: the next login sets up a new one; open sessions ask at once."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    log(instance=user, action=RESET, user=by)
