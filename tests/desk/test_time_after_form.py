"""A form for a visit or a consultation ends with choosing the time, on the receipt and the status page."""

from __future__ import annotations

import datetime
import json
import zoneinfo

import pytest
from django.test import Client
from django.utils import timezone

from desk import booking as desk
from desk.free_days import MOST_NEAREST, MOST_NEAREST_DAYS
from desk.models import Booking, BookingState
from desk.time_after_form import MOST_KINDS
from forms import moves, slots
from forms.compiling import digest
from forms.models import FormVersion, IntakeCase, Outcome, State
from forms.moves import Action
from forms.portable import as_file, from_file
from forms.routing import unrouted_queue
from tests.appointments import (
    at_noon,
    in_hours,
    make_clock,
    make_group,
    make_kind,
    make_slot,
    make_specialist,
)
from tests.desk.test_own_appointments import address, confirm, family_of
from tests.factories import ProviderFactory
from tests.intake import FormFactory, make_case, version_of

pytestmark = pytest.mark.django_db

HEADING = "Осталось выбрать время"
PLAIN = "Записаться на приём"


@pytest.fixture
def case(centre):
    """A request to the centre, by a form after which the time is chosen."""
    return make_case(FormFactory(with_time=True), centre=centre)


@pytest.fixture
def kind(centre):
    return make_kind(centre)


@pytest.fixture
def slot(kind, specialist):
    return make_slot(kind, specialist, at_noon(3))


def pages_of(case: IntakeCase) -> list[str]:
    """The receipt and the page of the request, as the family sees them."""
    family = family_of(case)
    pages = (f"/receipts/{case.ref}/", f"/status/{case.ref}/")
    return [family.get(page).content.decode() for page in pages]


def chosen_from(page: str) -> list[int]:
    """The slots that the page has a button for, in order."""
    return [int(part.partition('"')[0]) for part in page.split('name="slot" value="')[1:]]


def test_the_free_times_stand_on_both_pages_and_lead_to_the_confirmation(case, slot):
    for page in pages_of(case):
        assert HEADING in page
        assert f'action="{address(case, f"new/{slot.kind_id}/")}"' in page
        assert chosen_from(page) == [slot.pk]
        assert "12:00" in page
        assert PLAIN not in page
    receipt, _status = pages_of(case)
    assert receipt.index(HEADING) < receipt.index("Что будет дальше")
    family = family_of(case)
    answer = family.post(address(case, f"new/{slot.kind_id}/"), {"slot": slot.pk})
    held = case.bookings.get()
    assert (answer.status_code, held.state) == (303, BookingState.HELD)
    assert answer.headers["Location"] == address(case, f"{held.pk}/")
    assert "Записать вас на это время?" in family.get(answer.headers["Location"]).content.decode()


def test_what_is_booked_is_told_instead_of_the_times(case, slot, kind):
    booked = Booking.objects.create(slot=slot, case=case)
    local = timezone.localtime(slot.starts_at)
    for page in pages_of(case):
        assert HEADING not in page
        assert page.count("Вас ждут") == 1
        assert f"{local.day} " in page.partition("Вас ждут")[2]
        assert kind.title in page
        assert address(case) in page
    desk.cancel(case_id=case.pk, booking_id=booked.pk)
    assert [HEADING in page for page in pages_of(case)] == [True, True]


def test_what_is_held_is_to_be_confirmed_and_is_offered_again_when_its_minutes_are_over(case, slot):
    held = desk.hold(case_id=case.pk, slot_id=slot.pk)
    for page in pages_of(case):
        assert "Подтвердите время" in page
        assert f'href="{address(case, f"{held.pk}/")}"' in page
        assert HEADING not in page
        assert "всё время занято" not in page
    Booking.objects.update(held_until=timezone.now() - datetime.timedelta(seconds=1))
    assert [chosen_from(page) for page in pages_of(case)] == [[slot.pk], [slot.pk]]


@pytest.mark.parametrize("state", [BookingState.CAME, BookingState.MISSED, BookingState.UNMARKED])
def test_after_the_meeting_no_time_is_left_to_choose(case, slot, kind, specialist, state):
    past = make_slot(kind, specialist, -3)
    Booking.objects.create(slot=past, case=case, state=state)
    for page in pages_of(case):
        assert HEADING not in page
        assert PLAIN in page


def test_a_time_that_was_taken_meanwhile_leaves_the_choice_and_loses_nothing(
    centre, kind, specialist, case, slot
):
    other = make_slot(kind, specialist, at_noon(4))
    receipt, _status = pages_of(case)
    assert chosen_from(receipt) == [slot.pk, other.pk]
    Booking.objects.create(slot=slot, case=make_case(centre=centre))
    family = family_of(case)
    answer = family.post(address(case, f"new/{kind.pk}/"), {"slot": slot.pk})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Это время только что заняли" in text
    assert chosen_from(text) == [other.pk]
    held = family.post(address(case, f"new/{kind.pk}/"), {"slot": other.pk})
    assert held.status_code == 303
    assert confirm(family, case.bookings.get()).status_code == 303
    assert (case.bookings.get().slot, case.bookings.get().state) == (other, BookingState.BOOKED)


def test_a_page_of_yesterday_leads_on_when_the_case_has_gone_to_another_centre(case, slot):
    case.centre = ProviderFactory(centre=True)
    case.queue = unrouted_queue(case.centre)
    case.save(update_fields=["queue", "centre"])
    answer = family_of(case).post(address(case, f"new/{slot.kind_id}/"), {"slot": slot.pk})
    assert (answer.status_code, answer.headers["Location"]) == (303, address(case))
    assert not case.bookings.exists()


def test_several_kinds_stand_apart_with_their_names_groups_last(centre, specialist, case):
    late = make_slot(make_kind(centre, title="Юрист"), specialist, at_noon(4))
    group = make_slot(make_group(centre), specialist, at_noon(2))
    soon = make_slot(make_kind(centre, title="Психолог"), specialist, at_noon(3))
    full = make_kind(centre, title="Логопед")
    for page in pages_of(case):
        assert chosen_from(page) == [soon.pk, late.pk, group.pk]
        assert page.index("<h3>Психолог") < page.index("<h3>Юрист") < page.index("<h3>Мамин клуб")
        assert "12\N{NO-BREAK SPACE}мест" in page
        assert full.title not in page
        assert "Другие виды приёма" in page


def test_of_many_kinds_a_few_stand_on_the_page(centre, specialist, case):
    kinds = [make_kind(centre, title=f"Приём {number}") for number in range(MOST_KINDS + 2)]
    slots = [make_slot(kind, specialist, at_noon(2)) for kind in kinds]
    for page in pages_of(case):
        assert chosen_from(page) == [slot.pk for slot in slots[:MOST_KINDS]]
        assert "Другие виды приёма" in page


def test_of_many_times_the_nearest_stand_on_the_page(kind, specialist, case):
    hours = [datetime.timedelta(hours=number) for number in range(4)]
    days = [[make_slot(kind, specialist, at_noon(day) + hour) for hour in hours] for day in (2, 3)]
    for page in pages_of(case):
        assert chosen_from(page) == [slot.pk for day in days for slot in day][:MOST_NEAREST]
        assert f'href="{address(case, f"new/{kind.pk}/")}"' in page
        assert "Другие виды приёма" not in page


def test_of_times_far_apart_the_nearest_days_stand_on_the_page(kind, specialist, case):
    slots = [make_slot(kind, specialist, at_noon(7 * week)) for week in range(1, 7)]
    for page in pages_of(case):
        assert chosen_from(page) == [slot.pk for slot in slots[:MOST_NEAREST_DAYS]]


def test_of_several_specialists_at_a_time_it_is_the_one_who_has_the_case(
    centre, kind, specialist, case
):
    own = make_specialist(centre)
    people = [specialist, own, make_specialist(centre)]
    slots = [make_slot(kind, person, at_noon(3)) for person in people]
    assert chosen_from(pages_of(case)[0]) == [slots[0].pk]
    IntakeCase.objects.filter(pk=case.pk).update(curator=own)
    assert chosen_from(pages_of(case)[0]) == [slots[1].pk]


def test_where_the_centre_is_not_known_yet_it_is_said(slot):
    case = make_case(FormFactory(with_time=True))
    assert case.centre_id is None
    for page in pages_of(case):
        assert "Сначала диспетчер выберет ваш центр" in page
        assert HEADING not in page
        assert chosen_from(page) == []


@pytest.mark.parametrize("values", [{"by_family": False}, {"retired": True}, None])
def test_where_the_centre_offers_nothing_a_specialist_names_the_time(
    centre, specialist, case, values
):
    if values is not None:
        make_slot(make_kind(centre, **values), specialist)
    for page in pages_of(case):
        assert "Время назовёт специалист центра" in page
        assert HEADING not in page
        assert chosen_from(page) == []


def test_where_everything_is_taken_it_is_said(centre, case, slot):
    Booking.objects.create(slot=slot, case=make_case(centre=centre))
    for page in pages_of(case):
        assert "Сейчас всё время занято" in page
        assert HEADING not in page
        assert PLAIN not in page


def test_a_request_that_is_answered_has_nothing_left_to_choose(case, slot, specialist):
    taken = moves.take(case_id=case.pk, actor=specialist)
    assert [HEADING in page for page in pages_of(case)] == [True, True]
    given = {"text": "Ответ", "outcome": Outcome.ADVISED}
    for action, more in ((Action.DECIDE, given), (Action.CLOSE, {})):
        taken = moves.move(
            case_id=case.pk, action=action, actor=specialist, version=taken.version, **more
        )
        for page in pages_of(case):
            assert HEADING not in page
            assert chosen_from(page) == []
    assert taken.state == State.CLOSED


def test_without_the_setting_the_plain_way_stands_there(centre, slot):
    for page in pages_of(make_case(FormFactory(), centre=centre)):
        assert HEADING not in page
        assert PLAIN in page
        assert chosen_from(page) == []


def test_a_version_is_as_it_was_when_the_form_is_changed_later(centre, slot):
    form = FormFactory()
    before = make_case(form, centre=centre)
    form.with_time = True
    form.save_revision().publish()
    after = make_case(form, centre=centre)
    assert version_of(form).number == 2
    assert [[HEADING in page for page in pages_of(each)] for each in (before, after)] == [
        [False, False],
        [True, True],
    ]


def test_a_version_of_old_does_not_know_the_setting(centre, slot):
    form = FormFactory(with_time=True)
    newest = version_of(form)
    schema = {key: value for key, value in newest.schema.items() if key != "with_time"}
    FormVersion.objects.create(
        form=form,
        number=newest.number + 1,
        schema=schema,
        sha256=digest(schema),
        consent_text=newest.consent_text,
    )
    case = make_case(form, centre=centre)
    assert "with_time" not in case.submission.version.schema
    for page in pages_of(case):
        assert HEADING not in page
        assert PLAIN in page


def test_a_sensitive_form_does_not_name_what_for(centre, specialist):
    case = make_case(FormFactory(with_time=True, sensitive=True), centre=centre)
    kind = make_kind(centre, title="Психолог")
    slot = make_slot(kind, specialist, at_noon(3))
    for page in pages_of(case):
        assert chosen_from(page) == [slot.pk]
        assert kind.title not in page
        assert HEADING not in page.partition("<title>")[2].partition("</title>")[0]
    group = make_slot(make_group(centre), specialist, at_noon(2))
    for page in pages_of(case):
        assert HEADING in page
        assert chosen_from(page) == []
        assert "Ближайшее свободное время: " in page
        assert f'href="{address(case)}"' in page
        assert kind.title not in page
        assert group.kind.title not in page
    Booking.objects.create(slot=slot, case=case)
    for page in pages_of(case):
        assert "Вас ждут" in page
        assert kind.title not in page


def test_another_browser_sees_nothing(case, slot):
    other = family_of(make_case())
    for page in (f"/receipts/{case.ref}/", f"/status/{case.ref}/"):
        for browser in (Client(), other):
            answer = browser.get(page)
            assert answer.status_code == 302
            assert HEADING not in answer.content.decode()


def test_the_times_are_by_the_clock_of_the_centre(centre, kind, specialist, case):
    make_clock(centre, "Asia/Irkutsk")
    start = in_hours(72).replace(hour=17, minute=30)  # 1:30 of the next day in Irkutsk
    slot = make_slot(kind, specialist, start)
    local = start.astimezone(zoneinfo.ZoneInfo("Asia/Irkutsk"))
    for page in pages_of(case):
        assert "01:30</button>" in page
        assert f">{local.day} " in page
        assert "МСК+5" in page
    Booking.objects.create(slot=slot, case=case)
    for page in pages_of(case):
        assert "01:30" in page
        assert "МСК+5" in page


def test_one_time_and_many_of_many_kinds_take_as_many_queries(
    centre, kind, specialist, case, slot, django_assert_max_num_queries
):
    family = family_of(case)
    pages = (f"/receipts/{case.ref}/", f"/status/{case.ref}/")
    counts = []
    for more in (0, 20):
        for number in range(more):
            new = make_kind(centre, title=f"Приём {number}")
            for hours in (0, 1, 24):
                starts_at = slot.starts_at + datetime.timedelta(hours=hours)
                make_slot(new, make_specialist(centre), starts_at)
        for page in pages:
            family.get(page)  # what a process remembers is read
        counted = []
        for page in pages:
            with django_assert_max_num_queries(40) as queries:
                family.get(page)
            counted.append(len(queries))
        counts.append(counted)
    print(f"queries of the receipt and the status page, with one time and with many: {counts}")
    assert counts[0] == counts[1]


def test_a_form_without_the_setting_takes_no_query_more(
    centre, slot, monkeypatch, django_assert_max_num_queries
):
    family = family_of(case := make_case(FormFactory(), centre=centre))
    counts = []
    for filled in (list(slots.still_to_do), []):
        monkeypatch.setattr(slots, "still_to_do", filled)
        family.get(f"/receipts/{case.ref}/")
        with django_assert_max_num_queries(40) as queries:
            family.get(f"/receipts/{case.ref}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_setting_goes_along_with_the_file_of_a_form():
    form = FormFactory(with_time=True)
    file = as_file(form)
    assert from_file(file.encode()).definition.with_time
    old = {key: value for key, value in json.loads(file).items() if key != "with_time"}
    assert not from_file(json.dumps(old).encode()).definition.with_time
