"""Sample accounts live in demonstrations only."""

import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from catalogue.models import Provider
from cms.access import Role
from cms.accounts import samples
from cms.models import User
from tests.factories import ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(settings, tmp_path) -> Path:
    settings.NAVIGATOR_HOME = tmp_path
    for slug in ("tihvinskij-kcson", "rsmfc-irkutsk", "lepestki-dobra", "solnechnyj-gorod"):
        ProviderFactory(slug=slug)
    return tmp_path


def printed() -> str:
    out = StringIO()
    call_command("demo_accounts", stdout=out)
    return out.getvalue()


def test_every_role_has_an_account_and_partners_have_organisations(home):
    printed()
    roles = set(samples().values_list("groups__name", flat=True))
    assert roles == {role.value for role in Role}
    for username, slug in (("partner", "lepestki-dobra"), ("partner2", "solnechnyj-gorod")):
        user = User.objects.get(username=username)
        assert [own.slug for own in Provider.objects.visible_to(user)] == [slug]
    assert all("образец" in str(user) for user in samples())


def test_the_printed_password_logs_in_and_lies_closed_on_disk(home, client):
    text = printed()
    kept = home / "keys" / "demo-password"
    password = kept.read_text()
    assert password in text
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert client.login(username="glavred", password=password)


def test_running_again_keeps_accounts_and_password(home):
    first = printed()
    people = list(User.objects.order_by("pk").values_list("pk", "password"))
    assert printed() == first
    assert list(User.objects.order_by("pk").values_list("pk", "password")) == people


def test_a_lost_password_is_made_anew_for_all(home, client):
    printed()
    (home / "keys" / "demo-password").unlink()
    printed()
    password = (home / "keys" / "demo-password").read_text()
    assert client.login(username="redaktor", password=password)


def test_production_settings_refuse_to_make_them(settings):
    settings.NAVIGATOR_DEMO = False
    with pytest.raises(CommandError):
        call_command("demo_accounts")


def test_outside_a_demonstration_they_cannot_log_in(home, settings, client):
    printed()
    user = User.objects.get(username="glavred")
    client.force_login(user)
    settings.NAVIGATOR_DEMO = False
    password = (home / "keys" / "demo-password").read_text()
    assert client.get("/admin/").status_code == 302
    assert not client.login(username="glavred", password=password)


def errors() -> list[str]:
    found = run_checks(include_deployment_checks=True)
    return [str(message.msg) for message in found if message.id == "navigator.E001"]


def test_deployment_check_finds_a_demonstration(home, settings):
    assert errors() == ["NAVIGATOR_DEMO is on."]
    settings.NAVIGATOR_DEMO = False
    assert errors() == []
    settings.NAVIGATOR_DEMO = True
    printed()
    settings.NAVIGATOR_DEMO = False
    assert "glavred" in errors()[0]
