"""Settings fail early and say what is missing; production is checked clean."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_nonsense_database_address_is_told_clearly():
    result = run("manage.py", "check", **{**PRODUCTION, "DATABASE_URL": "mysql://x"})
    assert result.returncode != 0
    assert "DATABASE_URL is not a PostgreSQL address" in result.stderr


def test_production_takes_the_embedded_database_only_when_told_to():
    result = run("manage.py", "migrate", **{**PRODUCTION, "DATABASE_URL": ""})
    assert result.returncode != 0
    assert "NAVIGATOR_EMBEDDED_DB=1" in result.stderr
