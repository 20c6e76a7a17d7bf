"""The real data set, loaded for a test."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from catalogue.loading import load
from cms.loading import Report

DATASET = Path(__file__).parents[2] / "catalogue" / "dataset"


@pytest.fixture
def loaded(db) -> Report:
    """The database holds the catalogue of the data set."""
    report = Report()
    load(DATASET, report, lambda line: None)
    assert report.refusals == []
    return report


@pytest.fixture
def copy(tmp_path):
    """A copy of the data set that a test may spoil: `copy.edit(file, change)`."""
    return Copy(tmp_path)


class Copy:
    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "dataset"
        shutil.copytree(DATASET, self.folder)

    def edit(self, file: str, change) -> None:
        """`change` gets the content of the file and alters it in place."""
        path = self.folder / file
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")
