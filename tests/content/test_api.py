"""Other systems read the stories of situations."""

import pytest

from tests.factories import MeasureFactory
from tests.streams import stream

pytestmark = pytest.mark.django_db


def test_list_names_every_published_story(client, tell):
    tell("first", title="Первая", lead="Лид.", who="Всем")
    tell("draft", live=False)
    answer = client.get("/api/v1/situations").json()
    assert answer == [
        {
            "slug": "first",
            "title": "Первая",
            "lead": "Лид.",
            "who": "Всем",
            "urgent": False,
            "url": "http://testserver/situations/first/",
        }
    ]


def test_story_holds_steps_measures_phones_and_neighbours(client, tell):
    seen, hidden = MeasureFactory(title="Видимая"), MeasureFactory(live=False)
    neighbour = tell("near")
    tell(
        "beda",
        steps=[("Подайте", [seen, hidden])],
        phones=stream([("phone", {"title": "Кто", "phone": "112", "note": "Всегда"})]),
        related=stream([("page", neighbour.pk)]),
    )
    answer = client.get("/api/v1/situations/beda").json()
    assert answer["steps"] == [
        {
            "number": 1,
            "what": "Подайте",
            "where": "",
            "measures": [
                {
                    "slug": seen.slug,
                    "title": "Видимая",
                    "url": f"http://testserver{seen.get_absolute_url()}",
                }
            ],
        }
    ]
    assert answer["emergency_contacts"] == [{"title": "Кто", "phone": "112", "note": "Всегда"}]
    assert answer["related"] == ["near"]


@pytest.mark.parametrize("slug", ["net-takoj", "draft", "%00", "x" * 300])
def test_what_is_not_there_is_told_in_json(client, tell, slug):
    tell("draft", live=False)
    response = client.get(f"/api/v1/situations/{slug}")
    assert response.status_code == 404
    assert response.json().keys() == {"detail"}


def test_number_of_queries_does_not_grow(client, tell, django_assert_num_queries):
    for number in range(12):
        tell(f"s{number}", steps=[("Шаг", [MeasureFactory()])] * 4)
    client.get("/api/v1/situations")
    with django_assert_num_queries(2):
        client.get("/api/v1/situations")
    with django_assert_num_queries(5):
        client.get("/api/v1/situations/s1")
