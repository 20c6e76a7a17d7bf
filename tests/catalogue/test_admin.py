"""The back office of measures and dictionaries."""

import json

import pytest
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from catalogue.models import (
    Category,
    Condition,
    Fact,
    FactOption,
    Measure,
    Office,
    Provider,
    Territory,
)
from catalogue.models.providers import Hotline
from cms.access import Role
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db
MEASURE = "wagtailsnippets_catalogue_measure"


@pytest.fixture
def facts(db):
    Fact.objects.create(field="pregnant", type="bool", title="Беременность", question="?")
    Fact.objects.create(
        field="children", type="number", title="Дети", question="?", minimum=0, maximum=20
    )
    choice = Fact.objects.create(field="heating", type="choice", title="Печь?", question="?")
    FactOption.objects.create(fact=choice, value="stove", label="Печь")
    other = Fact.objects.create(field="citizenship", type="choice", title="Паспорт", question="?")
    FactOption.objects.create(fact=other, value="ru", label="Россия")


@pytest.fixture
def editing(facts, chief):
    """The chief editor, and facts to make conditions of."""
    return chief


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    return client


def form(*variants, **fields):
    data = {
        "title": "Пособие",
        "slug": "posobie",
        "kind": "payment",
        "summary": "Помощь семье.",
        "who": "",
        "synonyms": "детские\n\n  путинские  ",
        "verification": "none",
        "rules": streamfield([("group", {"conditions": streamfield(each)}) for each in variants]),
        "amounts": inline_formset([{"text": "1000 ₽", "number": "1000", "currency": "RUB"}]),
        "documents": inline_formset([]),
        "steps": inline_formset([]),
        "legal_basis": inline_formset([]),
    }
    return nested_form_data(data | fields) | {"levels": ["regional"]}


def condition(**fields):
    return {"note": "", "valid_from": "", "valid_to": "", "legal_act": "", **fields}


def number(value, operator="gte", upper="", **more):
    return (
        "number",
        condition(fact="children", operator=operator, value=value, upper=upper, **more),
    )


def flag(value="yes"):
    return "flag", condition(fact="pregnant", value=value)


def test_an_editor_makes_a_measure_and_publishes_it(editing):
    data = form([flag(), number("3")]) | {"action-publish": "1"}
    response = editing.post(reverse(f"{MEASURE}:add"), data)
    assert response.status_code == 302, response.context["form"].errors
    measure = Measure.objects.public().get(slug="posobie")
    assert measure.synonyms == ["детские", "путинские"]
    assert [amount.text for amount in measure.amounts.all()] == ["1000 ₽"]
    assert Condition.objects.filter(group__measure=measure).count() == 2
    assert "Пособие" in editing.get(measure.get_absolute_url()).content.decode()


def test_a_draft_is_saved_and_the_published_page_stays(editing):
    measure = MeasureFactory(slug="posobie", title="Было")
    editing.post(reverse(f"{MEASURE}:edit", args=[measure.pk]), form([flag()], title="Стало"))
    measure.refresh_from_db()
    assert measure.title == "Было"
    assert measure.has_unpublished_changes
    assert measure.get_latest_revision_as_object().title == "Стало"
    assert not Condition.objects.exists()


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (number("-1"), "Меньше 0 быть не может."),
        (number("21"), "Больше 20 быть не может."),
        (number("3", "between"), "Назовите оба края: от и до."),
        (number("3", "between", "1"), "«До» меньше, чем «от»."),
        (
            number("3", valid_from="2026-02-01", valid_to="2026-01-01"),
            "Последний день раньше первого.",
        ),
    ],
)
def test_a_wrong_condition_is_told_beside_its_field_and_nothing_is_published(
    editing, block, message
):
    data = form([flag(), block]) | {"action-publish": "1"}
    response = editing.post(reverse(f"{MEASURE}:add"), data)
    assert response.status_code == 200
    told = response.context["form"].errors.as_data()["rules"][0].as_json_data()
    assert message in json.dumps(told, ensure_ascii=False)
    # What was typed is still there.
    assert "детские" in response.content.decode()
    assert not Measure.objects.filter(slug="posobie").exists()


def test_answers_of_different_facts_do_not_make_one_condition(editing):
    data = form([("choice", condition(negate=""))]) | {
        "rules-0-value-conditions-0-value-options": ["heating=stove", "citizenship=ru"],
        "action-publish": "1",
    }
    response = editing.post(reverse(f"{MEASURE}:add"), data)
    told = response.context["form"].errors.as_data()["rules"][0].as_json_data()
    assert "Выбраны ответы разных сведений" in json.dumps(told, ensure_ascii=False)


def test_an_empty_variant_beside_others_is_refused(editing):
    data = form([flag()], []) | {"action-publish": "1"}
    response = editing.post(reverse(f"{MEASURE}:add"), data)
    assert response.status_code == 200
    assert "rules" in response.context["form"].errors


def test_a_draft_may_be_half_filled_but_not_published(editing):
    data = form([number("", "between")])
    assert editing.post(reverse(f"{MEASURE}:add"), data).status_code == 302
    measure = Measure.objects.get(slug="posobie")
    assert not measure.live
    url = reverse(f"{MEASURE}:edit", args=[measure.pk])
    response = editing.post(url, data | {"action-publish": "1"})
    assert response.status_code == 200
    assert not Measure.objects.get(pk=measure.pk).live


def test_the_preview_shows_what_is_typed_with_the_page_of_families(editing):
    measure = MeasureFactory(slug="posobie", title="Было")
    url = reverse(f"{MEASURE}:preview_on_edit", args=[measure.pk])
    assert editing.post(url, form([number("3")], title="Новое имя")).json()["is_valid"]
    page = editing.get(url).content.decode().replace("\xa0", " ")
    assert "Новое имя" in page
    assert "1000 ₽" in page
    assert "Дети – 3 или больше" in page


def test_the_preview_of_half_filled_conditions_says_so(editing):
    measure = MeasureFactory(slug="posobie")
    measure.rules = [
        {"type": "group", "value": {"conditions": [{"type": "flag", "value": {"fact": ""}}]}}
    ]
    measure.save_revision()
    url = reverse(f"{MEASURE}:preview_on_edit", args=[measure.pk])
    response = editing.get(url)
    assert response.status_code == 200


def test_an_editor_may_not_publish(client, facts):
    client.force_login(UserFactory(role=Role.EDITOR))
    client.post(reverse(f"{MEASURE}:add"), form([flag()]) | {"action-publish": "1"})
    assert not Measure.objects.public().filter(slug="posobie").exists()


def test_the_list_is_found_filtered_and_sorted(chief):
    MeasureFactory(title="Выплата на школу", kind="payment", verification="page")
    MeasureFactory(title="Няня", kind="service")
    url = reverse(f"{MEASURE}:list")
    page = chief.get(url, {"q": "школу"}).content.decode()
    assert "Выплата на школу" in page
    assert "Няня" not in page
    page = chief.get(url, {"kind": "service", "ordering": "-title"}).content.decode()
    assert "Няня" in page
    assert "Выплата на школу" not in page


def test_the_list_of_measures_costs_the_same_for_one_and_for_many(chief):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert chief.get(reverse(f"{MEASURE}:list")).status_code == 200
        return len(queries)

    MeasureFactory()
    cost()
    one = cost()
    for _each in range(10):
        MeasureFactory()
    assert cost() == one


def test_the_editor_of_a_measure_costs_the_same_for_one_and_for_many_conditions(chief, loaded):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(slug):
        url = reverse(f"{MEASURE}:edit", args=[Measure.objects.get(slug=slug).pk])
        with CaptureQueriesContext(connection) as queries:
            assert chief.get(url).status_code == 200
        return len(queries)

    cost("sluzhba-112")
    assert cost("zapret-uvolneniya") <= cost("sluzhba-112") + 3


DICTIONARIES = [
    "territory",
    "category",
    "situation",
    "fact",
    "documenttype",
    "hotline",
    "providers",
    "offices",
]


@pytest.mark.parametrize("name", DICTIONARIES)
def test_every_dictionary_can_be_listed_and_edited(chief, loaded, name):
    from django.apps import apps

    model = apps.get_model("catalogue", name.removesuffix("s"))
    assert chief.get(reverse(f"{name}:index")).status_code == 200
    assert chief.get(reverse(f"{name}:add")).status_code == 200
    assert chief.get(reverse(f"{name}:edit", args=[model.objects.last().pk])).status_code == 200


def test_what_others_rest_on_is_not_deleted(chief):
    territory = TerritoryFactory()
    Office.objects.create(provider=ProviderFactory(), territory=territory, title="Приёмная")
    response = chief.post(reverse("territory:delete", args=[territory.pk]), follow=True)
    assert Territory.objects.filter(pk=territory.pk).exists()
    assert "удалить нельзя" in response.content.decode()


def test_a_term_that_nobody_uses_is_deleted(chief):
    category = Category.objects.create(slug="x", title="Лишняя")
    chief.post(reverse("category:delete", args=[category.pk]))
    assert not Category.objects.exists()


def test_a_fact_is_retired_and_not_deleted(editing):
    fact = Fact.objects.first()
    editing.post(reverse("fact:delete", args=[fact.pk]))
    assert Fact.objects.filter(pk=fact.pk).exists()


def test_lists_are_edited_one_item_a_line(chief):
    category = Category.objects.create(slug="x", title="Икс", synonyms=["раз", "два, три"])
    url = reverse("category:edit", args=[category.pk])
    assert "раз\nдва, три" in chief.get(url).content.decode()
    data = {
        "title": "Икс",
        "slug": "x",
        "definition": "",
        "synonyms": "один\r\nдва, три\r\n",
        "legal_basis": "",
        "source": "",
    }
    assert chief.post(url, data).status_code == 302
    category.refresh_from_db()
    assert category.synonyms == ["один", "два, три"]


def test_a_partner_sees_its_own_measures_and_organisation_only(client):
    mine, foreign = ProviderFactory(short_name="Наша"), ProviderFactory(short_name="Чужая")
    client.force_login(UserFactory(role=Role.PARTNER, provider=mine))
    own = MeasureFactory(title="Своя мера", owner=mine)
    other = MeasureFactory(title="Чужая мера", owner=foreign)
    page = client.get(reverse(f"{MEASURE}:list")).content.decode()
    assert "Своя мера" in page
    assert "Чужая мера" not in page
    assert client.get(reverse(f"{MEASURE}:edit", args=[own.pk])).status_code == 200
    for name in ("edit", "history", "usage", "delete"):
        url = reverse(f"{MEASURE}:{name}", args=[other.pk])
        assert client.get(url).status_code in {404, 403, 302}, name
    assert client.get(reverse(f"{MEASURE}:edit", args=[other.pk])).status_code == 404
    assert client.get(reverse("providers:edit", args=[foreign.pk])).status_code == 404
    assert client.get(reverse("providers:edit", args=[mine.pk])).status_code == 200


def test_offices_of_others_are_not_visible_to_a_partner():
    mine, foreign = ProviderFactory(), ProviderFactory()
    territory = TerritoryFactory()
    for provider in (mine, foreign):
        Office.objects.create(provider=provider, territory=territory, title="Приёмная")
    partner = UserFactory(role=Role.PARTNER, provider=mine)
    assert [office.provider for office in Office.objects.visible_to(partner)] == [mine]
    chief = UserFactory(role=Role.CHIEF_EDITOR)
    assert Office.objects.visible_to(chief).count() == 2
    assert Provider.objects.count() == 2
    assert not Hotline.objects.exists()
