"""A story shows its steps with the measures that a family may see, its own place first."""

import pytest

from catalogue.models import Amount
from tests.factories import MeasureFactory, TerritoryFactory
from tests.streams import items, stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def country():
    return TerritoryFactory(kind="country", title="Россия")


@pytest.fixture
def here(country):
    return TerritoryFactory(slug="here", title="Наша область", kind="region", parent=country)


@pytest.fixture
def there(country):
    return TerritoryFactory(slug="there", title="Дальний край", kind="region", parent=country)


def measure_in(territory, **fields):
    measure = MeasureFactory(**fields)
    measure.territories = [territory]
    measure.save()
    return measure


def test_steps_stand_in_order_with_their_measures(client, tell):
    measure = MeasureFactory(title="Пособие на первое время")
    tell("beda", steps=[("Позвоните", []), ("Подайте заявление", [measure])])
    page = client.get("/situations/beda/").text
    assert page.index("Позвоните") < page.index("Подайте заявление")
    assert f'href="{measure.get_absolute_url()}"' in page
    assert page.index("Подайте заявление") < page.index("Пособие на первое время")


@pytest.mark.parametrize("hidden", [{"live": False}, {"valid_to": "2020-01-01"}])
def test_a_measure_that_is_not_for_families_now_is_never_shown(client, tell, hidden):
    tell("beda", steps=[("Подайте", [MeasureFactory(title="Закрытая мера", **hidden)])])
    page = client.get("/situations/beda/").text
    assert "Подайте" in page
    assert "Закрытая мера" not in page


def test_a_deleted_measure_leaves_its_step_standing(client, tell):
    measure = MeasureFactory(title="Удалённая мера")
    tell("beda", steps=[("Подайте", [measure])])
    measure.delete()
    assert "Подайте" in client.get("/situations/beda/").text


def test_sum_is_shown_and_doubt_is_told(client, tell):
    measure = MeasureFactory(summary="Деньги семье.", verification="none")
    Amount.objects.create(measure=measure, text="10 000 ₽ один раз", number=10_000)
    tell("beda", steps=[("Подайте", [measure])])
    page = client.get("/situations/beda/").text
    assert "10\xa0000\xa0₽ один раз" in page
    assert "Уточните сумму" in page
    assert "Деньги семье." not in page


def test_of_help_that_is_free_the_summary_is_shown(client, tell):
    measure = MeasureFactory(summary="Еда и одежда сразу.", verification="none")
    Amount.objects.create(measure=measure, text="Бесплатно", number=0)
    tell("beda", steps=[("Попросите", [measure])])
    page = client.get("/situations/beda/").text
    assert "Еда и одежда сразу." in page
    assert "Уточните сумму" not in page


def test_without_a_place_every_region_is_shown_with_its_name(client, tell, there):
    tell("beda", steps=[("Попросите", [measure_in(there, title="Краевая помощь")])])
    page = client.get("/situations/beda/").text
    assert "Дальний край" in page
    assert "Есть в других регионах" not in page


def test_help_of_other_regions_is_folded_away_when_a_place_is_chosen(client, tell, here, there):
    ours, theirs = measure_in(here, title="Наша помощь"), measure_in(there, title="Чужая помощь")
    tell("beda", steps=[("Попросите", [theirs, ours])])
    client.cookies["territory"] = "here"
    page = client.get("/situations/beda/").text
    assert page.index("Наша помощь") < page.index("Есть в других регионах (1)")
    assert page.index("Есть в других регионах (1)") < page.index("Чужая помощь")


def test_help_of_a_district_is_shown_to_its_whole_region(client, tell, here):
    district = TerritoryFactory(title="Озёрный район", parent=here)
    tell("beda", steps=[("Попросите", [measure_in(district, title="Районная помощь")])])
    client.cookies["territory"] = "here"
    page = client.get("/situations/beda/").text
    assert "Районная помощь" in page
    assert "Есть в других регионах" not in page


def test_a_step_without_help_in_the_place_says_so(client, tell, here, there):
    tell("beda", steps=[("Попросите", [measure_in(there)])])
    client.cookies["territory"] = "here"
    assert (
        "Здесь такой помощи мы пока не знаем: Наша область" in client.get("/situations/beda/").text
    )


def test_a_frightening_subject_is_quiet(client, tell):
    tell("beda", title="Страшное слово", seo_title="Справка", quiet=True)
    page = client.get("/situations/beda/").text
    assert "<title>Справка</title>" in page
    assert "data-quick-exit" in page
    assert "notice--urgent" not in page


def test_an_ordinary_subject_has_no_quick_exit(client, tell):
    tell("radost", title="Родился ребёнок")
    page = client.get("/situations/radost/").text
    assert "<title>Родился ребёнок – Навигатор</title>" in page
    assert "data-quick-exit" not in page


def test_phones_stand_before_the_steps(client, tell):
    phones = stream([("phone", {"title": "Кто", "phone": "8-800-000-00-00", "note": ""})])
    tell("beda", steps=[("Шаг первый", [])], phones=phones, phones_title="Звоните")
    page = client.get("/situations/beda/").text
    assert page.index("tel:+78000000000") < page.index("Шаг первый")


def test_only_published_neighbours_are_linked(client, tell):
    seen, draft = tell("seen", title="Видимая"), tell("draft", title="Черновик", live=False)
    related = stream(("page", page.pk) for page in (draft, seen))
    tell("beda", related=related)
    page = client.get("/situations/beda/").text
    assert "Видимая" in page
    assert "Черновик" not in page


def test_index_keeps_the_editor_s_groups_and_loses_nothing(client, tell, index):
    first, second = tell("first", title="Первая"), tell("second", title="Вторая")
    tell("third", title="Третья")
    group = {"title": "Главное", "pages": items(second.pk, first.pk)}
    index.groups = stream([("group", group)])
    index.save()
    page = client.get("/situations/").text
    words = ["Главное", "Вторая", "Первая", "Другие", "Третья"]
    places = [page.index(word) for word in words]
    assert places == sorted(places)


def test_number_of_queries_does_not_grow_with_steps_and_measures(
    client, tell, here, django_assert_num_queries
):
    def story(slug, steps):
        tell(slug, steps=[("Шаг", [measure_in(here) for _ in range(3)]) for _ in range(steps)])

    story("short", 1)
    story("long", 8)
    client.cookies["territory"] = "here"
    client.get("/situations/short/")
    with django_assert_num_queries(16):
        client.get("/situations/short/")
    with django_assert_num_queries(16):
        client.get("/situations/long/")
