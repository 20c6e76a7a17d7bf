"""One page of registering sent by many clicks at once, with threads that really commit."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from cms.access import Role
from desk.models import ScriptRun
from forms.models import CaseEvent, EventKind, FormDraft, IntakeCase, Registration, Submission
from tests.desk.test_registering import token_of, typed, url
from tests.desk.test_scripts import make_script
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import FormFactory, QueueFactory, RuleFactory
from tests.telling import tell_count

CLICKS = 20


@pytest.mark.slow
def test_twenty_clicks_at_once_make_one_case_and_one_talk(committed_db):
    country = TerritoryFactory(slug="strana", kind="country")
    place = TerritoryFactory(parent=TerritoryFactory(parent=country, kind="region"))
    centre = ProviderFactory(centre=True)
    RuleFactory(territory=place, queue=QueueFactory(centre=centre))
    form = FormFactory(slug="vopros")
    script = make_script(form)
    user = UserFactory(role=Role.DISPATCHER, provider=centre)
    first = Client()
    first.force_login(user)
    page = first.get(url(form), {"script": script.slug})
    data = {**typed(place), "draft": token_of(page), "script": script.version_in_force().pk}
    start = threading.Barrier(CLICKS)

    def click(_number):
        client = Client()
        client.cookies = first.cookies
        start.wait()
        try:
            answer = client.post(url(form), data)
            return answer.status_code, answer.headers.get("Location")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CLICKS) as pool:
        answers = Counter(pool.map(click, range(CLICKS)))
    case = IntakeCase.objects.get()
    assert answers == {(303, f"/admin/intake/{case.pk}/"): CLICKS}
    for model in (Submission, Registration, ScriptRun):
        assert model.objects.count() == 1, model
    assert CaseEvent.objects.filter(kind=EventKind.ACCEPTED).count() == 1
    assert not FormDraft.objects.exists()
    tell_count(f"{CLICKS} clicks at once: 1 submission, 1 case, 1 talk, {CLICKS} equal answers")
