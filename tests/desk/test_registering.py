"""Registering what was told: every channel, what was not asked, days, drafts, who may."""

from __future__ import annotations

import datetime
import html
import json
import zoneinfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk.contact_form import ContactForm
from forms import drafts
from forms.calendars import calendar_of
from forms.models import (
    BY_STAFF,
    CentreClock,
    ConsentGiven,
    FormDraft,
    IntakeCase,
    Permission,
    Registration,
    State,
    Submission,
    UploadedFile,
)
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import (
    NAME,
    PHONE,
    STORY,
    FormFactory,
    QueueFactory,
    RuleFactory,
    family_steps,
    make_case,
    question,
    rows,
    simple_steps,
    step,
    version_of,
)
from themes.templatetags.russian import human_date

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def place():
    country = TerritoryFactory(slug="strana", kind="country")
    return TerritoryFactory(parent=TerritoryFactory(parent=country, kind="region"))


@pytest.fixture
def form(centre, place):
    RuleFactory(territory=place, queue=QueueFactory(centre=centre))
    return FormFactory(slug="vopros")


def url(form):
    return reverse("intake:new_form", args=[form.slug])


def token_of(response):
    return response.context["draft"]


def contact(**more):
    now = timezone.localtime()
    return {
        "r-channel": "phone",
        "r-day": f"{now:%Y-%m-%d}",
        "r-hour": "00:00",
        "r-teller": "person",
        "r-permission": "spoken",
        **{f"r-{name}": value for name, value in more.items()},
    }


def typed(place, **more):
    return {
        "a-story": STORY,
        "a-way": "call",
        "a-name": NAME,
        "a-phone": PHONE,
        "a-place": place.slug,
        "a-consent": "on",
        **contact(),
        **more,
    }


def send(client, form, data, **kwargs):
    data = {"draft": token_of(client.get(url(form))), **data}
    return client.post(url(form), data, **kwargs), data


def only_case():
    return IntakeCase.objects.get()


# The way in


@pytest.mark.parametrize("channel", BY_STAFF)
def test_a_request_of_every_channel_becomes_a_case_with_a_receipt(staff, form, place, channel):
    answer, _data = send(staff, form, typed(place, **{"r-channel": channel.value}))
    case = only_case()
    assert (answer.status_code, answer["Location"]) == (303, f"/admin/intake/{case.pk}/")
    assert case.channel == channel
    page = staff.get(answer["Location"]).content.decode()
    assert "Зарегистрировано. Скажите человеку:" in page
    assert case.number in page
    assert str(channel.label) in page
    sheet = staff.get(reverse("intake:registered_sheet", args=[case.ref]))
    assert sheet.content.startswith(b"%PDF")


def test_the_same_page_sent_twice_makes_one_case(staff, form, place):
    first, data = send(staff, form, typed(place))
    second = staff.post(url(form), data)
    assert first["Location"] == second["Location"]
    assert Submission.objects.count() == 1
    assert not FormDraft.objects.exists()


def test_it_may_be_taken_at_once_and_kept_in_a_queue_of_the_centre(staff, specialist, centre, form, place):  # fmt: skip
    queue = QueueFactory(centre=centre)
    send(staff, form, typed(place, **{"r-queue": queue.pk, "r-take": "on", "r-urgent": "on"}))
    case = only_case()
    assert (case.queue, case.state, case.assignee) == (queue, State.IN_WORK, specialist)
    assert case.urgent


def test_a_queue_of_another_centre_cannot_be_chosen(staff, form, place):
    other = QueueFactory(centre=ProviderFactory(centre=True))
    answer, _data = send(staff, form, typed(place, **{"r-queue": other.pk}))
    assert answer.status_code == 422
    assert "queue" in answer.context["contact"].errors
    assert not IntakeCase.objects.exists()


def test_what_goes_to_another_centre_shows_its_number_to_who_registered_it_only(
    staff, form, place, client, centre
):
    other = ProviderFactory(centre=True)
    RuleFactory(position=1, queue=QueueFactory(centre=other))
    answer, _data = send(staff, form, typed(place))
    case = only_case()
    assert case.centre == other
    assert answer["Location"] == reverse("intake:registered", args=[case.ref])
    page = staff.get(answer["Location"]).content.decode()
    assert case.number in page
    assert NAME not in page
    assert staff.get(f"/admin/intake/{case.pk}/").status_code == 404
    colleague = Client()
    colleague.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    for name in ("registered", "registered_sheet"):
        assert colleague.get(reverse(f"intake:{name}", args=[case.ref])).status_code == 404


def test_the_code_is_shown_for_a_quarter_of_an_hour(staff, form, place, monkeypatch):
    answer, _data = send(staff, form, typed(place))
    later = timezone.now() + datetime.timedelta(minutes=16)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "Скажите человеку" not in staff.get(answer["Location"]).content.decode()
    sheet = reverse("intake:registered_sheet", args=[only_case().ref])
    assert staff.get(sheet).status_code == 404


# What is known of the contact


def test_who_said_it_who_typed_it_and_the_consent_stand_on_the_page_of_the_case(staff, specialist, form, place):  # fmt: skip
    answer, _data = send(
        staff, form, typed(place, **{"r-teller": "relative", "r-permission": "signed", "r-channel": "post", "r-hour": ""})
    )  # fmt: skip
    page = staff.get(answer["Location"]).content.decode()
    for words in ("родственник или близкий", str(specialist), "подписано на бумаге", "письмо"):
        assert words in page
    assert ConsentGiven.objects.get().way == "signed"
    assert only_case().submission.registration.day_only


def test_term_counts_from_the_day_of_the_letter(staff, form, place):
    came = timezone.localdate() - datetime.timedelta(days=3)
    send(
        staff, form, typed(place, **{"r-channel": "post", "r-day": came.isoformat(), "r-hour": ""})
    )
    case = only_case()
    start = timezone.make_aware(datetime.datetime.combine(came, datetime.time()))
    assert case.due_at == calendar_of(case.centre_id).due_after(start, case.topic.answer_days)


def judged(specialist, **more):
    data = {
        "r-channel": "post",
        "r-day": "2026-11-20",
        "r-hour": "",
        "r-teller": "person",
        **{f"r-{name}": value for name, value in more.items()},
    }
    found = ContactForm(specialist, needs_permission=False, data=data)
    found.is_valid()
    return found


@pytest.mark.parametrize(
    ("now", "more", "wrong"),
    [
        ("2026-11-23", {}, None),
        ("2026-11-23", {"day": "20.11.2026"}, None),
        ("2026-11-23", {"day": "2026-11-24"}, "day"),
        ("2026-11-23", {"day": "2026-11-23", "hour": "23:59"}, "hour"),
        ("2026-11-23", {"day": "2026-10-01"}, "day"),
        ("2026-11-23", {"day": "2024-02-29", "from_paper": "on"}, None),
        ("2026-11-23", {"day": "2025-02-29", "from_paper": "on"}, "day"),
        ("2026-11-23", {"day": "2016-02-29", "from_paper": "on"}, "day"),
        ("2028-03-01", {"day": "2028-02-29"}, None),
        ("2027-03-01", {"day": "29.02.2027"}, "day"),
        ("2026-11-23", {"day": "0001-01-01"}, "day"),
        ("2026-11-23", {"day": "99999-01-01"}, "day"),
        ("2026-11-23", {"day": ""}, "day"),
        ("2026-11-23", {"channel": "phone"}, "hour"),
        ("2026-11-23", {"hour": "25:00"}, "hour"),
        ("2026-11-23", {"channel": "web"}, "channel"),
        ("2026-11-23", {"teller": "nobody"}, "teller"),
    ],
)
def test_the_day_of_the_contact_is_judged(specialist, monkeypatch, now, more, wrong):
    moment = timezone.make_aware(datetime.datetime.fromisoformat(f"{now}T12:00"))
    monkeypatch.setattr(timezone, "now", lambda: moment)
    found = judged(specialist, **more)
    assert set(found.errors) == ({wrong} if wrong else set())


def test_paper_from_before_the_records_of_the_centre_is_refused_beside_the_day(specialist, centre):
    day = timezone.localdate() - datetime.timedelta(days=100)
    CentreClock.objects.create(centre=centre, records_since=day)
    before = day - datetime.timedelta(days=1)
    found = judged(specialist, day=before.isoformat(), from_paper="on")
    assert found.errors == {"day": [f"Учёт в центре ведётся с {day:%d.%m.%Y}. Проверьте день."]}
    assert not judged(specialist, day=day.isoformat(), from_paper="on").errors


def test_old_paper_is_marked_as_such(staff, form, place):
    day = timezone.localdate() - datetime.timedelta(days=800)
    answer, _data = send(
        staff, form, typed(place, **{"r-channel": "visit", "r-day": day.isoformat(), "r-hour": "", "r-from_paper": "on"})
    )  # fmt: skip
    assert Registration.objects.get().from_paper
    printed = f"{answer['Location']}paper/"
    pages = [
        staff.get(answer["Location"]),
        staff.post(printed, {"for": "family"}),
        staff.post(printed, {"for": "centre"}),
    ]
    for page in pages:
        assert "с бумаги" in page.content.decode()
        assert human_date(day) in page.content.decode()
    case = only_case()
    assert timezone.localdate(case.contact_at) == day
    calendar = calendar_of(case.centre_id)
    assert case.due_at == calendar.due_after(case.contact_at, case.topic.answer_days)


# Not asked


def test_what_was_not_asked_is_not_demanded_and_is_told_on_the_case(staff, form, place):
    data = typed(place, n=["name", "place"])
    del data["a-name"], data["a-place"]
    data["r-queue"] = QueueFactory(centre=Registration and _centre_of(staff)).pk
    answer, _data = send(staff, form, data)
    assert answer.status_code == 303
    assert Registration.objects.get().unasked == ["name", "place"]
    page = staff.get(answer["Location"]).content.decode()
    assert page.count("не спрошено") == 2
    printed = staff.post(f"{answer['Location']}paper/", {"for": "family"}).content.decode()
    assert printed.count("не спрошено") == 2


def _centre_of(client):
    from catalogue.models import Provider

    return Provider.objects.centres().get(memberships__user_id=client.session["_auth_user_id"])


def test_a_required_question_without_answer_and_mark_keeps_everything_typed(staff, form, place):
    data = typed(place)
    del data["a-name"]
    answer, _data = send(staff, form, data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert STORY in page
    assert "Ответьте" in page or "ответ" in page
    assert not IntakeCase.objects.exists()


def test_a_consent_cannot_be_left_unasked_unless_life_is_in_danger(staff, form, place):
    data = typed(place, n=["consent"])
    del data["a-consent"]
    answer, _data = send(staff, form, data)
    assert answer.status_code == 422
    answer, _data = send(staff, form, {**data, "r-permission": Permission.VITAL.value})
    assert answer.status_code == 303
    assert not ConsentGiven.objects.exists()
    assert Registration.objects.get().unasked == ["consent"]


# Groups of rows, conditions, files


def rows_form():
    return FormFactory(slug="deti", steps=family_steps())


def test_rows_are_added_and_dropped_with_their_marks(staff, centre):
    form = rows_form()
    queue = QueueFactory(centre=centre)
    data = {**contact(queue=queue.pk), "a-children.rows": "2", "a-children.0.child": "Первый",
            "a-children.1.child": "Второй", "n": ["children.0.born", "children.1.born"]}  # fmt: skip
    token = token_of(staff.get(url(form)))
    page = staff.post(url(form), {**data, "draft": token, "do": "add:children"})
    assert page.status_code == 200
    assert page.content.decode().count("Ребёнок 3") == 2
    page = staff.post(url(form), {**data, "draft": token_of(page), "do": "drop:children.0"})
    draft = FormDraft.objects.get()
    assert draft.read_typed()["n"] == ["children.0.born"]
    assert draft.read_typed()["a-children.0.child"] == ["Второй"]
    answer = staff.post(
        url(form),
        {**contact(queue=queue.pk), "draft": token_of(page), "a-children.rows": "1", "a-children.0.child": "Второй", "n": "children.0.born"},
    )  # fmt: skip
    assert answer.status_code == 303
    assert only_case().submission.read_answers()["children"] == [{"child": "Второй"}]
    assert Registration.objects.get().unasked == ["children.0.born"]


def test_a_scan_of_the_letter_comes_with_it(staff, centre, store):
    form = FormFactory(slug="pismo", steps=[step("Письмо", question("file", "scan", most_files=2, most_megabytes=5, accepts="papers"))])  # fmt: skip
    data = contact(queue=QueueFactory(centre=centre).pk)
    token = token_of(staff.get(url(form)))
    scan = SimpleUploadedFile("pismo.pdf", b"%PDF-1.4\ntrailer\n%%EOF\n")
    page = staff.post(url(form), {**data, "draft": token, "do": "attach", "a-scan": scan})
    assert "pismo.pdf" in page.content.decode()
    answer = staff.post(url(form), {**data, "draft": token_of(page)})
    assert answer.status_code == 303
    assert UploadedFile.objects.get().submission == only_case().submission
    assert "pismo.pdf" in staff.get(answer["Location"]).content.decode()


def test_a_draft_that_is_thrown_away_takes_its_files(staff, store):
    form = FormFactory(slug="pismo", steps=[step("Письмо", question("file", "scan", most_files=2, most_megabytes=5, accepts="papers"))])  # fmt: skip
    scan = SimpleUploadedFile("pismo.pdf", b"%PDF-1.4\ntrailer\n%%EOF\n")
    send(staff, form, {**contact(), "do": "attach", "a-scan": scan})
    draft = FormDraft.objects.get()
    answer = staff.post(reverse("intake:new_drop", args=[draft.ref]))
    assert answer.status_code == 303
    assert not FormDraft.objects.exists()
    assert not UploadedFile.objects.exists()


def test_what_other_answers_make_needless_is_not_asked(staff, form, place):
    data = typed(place, **{"a-way": "mail"})
    del data["a-phone"]
    answer, _data = send(staff, form, data)
    assert answer.status_code == 303
    assert "phone" not in only_case().submission.read_answers()


# What is typed stays


def test_what_is_typed_outlives_a_reload_and_a_lost_session(staff, specialist, form, place):
    data = typed(place, n=["name"])
    token = token_of(staff.get(url(form)))
    told = staff.post(url(form), {**data, "draft": token, "do": "keep"}, headers={"Accept": "application/json"})  # fmt: skip
    assert json.loads(told.content)["kept"]
    staff.logout()
    lost = staff.post(url(form), {**data, "draft": token})
    assert (lost.status_code, "/login/" in lost["Location"]) == (302, True)
    again = Client()
    again.force_login(specialist)
    listed = again.get(reverse("intake:new")).content.decode()
    draft = FormDraft.objects.get()
    assert reverse("intake:new_begun", args=[draft.ref]) in listed
    page = again.get(reverse("intake:new_begun", args=[draft.ref]))
    text = page.content.decode()
    assert STORY in text
    assert 'value="name" checked' in text
    done = again.post(url(form), {**data, "draft": token_of(page)})
    assert done.status_code == 303
    assert not FormDraft.objects.exists()


def test_nobody_else_sees_what_was_begun(staff, form, place, centre):
    send(staff, form, {**typed(place), "do": "keep"})
    draft = FormDraft.objects.get()
    other = Client()
    other.force_login(UserFactory(role=Role.DISPATCHER, provider=centre))
    assert draft.ref not in other.get(reverse("intake:new")).content.decode()
    assert other.get(reverse("intake:new_begun", args=[draft.ref])).status_code == 404
    assert other.post(reverse("intake:new_drop", args=[draft.ref])).status_code == 404
    assert STORY.encode() not in bytes(draft.typed)


def test_another_window_does_not_write_over_this_one(staff, form, place):
    token = token_of(staff.get(url(form)))
    staff.post(url(form), {**typed(place), "draft": token, "do": "keep"})
    key = drafts.read(token).key
    old = drafts.issue(version_of(form).pk, key, 0)
    page = staff.post(
        url(form), {**typed(place, **{"a-story": "другое"}), "draft": old, "do": "keep"}
    )
    assert page.status_code == 409
    assert "другое" in page.content.decode()
    assert FormDraft.objects.get().read_typed()["a-story"] == [STORY]


@pytest.mark.parametrize("token", ["", "x", "a.b.c.d:1:2"])
def test_a_page_that_nobody_has_issued_begins_anew_with_everything_typed(staff, form, place, token):
    page = staff.post(url(form), {**typed(place), "draft": token})
    assert page.status_code == 410
    assert STORY in page.content.decode()
    assert staff.post(url(form), {**typed(place), "draft": token_of(page)}).status_code == 303


# The same people


def test_an_open_case_of_the_same_phone_is_told_first(staff, specialist, form, place, centre):
    mine = make_case(FormFactory(steps=simple_steps()), centre=centre)
    make_case(FormFactory(steps=simple_steps()), centre=ProviderFactory(centre=True))
    answer, data = send(staff, form, typed(place))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert mine.number in page
    assert "которое вам не видно" in page
    for other in IntakeCase.objects.exclude(pk=mine.pk):
        assert other.number not in page
    assert IntakeCase.objects.count() == 2
    told = staff.post(url(form), {**data, "draft": token_of(answer), "do": "keep"}, headers={"Accept": "application/json"})  # fmt: skip
    assert mine.number in json.loads(told.content)["similar"]
    done = staff.post(url(form), {**data, "draft": token_of(answer), "do": "anyway"})
    assert done.status_code == 303
    assert IntakeCase.objects.count() == 3


def test_a_closed_case_of_the_same_phone_is_no_reason_to_stop(staff, form, place, centre):
    case = make_case(FormFactory(), centre=centre)
    IntakeCase.objects.filter(pk=case.pk).update(state=State.CLOSED, outcome="advised", closed_at=timezone.now())  # fmt: skip
    answer, _data = send(staff, form, typed(place))
    assert answer.status_code == 303


# Who may


def _paths(form):
    return [reverse("intake:new"), url(form)]


MAY = (Role.DISPATCHER, Role.SPECIALIST, Role.HEAD)


@pytest.mark.parametrize("role", list(Role), ids=list(Role.__members__))
@pytest.mark.parametrize("with_centre", [True, False])
def test_who_may_register(client, role, with_centre, form, centre):
    client.force_login(UserFactory(role=role, provider=centre if with_centre else None))
    expected = 200 if role in MAY and with_centre else 404
    choices, page = (client.get(path) for path in _paths(form))
    assert page.status_code == expected
    assert choices.status_code == (200 if role in MAY else 404)
    if expected == 404:
        assert form.title not in choices.content.decode()
        assert client.post(url(form), {"draft": ""}).status_code == 404
        assert not FormDraft.objects.exists()


def test_who_has_no_centre_is_told_so_where_the_menu_leads(client, form):
    client.force_login(UserFactory(role=Role.DISPATCHER))
    choices, page = (client.get(path) for path in _paths(form))
    assert "не относится ни к одному центру" in choices.content.decode()
    assert page.status_code == 404


def test_a_superuser_without_centre_cannot_register(client, form):
    client.force_login(UserFactory(is_superuser=True))
    choices, page = (client.get(path) for path in _paths(form))
    assert form.title not in choices.content.decode()
    assert page.status_code == 404


def test_nobody_registers_without_a_login(client, form):
    for path in _paths(form):
        assert "/login/" in client.get(path)["Location"]


def test_an_unpublished_form_is_not_offered(staff, form):
    form.unpublish()
    assert staff.get(url(form)).status_code == 404
    assert form.title not in staff.get(reverse("intake:new")).content.decode()


# Lists


def test_forms_are_found_by_name_and_topic_and_those_used_often_stand_first(staff, form, place):
    rare = FormFactory(title="Редкая форма")
    send(staff, form, typed(place))
    page = staff.get(reverse("intake:new"))
    assert [one.pk for one in page.context["often"]] == [form.pk]
    found = staff.get(reverse("intake:new"), {"q": "редкая"})
    assert [one.pk for one in found.context["forms"]] == [rare.pk]
    by_topic = staff.get(reverse("intake:new"), {"q": rare.topic.title})
    assert rare.pk in [one.pk for one in by_topic.context["forms"]]
    assert staff.get(reverse("intake:new"), {"q": "\0" + "я" * 5000}).status_code == 200


def test_pages_ask_the_same_number_of_queries_however_much_there_is(
    staff, form, place, django_assert_max_num_queries
):
    def counted(path):
        with django_assert_max_num_queries(60) as queries:
            assert staff.get(path).status_code == 200
        return len(queries)

    staff.get(reverse("intake:new"))
    before = [counted(path) for path in _paths(form)]
    for _ in range(5):
        FormFactory()
        TerritoryFactory(parent=place)
        send(staff, FormFactory(), {**contact(), "do": "keep"})
    assert [counted(path) for path in _paths(form)] == before


def test_words_of_families_stand_in_the_page_as_words(staff, form, place):
    evil = '"><script>alert(1)</script>'
    answer, _data = send(staff, form, {**typed(place, **{"a-story": evil}), "do": "keep"})
    assert evil not in answer.content.decode()
    assert html.escape(evil, quote=False) in answer.content.decode() or "&lt;script&gt;" in answer.content.decode()  # fmt: skip


def test_a_group_that_may_be_empty_is_left_out(staff, centre):
    form = FormFactory(slug="g", steps=[step("Дети", rows("children", question("text", "child"), minimum=1, maximum=2))])  # fmt: skip
    data = {
        **contact(queue=QueueFactory(centre=centre).pk),
        "a-children.rows": "1",
        "n": "children",
    }
    answer, _data = send(staff, form, data)
    assert answer.status_code == 303
    assert Registration.objects.get().unasked == ["children"]


def test_hours_are_those_of_the_centres_clocks(staff, form, place, centre):
    CentreClock.objects.create(centre=centre, time_zone="Asia/Irkutsk")
    page = staff.get(url(form))
    now = timezone.now().astimezone(zoneinfo.ZoneInfo("Asia/Irkutsk"))
    assert page.context["contact"].initial["day"] == now.date()
    send(staff, form, typed(place, **{"r-day": f"{now:%Y-%m-%d}", "r-hour": "00:30"}))
    if now.hour or now.minute > 30:
        kept = Registration.objects.get().contacted_at.astimezone(now.tzinfo)
        assert (kept.hour, kept.minute, kept.date()) == (0, 30, now.date())


def test_a_secret_case_is_told_to_be_closed(staff, form, place):
    form.topic.secret = True
    form.topic.save()
    answer, _data = send(staff, form, typed(place))
    case = only_case()
    assert case.secret
    assert answer["Location"] == reverse("intake:registered", args=[case.ref])
    page = staff.get(answer["Location"]).content.decode()
    assert "Обращение закрытое" in page
    assert case.number in page
    assert NAME not in page
