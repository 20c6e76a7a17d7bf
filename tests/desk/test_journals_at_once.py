"""Several write into the journals at once: each case one line, no gap."""

from __future__ import annotations

from desk import writing_journals
from tests.desk.test_journals import numbered, numbers
from tests.factories import ProviderFactory
from tests.forms.test_at_once import at_once
from tests.intake import make_case


def test_many_writers_at_once_write_each_case_once_and_leave_no_gap(committed_db, monkeypatch):
    monkeypatch.setattr(writing_journals, "MOST", 3)  # several rounds
    journal = numbered()
    centres = [ProviderFactory(centre=True), ProviderFactory(centre=True)]
    cases = [make_case(centre=centres[number % 2]) for number in range(20)]
    written = at_once(lambda _index: writing_journals.write(), 8)
    print(f"8 writers, 20 cases, 2 centres: {sorted(written)} lines")
    assert sum(written) == len(cases)
    for centre in centres:
        of_centre = {case.pk for case in cases if case.centre_id == centre.pk}
        lines = numbers(journal, centre)
        assert [number for number, _case in lines] == list(range(1, 11))
        assert {case for _number, case in lines} == of_centre
