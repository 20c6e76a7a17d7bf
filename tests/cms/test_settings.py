"""Settings fail early and say what is missing; production is checked clean."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from cms.database import DatabaseUnreachable, _check_kind
from cms.embedded import PORT

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "cms.settings.base",
    "SECRET_KEY": "k" * 25 + "-0123456789-abcdefghijklmnopqrstuvwxyz",
    "NAVIGATOR_DATA_KEYS": "dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtLS0tLTA=",
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgresql://nobody:secret-word@127.0.0.1:1/navigator",
}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("name", ["SECRET_KEY", "NAVIGATOR_DATA_KEYS"])
def test_missing_secret_stops_the_start_with_its_name(name):
    result = run("manage.py", "check", **{**PRODUCTION, name: ""})
    assert result.returncode != 0
    assert f"{name} is not set" in result.stderr


def test_deploy_check_finds_nothing_under_production_settings():
    program = (
        "import django; django.setup(); from django.core.management import call_command;"
        "call_command('check', '--deploy', '--fail-level', 'WARNING')"
    )
    result = run("-W", "error", "-c", program, **PRODUCTION)
    assert result.returncode == 0, result.stderr


def test_unreachable_database_is_told_clearly_and_without_its_password():
    result = run("manage.py", "migrate", **PRODUCTION)
    assert result.returncode != 0
    assert "cannot be reached (127.0.0.1:1/navigator)" in result.stderr
    assert "secret-word" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_database_in_another_encoding_is_told():
    server = settings.EMBEDDED
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists latin")
        connection.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
        address = f"postgresql://postgres@/latin?host={server.socket_folder}&port={PORT}"
        result = run("manage.py", "migrate", **{**PRODUCTION, "DATABASE_URL": address})
        connection.execute("drop database latin")
    assert result.returncode != 0
    assert "is in the encoding LATIN1" in result.stderr
    assert "Traceback" not in result.stderr


def test_server_that_is_too_old_is_told():
    class Old:
        server_version = 140_012

    with pytest.raises(DatabaseUnreachable, match="PostgreSQL 14; 15 or newer"):
        _check_kind(Old())


def test_nonsense_database_address_is_told_clearly():
    result = run("manage.py", "check", **{**PRODUCTION, "DATABASE_URL": "mysql://x"})
    assert result.returncode != 0
    assert "DATABASE_URL is not a PostgreSQL address" in result.stderr


def test_production_takes_the_embedded_database_only_when_told_to():
    result = run("manage.py", "migrate", **{**PRODUCTION, "DATABASE_URL": ""})
    assert result.returncode != 0
    assert "NAVIGATOR_EMBEDDED_DB=1" in result.stderr


@pytest.mark.parametrize(("said", "demanded"), [(None, "True"), ("", "True"), ("0", "False")])
@pytest.mark.parametrize("name", ["NAVIGATOR_SECOND_FACTOR", "SECURE_SSL_REDIRECT"])
def test_what_protects_is_on_unless_it_is_told_to_be_off(name, said, demanded):
    """A line without a value, as .env.example has them, says nothing."""
    asked = f"from django.conf import settings; print(settings.{name})"
    told = {} if said is None else {name: said}
    assert run("-c", asked, **PRODUCTION, **told).stdout.strip() == demanded
