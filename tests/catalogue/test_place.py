"""A family chooses where it lives: in a cookie, with links and buttons alone."""

import pytest

from tests.factories import TerritoryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def country():
    return TerritoryFactory(slug="rossiya", title="Россия", kind="country")


@pytest.fixture
def region(country):
    return TerritoryFactory(slug="oblast", title="Лесная область", kind="region", parent=country)


@pytest.fixture
def district(region):
    return TerritoryFactory(
        slug="ozernyj", title="Озёрный район", parent=region, aliases=["Озёрск"]
    )


@pytest.fixture
def village(district):
    return TerritoryFactory(
        slug="selo", title="Село Дальнее", kind="rural_settlement", parent=district
    )


def test_regions_come_first_and_lead_to_their_districts(client, district):
    assert "?inside=oblast" in client.get("/territory/").text
    inside = client.get("/territory/?inside=oblast").text
    assert 'value="ozernyj"' in inside
    assert "Выбрать целиком: Лесная область" in inside


def test_a_district_with_settlements_leads_to_them(client, village):
    assert "?inside=ozernyj" in client.get("/territory/?inside=oblast").text
    assert 'value="selo"' in client.get("/territory/?inside=ozernyj").text


@pytest.mark.parametrize("words", ["озёрный", "ОЗЕРНЫЙ", "озерск", " ёрны "])
def test_words_find_a_place_by_name_and_by_what_people_call_it(client, district, words):
    page = client.get("/territory/", {"q": words}).text
    assert 'value="ozernyj"' in page
    assert "Лесная область" in page


def test_unknown_words_get_advice(client, district):
    page = client.get("/territory/", {"q": "Атлантида"}).text
    assert "Такого места нет в нашем списке" in page
    assert 'value="rossiya"' in page


def test_choice_is_kept_in_a_cookie_that_scripts_cannot_read(client, district):
    response = client.post("/territory/", {"territory": "ozernyj", "next": "/patterns/?a=1"})
    assert response.status_code == 302
    assert response.url == "/patterns/?a=1"
    cookie = response.cookies["territory"]
    assert cookie.value == "ozernyj"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "Озёрный район" in client.get("/patterns/").text


def test_choice_can_be_forgotten(client, district):
    client.cookies["territory"] = "ozernyj"
    assert "Забыть мой выбор" in client.get("/territory/").text
    response = client.post("/territory/", {"territory": ""})
    assert response.cookies["territory"].value == ""
    assert "Выберите свой район" in client.get("/patterns/").text


@pytest.mark.parametrize("slug", ["net-takogo", "\0", "x" * 500, "оз", "' or 1=1"])
def test_a_place_that_does_not_exist_is_refused_in_words(client, region, slug):
    response = client.post("/territory/", {"territory": slug})
    assert response.status_code == 400
    assert "Такого места мы не знаем" in response.text
    assert "territory" not in response.cookies


@pytest.mark.parametrize("value", ["net-takogo", "%00", "x" * 500, "<script>"])
def test_an_unknown_place_in_the_cookie_is_nothing(client, value):
    client.cookies["territory"] = value
    response = client.get("/net-takoy-stranitsy/")
    assert response.status_code == 404
    assert "Выберите свой район" in response.text


@pytest.mark.parametrize(
    "away",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "evil",
        "",
        "/" + "x" * 3000,
    ],
)
def test_nobody_is_led_to_a_foreign_site(client, district, away):
    response = client.post("/territory/", {"territory": "ozernyj", "next": away})
    assert response.url == "/"
    assert 'name="next" value="/"' in client.get("/territory/", {"next": away}).text


@pytest.mark.parametrize(
    "query", [{"inside": "net-takogo"}, {"inside": "\0"}, {"inside": "x" * 300}]
)
def test_inside_of_an_unknown_place_there_is_no_page(client, query):
    assert client.get("/territory/", query).status_code == 404


@pytest.mark.parametrize("words", ["\0", "x" * 10_000, "%_'\"\\", "<script>alert(1)</script>"])
def test_strange_words_find_nothing_and_break_nothing(client, region, words):
    response = client.get("/territory/", {"q": words})
    assert response.status_code == 200
    assert "<script>alert" not in response.text


def test_number_of_queries_does_not_grow_with_places(client, region, django_assert_max_num_queries):
    for _ in range(30):
        TerritoryFactory(parent=region)
    client.get("/territory/")
    with django_assert_max_num_queries(7):
        client.get("/territory/?inside=oblast")
    with django_assert_max_num_queries(7):
        client.get("/territory/", {"q": "территория"})
