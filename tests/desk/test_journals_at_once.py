"""Several write into the journals at once: each case one line, no gap."""

from __future__ import annotations

import datetime
import itertools

from django.db import transaction

from desk import writing_journals
from desk.models import JournalEntry
from forms.models import IntakeCase
from tests.desk.test_journals import numbered, numbers, told
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_at_once import at_once
from tests.intake import make_case
from tests.telling import tell_count


def test_many_writers_at_once_write_each_case_once_and_leave_no_gap(committed_db, monkeypatch):
    monkeypatch.setattr(writing_journals, "MOST", 3)  # several rounds
    journal = numbered()
    centres = [ProviderFactory(centre=True), ProviderFactory(centre=True)]
    cases = [make_case(centre=centres[number % 2]) for number in range(20)]
    written = at_once(lambda _index: writing_journals.write(), 8)
    tell_count(f"8 writers, 20 cases, 2 centres: {sorted(written)} lines")
    assert sum(written) == len(cases)
    for centre in centres:
        of_centre = {case.pk for case in cases if case.centre_id == centre.pk}
        lines = numbers(journal, centre)
        assert [number for number, _case in lines] == list(range(1, 11))
        assert {case for _number, case in lines} == of_centre


def test_crossing_registrations_and_rollbacks_leave_no_gap_in_any_centre_and_year(committed_db):
    journal, by = numbered(), UserFactory()
    centres = [ProviderFactory(centre=True), ProviderFactory(centre=True)]
    days = [datetime.datetime(year, 3, 2, 9, tzinfo=datetime.UTC) for year in (2025, 2026)]
    places = [*itertools.product(centres, days)] * 5
    make_case()  # what every acceptance needs stands already

    def register(index):
        centre, day = places[index]
        if index % 3 == 2:
            told(by, centre, contacted_at=day, from_paper=True)
            writing_journals.write()
            return True
        with transaction.atomic():
            case = told(by, centre, contacted_at=day, from_paper=True)
            JournalEntry.objects.create(
                register=journal, centre=centre, year=day.year, case=case, day=day.date()
            )
            transaction.set_rollback(index % 3 == 0)
        return index % 3 != 0

    kept = sum(at_once(register, len(places)))
    writing_journals.write()
    lines = JournalEntry.objects.filter(register=journal)
    tell_count(
        f"{len(places)} registrations, {len(places) - kept} rolled back: {lines.count()} lines"
    )
    assert lines.count() == kept == IntakeCase.objects.filter(centre__in=centres).count()
    assert lines.values("case").distinct().count() == kept
    for centre, day in itertools.product(centres, days):
        of_year = lines.filter(centre=centre, year=day.year).order_by("number")
        found = list(of_year.values_list("number", flat=True))
        assert found == list(range(1, len(found) + 1))
        assert found
