"""A sample call by a script, for a demonstration: registered as a dispatcher registers one."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.utils import timezone

from desk.filling import filled
from desk.models import ScriptRun, ScriptVersion
from desk.taking_in import take_in
from desk.talk import DONE, OWN, stamped
from forms.models import IntakeCase
from forms.models.drafts import Typed

SCRIPT = "ne-hvataet-deneg"
LASTED = datetime.timedelta(minutes=6)
SAID = {
    "question": "Образец: третий день без продуктов, двое детей, мужа сократили",
    "name": "Образец",
    "territory": "tihvinskij-rajon",
    "contact_ways": "call",
    "contact_phone": "8 900 000-00-01",
}


def sample_call(user: Any) -> IntakeCase | None:
    """Made once; none where the script, its form or the place is another.

    :param user: the dispatcher who has led it.
    """
    version = (
        ScriptVersion.objects.filter(script__slug=SCRIPT).select_related("script__form").first()
    )
    form = version.script.form if version else None
    in_force = form.version_in_force() if form else None
    if version is None or in_force is None or ScriptRun.objects.exists():
        return None
    page = filled(user, in_force, stamped(_typed(version), {}))
    if not page.is_valid():
        return None
    key = uuid.uuid4()
    receipt = take_in(page, version=in_force, key=key, started_at=timezone.now() - LASTED)
    return IntakeCase.objects.get(ref=receipt.ref)


def _typed(version: ScriptVersion) -> Typed:
    now = timezone.localtime()
    steps = version.content["steps"]
    asked = [step for step in steps if step["kind"] == "ask" and not step["key"]]
    return {
        "script": [str(version.pk)],
        "r-channel": ["phone"],
        "r-day": [f"{now:%Y-%m-%d}"],
        "r-hour": [f"{now:%H:%M}"],
        "r-teller": ["person"],
        "r-permission": ["spoken"],
        "a-consent": ["on"],
        "n": ["topic"],
        **{f"a-{name}": [value] for name, value in SAID.items()},
        DONE: [step["id"] for step in steps if step["kind"] in ("warning", "tell")],
        **{OWN + step["id"]: ["образец ответа"] for step in asked},
    }
