"""The tree of pages is built from a data set, again and again, and never undoes an editor's work."""

import json
import re
import shutil
from pathlib import Path

import pytest
from wagtail.models import Page, Site

from catalogue.models import Hotline, Measure
from content.models import HomePage, LifeSituationPage
from tests.factories import UserFactory

DATASET = Path(__file__).parents[2] / "catalogue" / "dataset"
STORY = "content.lifesituationpage"


@pytest.fixture
def edited_copy(tmp_path):
    """A copy of the data set, its situations changed by a function."""

    def make(change):
        folder = tmp_path / "dataset"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(DATASET, folder)
        path = folder / "situations.json"
        rows = json.loads(path.read_text())
        change({row["slug"]: row for row in rows}, rows)
        path.write_text(json.dumps(rows, ensure_ascii=False))
        return folder

    return make


def test_the_whole_tree_is_published(loaded_db):
    assert LifeSituationPage.objects.count() == 30
    assert not Page.objects.filter(depth__gt=1, live=False).exists()
    site = Site.objects.get(is_default_site=True)
    assert site.root_page.specific == HomePage.objects.get()
    assert Page.objects.filter(depth=2).count() == 1, "the welcome page is gone"
    assert Page.find_problems() == ([], [], [], [], [])


def test_steps_hold_the_measures_of_the_data_set(loaded_db):
    for row in json.loads((DATASET / "situations.json").read_text()):
        page = LifeSituationPage.objects.get(situation__slug=row["slug"])
        found = [[measure.slug for measure in step.value["measures"]] for step in page.steps]
        assert found == [step["measures"] for step in row["steps"]]
        assert [each.value.slug for each in page.related] == row["related"]


def test_a_second_load_changes_nothing(loaded_db, load_pages):
    before = dict(Page.objects.values_list("pk", "latest_revision_id"))
    again = load_pages()
    assert again.created.total() == again.changed.total() == 0
    assert again.kept == {}
    assert again.unchanged[STORY] == 30
    assert dict(Page.objects.values_list("pk", "latest_revision_id")) == before


def test_what_the_data_set_changes_is_brought_up_to_date(loaded_db, edited_copy, load_pages):
    def change(by_slug, rows):
        by_slug["krizis"]["lead"] = "Новый лид."

    report = load_pages(edited_copy(change))
    assert report.changed[STORY] == 1
    assert LifeSituationPage.objects.get(slug="krizis").lead == "Новый лид."


@pytest.mark.parametrize("published", [True, False])
def test_a_page_with_an_editor_s_revision_is_left_alone(
    loaded_db, edited_copy, published, load_pages
):
    page = LifeSituationPage.objects.get(slug="krizis")
    page.lead = "Слова редактора."
    revision = page.save_revision(user=UserFactory())
    if published:
        revision.publish()

    def change(by_slug, rows):
        by_slug["krizis"]["lead"] = "Слова набора."

    report = load_pages(edited_copy(change))
    assert report.kept == {STORY: ["situations/krizis"]}
    page = LifeSituationPage.objects.get(slug="krizis")
    assert page.get_latest_revision_as_object().lead == "Слова редактора."
    assert page.lead != "Слова набора."


def test_a_page_that_people_unpublished_stays_so(loaded_db, edited_copy, load_pages):
    LifeSituationPage.objects.get(slug="krizis").unpublish()

    def change(by_slug, rows):
        by_slug["krizis"]["lead"] = "Слова набора."

    report = load_pages(edited_copy(change))
    assert report.kept == {STORY: ["situations/krizis"]}
    assert not LifeSituationPage.objects.get(slug="krizis").live


def test_a_page_that_people_removed_stays_removed(loaded_db, load_pages):
    LifeSituationPage.objects.get(slug="krizis").delete()
    report = load_pages()
    assert report.kept == {STORY: ["situations/krizis"]}
    assert not LifeSituationPage.objects.filter(slug="krizis").exists()


def test_a_page_that_people_moved_to_another_address_is_not_made_twice(loaded_db, load_pages):
    page = LifeSituationPage.objects.get(slug="krizis")
    page.slug = "pomosch"
    page.save()
    report = load_pages()
    assert report.created.total() == 0
    assert LifeSituationPage.objects.filter(situation__slug="krizis").count() == 1


def test_an_unknown_measure_is_refused_by_its_step(loaded_db, edited_copy, load_pages):
    def change(by_slug, rows):
        by_slug["krizis"]["steps"][1]["measures"].append("net-takoj-mery")

    report = load_pages(edited_copy(change))
    assert [str(refusal) for refusal in report.refusals] == [
        "situations.json, запись 22 (krizis): шаг 2: нет меры «net-takoj-mery»"
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda by_slug, rows: rows.append(rows[0]), "такая запись уже есть выше"),
        (lambda by_slug, rows: rows.append("строка"), "объект"),
        (lambda by_slug, rows: by_slug["krizis"].update(related=["net"]), "нет связанной ситуации"),
        (lambda by_slug, rows: by_slug["krizis"]["steps"][0].pop("what"), "what"),
    ],
)
def test_a_spoilt_row_is_refused_and_nothing_is_written(
    loaded_db, edited_copy, change, reason, load_pages
):
    report = load_pages(edited_copy(change))
    assert any(reason in refusal.reason for refusal in report.refusals)
    assert report.created.total() == report.changed.total() == 0


def test_a_site_with_another_root_keeps_it(db, home, load_pages):
    report = load_pages()
    assert report.refusals  # the catalogue is empty: its situations are not there
    assert Site.objects.get(is_default_site=True).root_page_id == home.pk


def test_loaded_pages_show_no_foreign_host_and_none_fails(loaded_db, client):
    loads = re.compile(r"<(?:link|script|img|iframe|source)[^>]+(?:href|src)=\"(?:https?:)?//")
    for page in Page.objects.filter(depth__gt=1):
        response = client.get(page.url)
        assert response.status_code == 200, page.url
        assert not loads.search(response.text), page.url
        assert "style=" not in response.text, page.url
        assert "<script>" not in response.text, page.url


def test_every_measure_of_a_step_is_a_measure_of_the_catalogue(loaded_db):
    wanted = {
        item["value"]
        for page in LifeSituationPage.objects.all()
        for step in page.steps.raw_data
        for item in step["value"]["measures"]
    }
    assert Measure.objects.public().filter(pk__in=wanted).count() == len(wanted)


def test_the_page_of_phones_follows_the_register(loaded_db, client):
    def page():
        return client.get("/about/phones/").text

    line = Hotline.objects.public().filter(territory__depth__gt=0).first()
    headings = [page().index(f"<h2>{title}</h2>") for title in (
        "Если опасно прямо сейчас", "По всей России", line.territory.title
    )]  # fmt: skip
    assert headings == sorted(headings)
    line.phone = "8-800-111-22-33"
    line.save()
    assert "tel:+78001112233" in page()
    Hotline.objects.filter(pk=line.pk).update(publish=False)
    assert "tel:+78001112233" not in page()
