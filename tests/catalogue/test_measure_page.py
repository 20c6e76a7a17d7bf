"""The public page of a measure."""

import datetime

import pytest
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Site

from catalogue import slots
from catalogue.loading.rows import ProviderRow, parse
from catalogue.models import (
    Amount,
    ApplicationStep,
    DocumentType,
    Hotline,
    LegalAct,
    LegalBasis,
    Measure,
    Office,
    RequiredDocument,
    Situation,
)
from catalogue.slots import Link
from catalogue.where import lines_for
from cms.models import SiteSettings
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: TODAY)


@pytest.fixture
def places():
    country = TerritoryFactory(slug="rossiya", title="Россия", kind="country")
    region = TerritoryFactory(slug="oblast", title="Лесная область", kind="region", parent=country)
    district = TerritoryFactory(slug="ozernyj", title="Озёрный район", parent=region)
    other = TerritoryFactory(slug="kraj", title="Дальний край", kind="region", parent=country)
    return {each.slug: each for each in (country, region, district, other)}


def read(client, measure, place=None):
    if place:
        client.cookies["territory"] = place
    return client.get(measure.get_absolute_url()).content.decode().replace("\xa0", " ")


def link(measure, **links):
    for name, records in links.items():
        getattr(measure, name).set(records)
    measure.save()


def office(provider, territory, **fields):
    fields = {"title": "Приёмная", "contact": "full", "verified": True} | fields
    return Office.objects.create(provider=provider, territory=territory, **fields)


def hotline(territory, slug="line", **fields):
    fields = {"title": f"Линия {slug}", "phone": "122", "kind": "reference"} | fields
    return Hotline.objects.create(territory=territory, slug=slug, publish=True, **fields)


def test_a_page_says_everything_a_family_needs(client, places):
    measure = MeasureFactory(
        title="Пособие",
        who="Родитель",
        deadline_days=10,
        as_of=datetime.date(2026, 1, 22),
        verification="page",
    )
    link(measure, territories=[places["oblast"]])
    Amount.objects.create(measure=measure, text="28 450 ₽", as_of=datetime.date(2026, 2, 1))
    paper = DocumentType.objects.create(name="справка МСЭ")
    RequiredDocument.objects.create(measure=measure, document_type=paper, note="если есть")
    ApplicationStep.objects.create(measure=measure, channel="portal", text="Подайте на Госуслугах.")
    act = LegalAct.objects.create(title="Закон № 1", url="https://example.org/1")
    LegalBasis.objects.create(measure=measure, act=act, citation="Закон № 1, ст. 2")
    page = read(client, measure)
    for words in (
        "Пособие",
        "Лесная область",
        "28 450 ₽",
        "1 февраля 2026 года",
        "Родитель",
        "Условий нет: могут получить все.",
        "Справка МСЭ",
        "если есть",
        "Через Госуслуги",
        "За 10 рабочих дней.",
        '<a href="https://example.org/1">Закон № 1, ст. 2</a>',
        "Сведения на 22 января 2026 года.",
    ):
        assert words in page
    assert "Сначала уточните" not in page


@pytest.mark.parametrize("slug", ["net-takoj", "chernovik", "spryatana"])
def test_what_is_not_public_is_not_found(client, slug):
    MeasureFactory(slug="chernovik", live=False)
    MeasureFactory(slug="spryatana", expire_at=timezone.now() - datetime.timedelta(minutes=1))
    assert client.get(f"/measures/{slug}/").status_code == 404


def test_only_reading_is_allowed(client):
    assert client.post(MeasureFactory().get_absolute_url()).status_code == 405


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"valid_to": datetime.date(2026, 11, 21)}, "Их принимали до 21 ноября 2026 года."),
        ({"valid_from": datetime.date(2026, 12, 1)}, "Подать можно с 1 декабря 2026 года."),
    ],
)
def test_a_measure_that_is_not_open_says_so_and_stays(client, fields, words):
    assert words in read(client, MeasureFactory(**fields))


@pytest.mark.parametrize(
    ("first", "last", "yearly", "words"),
    [
        ((2027, 6, 1), (2027, 10, 1), True, "Подать можно с 1 июня 2027 года."),
        ((2025, 6, 1), (2025, 10, 1), True, "Подать можно с 1 июня 2027 года."),
        (None, (2025, 12, 15), True, "Заявления принимают до 15 декабря 2026 года."),
        (None, (2024, 2, 29), True, "Заявления принимают до 28 февраля 2027 года."),
        ((2026, 1, 1), (2026, 12, 31), False, "Заявления принимают до 31 декабря 2026 года."),
        (None, (2026, 10, 1), False, "Заявления принимали до 1 октября 2026 года."),
        ((2025, 12, 1), (2026, 1, 31), True, "Подать можно с 1 декабря 2026 года."),
    ],
)
def test_the_window_of_applying_is_said_for_today(client, first, last, yearly, words):
    measure = MeasureFactory(
        apply_from=first and datetime.date(*first),
        apply_to=last and datetime.date(*last),
        apply_yearly=yearly,
    )
    assert words in read(client, measure)


def test_unverified_facts_carry_a_warning(client):
    assert "Сначала уточните" in read(client, MeasureFactory(verification="seed"))
    assert "Сначала уточните" in read(client, MeasureFactory(verification="page", stale=True))


def test_a_family_sees_only_the_doubt_of_the_note_on_verification(client):
    page = read(client, MeasureFactory(verification_note="Сверено там-то. Уточните: порог дохода"))
    assert "Порог дохода" in page
    assert "там-то" not in page


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("Уточните: порог дохода; подбор этот случай не проверяет", "Порог дохода."),
        ("Уточните порог в ЦСЗН (в 2022 году был 35 тысяч: lentv24.ru/a.htm)", "Уточните порог в ЦСЗН."),
        ("Уточните, входит ли год 30-летия", "Уточните, входит ли год 30-летия."),
        ("Уточните: дата – по знанию предмета; порядок могли изменить", "Порядок могли изменить."),
        ("Уточните: пособие платит фонд (klerk.ru/buh/), подбор это не проверяет", "Пособие платит фонд."),
    ],
)  # fmt: skip
def test_the_doubt_is_said_without_what_is_for_those_who_check(client, note, told):
    assert f'<p class="notice__text">{told}</p>' in read(
        client, MeasureFactory(verification_note=note)
    )


def test_where_there_may_be_danger_a_phone_and_a_way_to_leave_come_first(client):
    danger = Situation.objects.create(slug="beda", title="Беда", urgent=True)
    calm = Situation.objects.create(slug="pokoj", title="Покой")
    urgent, mixed = MeasureFactory(title="Убежище"), MeasureFactory(title="Юрист")
    link(urgent, situations=[danger])
    link(mixed, situations=[danger, calm])
    page = read(client, urgent)
    assert "Убежище" not in page.partition("</title>")[0]
    top = page.partition("<h2")[0]
    assert 'href="tel:112"' in top
    assert "data-quick-exit" in top
    assert "data-quick-exit" not in read(client, mixed)


def test_help_by_phone_begins_with_the_phone(client, places):
    line = ProviderFactory()
    measure = MeasureFactory(verification="seed")
    ApplicationStep.objects.create(measure=measure, channel="phone", text="Позвоните.")
    link(measure, providers=[line], territories=[places["rossiya"]])
    office(line, places["rossiya"], phones=["8-800-2000-122"], hours="Круглосуточно")
    page = read(client, measure)
    assert page.index("tel:+78002000122") < page.index("Кому положено")
    assert page.count("tel:+78002000122") == 1
    assert "Часы работы: круглосуточно" in page
    assert "прежде чем идти" not in page
    assert "Эти сведения мы давно не подтверждали." in page


def test_no_papers_are_no_list_to_tick(client):
    measure = MeasureFactory()
    nothing = DocumentType.objects.create(name="документы не нужны")
    RequiredDocument.objects.create(measure=measure, document_type=nothing)
    page = read(client, measure)
    assert "<p>Документы не нужны.</p>" in page
    assert "<li>\n      Документы не нужны" not in page


def test_a_mistake_is_told_through_the_general_question_about_this_measure(client, monkeypatch):
    apply = [Link("Записаться", "/forms/zapis/"), Link("Спросить", "/forms/vopros/?measure=mera")]
    monkeypatch.setattr(slots, "apply_links", [lambda measure: apply])
    monkeypatch.setattr(slots, "ask_links", [lambda: [Link("Спросить", "/forms/vopros/")]])
    page = read(client, MeasureFactory())
    assert 'href="/forms/vopros/?measure=mera">Ошибка на странице?' in page
    monkeypatch.setattr(slots, "ask_links", [])
    assert "Ошибка на странице?" not in read(client, MeasureFactory())


def test_phones_in_the_words_of_a_measure_can_be_tapped(client):
    page = read(client, MeasureFactory(summary="Звоните 8-800-300-8-100 <b>."))
    assert 'Звоните <a class="phone" href="tel:+78003008100">8-800-300-8-100</a> &lt;b&gt;.' in page


def test_what_is_not_given_together_is_linked_when_it_is_public(client):
    measure, open_, hidden = MeasureFactory(), MeasureFactory(), MeasureFactory(live=False)
    link(measure, excludes=[open_, hidden])
    page = read(client, measure)
    assert "Либо это, либо то" in page
    assert open_.get_absolute_url() in page
    assert hidden.title not in page


def test_offices_of_my_place_come_first_and_of_other_regions_not_at_all(client, places):
    provider = ProviderFactory()
    measure = MeasureFactory()
    link(measure, providers=[provider])
    link(measure, territories=[places["rossiya"]])
    office(provider, places["rossiya"], title="Общая справочная", phones=["112-00"])
    office(provider, places["oblast"], title="Областная приёмная", address="ул. Мира, 1")
    office(provider, places["ozernyj"], title="Озёрная приёмная", address="ул. Озёрная, 2")
    office(provider, places["kraj"], title="Дальняя приёмная", address="ул. Дальняя, 3")
    page = read(client, measure, "ozernyj")
    order = [page.index(f"{name} приёмная") for name in ("Озёрная", "Областная")]
    assert order == sorted(order)
    assert page.index("Общая справочная") > order[-1]
    assert "Дальняя" not in page
    # Without a place, only what serves all of Russia.
    client.cookies.clear()
    page = read(client, measure)
    assert "Общая справочная" in page
    assert "Озёрная приёмная" not in page


def test_where_no_address_is_sure_the_line_of_the_region_stands(client, places):
    provider = ProviderFactory(short_name="Служба помощи")
    measure = MeasureFactory()
    link(measure, providers=[provider])
    link(measure, territories=[places["oblast"]])
    office(provider, places["oblast"], contact="none")
    hotline(places["rossiya"], "obshaya")
    hotline(places["oblast"], "oblastnaya", title="Областная линия", phone="8-800-100-20-30")
    site = Site.objects.get(is_default_site=True)
    SiteSettings.objects.create(site=site, no_address_text="Звоните: {title}, {phone}. {0.x}")
    page = read(client, measure, "ozernyj")
    link_to_call = '<a class="phone" href="tel:+78001002030">8-800-100-20-30</a>'
    assert f"Звоните: Областная линия, {link_to_call}. {{0.x}}" in page
    assert page.count("Областная линия") == 1
    assert "Служба помощи" in page
    assert "Линия obshaya" not in page


def test_a_stale_office_is_shown_with_a_doubt_and_a_line(client, places):
    provider = ProviderFactory()
    measure = MeasureFactory()
    link(measure, providers=[provider])
    link(measure, territories=[places["oblast"]])
    office(
        provider,
        places["oblast"],
        address="ул. Старая, 1",
        stale=True,
        website=f"https://{'семья47.рф'.encode('idna').decode()}/",
    )
    hotline(places["oblast"])
    page = read(client, measure)
    assert "Уточните перед поездкой" in page
    assert ">семья47.рф</a>" in page
    assert "Линия line" in page


def test_the_chosen_line_of_a_territory_goes_before_its_others(places):
    hotline(places["oblast"], "a")
    chosen = hotline(places["rossiya"], "b")
    places["oblast"].primary_hotline = chosen
    places["oblast"].save()
    assert [line.slug for line in lines_for([places["ozernyj"]])] == ["b"]


def test_emergency_and_hidden_lines_are_not_lines_to_ask(places):
    hotline(places["oblast"], "a", kind="emergency")
    hidden = hotline(places["oblast"], "b")
    Hotline.objects.filter(pk=hidden.pk).update(publish=False)
    hotline(places["oblast"], "c", kind="svo")
    hotline(places["rossiya"], "d")
    assert [line.slug for line in lines_for([places["ozernyj"]])] == ["d"]
    both = lines_for([places["ozernyj"]], of_servicemen=True)
    assert [line.slug for line in both] == ["d", "c"]


def test_another_region_is_told(client, places):
    measure = MeasureFactory()
    link(measure, territories=[places["kraj"]])
    assert "В вашем районе эта помощь не действует" in read(client, measure, "ozernyj")
    assert "не действует" not in read(client, measure, "kraj")
    # A wider place than the measure's may hold the family.
    link(measure, territories=[places["ozernyj"]])
    assert "не действует" not in read(client, measure, "oblast")


def test_slots_bring_forms_stories_and_a_way_to_ask(client, monkeypatch):
    form = Link("Записаться", "/forms/zapis/", "5 минут")
    monkeypatch.setattr(slots, "apply_links", [lambda measure: [form]])
    monkeypatch.setattr(slots, "situation_links", [lambda all_: [Link("Родился ребёнок", "/s/")]])
    monkeypatch.setattr(slots, "ask_links", [lambda: [Link("Спросить центр", "/forms/vopros/")]])
    page = read(client, MeasureFactory())
    for words in ("/forms/zapis/", "5 минут", "Родился ребёнок", "Спросить центр"):
        assert words in page


def test_a_form_that_is_offered_to_apply_is_not_offered_again_to_ask(client, monkeypatch):
    apply, ask = Link("Спросить", "/forms/vopros/?measure=mera"), Link("Спросить", "/forms/vopros/")
    monkeypatch.setattr(slots, "apply_links", [lambda measure: [apply]])
    monkeypatch.setattr(slots, "ask_links", [lambda: [ask]])
    assert 'href="/forms/vopros/"' not in read(client, MeasureFactory())


def test_a_sentence_ends_once(client):
    assert "<p>Родители.</p>" in read(client, MeasureFactory(who="Родители"))
    assert "<p>Все семьи.</p>" in read(client, MeasureFactory(who="Все семьи."))


def test_what_an_editor_typed_is_escaped(client):
    page = read(client, MeasureFactory(title="<script>alert(1)</script>", who="<b>жирно</b>"))
    assert "<script>alert" not in page
    assert "<b>жирно" not in page


def test_an_address_that_is_no_web_address_does_not_get_in():
    row = {
        "slug": "x", "full_name": "X", "short_name": "X", "kind": "ngo", "territory": "rossiya",
        "website": "javascript:alert(1)", "source": None, "note": None, "aliases": [],
        "is_group": False, "parent": None,
    }  # fmt: skip
    assert "website" in str(parse(ProviderRow, row))


def test_every_measure_of_the_data_set_has_its_page(client, loaded):
    client.cookies["territory"] = "tihvinskoe-gp"
    for measure in Measure.objects.all():
        response = client.get(reverse("catalogue:measure", args=[measure.slug]))
        assert response.status_code == 200, measure.slug
        assert "Content-Security-Policy" in response.headers
        page = response.content.decode()
        assert "UNDEFINED" not in page
        assert " style=" not in page
        assert "None" not in page


def test_the_number_of_queries_is_small_and_does_not_grow(
    client, loaded, django_assert_max_num_queries
):
    client.cookies["territory"] = "tihvinskoe-gp"
    client.get("/measures/sluzhba-112/")  # makes the site's settings, once for ever
    # One with 45 providers, one with 6 ways to qualify, one with the most of everything.
    measures = Measure.objects.annotate(
        givers=Count("providers", distinct=True), ways=Count("condition_groups", distinct=True)
    )
    for measure in (
        measures.order_by("-givers")[0],
        measures.order_by("-ways")[0],
        measures.get(slug="lo-lager"),
    ):
        with django_assert_max_num_queries(21):
            assert client.get(measure.get_absolute_url()).status_code == 200
