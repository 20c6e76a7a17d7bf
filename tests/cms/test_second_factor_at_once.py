"""One code, sent by many at once."""

from __future__ import annotations

from django_otp.plugins.otp_totp.models import TOTPDevice

from cms.access import Role
from cms.second_factor import devices
from tests.cms.test_second_factor import code_of
from tests.factories import UserFactory
from tests.forms.test_at_once import at_once
from tests.telling import tell_count


def test_same_code_from_two_at_once_is_taken_once(committed_db):
    person = UserFactory(role=Role.HEAD)
    phone = TOTPDevice.objects.create(user=person, name="phone", confirmed=True)
    code = code_of(phone)
    found = at_once(lambda _index: devices.matching(person, code), 8)
    taken = [device for device in found if device is not None]
    tell_count(f"one code from {len(found)} at once: taken {len(taken)} times")
    assert len(taken) == 1
