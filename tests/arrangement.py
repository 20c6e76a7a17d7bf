"""A row of each kind that a centre has of its own."""

from __future__ import annotations

from typing import Any

from cms.access import Role
from desk.models import DepartmentTask
from forms.models import CentreClock, CuratorArea, Department, DutyShift, SpecialDay
from tests.factories import TerritoryFactory, UserFactory
from tests.intake import QueueFactory


def rows_of(centre: Any) -> dict[str, Any]:
    """By the namespace of its pages in the back office."""
    person = UserFactory(role=Role.SPECIALIST, provider=centre)
    department = Department.objects.create(centre=centre, title="Отдел")
    return {
        "departments": department,
        "department-tasks": DepartmentTask.objects.create(centre=centre, department=department),
        "queues": QueueFactory(centre=centre),
        "curators": CuratorArea.objects.create(
            centre=centre, territory=TerritoryFactory(), curator=person
        ),
        "duty": DutyShift.objects.create(
            centre=centre, person=person, starts_at="2026-11-23 18:00Z", ends_at="2026-11-24 06:00Z"
        ),
        "clocks": CentreClock.objects.create(centre=centre),
        "special-days": SpecialDay.objects.create(centre=centre, day="2026-12-12"),
    }
