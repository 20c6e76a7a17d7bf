"""Journals: numbers without gaps, lines that are sealed, paper and tables."""

from __future__ import annotations

import datetime
import io
import uuid
import zoneinfo

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from cms.access import Role
from desk import diagnosing, writing_journals
from desk.journal_lines import OF_HELP, read
from desk.models import JournalCounter, JournalEntry, UrgentHelpKind
from forms import moves
from forms.accept import accept
from forms.actions import Action
from forms.calendars import clock_of
from forms.erasing import erase
from forms.journals import save_entry
from forms.models import (
    AccessLog,
    CentreClock,
    Channel,
    IntakeCase,
    Permission,
    Register,
    RegisterEntry,
    Teller,
)
from forms.registering import Registered
from forms.routing import unrouted_queue
from tests.factories import ProviderFactory, UserFactory
from tests.intake import (
    NAME,
    PHONE,
    FormFactory,
    QueueFactory,
    TopicFactory,
    make_case,
    sample_answers,
    version_of,
)

pytestmark = pytest.mark.django_db

FIELDS = [
    {"name": "no", "label": "Номер", "type": "int", "required": True},
    {"name": "date", "label": "Дата", "type": "date", "required": True},
    {"name": "applicant", "label": "Кто обратился", "type": "ref:person", "required": True},
    {"name": "outcome", "label": "Результат", "type": "text", "required": False},
]


def numbered():
    return Register.objects.create(
        slug="zhurnal",
        title="Журнал приёма",
        kind="register",
        on_case=True,
        fields=FIELDS,
        numbered_since=timezone.now() - datetime.timedelta(days=1),
    )


@pytest.fixture
def journal(db):
    return numbered()


@pytest.fixture
def head(client, centre):
    person = UserFactory(role=Role.HEAD, provider=centre)
    client.force_login(person)
    return person


def url(journal, centre, file_format=""):
    parts = {"slug": journal.slug, "centre": centre.pk, "year": timezone.localdate().year}
    if file_format:
        return reverse("intake:journal_file", kwargs={**parts, "file_format": file_format})
    return reverse("intake:journal", kwargs=parts)


def words(content):
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(one.extract_text() for one in pages).split())


def file_of(client, journal, centre, file_format, *, year=None, **posted):
    """The words of the journal in a file; with something that is posted by a button."""
    address = reverse(
        "intake:journal_file",
        args=[journal.slug, centre.pk, year or timezone.localdate().year, file_format],
    )
    answer = client.post(address, posted) if posted else client.get(address)
    assert answer.status_code == 200
    return words(answer.content) if file_format == "pdf" else answer.content.decode()


def numbers(journal, centre):
    lines = JournalEntry.objects.filter(register=journal, centre=centre).order_by("number")
    return list(lines.values_list("number", "case_id"))


def close(case, actor):
    moves.take(case_id=case.pk, actor=actor)
    for action, more in (
        (Action.DECIDE, {"text": "ответ", "outcome": "helped"}),
        (Action.CLOSE, {}),
    ):
        case.refresh_from_db()
        moves.move(case_id=case.pk, action=action, actor=actor, version=case.version, **more)
    case.refresh_from_db()
    return case


# Numbers


def test_cases_are_numbered_in_the_order_in_which_they_came(journal, centre):
    other = ProviderFactory(centre=True)
    cases = [make_case(centre=centre) for _ in range(3)]
    foreign = make_case(centre=other)
    nobodys = make_case()
    assert writing_journals.write() == 4
    assert writing_journals.write() == 0
    assert numbers(journal, centre) == [(n, case.pk) for n, case in enumerate(cases, start=1)]
    assert numbers(journal, other) == [(1, foreign.pk)]
    late = make_case(centre=centre)
    nobodys.queue, nobodys.centre = unrouted_queue(centre), centre
    nobodys.save()
    writing_journals.write(everything=True)
    assert [number for number, _case in numbers(journal, centre)] == [1, 2, 3, 4, 5]
    assert {case for _number, case in numbers(journal, centre)} == {
        *(case.pk for case in cases), late.pk, nobodys.pk,
    }  # fmt: skip


def test_only_cases_of_its_topics_and_from_its_beginning_on(journal, centre):
    topic = TopicFactory()
    journal.topics.add(topic)
    make_case(centre=centre)
    assert writing_journals.write() == 0
    IntakeCase.objects.update(topic=topic, created_at=timezone.now() - datetime.timedelta(days=2))
    assert writing_journals.write(everything=True) == 0


def test_line_that_is_rolled_back_leaves_no_gap(journal, centre):
    first, second = make_case(centre=centre), make_case(centre=centre)
    line = {"register": journal, "centre": centre, "year": 2026, "day": "2026-11-23"}
    with transaction.atomic():
        JournalEntry.objects.create(case=first, **line)
        transaction.set_rollback(True)
    JournalEntry.objects.create(case=second, number=77, **line)  # the database gives the number
    assert JournalEntry.objects.get().number == 1


def test_what_cannot_be_sealed_holds_up_nothing(journal, centre, specialist):
    gone, other = (close(make_case(centre=centre), specialist) for _ in range(2))
    erase(case=gone)
    writing_journals.write()
    frozen = JournalEntry.objects.filter(frozen_at__isnull=False)
    assert [line.case_id for line in frozen] == [other.pk]
    assert numbers(journal, centre) == [(1, gone.pk), (2, other.pk)]


def test_nothing_of_a_journal_is_changed_or_deleted(journal, centre, specialist):
    close(make_case(centre=centre), specialist)
    writing_journals.write()
    lines, counters = JournalEntry.objects.all(), JournalCounter.objects.all()
    assert lines.get().frozen_at
    refused = [
        lambda: lines.update(number=5),
        lambda: lines.update(day="2020-01-01"),
        lambda: lines.update(body=b"x"),
        lambda: lines.delete(),
        lambda: counters.update(last=9),
        lambda: counters.update(last=2),
        lambda: counters.delete(),
    ]
    for wrong in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_case_has_one_line_in_a_journal_of_a_centre(journal, centre):
    case = make_case(centre=centre)
    writing_journals.write()
    with pytest.raises(IntegrityError), transaction.atomic():
        JournalEntry.objects.create(
            register=journal, centre=centre, year=2030, day="2030-01-01", case=case
        )


# Days, by the clocks of the centre

NEW_YEAR = datetime.datetime(2026, 12, 31, 20, 30, tzinfo=datetime.UTC)  # 23:30 in Moscow
DATED = [
    {**field, "type": "datetime"} if field["name"] == "date" else field
    for field in [*FIELDS, {"name": "slot", "label": "Запись", "type": "datetime"}]
]


def told(by, centre, **more):
    """A contact that staff has typed in."""
    more = {"contacted_at": timezone.now(), "teller": Teller.RELATIVE, **more}
    answers = more.pop("answers", sample_answers())
    contact = Registered(by=by, permission=Permission.SPOKEN, **more)
    receipt = accept(
        version=version_of(FormFactory()), answers=answers, idempotency_key=uuid.uuid4(),
        channel=Channel.VISIT, registered=contact, contact_at=contact.contacted_at,
        queue=QueueFactory(centre=centre),
    )  # fmt: skip
    return IntakeCase.objects.get(ref=receipt.ref)


@pytest.mark.parametrize(
    ("zone", "day", "said"),
    [
        ("Asia/Irkutsk", datetime.date(2027, 1, 1), "01.01.2027 04:30"),
        ("Europe/Kaliningrad", datetime.date(2026, 12, 31), "31.12.2026 22:30"),
    ],
)
def test_day_hour_and_year_are_those_of_the_clocks_of_the_centre(
    journal, centre, specialist, head, client, monkeypatch, zone, day, said
):
    journal.fields = DATED
    journal.save()
    CentreClock.objects.create(centre=centre, time_zone=zone)
    case = make_case(centre=centre, contact_at=NEW_YEAR)
    close(case, specialist)
    writing_journals.write()  # by the clock of the portal, as the worker does
    line = JournalEntry.objects.get()
    assert line.frozen_at
    assert (line.day, line.year) == (day, day.year)
    assert read(line)["date"] == said
    page = client.get(
        reverse("intake:journal", args=[journal.slug, centre.pk, day.year])
    ).content.decode()
    assert said in page


def test_help_at_the_new_year_stands_in_the_year_of_the_centre(centre, specialist):
    Register.objects.create(
        slug=OF_HELP, title="Журнал срочной помощи", kind="register",
        fields=DATED, numbered_since=timezone.now() - datetime.timedelta(days=1),
    )  # fmt: skip
    CentreClock.objects.create(centre=centre, time_zone="Asia/Irkutsk")
    kind = UrgentHelpKind.objects.create(slug="food", title="Продукты")
    case = make_case(centre=centre)
    diagnosing.keep_urgent_help(
        case=case, actor=specialist, kinds=[kind], given_at=NEW_YEAR, what="крупа", recipient=NAME
    )
    close(case, specialist)
    writing_journals.write()
    line = JournalEntry.objects.get()
    assert line.frozen_at
    assert (line.day, line.year) == (datetime.date(2027, 1, 1), 2027)
    assert read(line)["date"] == "01.01.2027 04:30"


def test_help_given_today_is_not_from_the_paper_that_its_case_came_from(centre, specialist):
    Register.objects.create(
        slug=OF_HELP, title="Журнал срочной помощи", kind="register",
        fields=DATED, numbered_since=timezone.now() - datetime.timedelta(days=1),
    )  # fmt: skip
    kind = UrgentHelpKind.objects.create(slug="food", title="Продукты")
    came = timezone.now() - datetime.timedelta(days=60)
    case = told(specialist, centre, contacted_at=came, from_paper=True)
    for given_at in (came, timezone.now()):
        diagnosing.keep_urgent_help(
            case=case, actor=specialist, kinds=[kind], given_at=given_at, what="крупа",
            recipient=NAME,
        )  # fmt: skip
    writing_journals.write()
    lines = JournalEntry.objects.order_by("day")
    assert [(line.day, line.from_paper) for line in lines] == [
        (timezone.localdate(came), True),
        (timezone.localdate(), False),
    ]


def test_old_paper_stands_under_its_own_day_and_in_the_journal_of_its_year(
    journal, centre, specialist, head, client
):
    CentreClock.objects.create(centre=centre, time_zone="Asia/Irkutsk")
    irkutsk = zoneinfo.ZoneInfo("Asia/Irkutsk")
    came = datetime.datetime(2024, 2, 29, tzinfo=irkutsk)
    make_case(centre=centre)
    case = told(specialist, centre, contacted_at=came, from_paper=True)
    writing_journals.write()
    line = JournalEntry.objects.get(case=case)
    assert (line.day, line.year, line.number) == (datetime.date(2024, 2, 29), 2024, 1)
    assert line.from_paper
    with clock_of(centre.pk):
        assert read(line)["date"] == "29.02.2024"
    address = reverse("intake:journal", args=[journal.slug, centre.pk, 2024])
    assert "с бумаги" in client.get(address).content.decode()
    for file_format in ("pdf", "csv"):
        text = file_of(client, journal, centre, file_format, year=2024)
        assert "29.02.2024" in text
        assert "с бумаги" in text
    card = words(client.get(reverse("intake:card", args=[case.pk, journal.slug])).content)
    assert "29.02.2024" in card
    assert "с бумаги" in card


def test_letter_of_which_no_hour_is_known_has_only_its_day(journal, centre, specialist):
    journal.fields = DATED
    journal.save()
    CentreClock.objects.create(centre=centre, time_zone="Asia/Irkutsk")
    came = datetime.datetime(2026, 11, 3, tzinfo=zoneinfo.ZoneInfo("Asia/Irkutsk"))
    told(specialist, centre, contacted_at=came)
    writing_journals.write()
    with clock_of(centre.pk):
        assert read(JournalEntry.objects.get())["date"] == "03.11.2026"


# Lines


def test_line_tells_who_said_it_who_typed_it_in_and_what_was_not_asked(journal, centre, specialist):
    answers = {name: text for name, text in sample_answers().items() if name != "name"}
    told(specialist, centre, answers=answers, unasked=["name"])
    make_case(centre=centre)
    writing_journals.write()
    by_staff, by_itself = (read(line) for line in JournalEntry.objects.order_by("number"))
    assert by_staff["applicant"] == "не спрошено"
    assert by_staff["_told"] == f"родственник или близкий; внесено: {specialist}"
    assert by_itself["applicant"] == NAME
    assert by_itself["_told"] == "семья сама"


def test_correction_stands_beside_a_sealed_line_that_stays_as_it_was(
    journal, centre, specialist, head, client
):
    case = close(make_case(centre=centre), specialist)
    writing_journals.write()
    sealed = bytes(JournalEntry.objects.get().body)
    assert "исправлено позже" not in client.get(url(journal, centre)).content.decode()
    values = {"applicant": "образец Исправленная", "outcome": f"звонить {PHONE}"}
    save_entry(case=case, register=journal, values=values, version=0, actor=head)
    writing_journals.write(everything=True)
    line = JournalEntry.objects.get()
    assert bytes(line.body) == sealed
    assert read(line)["applicant"] == NAME
    page = client.get(url(journal, centre)).content.decode()
    assert NAME in page
    assert "образец Исправленная" in page
    table = file_of(client, journal, centre, "csv")
    assert "исправлено позже: Кто обратился – образец Исправленная" in table
    card = words(client.get(reverse("intake:card", args=[case.pk, journal.slug])).content)
    assert "образец Исправленная" in card
    for text in (page, table, card):
        assert PHONE not in text
    RegisterEntry.objects.update(updated_at=line.frozen_at - datetime.timedelta(minutes=1))
    assert "образец Исправленная" not in client.get(url(journal, centre)).content.decode()


def test_line_follows_the_case_until_it_is_closed_and_stays_then(
    journal, centre, specialist, client
):
    case = make_case(centre=centre)
    writing_journals.write()
    line = JournalEntry.objects.get()
    assert read(line)["outcome"] == ""
    close(case, specialist)
    writing_journals.write()
    line = JournalEntry.objects.select_related("case__submission").get()
    assert NAME.encode() not in bytes(line.body)
    assert read(line)["outcome"] == "помогли"
    moves.move(
        case_id=case.pk, action=Action.REOPEN, actor=specialist, version=case.version,
        text="снова", reason="new_facts",
    )  # fmt: skip
    assert writing_journals.freeze() == 0
    assert read(JournalEntry.objects.get())["outcome"] == "помогли"
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    for text in (
        client.get(url(journal, centre)).content.decode(),
        file_of(client, journal, centre, "csv"),
    ):
        assert "открыто снова" in text
        assert "помогли" in text


def test_number_stays_when_the_data_of_the_family_goes(journal, centre, head, client, specialist):
    case = close(make_case(centre=centre), specialist)
    writing_journals.write()
    erase(case=case)
    page = client.get(url(journal, centre)).content.decode()
    assert "[удалено]" in page
    assert NAME not in page
    assert JournalEntry.objects.get().number == 1


def test_urgent_help_has_a_journal_with_a_line_for_each_time(centre, specialist, head, client):
    journal = Register.objects.create(
        slug=OF_HELP, title="Журнал срочной помощи", kind="register",
        fields=[*FIELDS[:3], {"name": "what", "label": "Что", "type": "text", "required": False}],
        numbered_since=timezone.now() - datetime.timedelta(days=1),
    )  # fmt: skip
    kind = UrgentHelpKind.objects.create(slug="food", title="Продукты")
    case = make_case(centre=centre)
    for what in ("крупа", "одеяло"):
        diagnosing.keep_urgent_help(
            case=case, actor=specialist, kinds=[kind], given_at=timezone.now(), what=what,
            recipient=NAME,
        )  # fmt: skip
    assert writing_journals.write() == 2
    assert writing_journals.write(everything=True) == 0
    page = client.get(url(journal, centre)).content.decode()
    assert page.index("одеяло") < page.index("крупа")


# Pages, paper, tables


def test_page_paper_and_table_tell_the_same(journal, centre, head, client):
    cases = [make_case(centre=centre) for _ in range(3)]
    writing_journals.write()
    assert "Журнал приёма" in client.get(reverse("intake:journals")).content.decode()
    page = client.get(url(journal, centre)).content.decode()
    paper = client.get(url(journal, centre, "pdf"))
    table = client.get(url(journal, centre, "xlsx"))
    text = " ".join(one.extract_text() for one in PdfReader(io.BytesIO(paper.content)).pages)
    rows = list(load_workbook(io.BytesIO(table.content)).active.values)
    assert rows[0] == (
        "Номер", "Обращение", "Дата", "Кто обратился", "Результат", "Кто рассказал, кто внёс",
        "Отметки",
    )  # fmt: skip
    assert [row[1] for row in rows[1:]] == [case.number for case in cases]
    assert {row[6] for row in rows[1:]} == {"ещё не закрыто"}
    assert f"Напечатано {timezone.localdate():%d.%m.%Y}" in text.replace("\n", " ")
    assert str(head) in text
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    for case in cases:
        assert case.number in page
    assert page.count(NAME) == 3
    assert "Планетова" in text
    assert str(centre) in text.replace("\n", " ")
    assert AccessLog.objects.filter(what=f"journal:{journal.pk}").count() == 9


def test_phones_stand_in_the_open_on_paper_and_in_a_table_only_for_a_reason(
    journal, centre, head, client
):
    journal.fields = [*FIELDS, {"name": "link", "label": "Телефон", "type": "text"}]
    journal.save()
    make_case(centre=centre)
    writing_journals.write()
    page = client.get(url(journal, centre)).content.decode()
    assert "Телефон" in page
    assert f"••-{PHONE[-2:]}" in page

    def is_told(text):
        return PHONE[-10:] in "".join(sign for sign in text if sign.isdigit())

    assert not is_told(page)
    for file_format in ("csv", "pdf"):
        assert not is_told(file_of(client, journal, centre, file_format))
        assert not is_told(file_of(client, journal, centre, file_format, open_reason=""))
    assert not AccessLog.objects.exclude(reason="").exists()
    for count, file_format in enumerate(("csv", "pdf"), start=1):
        assert is_told(file_of(client, journal, centre, file_format, open_reason="papers"))
        opened = AccessLog.objects.filter(what=f"journal:{journal.pk}", reason="papers")
        assert opened.count() == count
    by_address = client.get(url(journal, centre, "csv"), {"open_reason": "papers"})
    assert not is_told(by_address.content.decode())
    answer = client.post(url(journal, centre, "pdf"), {"open_reason": "просто так"})
    assert answer.status_code == 422
    assert "error-message" in answer.content.decode()


def test_card_hides_addresses_and_phones_until_one_says_why(journal, centre, head, client):
    journal.fields = [*FIELDS, {"name": "link", "label": "Телефон", "type": "text"}]
    journal.save()
    case = make_case(centre=centre)
    address = reverse("intake:card", args=[case.pk, journal.slug])
    for sent in (
        client.get(address),
        client.post(address),
        client.post(address, {"open_reason": "x"}),
    ):
        assert "921" not in words(sent.content)
    assert not AccessLog.objects.exclude(reason="").exists()
    assert "+7 921 123-45-67" in words(client.post(address, {"open_reason": "papers"}).content)
    log = AccessLog.objects.get(reason="papers")
    assert (log.case, log.what, log.user) == (case, f"register:{journal.pk}", head)


def test_card_of_a_case_is_printed_and_that_is_written_down(journal, centre, head, client):
    case = make_case(centre=centre)
    address = reverse("intake:card", args=[case.pk, journal.slug])
    assert (
        address
        in client.get(reverse("intake:register", args=[case.pk, journal.slug])).content.decode()
    )

    def printed():
        content = client.get(address).content
        pages = PdfReader(io.BytesIO(content)).pages
        return " ".join(" ".join(one.extract_text() for one in pages).split())

    assert case.number in printed()  # nobody gave it a number of the journal yet
    writing_journals.write()
    assert f"Номер 1 Дата {timezone.localdate():%d.%m.%Y} Кто обратился {NAME}" in printed()
    assert AccessLog.objects.filter(what=f"register:{journal.pk}", case=case).count() == 3
    erase(case=case)
    assert client.get(address).status_code == 410
    client.force_login(UserFactory(role=Role.HEAD, provider=ProviderFactory(centre=True)))
    assert client.get(address).status_code == 404


def test_long_text_is_cut_on_paper_and_whole_in_the_table(journal, centre, head, client):
    long = "слово " * 600
    case = make_case(centre=centre)
    save_entry(case=case, register=journal, values={"outcome": long}, version=0, actor=head)
    writing_journals.write()
    paper = PdfReader(io.BytesIO(client.get(url(journal, centre, "pdf")).content))
    assert "…" in paper.pages[0].extract_text()
    book = load_workbook(io.BytesIO(client.get(url(journal, centre, "xlsx")).content))
    assert book.active["E2"].value == long
    assert client.get(reverse("intake:card", args=[case.pk, journal.slug])).status_code == 200


def test_no_program_takes_a_cell_for_a_formula(journal, centre, head, client):
    answers = {**sample_answers(), "name": "=cmd|' /C calc'!A0"}
    make_case(centre=centre, answers=answers)
    writing_journals.write()
    table = client.get(url(journal, centre, "csv")).content.decode("utf-8-sig")
    assert "'=cmd" in table
    book = load_workbook(io.BytesIO(client.get(url(journal, centre, "xlsx")).content))
    cell = book.active["D2"]
    assert cell.data_type == "s"


def test_period_and_pages(journal, centre, head, client, monkeypatch):
    from desk.views import journals

    monkeypatch.setattr(journals, "ON_PAGE", 2)
    for _ in range(5):
        make_case(centre=centre)
    writing_journals.write()
    page = client.get(url(journal, centre)).content.decode()
    assert "?before=4" in page
    assert "?before=2" in client.get(url(journal, centre) + "?before=4").content.decode()
    assert "?before" not in client.get(url(journal, centre) + "?before=2").content.decode()
    for odd in (
        "?before=x",
        "?before=99999999999999",
        "?since=x",
        "?until=2020-01-01",
        "?since=1-1-1",
    ):
        assert client.get(url(journal, centre) + odd).status_code == 200
    assert (
        "Введите правильную дату" in client.get(url(journal, centre) + "?since=x").content.decode()
    )
    assert client.get(url(journal, centre, "pdf") + "?since=x").status_code == 422
    monkeypatch.setattr(journals, "MOST_ON_PAPER", 4)
    assert client.get(url(journal, centre, "pdf")).status_code == 422
    assert client.get(url(journal, centre, "exe")).status_code == 404


def test_secret_case_has_a_number_and_nothing_else(journal, centre, client):
    case = make_case(centre=centre)
    IntakeCase.objects.update(secret=True)
    writing_journals.write()
    client.force_login(UserFactory(role=Role.DISPATCHER, provider=centre))
    page = client.get(url(journal, centre)).content.decode()
    files = [
        file_of(client, journal, centre, file_format, open_reason="papers")
        for file_format in ("csv", "pdf")
    ]
    for text in (page, *files):
        assert NAME not in text
        assert "Планетова" not in text
        assert case.number not in text
        assert "закрытое" in text
    assert not AccessLog.objects.exists()
    assert client.post(reverse("intake:card", args=[case.pk, journal.slug])).status_code == 404


def test_line_of_a_case_that_went_to_another_centre_is_not_called_secret(
    journal, centre, head, client
):
    case = make_case(centre=centre)
    writing_journals.write()
    other = ProviderFactory(centre=True)
    IntakeCase.objects.update(queue=QueueFactory(centre=other), centre=other)
    page = client.get(url(journal, centre)).content.decode()
    assert "в другой центр" in page
    for text in (NAME, case.number, "закрытое"):
        assert text not in page


@pytest.mark.parametrize(
    "role", [Role.SPECIALIST, Role.PARTNER, Role.EDITOR, Role.ANALYST, Role.ADMINISTRATOR]
)
def test_journals_are_for_those_who_see_the_whole_centre(journal, centre, client, role):
    make_case(centre=centre)
    writing_journals.write()
    client.force_login(UserFactory(role=role, provider=centre))
    for address in (reverse("intake:journals"), url(journal, centre), url(journal, centre, "pdf")):
        assert client.get(address).status_code in (302, 404), address
    opened = client.post(url(journal, centre, "pdf"), {"open_reason": "papers"})
    assert opened.status_code in (302, 404)
    assert not AccessLog.objects.exists()


def test_journal_of_another_centre_does_not_exist(journal, head, client):
    other = ProviderFactory(centre=True)
    make_case(centre=other)
    writing_journals.write()
    assert client.get(url(journal, other)).status_code == 404
    assert client.get(url(journal, other, "pdf")).status_code == 404
    opened = client.post(url(journal, other, "pdf"), {"open_reason": "papers"})
    assert opened.status_code == 404


def test_page_costs_the_same_for_few_and_many(
    journal, centre, head, client, django_assert_max_num_queries
):
    counts = []
    for many in (2, 12):
        for _ in range(many):
            make_case(centre=centre)
        writing_journals.write()
        client.get(url(journal, centre))
        with django_assert_max_num_queries(30) as counted:
            client.get(url(journal, centre))
        counts.append(len(counted))
    assert counts[0] == counts[1]
