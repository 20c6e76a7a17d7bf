"""The outbox hears of every change, on every path, in the change's own transaction."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from wagtail.models import Page, PageViewRestriction

from catalogue.models import (
    Amount,
    ApplicationStep,
    Category,
    DocumentType,
    LegalAct,
    LegalBasis,
    Measure,
    RequiredDocument,
    Situation,
)
from content.models import LifeSituationPage
from search.models import (
    FieldWeights,
    Intent,
    PinnedAnswer,
    PinnedMeasure,
    SearchChange,
    Synonym,
)
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def measure():
    return MeasureFactory()


@pytest.fixture
def noted():
    """What the outbox got since the last call, as a set of (kind, id)."""
    SearchChange.objects.all().delete()

    def read(*, lexicon=False):
        rows = set(SearchChange.objects.values_list("kind", "object_id"))
        SearchChange.objects.all().delete()
        return rows if lexicon else {row for row in rows if row[0] != "lexicon"}

    return read


def test_insert_update_and_delete_of_a_measure_are_noted(noted):
    measure = MeasureFactory()
    identity = measure.pk
    assert noted() == {("measure", identity)}
    measure.title = "Другое название"
    measure.save()
    assert noted() == {("measure", identity)}
    measure.delete()
    assert noted() == {("measure", identity)}


def test_bulk_writes_are_noted(noted):
    made = Measure.objects.bulk_create(MeasureFactory.build_batch(3))
    everyone = {("measure", measure.pk) for measure in made}
    assert noted() == everyone
    Measure.objects.update(live=False)
    assert noted() == everyone
    Measure.objects.all()._raw_delete(using="default")
    assert noted() == everyone


def test_a_statement_that_touches_no_row_writes_nothing(noted, measure):
    noted()
    Measure.objects.filter(slug="nothing-like-it").update(live=False)
    assert noted() == set()


@pytest.mark.parametrize("relation", ["territories", "situations", "categories", "providers"])
def test_links_are_noted_from_both_ends(noted, measure, relation):
    other = {
        "territories": TerritoryFactory,
        "providers": ProviderFactory,
        "situations": lambda: Situation.objects.create(slug="s", title="С"),
        "categories": lambda: Category.objects.create(slug="c", title="К"),
    }[relation]()
    noted()
    also = {("provider", other.pk)} if relation == "providers" else set()
    through = getattr(Measure, relation).through
    column = next(f.name for f in through._meta.fields if f.name not in ("id", "measure"))
    link = through.objects.create(measure=measure, **{column: other})
    assert noted() == {("measure", measure.pk), *also}
    second = MeasureFactory()
    noted()
    link.measure = second
    link.save()
    assert noted() == {("measure", measure.pk), ("measure", second.pk), *also}
    other.measures.clear()
    assert noted() == {("measure", second.pk), *also}


def test_parts_of_a_measure_are_noted(noted, measure):
    paper = DocumentType.objects.create(name="Справка")
    act = LegalAct.objects.create(title="Закон")
    noted()
    for part in [
        Amount(measure=measure, text="100 ₽"),
        RequiredDocument(measure=measure, document_type=paper),
        ApplicationStep(measure=measure, channel="portal", text="Подайте"),
        LegalBasis(measure=measure, act=act, citation="Закон, ст. 1"),
    ]:
        part.save()
        assert noted() == {("measure", measure.pk)}
        type(part).objects.filter(pk=part.pk).update(sort_order=5)
        assert noted() == {("measure", measure.pk)}
        part.delete()
        assert noted() == {("measure", measure.pk)}


def test_a_renamed_provider_fans_out_to_its_measures_only(noted, measure):
    provider, other = ProviderFactory(), ProviderFactory()
    measure.providers.add(provider)
    measure.save()
    elsewhere = MeasureFactory()
    elsewhere.providers.add(other)
    elsewhere.save()
    noted()
    type(provider).objects.filter(pk=provider.pk).update(short_name="Новое имя")
    assert noted() == {("measure", measure.pk), ("provider", provider.pk)}
    type(provider).objects.filter(pk=provider.pk).update(note="не видно семьям")
    assert noted() == {("provider", provider.pk)}


@pytest.mark.parametrize(
    "change", [{"live": False}, {"valid_to": "2020-01-01"}, {"expire_at": "2020-01-01T00:00Z"}]
)
def test_a_measure_that_goes_is_noted_for_its_providers(noted, measure, change):
    provider = ProviderFactory()
    measure.providers.add(provider)
    measure.save()
    ProviderFactory()
    noted()
    Measure.objects.update(title="Другое")
    assert noted() == {("measure", measure.pk)}
    Measure.objects.update(**change)
    assert noted() == {("measure", measure.pk), ("provider", provider.pk)}


def test_where_a_provider_works_is_noted(noted):
    provider, place = ProviderFactory(), TerritoryFactory()
    noted()
    provider.territories.add(place)
    assert noted() == {("provider", provider.pk)}
    place.slug = "elsewhere"
    place.save()
    assert noted() == {("provider", provider.pk)}
    provider.territories.clear()
    assert noted() == {("provider", provider.pk)}


@pytest.mark.parametrize("change", [{"title": "Новое"}, {"slug": "novoe"}, {"synonyms": ["ново"]}])
def test_a_renamed_situation_fans_out_and_is_noted_itself(noted, measure, change):
    situation = Situation.objects.create(slug="s", title="С")
    measure.situations.add(situation)
    measure.save()
    noted()
    Situation.objects.filter(pk=situation.pk).update(**change)
    assert noted() == {("measure", measure.pk), ("situation", situation.pk)}


def test_renamed_category_law_and_paper_fan_out(noted, measure):
    category = Category.objects.create(slug="c", title="К")
    paper = DocumentType.objects.create(name="Справка")
    act = LegalAct.objects.create(title="Закон")
    measure.categories.add(category)
    measure.save()
    RequiredDocument.objects.create(measure=measure, document_type=paper)
    LegalBasis.objects.create(measure=measure, act=act, citation="Закон")
    noted()
    for record, column in [(category, "title"), (paper, "name"), (act, "title")]:
        type(record).objects.filter(pk=record.pk).update(**{column: "Новое"})
        assert noted() == {("measure", measure.pk)}


def test_a_renamed_territory_fans_out_to_everything_inside_it(noted, measure):
    region = TerritoryFactory(kind="region")
    district = TerritoryFactory(parent=region)
    measure.territories.add(district)
    measure.save()
    far = MeasureFactory()
    far.territories.add(TerritoryFactory(kind="region"))
    far.save()
    noted()
    region.title = "Новая область"
    region.save()
    assert noted() == {("measure", measure.pk)}


def test_a_moved_territory_fans_out(noted, measure):
    region, other = TerritoryFactory(kind="region"), TerritoryFactory(kind="region")
    district = TerritoryFactory(parent=region)
    measure.territories.add(district)
    measure.save()
    noted()
    district.parent = other
    district.save()
    assert noted() == {("measure", measure.pk)}


def test_an_edited_synonym_marks_the_lexicon(noted):
    synonym = Synonym.objects.create(canonical="маткапитал")
    assert ("lexicon", 0) in noted(lexicon=True)
    synonym.measures.add(MeasureFactory())
    assert ("lexicon", 0) in noted(lexicon=True)
    Synonym.objects.update(terms=["мск"])
    assert noted(lexicon=True) == {("lexicon", 0)}


def test_an_edit_of_intents_pins_and_weights_marks_the_lexicon(noted):
    measure = MeasureFactory()
    noted()
    intent = Intent.objects.create(title="муж бьёт", words=["муж", "бьёт"])
    assert noted(lexicon=True) == {("lexicon", 0)}
    intent.measures.add(measure)
    assert noted(lexicon=True) == {("lexicon", 0)}
    pin = PinnedAnswer.objects.create(phrases=["маткапитал"])
    assert noted(lexicon=True) == {("lexicon", 0)}
    PinnedMeasure.objects.create(answer=pin, measure=measure)
    assert noted(lexicon=True) == {("lexicon", 0)}
    FieldWeights.objects.create(pk=1, title=5)
    assert noted(lexicon=True) == {("lexicon", 0)}


def test_a_measure_with_another_slug_marks_the_lexicon_and_another_title_does_not(noted, measure):
    noted()
    measure.title = "Другое название"
    measure.save()
    assert ("lexicon", 0) not in noted(lexicon=True)
    measure.slug = "drugoj-adres"
    measure.save()
    assert ("lexicon", 0) in noted(lexicon=True)


def test_an_emptied_table_asks_for_everything(noted, measure):
    noted()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("truncate catalogue_amount")
    assert noted() == {("everything", 0)}


def test_a_rollback_leaves_nothing(noted, measure):
    noted()
    with transaction.atomic():
        Measure.objects.update(title="Не будет")
        transaction.set_rollback(True)
    assert noted() == set()


@pytest.fixture
def story():
    situation = Situation.objects.create(slug="s", title="С")
    root = Page.objects.get(depth=1)
    page = LifeSituationPage(title="История", slug="s", situation=situation, lead="Слова")
    root.add_child(instance=page)
    return page


def test_every_change_of_a_story_is_noted(noted, story):
    expected = {("situation", story.situation_id)}
    noted()
    story.lead = "Другие слова"
    story.save()
    assert noted() == expected
    Page.objects.filter(pk=story.pk).update(live=False)
    assert noted() == expected
    Page.objects.filter(pk=story.pk).update(title="Другая")
    assert noted() == expected
    story.refresh_from_db()
    story.save_revision().publish()
    assert noted() == expected
    restriction = PageViewRestriction.objects.create(page=story, restriction_type="login")
    assert noted() == expected
    restriction.delete()
    assert noted() == expected
    story.delete()
    assert noted() == expected


def test_a_story_that_goes_over_to_another_situation_is_noted_for_both(noted, story):
    other = Situation.objects.create(slug="o", title="О")
    noted()
    LifeSituationPage.objects.filter(pk=story.pk).update(situation=other)
    assert noted() == {("situation", story.situation_id), ("situation", other.pk)}


def test_other_pages_are_nobodys_business(noted, story):
    noted()
    Page.objects.filter(depth=1).update(title="Корень")
    assert noted() == set()
