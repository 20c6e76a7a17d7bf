"""The list: whose case it is without a name, tabs, pages by keys, filters, search, taking the next."""

from __future__ import annotations

import datetime
import html
import re
import uuid
import zoneinfo
from urllib.parse import urljoin

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk import counting, today
from desk.families import shortened
from desk.models import Amendment, SavedFilter
from desk.narrowing import LAST_CLOSED, SOONEST
from desk.paging import page_of
from forms import moves
from forms.actions import Action
from forms.models import (
    CentreClock,
    Channel,
    Department,
    DutyShift,
    IntakeCase,
    State,
    SubmissionKey,
)
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import (
    NAME,
    PHONE,
    FormFactory,
    QueueFactory,
    TopicFactory,
    contact_steps,
    make_case,
    question,
    reached_by,
    step,
)
from tests.telling import tell_count

pytestmark = pytest.mark.django_db
LIST = "/admin/intake/"


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


def numbers(answer):
    return [row["case"].number for row in answer.context["rows"]]


# Whose


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ({"family": "Планетова", "given": "анфиса", "patronymic": "Юрьевна"}, "А. П."),
        ("образец Анфиса Планетова", "О. А. П."),
        ("  Анфиса  ", "А."),
        ("«Ёлка» 12", "Ё."),
        ("😀 12 --", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_name_becomes_initials(name, letters):
    assert shortened(name) == letters


def test_the_list_shows_initials_and_no_name(staff, case):
    answer = staff.get(LIST)
    assert answer.context["rows"][0]["family"] == "О. А. П."
    text = answer.content.decode()
    for word in [*NAME.split()[1:], PHONE, PHONE[2:]]:
        assert word not in text


def test_initials_of_a_name_field_and_of_a_corrected_one(staff, specialist, centre):
    who = question("name", "who", personal=True, purpose="Чтобы ответить")
    steps = [step("Кто", who, question("consent", "consent"))]
    answers = {"who": {"family": "Планетова", "given": "Анфиса"}, "consent": True}
    case = make_case(FormFactory(steps=steps), centre=centre, answers=answers)
    assert staff.get(LIST).context["rows"][0]["family"] == "А. П."
    amendment = Amendment(case=case, field="who", reason="mistyped", author=specialist)
    amendment.value = case.submission.data_key.seal(
        amendment.purpose, '{"family": "Ручьёва", "given": "Анна"}'.encode()
    )
    amendment.save()
    assert staff.get(LIST).context["rows"][0]["family"] == "А. Р."


def test_without_the_key_there_is_a_dash(staff, case, settings):
    SubmissionKey.objects.filter(submission=case.submission).delete()
    assert staff.get(LIST).context["rows"][0]["family"] == "–"


def test_with_a_key_of_another_installation_there_is_a_dash(staff, case, settings):
    from tests.forms.test_keys import key

    settings.NAVIGATOR_DATA_KEYS = [key()]
    assert staff.get(LIST).context["rows"][0]["family"] == "–"


def test_the_last_event_stands_in_the_row(staff, specialist, case):
    moves.take(case_id=case.pk, actor=specialist)
    last = staff.get(LIST).context["rows"][0]["last"]
    assert last.kind == "taken"
    assert last.at == case.events.get(kind="taken").at


# Tabs


def test_tabs_of_sorting_partner_and_urgent(staff, specialist, centre):
    urgent = make_case(FormFactory(urgent=True), centre=centre)
    sorted_, sent = make_case(centre=centre), make_case(centre=centre)
    head = UserFactory(role=Role.HEAD, provider=centre)
    moves.take(case_id=sorted_.pk, actor=head, into=State.TRIAGE)
    moves.take(case_id=sent.pk, actor=specialist)
    IntakeCase.objects.filter(pk=sent.pk).update(state=State.REFERRED)
    for tab, case in (("urgent", urgent), ("triage", sorted_), ("partner", sent)):
        answer = staff.get(f"{LIST}?tab={tab}")
        assert numbers(answer) == [case.number]
        counts = {one["name"]: one["count"] for one in answer.context["tabs"]}
        assert counts[tab] == 1


def test_the_urgent_tab_tells_who_is_on_duty(staff, specialist, centre):
    assert "никто" in staff.get(f"{LIST}?tab=urgent").content.decode()
    now = timezone.now()
    hour = datetime.timedelta(hours=1)
    DutyShift.objects.create(
        centre=centre, person=specialist, starts_at=now - hour, ends_at=now + hour
    )
    DutyShift.objects.create(
        centre=ProviderFactory(centre=True),
        person=UserFactory(last_name="Чужой"),
        starts_at=now - hour,
        ends_at=now + hour,
    )
    answer = staff.get(f"{LIST}?tab=urgent")
    assert [shift.person for shift in answer.context["duty"]] == [specialist]
    assert "Чужой" not in answer.content.decode()


def test_counts_stop(centre):
    form = FormFactory()
    for _ in range(4):
        last = make_case(form, centre=centre)
    rows = IntakeCase.objects.all()
    assert counting.capped({"a": rows, "b": rows.none(), "c": rows.filter(pk=last.pk)}, most=2) == {
        "a": 3,
        "b": 0,
        "c": 1,
    }
    assert [counting.said(n, most=2) for n in (0, 2, 3)] == ["0", "2", "2+"]


# Pages


def test_pages_by_keys_go_there_and_back_over_everything_once(centre):
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(11)]
    same = timezone.now()
    IntakeCase.objects.filter(pk__in=[one.pk for one in cases[2:8]]).update(due_at=same)
    for one in (cases[3], cases[9]):
        IntakeCase.objects.filter(pk=one.pk).update(urgent=True, urgent_since=same)
    rows = IntakeCase.objects.all()
    wanted = list(rows.order_by("-urgent", "due_at", "pk"))
    there, page = [], page_of(rows, SOONEST, {}, 3)
    assert not page.before
    pages = [page]
    while True:
        there += page.rows
        if not page.after:
            break
        page = page_of(rows, SOONEST, {"after": page.after}, 3)
        pages.append(page)
    assert there == wanted
    assert [len(one.rows) for one in pages] == [3, 3, 3, 2]
    back = list(page.rows)
    while page.before:
        page = page_of(rows, SOONEST, {"before": page.before}, 3)
        back = page.rows + back
    assert back == wanted


def test_what_is_closed_stands_with_the_newest_first(specialist, centre):
    form, closed = FormFactory(), []
    for n in range(5):
        case = make_case(form, centre=centre)
        moves.take(case_id=case.pk, actor=specialist)
        moves.move(
            case_id=case.pk, action=Action.SET_ASIDE, actor=specialist, version=2,
            text="дважды", outcome="withdrawn",
        )  # fmt: skip
        at = timezone.now() - datetime.timedelta(days=n)
        IntakeCase.objects.filter(pk=case.pk).update(closed_at=at)
        closed.append(case.pk)
    first = page_of(IntakeCase.objects.all(), LAST_CLOSED, {}, 2)
    second = page_of(IntakeCase.objects.all(), LAST_CLOSED, {"after": first.after}, 2)
    assert [row.pk for row in [*first.rows, *second.rows]] == closed[:4]
    again = page_of(IntakeCase.objects.all(), LAST_CLOSED, {"before": second.before}, 2)
    assert again.rows == first.rows


@pytest.mark.parametrize(
    "key", ["", "x", "1.2", "1.2.3.4", "0.9999999999999999999.1", "0.-5.1", "²..", "0.1.1", "9.9.9"]
)
def test_a_key_that_is_none_is_the_first_page_or_an_empty_one(staff, case, key):
    for way in ("after", "before"):
        assert staff.get(LIST, {way: key}).status_code == 200


@pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Asia/Kamchatka"])
def test_terms_stand_by_the_clock_of_the_centre(staff, specialist, centre, zone):
    """The term is the last second of a day there: an hour later it is the next day in Moscow."""
    CentreClock.objects.create(centre=centre, time_zone=zone)
    case = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=specialist)
    local = datetime.datetime(2026, 12, 1, 23, 59, 59, tzinfo=zoneinfo.ZoneInfo(zone))
    IntakeCase.objects.filter(pk=case.pk).update(due_at=local)
    page = staff.get(f"{LIST}?tab=mine").content.decode()
    assert "01.12.2026" in page
    assert "02.12.2026" not in page
    assert any("1 декабря, 23:59" in item.note for item in today.items(specialist))


# Narrowing


def test_places_to_narrow_by_are_those_of_the_centre(staff, centre):
    region = TerritoryFactory(title="Лесная область")
    own = TerritoryFactory(title="Озёрный район", parent=region)
    inside = TerritoryFactory(title="Посёлок", parent=own)
    TerritoryFactory(title="Чужой район", parent=region)

    def offered():
        field = staff.get(LIST).context["filter"].fields["territory"]
        return {place.title for place in field.queryset}

    assert "Чужой район" in offered()  # nobody has said where the centre works
    centre.territories.add(own)
    assert offered() == {own.title, inside.title}


def test_filters_narrow(staff, specialist, centre):
    place = TerritoryFactory(parent=TerritoryFactory(parent=TerritoryFactory()))
    department = Department.objects.create(centre=centre, title="Отдел")
    department.people.add(specialist)
    topic, queue = TopicFactory(), QueueFactory(centre=centre, department=department)
    wanted = make_case(
        FormFactory(topic=topic), centre=centre, territory=place, channel=Channel.VISIT
    )
    other = make_case(centre=centre)
    IntakeCase.objects.filter(pk=wanted.pk).update(
        queue=queue, department=department, urgent=True, urgent_since=timezone.now(),
        created_at=timezone.now() - datetime.timedelta(days=40),
    )  # fmt: skip
    moves.take(case_id=wanted.pk, actor=specialist)
    day = timezone.localdate() - datetime.timedelta(days=30)
    for query in (
        f"topic={topic.pk}",
        f"queue={queue.pk}",
        f"department={department.pk}",
        "channel=visit",
        "state=in_work",
        "urgent=on",
        f"territory={place.parent_id}",
        f"whose={specialist.pk}",
        f"until={day}",
        f"q={wanted.ref[:6]}",
    ):
        assert numbers(staff.get(f"{LIST}?tab=open&{query}")) == [wanted.number], query
    for query in ("whose=nobody", f"since={day}"):
        assert numbers(staff.get(f"{LIST}?tab=open&{query}")) == [other.number], query


@pytest.mark.parametrize(
    "query",
    ["department=1", "whose=99999", "whose=x", "since=вчера", "until=9999-99-99", "territory=-1",
     "since=0001-01-01", "until=9999-12-31"],
)  # fmt: skip
def test_filters_of_others_and_nonsense_do_not_break(staff, case, query):
    Department.objects.create(centre=ProviderFactory(centre=True), title="Чужой")
    assert staff.get(f"{LIST}?tab=open&{query}").status_code == 200


def test_search_by_phone_leaves_nothing_in_an_address(staff, centre):
    form = FormFactory(steps=contact_steps())
    wanted = make_case(form, centre=centre, answers=reached_by("call"))
    elsewhere = make_case(form, centre=ProviderFactory(centre=True), answers=reached_by("call"))
    make_case(form, centre=centre, answers=reached_by("call", phone="+79990000000"))
    answer = staff.post(f"{LIST}find/", {"what": "8 (921) 123-45-67"})
    assert answer.status_code == 200
    assert numbers(answer) == [wanted.number]
    assert elsewhere.number not in answer.content.decode()
    assert "Location" not in answer.headers


def test_search_by_number_leads_to_the_case(staff, case, centre):
    answer = staff.post(f"{LIST}find/", {"what": case.number.lower().replace("a", "а")})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LIST}{case.pk}/")
    part = staff.post(f"{LIST}find/", {"what": case.ref[:5]})
    assert part.headers["Location"].endswith(f"q={case.ref[:5]}")
    other = make_case(centre=ProviderFactory(centre=True))
    unknown = staff.post(f"{LIST}find/", {"what": other.number})
    assert unknown.headers["Location"] == f"{LIST}?tab=open&q={other.ref}"
    assert numbers(staff.get(unknown.headers["Location"])) == []


@pytest.mark.parametrize("way", ["found", "nothing to find", "nothing to take", "not understood"])
def test_from_every_answer_of_the_list_its_tabs_and_filter_lead_on(staff, centre, way):
    """It stands at other addresses then, that nobody can be led to."""
    if way == "nothing to take":
        answer = staff.post(f"{LIST}next/?tab=free&channel=web")
    else:
        make_case(FormFactory(steps=contact_steps()), centre=centre, answers=reached_by("call"))
        typed = {"found": PHONE, "nothing to find": "+79990000000", "not understood": ""}[way]
        answer = staff.post(f"{LIST}find/", {"what": typed})
    page = answer.content.decode().partition('<div class="desk">')[2]
    links = set(re.findall(r'href="([^"]*)"', page))
    led = [urljoin(answer.request["PATH_INFO"], html.unescape(link)) for link in links]
    assert not [link for link in led if link.startswith((f"{LIST}next/", f"{LIST}find/"))]
    tabs = [link for link in led if link.startswith(f"{LIST}?tab=")]
    assert len(tabs) >= 8
    assert {staff.get(link).status_code for link in tabs} == {200}
    filtering = re.search(r'<form class="desk-filter"[^>]*>', page)
    assert filtering is None or f'action="{LIST}"' in filtering[0]


@pytest.mark.parametrize("typed", ["2345", "24536", "9 234-567", "ТАХК"])
def test_the_beginning_of_a_number_is_no_phone_even_of_digits(staff, case, typed):
    found = staff.post(f"{LIST}find/", {"what": typed})
    assert found.status_code == 303
    assert "q=" in found.headers["Location"]


@pytest.mark.parametrize("typed", ["", "  ", "\0", "я" * 300, "а@б", "%", "'; drop table"])
def test_nonsense_in_the_search_is_told(staff, case, typed):
    assert staff.post(f"{LIST}find/", {"what": typed}).status_code in (200, 303, 422)


# Taking the next


def test_the_next_one_is_taken_within_the_filter(staff, specialist, centre):
    topic = TopicFactory()
    pressing = make_case(FormFactory(urgent=True), centre=centre)
    wanted = make_case(FormFactory(topic=topic), centre=centre)
    answer = staff.post(f"{LIST}next/?tab=free&topic={topic.pk}")
    assert answer.headers["Location"] == f"{LIST}{wanted.pk}/"
    assert staff.post(f"{LIST}next/?tab=free").headers["Location"] == f"{LIST}{pressing.pk}/"
    nothing = staff.post(f"{LIST}next/?tab=free")
    assert nothing.status_code == 409
    assert "Свободных обращений здесь нет" in nothing.content.decode()


# Kept filters


def test_a_filter_is_kept_used_and_forgotten_by_its_owner_alone(staff, client, specialist, centre):
    topic = TopicFactory()
    query = f"tab=overdue&topic={topic.pk}&next=//evil&page=7&phone=89211234567"
    staff.post(f"{LIST}filters/", {"title": "Мои темы", "query": query})
    kept = SavedFilter.objects.get()
    assert (kept.owner, kept.query) == (specialist, f"tab=overdue&topic={topic.pk}")
    assert "Мои темы" in staff.get(LIST).content.decode()
    staff.post(f"{LIST}filters/", {"title": "Мои темы", "query": "tab=free"})
    kept.refresh_from_db()
    assert kept.query == "tab=free"
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    assert "Мои темы" not in client.get(LIST).content.decode()
    assert client.post(f"{LIST}filters/{kept.pk}/forget/").status_code == 404
    client.force_login(specialist)
    assert client.post(f"{LIST}filters/{kept.pk}/forget/").status_code == 303
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("title", ["", "я" * 61, "<script>alert(1)</script>"])
def test_names_of_filters(staff, title):
    staff.post(f"{LIST}filters/", {"title": title, "query": "tab=free"})
    assert SavedFilter.objects.count() == (1 if title.startswith("<") else 0)
    assert "<script>alert" not in staff.get(LIST).content.decode()


# Cost and rights


def test_all_columns_cost_the_same_for_few_and_many(
    staff, specialist, centre, django_assert_max_num_queries
):
    form, counts = FormFactory(), []
    for number in (3, 47):
        for _ in range(number):
            make_case(form, centre=centre)
        SavedFilter.objects.create(owner=specialist, title=str(number), query="tab=free")
        staff.get(f"{LIST}?tab=open")
        with django_assert_max_num_queries(25) as counted:
            staff.get(f"{LIST}?tab=open&topic={form.topic_id}")
        counts.append(len(counted))
    tell_count(f"queries of the list: {counts}")
    assert counts[0] == counts[1]


def test_who_works_in_no_centre_has_an_empty_list(client, case):
    client.force_login(UserFactory(role=Role.SPECIALIST))
    answer = client.get(LIST)
    assert (answer.status_code, numbers(answer)) == (200, [])
    assert client.get(f"{LIST}?tab=urgent").status_code == 200
    assert client.post(f"{LIST}next/").status_code == 409


def test_who_has_nothing_to_do_with_cases_has_no_list(client, centre):
    client.force_login(UserFactory(role=Role.EDITOR))
    for name in ("list", "jobs"):
        assert client.get(reverse(f"intake:{name}")).status_code == 404
    for name in ("find", "next", "keep_filter", "many"):
        assert client.post(reverse(f"intake:{name}")).status_code == 404
    assert client.get(reverse("intake:job", args=[uuid.uuid4()])).status_code == 404
