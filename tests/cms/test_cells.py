"""Reports that Wagtail exports: what somebody has typed is no formula in a table."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from cms.access import Role
from tests.factories import UserFactory
from tests.intake import FormFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "title", ["=HYPERLINK(\"http://x\")", "+7 921", "-1", "@SUM(1)", "\tx", "'=1", "<b>Форма</b>"]
)  # fmt: skip
def test_a_title_in_a_report_is_no_formula(client, title):
    form = FormFactory(title=title, published=False)
    form.save_revision(user=UserFactory(role=Role.EDITOR, first_name="=1+1"), log_action=True)
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    address = reverse("wagtailadmin_reports:site_history")
    table = b"".join(client.get(address, {"export": "csv"}).streaming_content).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
    assert title.strip() in "".join(cells)
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r"))]
    book = client.get(address, {"export": "xlsx"})
    sheet = load_workbook(io.BytesIO(book.getvalue())).active
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
