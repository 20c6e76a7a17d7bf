"""A list that is left open: what has come, what was taken, at what cost, and to whom it is told."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.access import Role
from desk import news
from desk.narrowing import FilterForm, tabs_of
from forms import moves
from forms.actions import Action
from forms.models import IntakeCase
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_ledger import past_the_database
from tests.intake import FormFactory, QueueFactory, TopicFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db
LIST = "/admin/intake/"


@pytest.fixture
def colleague(centre):
    return UserFactory(role=Role.SPECIALIST, provider=centre)


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


def a_while_ago():
    """Everything has happened a minute ago."""
    past_the_database("update intake_forms_caseevent set at = at - interval '1 minute'")


class Open:
    """A list that somebody has open."""

    def __init__(self, client, query="tab=free"):
        self.client = client
        page = client.get(f"{LIST}?{query}")
        rows = [row["case"] for row in page.context["rows"]]
        self.values = {
            "at": page.context["stamp"],
            "free": ",".join(str(one.pk) for one in rows if one.state == "new"),
            "shown": ",".join(str(one.pk) for one in rows),
        }
        self.query = query

    def asks(self, **values):
        given = dict(part.split("=") for part in self.query.split("&")) | self.values | values
        return self.client.get(f"{LIST}news/", given)

    def told(self):
        return self.asks().json()


def test_nothing_new_says_nothing(staff, centre):
    make_case(centre=centre)
    a_while_ago()
    assert Open(staff).told() == {"told": "", "taken": []}


def test_new_cases_are_counted_and_those_elsewhere_are_not(staff, centre):
    make_case(centre=centre)
    a_while_ago()
    shown = Open(staff)
    for _ in range(2):
        make_case(centre=centre)
    make_case(centre=ProviderFactory(centre=True))
    make_case()
    assert shown.told()["told"] == "2 новых обращения."


def test_what_was_taken_is_told_by_its_row(staff, centre, colleague, specialist):
    cases = [make_case(centre=centre) for _ in range(3)]
    a_while_ago()
    shown = Open(staff)
    moves.take(case_id=cases[1].pk, actor=colleague)
    answer = shown.told()
    assert answer["taken"] == [cases[1].pk]
    assert answer["told"] == "1 обращение с этой страницы уже взято."
    IntakeCase.objects.filter(pk=cases[2].pk).update(
        queue=QueueFactory(centre=(other := ProviderFactory(centre=True))), centre=other
    )
    assert shown.told()["taken"] == [cases[1].pk, cases[2].pk]


def test_the_filter_counts(staff, centre):
    topic = TopicFactory()
    shown = Open(staff, f"tab=free&topic={topic.pk}")
    make_case(centre=centre)
    make_case(FormFactory(topic=topic), centre=centre)
    assert shown.told()["told"] == "1 новое обращение."


def test_given_back_handed_over_and_sorted_are_new_where_they_come_to(
    client, centre, colleague, specialist
):
    client.force_login(colleague)
    mine, back = (make_case(centre=centre) for _ in range(2))
    for case in (mine, back):
        moves.take(case_id=case.pk, actor=specialist)
    a_while_ago()
    own, free, every = (Open(client, f"tab={tab}") for tab in ("mine", "free", "open"))
    about = {"actor": specialist, "version": 2}
    moves.move(case_id=mine.pk, action=Action.ASSIGN, person=colleague, reason="too_much", **about)
    moves.move(case_id=back.pk, action=Action.RELEASE, text="нет", reason="away", **about)
    assert own.told()["told"] == "1 новое обращение."
    assert free.told()["told"] == "1 новое обращение."
    assert every.told()["told"] == ""  # they stood there already


def test_what_one_does_oneself_is_no_news(staff, centre, specialist):
    case = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=specialist)
    a_while_ago()
    shown = Open(staff)
    moves.move(
        case_id=case.pk, action=Action.RELEASE, actor=specialist, version=2, text="нет",
        reason="away",
    )  # fmt: skip
    assert shown.told() == {"told": "", "taken": []}


def test_many_are_not_counted_to_the_end(staff, centre, monkeypatch):
    shown = Open(staff)
    monkeypatch.setattr(news, "MOST", 2)
    form = FormFactory()
    for _ in range(4):
        make_case(form, centre=centre)
    assert shown.told()["told"].startswith("2+ ")


def test_one_question_however_long_the_list_is(specialist, centre):
    form, asked = FormFactory(), []
    since = timezone.now() - datetime.timedelta(minutes=5)
    tab, filtering = tabs_of(specialist)["free"], FilterForm(specialist, data={})
    for number in (2, 12):
        keys = [make_case(form, centre=centre).pk for _ in range(number)]
        IntakeCase.objects.visible_to(specialist).exists()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = news.news(specialist, tab, filtering, since=since, free=keys, shown=[keys[0]])
        assert found.came
        asked.append(len(queries))
    tell_count(f"questions of an open list: {asked}")
    assert asked == [1, 1]


@pytest.mark.parametrize(
    "values",
    [
        {"at": "x"},
        {"at": "9" * 18},
        {"at": "9" * 40},
        {"at": "-1"},
        {"free": "²,1,x,," + "9" * 30},
        {"shown": "1;drop table", "free": "\0"},
        {"tab": "none", "at": ""},
        {"free": ",".join(["1"] * 5000)},
    ],
)
def test_nonsense_breaks_nothing(staff, centre, values):
    make_case(centre=centre)
    assert Open(staff).asks(**values).status_code == 200


def test_who_has_nothing_to_do_with_cases_gets_no_news(client, centre):
    client.force_login(UserFactory(role=Role.EDITOR))
    assert client.get(f"{LIST}news/").status_code == 404
    client.logout()
    assert client.get(f"{LIST}news/").status_code in (302, 404)


def test_without_a_script_there_is_a_way_to_see_it_anew(staff, centre):
    page = staff.get(f"{LIST}?tab=overdue").content.decode()
    assert '<a href="/admin/intake/?tab=overdue">Показать заново</a>' in page
    assert "Показано в" in page
