"""What the figures do not tell of anybody, the workbook and the paper, the plots."""

from __future__ import annotations

import io
import itertools
import uuid

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from cms.access import Role
from desk import plots
from desk.figures import upkeep
from forms import talk
from forms.models import IntakeCase
from tests.factories import UserFactory
from tests.figures import FILES, decided, texts
from tests.intake import NAME, PHONE, STORY, FormFactory, TopicFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

# Nobody is told of


def test_nothing_of_a_person_is_on_page_workbook_and_paper(client, centre, clock):
    clock.at("2026-10-20T12:00")
    head = UserFactory(role=Role.HEAD, provider=centre, first_name="Секретное", last_name="Имя")
    planted = {
        NAME,
        "Анфиса",
        STORY,
        PHONE,
        PHONE[2:],
        "Секретное",
        "тайна заметки",
        "тайна письма",
    }
    for number in range(6):
        case = make_case(centre=centre)
        if number % 2:
            decided(case, head)
        talk.write_note(
            case=case, author=head, text="тайна заметки",
            writing_id=uuid.UUID(int=number + 1, version=4),
        )  # fmt: skip
    planted |= {part for case in IntakeCase.objects.all() for part in (case.ref, case.number)}
    upkeep.keep_up()
    clock.at("2026-11-20T12:00")
    viewers = [head, UserFactory(role=Role.ANALYST)]
    looked = 0
    for viewer in viewers:
        client.force_login(viewer)
        page, book, paper = texts(client, "?period=year")
        body = page[page.index("<main") :] if "<main" in page else page
        for text in (body.partition('class="desk figures"')[2], book, paper):
            assert len(text) > 300
            for secret in planted:
                looked += 1
                assert secret not in text
    tell_count(f"{len(planted)} secrets looked for, {looked} times")


# Files


def test_workbook_has_numbers_and_no_formulas(client, head, centre, clock):
    clock.at("2026-11-20T12:00")
    form = FormFactory(topic=TopicFactory(title='=HYPERLINK("http://x","тема")'))
    for _ in range(3):
        decided(make_case(form, centre=centre), head)
    upkeep.keep_up()
    book = load_workbook(io.BytesIO(client.get(FILES[0]).content))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    named = next(cell for cell in cells if str(cell.value).startswith("=HYPERLINK"))
    assert named.data_type == "s"
    assert book.worksheets[0]["A1"].value == "Показатели"
    topics = book["По темам"]
    assert topics["B2"].value == 3
    assert topics["E2"].value == 100


def test_paper_has_what_the_page_has(client, head, centre, clock):
    clock.at("2026-11-20T12:00")
    for _ in range(3):
        decided(
            make_case(FormFactory(topic=TopicFactory(title="Вопрос о выплатах")), centre=centre),
            head,
        )
    upkeep.keep_up()
    paper = PdfReader(io.BytesIO(client.get(FILES[1] + "?period=year").content))
    text = "\n".join(page.extract_text() for page in paper.pages)
    for words in (str(centre), "Пришло обращений", "Вопрос о выплатах", "помогли", "━"):
        assert words in text


# Plots


@pytest.mark.parametrize("most", [0, 1, 3, 4, 7, 12, 99, 100, 101, 2740, 85_000])
def test_lines_of_a_plot_are_round_and_reach_over_the_highest(most):
    marks = plots.ticks(most)
    assert marks[0] == 0
    assert marks[-1] >= most
    assert 2 <= len(marks) <= 9
    assert len({second - first for first, second in itertools.pairwise(marks)}) == 1


def test_plot_is_plain_svg_and_has_no_styles():
    drawn = str(plots.columns(["янв", "<b>"], [3, None], [1, 2])) + str(plots.bar(33.333))
    assert drawn.count("plot__column--1") == 2  # one for each width; the gap is not drawn
    assert "style=" not in drawn
    assert "<b>" not in drawn
    assert 'width="33.3"' in drawn
