"""Records are chosen by their titles: a hundred thousand are never listed."""

from __future__ import annotations

import re

import pytest

from catalogue.models import Measure
from cms.access import Role
from search.choosing import MOST_FOUND, find_records, records
from search.models import Intent, Synonym
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db
FIND = "/admin/search-records/measures/"
NEW = "/admin/intents/new/"


@pytest.fixture
def editor(client):
    client.force_login(UserFactory(role=Role.EDITOR))
    return client


def test_records_are_found_by_words_of_their_titles_in_russian_order():
    for title in ("Ёлка для детей", "Няня для детей", "Еда детям", "Дом"):
        MeasureFactory(title=title)
    assert [each.title for each in find_records("measures", "для ДЕТ")[0]] == [
        "Ёлка для детей",
        "Няня для детей",
    ]
    assert find_records("measures", "100%_") == ([], False)
    assert find_records("measures", "\0" + "я" * 900) == ([], False)


def test_what_tells_records_apart_is_said():
    MeasureFactory(title="Няня", live=False)
    TerritoryFactory(title="Лесной", kind="region")
    ProviderFactory(short_name="Центр", full_name="Областной центр семьи")
    assert find_records("measures", "няня")[0][0].note == "черновик"
    assert find_records("territories", "лесной")[0][0].note == "регион"
    assert [each.title for each in find_records("providers", "областной")[0]] == ["Центр"]


def test_of_many_records_only_some_are_shown(editor, django_assert_max_num_queries):
    for n in range(MOST_FOUND + 5):
        MeasureFactory(title=f"Пособие {n}")
    editor.get(FIND, {"q": "посо"})
    with django_assert_max_num_queries(6):
        answer = editor.get(FIND, {"q": "посо"}).json()
    assert len(answer["found"]) == MOST_FOUND
    assert answer["more"]
    assert answer["found"][0].keys() == {"value", "title", "note"}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_look_for_records(client, role):
    client.force_login(UserFactory(role=role))
    allowed = role in {Role.EDITOR, Role.CHIEF_EDITOR}
    assert (client.get(FIND, {"q": "няня"}).status_code == 200) is allowed


def test_there_are_only_so_many_kinds_of_records(editor):
    assert editor.get("/admin/search-records/users/", {"q": "а"}).status_code == 404


@pytest.mark.parametrize("values", [["x"], ["-1"], ["9" * 30], [""], ["²"]])
def test_what_is_no_key_is_no_record(values):
    assert records("measures", values) == []


def test_a_form_lists_what_is_chosen_and_nothing_else(editor, django_assert_max_num_queries):
    chosen = MeasureFactory(title="Социальная няня")
    for n in range(60):
        MeasureFactory(title=f"Пособие {n}")
    intent = Intent.objects.create(title="Няня", words=["няня"])
    intent.measures.add(chosen)
    url = f"/admin/intents/edit/{intent.pk}/"
    editor.get(url)
    with django_assert_max_num_queries(22):
        page = editor.get(url).content.decode()
    boxes = re.findall(r'type="checkbox" name="measures" value="(\d+)" checked', page)
    assert boxes == [str(chosen.pk)]
    assert "Социальная няня" in page
    assert "Пособие 1" not in page


def test_what_is_unticked_is_taken_off(editor):
    synonym = Synonym.objects.create(canonical="няня")
    synonym.measures.add(MeasureFactory())
    fields = {"canonical": "няня", "terms": "", "kind": "colloquial"}
    assert editor.post(f"/admin/synonyms/edit/{synonym.pk}/", fields).status_code == 302
    assert not synonym.measures.exists()


def test_without_script_a_button_looks_for_records_and_saves_nothing(editor):
    chosen, other = MeasureFactory(title="Няня на час"), MeasureFactory(title="Няня на день")
    fields = {"title": "Няня", "words": "няня", "measures": [chosen.pk], "measures-words": "няня"}
    response = editor.post(NEW, fields | {"guard": "check"})
    page = response.content.decode()
    assert f'name="measures" value="{chosen.pk}" checked' in page
    assert f'name="measures" value="{other.pk}">' in page
    assert response.context["form"].errors == {}
    assert not Intent.objects.exists()
    assert Measure.objects.count() == 2


def test_words_are_checked_without_saving(editor):
    Intent.objects.create(title="Пьёт", words=["муж", "запой"], is_foreign=True)
    fields = {"title": "Муж пьёт", "words": "муж\nна нас, запой", "guard": "check"}
    page = editor.post(NEW, fields).content.decode()
    assert Intent.objects.count() == 1
    assert "«запой» портал читает как форму слова «запеть»" in page
    assert "допишите через запятую «запоя»" in page
    assert "эти слова не учитываются" in page
    assert "На те же слова сработают и другие правила" in page
    assert "<strong>Пьёт</strong>" in page


def test_words_that_may_be_misunderstood_are_told_after_saving(editor, settings, tmp_path):
    settings.NAVIGATOR_GRADED_QUERIES = str(tmp_path / "none.json")
    Intent.objects.create(title="Пьёт", words=["запой"], is_foreign=True)
    fields = {"title": "Запой", "words": "запой", "is_foreign": "on", "active": "on"}
    page = editor.post(NEW, fields, follow=True).content.decode()
    assert Intent.objects.count() == 2
    assert "читает как форму слова «запеть»" in page
    assert "У правила «Пьёт» те же слова" in page


def test_the_list_tells_where_intents_lead(editor, django_assert_max_num_queries):
    leading = Intent.objects.create(title="Няня", words=["няня"])
    leading.measures.add(MeasureFactory(), MeasureFactory())
    Intent.objects.create(title="Борщ", words=["борщ"], is_foreign=True)
    Intent.objects.create(title="Ничто", words=["ничто"])
    editor.get("/admin/intents/")
    with django_assert_max_num_queries(14):
        page = editor.get("/admin/intents/").content.decode()
    for told in ("2 записи", "не наш вопрос", "никуда: записей больше нет"):
        assert told in page, told


def test_the_chooser_of_measures_is_searched_by_titles(editor, django_assert_max_num_queries):
    for n in range(30):
        MeasureFactory(title=f"Пособие {n}")
    url = "/admin/snippets/choose/catalogue/measure/"
    editor.get(url)
    with django_assert_max_num_queries(12):
        page = editor.get(f"{url}results/", {"q": "17 посо"}).content.decode()
    assert re.findall(r"Пособие \d+", page) == ["Пособие 17"]
    assert "Слова из названия" in editor.get(url).json()["html"]
