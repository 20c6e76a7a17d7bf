"""The receipt to scan and to print: neutral, and only for the browser that has the case."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.forms.test_form_page import form, place, send  # noqa: F401

pytestmark = pytest.mark.django_db


def test_receipt_is_shown_to_scan_and_given_to_print(client, send):  # noqa: F811
    url = send().headers["Location"]
    page = client.get(url).content.decode()
    assert "<svg" in page
    assert f"{url}receipt.pdf" in page
    answer = client.get(f"{url}receipt.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    assert Client().get(f"{url}receipt.pdf").status_code == 302


def test_paper_tells_nothing_of_the_subject(monkeypatch):
    from forms import paper

    said = []
    draw = paper.FPDF.multi_cell
    monkeypatch.setattr(
        paper.FPDF,
        "multi_cell",
        lambda page, w, h, text, **more: (said.append(text), draw(page, w, h, text, **more))[1],
    )
    paper.receipt_pdf(
        number="4TKA-93XM-P7C",
        secret="4444-5555",
        address="https://example.org/status/4TKA93XMP7C/",
        due="1 февраля 2027 года",
        centre="Центр",
    )
    assert {"4TKA-93XM-P7C", "4444-5555", "Центр"} <= set(said)
    assert len(said) == 10
