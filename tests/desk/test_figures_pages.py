"""The page of figures: whose they are, and what it tells."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cms.access import Role
from desk.figures import upkeep
from forms import rating
from forms.models import Channel, Score
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.figures import FILES, URL, decided, numbers, rows, texts
from tests.intake import FormFactory, TopicFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

# Whose


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.DISPATCHER, Role.PARTNER, Role.EDITOR,
                                  Role.CHIEF_EDITOR, Role.ADMINISTRATOR])  # fmt: skip
def test_others_find_no_figures(client, centre, role):
    client.force_login(UserFactory(role=role, provider=centre))
    assert [client.get(url).status_code for url in (URL, *FILES)] == [404, 404, 404]
    assert URL not in client.get(reverse("wagtailadmin_home")).content.decode()


def test_head_sees_own_centre_only(client, head, centre, clock):
    clock.at("2026-11-20T12:00")
    other = ProviderFactory(centre=True, short_name="Чужой центр")
    for _ in range(7):
        make_case(centre=centre)
    for _ in range(3):
        make_case(centre=other)
    upkeep.keep_up()
    assert numbers(client)["Пришло обращений"] == "7"
    for asked in (f"?centre={other.pk}", "?centre=", "?centre=all"):
        page, book, paper = texts(client, asked)
        assert numbers(client, asked)["Пришло обращений"] == "7"
        assert "Чужой центр" not in page + book + paper


def test_head_of_two_centres_chooses_between_them(client, head, centre, clock):
    clock.at("2026-11-20T12:00")
    second, foreign = ProviderFactory(centre=True), ProviderFactory(centre=True)
    head.memberships.create(provider=second)
    for place in (centre, second, second, foreign):
        make_case(centre=place)
    upkeep.keep_up()
    assert numbers(client)["Пришло обращений"] == "3"
    assert numbers(client, f"?centre={second.pk}")["Пришло обращений"] == "2"
    assert client.get(f"{URL}?centre={foreign.pk}").status_code == 422
    assert set(rows(client, "centres")) == {str(centre), str(second)}


def test_head_without_a_centre_sees_nothing(client):
    client.force_login(UserFactory(role=Role.HEAD))
    make_case(centre=ProviderFactory(centre=True))
    upkeep.keep_up()
    assert numbers(client)["Пришло обращений"] == "0"


# What is told


def test_numbers_of_a_month(client, head, centre, clock):
    clock.at("2026-10-05T10:00")
    for _ in range(2):
        make_case(centre=centre)
    clock.at("2026-11-09T09:00")  # a Monday
    cases = [make_case(FormFactory(), centre=centre) for _ in range(4)]
    clock.at("2026-11-09T18:00")
    decided(cases[0], head)
    clock.at("2026-11-10T18:00")
    decided(cases[1], head, "advised")
    clock.at("2026-11-20T18:00")
    decided(cases[2], head, "refused", reason="no_places")
    for case, score in zip(cases[:3], (Score.YES, Score.RATHER, Score.NOT_AT_ALL), strict=True):
        rating.rate(case_id=case.pk, score=score)
    upkeep.keep_up()
    clock.at("2026-11-23T12:00")
    told = numbers(client)
    assert told["Пришло обращений"] == "4"
    assert told["Решение"] == "1,8 дн."  # one day, two, ten: in the bucket up to two days
    assert told["Решено в срок"] == "66,7 %"
    assert told["Дистанционно"] == "100 %"
    assert told["Довольны"] == "66,7 %"
    page = client.get(URL).content.decode()
    assert "+100" in page  # twice as many as in October
    assert "дн. Посчитано" in page
    assert rows(client, "outcomes")["помогли"][0] == "1"
    assert rows(client, "refusals") == {
        "нет мест или кончились деньги": ["1", "100\N{NO-BREAK SPACE}%"]
    }
    assert rows(client, "ratings")["1 – совсем нет"][0] == "1"
    now = {one.title: one.cell.text for one in client.get(URL).context["found"].now}
    assert (now["Открыто"], now["Просрочено"], now["Свободные"]) == ("3", "3", "3")


def test_figures_are_narrowed(client, head, centre, clock):
    clock.at("2026-11-20T12:00")
    place = TerritoryFactory(title="Район")
    village = TerritoryFactory(title="Село", parent=place, kind="rural_settlement")
    topics = TopicFactory.create_batch(2)
    for number in range(8):
        make_case(
            FormFactory(topic=topics[number % 2]), centre=centre,
            channel=(Channel.WEB, Channel.PHONE)[number // 2 % 2],
            territory=(village, TerritoryFactory())[number // 4],
        )  # fmt: skip
    upkeep.keep_up()

    def came(query):
        assert query[0] == "?"
        return numbers(client, query)["Пришло обращений"]

    assert came("?period=month") == "8"
    assert came(f"?topic={topics[0].pk}") == "4"
    assert came("?channel=phone") == "4"
    assert came(f"?place={place.pk}") == "4"  # with the village that lies in it
    assert came(f"?place={village.pk}&topic={topics[1].pk}&channel=web") == "1"
    assert came("?period=last_month") == "0"
    assert came("?period=days&since=2026-11-20&until=2026-11-20") == "8"
    assert came("?period=days&since=2026-10-15&until=2026-11-19") == "0"
    assert came("?period=year") == "8"


def test_page_without_anything_reads_well(client, head, centre):
    page = client.get(URL)
    assert page.status_code == 200
    assert "Пока ничего не посчитано" in page.content.decode()
    assert all(client.get(url).status_code == 200 for url in FILES)


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("period=days", "since", "Напишите день."),
        (
            "period=days&since=2026-11-20&until=2026-11-01",
            "until",
            "Последний день раньше первого.",
        ),
        ("period=days&since=2010-01-01&until=2026-11-01", "until", "Не больше пяти лет."),
        ("period=days&since=31.31.2026&until=2026-11-01", "since", ""),
        ("topic=999999", "topic", ""),
        ("topic=x'--", "topic", ""),
        ("channel=pigeon", "channel", ""),
        ("period=century", "period", ""),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(client, head, query, name, words):
    for url in (URL, *FILES):
        answer = client.get(f"{url}?{query}")
        assert answer.status_code == 422
        errors = answer.context["form"].errors
        assert name in errors
        assert words in errors[name][0]
        assert errors[name][0] in answer.content.decode()
    assert client.get(reverse("intake:figures_file", args=["exe"])).status_code == 404


@pytest.mark.parametrize("role", [Role.HEAD, Role.ANALYST])
def test_queries_do_not_grow_with_what_is_counted(
    client, centre, clock, role, django_assert_max_num_queries
):
    person = UserFactory(role=role, provider=centre)

    def asked(query):
        clock.at("2026-11-20T12:00")
        client.force_login(person)
        with django_assert_max_num_queries(48) as counted:
            assert client.get(URL + query).status_code == 200
        return len(counted)

    def fill(count):
        clock.at("2026-10-20T12:00")
        for _ in range(count):
            make_case(FormFactory(), centre=centre, territory=TerritoryFactory())
        upkeep.keep_up()

    fill(25)  # fewer may all be blurred to nothing, and nobody asks for their names
    queries = [
        "?period=last_month",
        "?period=year",
        "?period=days&since=2026-01-01&until=2026-10-31",
    ]
    if role == Role.HEAD:
        queries += ["?period=month", "?period=days&since=2026-01-15&until=2026-11-20"]
    few = [asked(query) for query in queries]
    fill(25)
    assert [asked(query) for query in queries] == few
    tell_count(f"queries of the page of {role}: {few}")
