"""Home, sections, information, news: what families see, and nothing that they must not."""

import datetime

import pytest
from django.core.files.base import ContentFile
from wagtail.models import PageViewRestriction

from cms.models import PortalDocument
from content.models import InformationPage, NewsIndexPage, NewsPage, SectionPage
from tests.factories import MeasureFactory
from tests.streams import items, stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def news(home):
    index = NewsIndexPage(title="Новости", slug="news")
    home.add_child(instance=index)

    def add(day, **fields):
        piece = NewsPage(title=f"Новость {day}", slug=f"n{day}", **fields)
        piece.date = datetime.date(2026, 11, day)
        index.add_child(instance=piece)
        return piece

    return add


def test_home_asks_one_question_and_links_the_chosen_situations(client, home, tell):
    page = tell("beda", title="Длинное название ситуации")
    hidden = tell("tajna", title="Скрытая", live=False)
    home.situations = stream(
        [
            ("situation", {"page": page.pk, "words": "Беда"}),
            ("situation", {"page": hidden.pk, "words": ""}),
        ]
    )
    home.save()
    text = client.get("/").text
    assert "<h1>Что случилось?</h1>" in text
    assert ">Беда</a>" in text
    assert "Скрытая" not in text


def test_every_page_leads_to_where_a_request_is(client, home):
    assert 'href="/status/">Где моя заявка</a>' in client.get("/").text


def test_home_says_once_whom_to_call(client, home):
    assert client.get("/").text.count('href="tel:112"') == 1
    home.phones = stream([("phone", {"title": "Спасатели", "phone": "112", "note": ""})])
    home.save()
    assert client.get("/").text.count('href="tel:112"') == 1


def test_home_shows_the_newest_news_only(client, news):
    for day in (1, 4, 2, 3):
        news(day)
    news(9, live=False)
    text = client.get("/").text
    assert "Новость 1<" not in text
    assert "Новость 9<" not in text
    assert text.index("Новость 4<") < text.index("Новость 3<") < text.index("Новость 2<")


def test_news_come_in_pages_and_beyond_the_last_there_is_none(client, news):
    for day in range(1, 13):
        news(day)
    assert "Новость 12<" in client.get("/news/").text
    assert "Новость 1<" in client.get("/news/?page=2").text
    for beyond in ("3", "0", "-1", "abc", "9" * 30):
        assert client.get("/news/", {"page": beyond}).status_code == 404


def test_an_empty_list_of_news_says_so(client, news):
    assert "Новостей пока нет" in client.get("/news/").text


def test_every_block_of_a_page_is_shown(client, home):
    page = InformationPage(
        title="Справка",
        slug="help",
        body=stream(
            [
                ("text", "<h2>Заголовок</h2><p>Абзац</p>"),
                ("notice", {"kind": "warning", "title": "", "text": "Осторожно"}),
                (
                    "phones",
                    items({"title": "Линия", "phone": "112", "note": "Всегда"}),
                ),
                (
                    "contact",
                    {
                        "title": "Центр",
                        "address": "Дом 1",
                        "phones": items("8-800-000-00-00"),
                        "hours": "с 9 до 18",
                        "note": "",
                    },
                ),
                ("folded", {"title": "Вопрос", "text": "<p>Ответ</p>"}),
            ]
        ),
    )
    home.add_child(instance=page)
    text = client.get("/help/").text
    for words in ("<h2>Заголовок</h2>", "Осторожно", "tel:112", "Дом 1", "с 9 до 18", "Ответ"):
        assert words in text


def test_a_file_to_download_tells_its_kind_and_size(client, home):
    document = PortalDocument.objects.create(
        title="Памятка", file_size=14, file=ContentFile(b"%PDF-1.4 words", name="pamyatka.pdf")
    )
    body = stream([("file", {"title": "Скачать памятку", "document": document.pk})])
    home.add_child(instance=InformationPage(title="Справка", slug="help", body=body))
    text = client.get("/help/").text
    assert f'href="{document.url}"' in text
    assert "PDF, 14" in text


def test_a_section_lists_what_stands_below_it_in_the_editor_s_order(client, home):
    section = SectionPage(title="Раздел", slug="about")
    home.add_child(instance=section)
    for slug, title in (("b", "Вторая"), ("a", "Первая")):
        section.add_child(instance=InformationPage(title=title, slug=slug))
    section.add_child(instance=InformationPage(title="Черновик", slug="d", live=False))
    text = client.get("/about/").text
    assert text.index("Вторая") < text.index("Первая")
    assert "Черновик" not in text


def test_menu_tells_the_page_from_the_section_that_it_stands_in(client, home):
    section = SectionPage(title="Раздел", slug="about", show_in_menus=True)
    home.add_child(instance=section)
    section.add_child(instance=InformationPage(title="Внутри", slug="in"))
    assert 'href="/about/" aria-current="page"' in client.get("/about/").text
    assert 'href="/about/" aria-current="true"' in client.get("/about/in/").text


def test_menu_holds_pages_marked_for_it(client, home):
    home.add_child(instance=InformationPage(title="В меню", slug="in", show_in_menus=True))
    home.add_child(instance=InformationPage(title="Не в меню", slug="out"))
    text = client.get("/in/").text
    assert 'href="/in/" aria-current="page"' in text
    assert "Не в меню" not in text


def test_a_page_closed_by_a_password_is_shown_nowhere(client, home, tell):
    page = tell("beda", title="Закрытая ситуация")
    PageViewRestriction.objects.create(
        page=page, restriction_type=PageViewRestriction.PASSWORD, password="secret"
    )
    home.situations = stream([("situation", {"page": page.pk, "words": ""})])
    home.save()
    assert "Закрытая ситуация" not in client.get("/").text
    assert "Закрытая ситуация" not in client.get("/situations/").text
    assert client.get("/api/v1/situations/beda").status_code == 404


def test_number_of_queries_of_home(client, home, news, tell, django_assert_num_queries):
    pages = [tell(f"s{n}") for n in range(9)]
    home.situations = stream(("situation", {"page": page.pk, "words": ""}) for page in pages)
    home.save()
    news(1)
    client.get("/")
    with django_assert_num_queries(11):
        client.get("/")


def test_robots_are_kept_out_of_a_demonstration_and_of_staff_s_rooms(client, settings):
    assert "Disallow: /\n" in client.get("/robots.txt").text
    settings.NAVIGATOR_DEMO = False
    text = client.get("/robots.txt").text
    assert "Disallow: /admin/\n" in text
    assert "Disallow: /\n" not in text


def test_sitemap_names_pages_and_measures_that_are_published(client, home, tell):
    tell("beda")
    tell("draft", live=False)
    seen, hidden = MeasureFactory(), MeasureFactory(live=False)
    text = client.get("/sitemap.xml").text
    assert "/situations/beda/" in text
    assert "/situations/draft/" not in text
    assert seen.get_absolute_url() in text
    assert hidden.get_absolute_url() not in text


def test_pages_refuse_another_method_before_they_ask_for_a_token(client, home):
    client.handler.enforce_csrf_checks = True
    assert client.post("/").status_code == 405
