"""Makes one sample account for each role, two partners and two centres; prints how to log in.

What is there stays as it is. The password is random for each installation.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from catalogue.models import Membership, Provider
from cms.access import Role
from cms.accounts import SAMPLE_DOMAIN, samples
from cms.models import User
from desk import demo

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else


@dataclass(frozen=True)
class Sample:
    """An account; `provider` is the slug of the organisation that it works for."""

    username: str
    role: Role
    provider: str = ""
    where: str = ""

    @property
    def title(self) -> str:
        return f"{self.role.value}, {self.where}" if self.where else self.role.value


SAMPLES = (
    Sample("redaktor", Role.EDITOR),
    Sample("glavred", Role.CHIEF_EDITOR),
    Sample("dispetcher", Role.DISPATCHER, "tihvinskij-kcson", "Тихвин"),
    Sample("specialist", Role.SPECIALIST, "tihvinskij-kcson", "Тихвин"),
    Sample("specialist-irkutsk", Role.SPECIALIST, "rsmfc-irkutsk", "Иркутск"),
    Sample("rukovoditel", Role.HEAD, "tihvinskij-kcson", "Тихвин"),
    Sample("partner", Role.PARTNER, "lepestki-dobra", "«Лепестки добра»"),
    Sample("partner2", Role.PARTNER, "solnechnyj-gorod", "«Солнечный город»"),
    Sample("analitik", Role.ANALYST, "tihvinskij-kcson", "Тихвин"),
    Sample("admin", Role.ADMINISTRATOR),
)


class Command(BaseCommand):
    help = "Make the sample accounts of a demonstration (idempotent)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NAVIGATOR_DEMO:
            raise CommandError("Образцы учётных записей бывают только в демонстрации.")
        password, is_new = _kept_password(Path(settings.NAVIGATOR_HOME) / "keys" / "demo-password")
        with transaction.atomic():
            missing = _make(password)
            if is_new:
                samples().update(password=make_password(password))
        for slug in missing:
            self.stderr.write(f"Нет организации {slug}: её учётные записи пока никому не служат.")
        _refer_sample()
        self.stdout.write(_table(password))


def _refer_sample() -> None:
    """What a partner and a family see of a referral can be looked at at once."""
    holder = samples().filter(username="specialist").first()
    centre = Provider.objects.centres().filter(memberships__user=holder).first()
    if holder is not None and centre is not None:
        demo.refer_sample(holder, centre)


def _make(password: str) -> list[str]:
    """Make what is missing; returns slugs of organisations that are not in the database."""
    providers = {
        row.slug: row for row in Provider.objects.filter(slug__in=[s.provider for s in SAMPLES])
    }
    groups = {group.name: group for group in Group.objects.all()}
    known = set(User.objects.values_list("username", flat=True))
    hashed = make_password(password)
    for sample in SAMPLES:
        if sample.username not in known:
            user = User.objects.create(
                username=sample.username,
                first_name=sample.title,
                last_name="(образец)",
                email=f"{sample.username}@{SAMPLE_DOMAIN}",
                password=hashed,
            )
            user.groups.add(groups[sample.role.value])
        if sample.provider in providers:
            user = samples().filter(username=sample.username).first()
            if user is not None:
                Membership.objects.get_or_create(user=user, provider=providers[sample.provider])
    return sorted({s.provider for s in SAMPLES if s.provider} - providers.keys())


def _kept_password(path: Path) -> tuple[str, bool]:
    """The password of this installation's samples, and whether it was made just now."""
    if path.exists():
        return path.read_text().strip(), False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    return password, True


def _table(password: str) -> str:
    width = max(len(sample.username) for sample in SAMPLES)
    rows = [f"  {sample.username:<{width}}  {sample.title}" for sample in SAMPLES]
    return "\n".join(
        ["Образцы учётных записей (вход: /admin/)", *rows, f"Пароль у всех один: {password}"]
    )
