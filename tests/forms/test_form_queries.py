"""A form page costs as many queries with sixty fields as with twenty, and not more than eight."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.intake import FormFactory, question, step
from tests.telling import tell_count

pytestmark = pytest.mark.django_db
MOST = 8


def queries(client, slug: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(f"/forms/{slug}/").status_code == 200
    return len(seen)


@pytest.mark.parametrize("layout", ["one", "steps"])
@pytest.mark.parametrize("kinds", [["text"], ["text", "phone", "date", "yesno", "territory"]])
def test_twenty_and_sixty_fields_cost_the_same(client, layout, kinds):
    counts = {}
    for fields in (20, 60):
        asked = [question(kinds[n % len(kinds)], f"q{n}", required=False) for n in range(fields)]
        steps = [step(f"Шаг {n}", *asked[n : n + 10]) for n in range(0, fields, 10)]
        FormFactory(slug=f"form-{fields}", steps=steps, layout=layout)
        queries(client, f"form-{fields}")  # what is kept for long
        counts[fields] = queries(client, f"form-{fields}")
    tell_count(f"{layout}, {kinds}: {counts}")
    assert counts[20] == counts[60] <= MOST
