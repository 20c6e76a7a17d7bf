"""Loads the form as which letters are taken in."""

from __future__ import annotations

from pathlib import Path

from catalogue.loading.dataset import Reader
from cms.loading import Report
from forms.loading import Say, load_forms
from forms.loading.rows import FormRow

LETTER_FORM = "letter_form.json"
DATASET = Path(__file__).parent.parent / "dataset"  # of this floor; a data set may bring its own


def load(folder: Path, report: Report, say: Say) -> None:
    """Bring the form to what the file says; edited since, it is left as it is.

    :raises cms.loading.DataSetError: the file is malformed.
    """
    folder = folder if (folder / LETTER_FORM).exists() else DATASET
    reader = Reader(folder, report)
    rows = reader.rows(LETTER_FORM, FormRow, lambda row: row.slug)
    if not report.refusals:
        say("Форма для писем")
        load_forms(rows, reader)
