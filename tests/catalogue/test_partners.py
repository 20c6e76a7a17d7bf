"""Partners post services and keep their organisation fresh: their own, and only what is theirs."""

import pytest
from django.core import mail
from django.urls import reverse
from wagtail.models import TaskState, WorkflowState

from catalogue.models import Measure, Provider
from catalogue.today import items
from cms.access import Role
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db
ADD = "wagtailsnippets_catalogue_measure:add"
EDIT = "wagtailsnippets_catalogue_measure:edit"


def parts(*names):
    return {
        f"{name}-{field}": 0
        for name in names
        for field in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }


def form(**fields):
    """What a browser sends for a measure."""
    return {
        "title": "Школа приёмных родителей",
        "kind": "service",
        "summary": "Учим тех, кто берёт ребёнка в семью.",
        "rules-count": 0,
        **parts("amounts", "documents", "steps", "legal_basis"),
        **fields,
    }


@pytest.fixture
def own():
    return ProviderFactory(short_name="Своя организация")


@pytest.fixture
def partner(client, own):
    user = UserFactory(role=Role.PARTNER, provider=own, email="partner@example.org")
    client.force_login(user)
    return user


@pytest.fixture
def chief():
    return UserFactory(role=Role.CHIEF_EDITOR, email="chief@example.org")


@pytest.fixture
def service(client, partner):
    """A service that the partner has posted."""
    client.post(reverse(ADD), form())
    return Measure.objects.get()


def test_a_posted_service_is_a_draft_of_the_own_organisation(service, own):
    assert service.owner == own
    assert service.slug == "shkola-priemnykh-roditeley"
    assert not service.live
    assert list(service.latest_revision.as_object().providers.all()) == [own]


FORBIDDEN = {
    "slug": "materinskij-kapital",
    "owner": "other",
    "providers": "other",
    "verification": "page",
    "verified_on": "2026-01-01",
    "verified_by": "Я сам",
    "stale": "on",
    "source": "https://example.org/",
    "as_of": "2026-01-01",
    "levels": "federal",
    "excludes_note": "Ни с чем",
    "live": "on",
    "locked": "on",
}


@pytest.mark.parametrize("field", FORBIDDEN)
def test_a_field_that_is_not_for_partners_is_as_if_not_sent(client, partner, own, field):
    other = ProviderFactory()
    value = other.pk if FORBIDDEN[field] == "other" else FORBIDDEN[field]
    client.post(reverse(ADD), form(**{field: value}))
    sent = Measure.objects.get()
    clean = form()
    client.post(reverse(ADD), clean)
    plain = Measure.objects.exclude(pk=sent.pk).get()
    for name in {field} & {f.name for f in Measure._meta.fields} - {"slug"}:
        assert getattr(sent, name) == getattr(plain, name)
    assert sent.slug != "materinskij-kapital"
    assert sent.owner == own
    assert list(sent.latest_revision.as_object().providers.all()) == [own]


@pytest.mark.parametrize(
    "words", ["verification_note", "excludes_note", "id_slug", "id_owner", "id_source", "id_stale"]
)
def test_fields_that_are_not_for_partners_are_not_shown(client, service, words):
    page = client.get(reverse(EDIT, args=[service.pk])).content.decode()
    assert words not in page


def test_publishing_by_a_partner_makes_a_draft(client, service):
    client.post(reverse(EDIT, args=[service.pk]), form(**{"action-publish": "1"}))
    service.refresh_from_db()
    assert not service.live


@pytest.mark.parametrize("action", ["lock", "unpublish", "delete"])
def test_partner_neither_locks_nor_deletes(client, service, action):
    Measure.objects.update(live=True)
    client.post(reverse(f"wagtailsnippets_catalogue_measure:{action}", args=[service.pk]))
    service.refresh_from_db()
    assert service.live
    assert not service.locked


def test_of_several_organisations_one_is_chosen(client, partner, own):
    second, foreign = ProviderFactory(), ProviderFactory()
    partner.memberships.create(provider=second)
    client.post(reverse(ADD), form(owner=foreign.pk))
    assert not Measure.objects.exists()
    client.post(reverse(ADD), form(owner=second.pk))
    assert Measure.objects.get().owner == second


def test_an_account_without_organisation_is_told_what_to_do(client):
    user = UserFactory(role=Role.PARTNER)
    client.force_login(user)
    response = client.post(reverse(ADD), form())
    assert response.status_code == 200
    assert not Measure.objects.exists()
    (item,) = items(user)
    assert item.url == reverse("wagtailadmin_account")


# Review


def send(client, service, **fields):
    client.post(reverse(EDIT, args=[service.pk]), form(**{"action-submit": "1", **fields}))
    service.refresh_from_db()


def answer(client, service, action, comment=""):
    state = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    return client.post(
        reverse(
            "wagtailsnippets_catalogue_measure:workflow_action",
            args=[service.pk, action, state.pk],
        ),
        {"comment": comment},
    )


def state_of(user, service):
    (item,) = [item for item in items(user) if str(service.pk) in item.url]
    return item


def test_from_draft_over_review_to_the_public(client, partner, chief, service, settings):
    settings.LANGUAGE_CODE = "en"
    assert state_of(partner, service).state == "draft"
    send(client, service)
    assert state_of(partner, service).state == "under review"
    assert [message.to for message in mail.outbox] == [["chief@example.org"]]

    client.force_login(chief)
    home = client.get(reverse("wagtailadmin_home")).content.decode()
    assert service.title in home
    answer(client, service, "approve")

    service.refresh_from_db()
    assert service.live
    assert list(service.providers.all()) == [service.owner]
    assert service in Measure.objects.public()
    assert state_of(partner, service).state == "published"
    assert mail.outbox[-1].to == ["partner@example.org"]


def test_a_returned_service_says_what_the_chief_editor_asks(
    client, partner, chief, service, settings
):
    settings.LANGUAGE_CODE = "en"
    send(client, service)
    client.force_login(chief)
    answer(client, service, "reject", comment="Добавьте телефон")
    item = state_of(partner, service)
    assert item.state == "returned"
    assert "Добавьте телефон" in item.note
    client.force_login(partner)
    assert "Добавьте телефон" in client.get(item.url).content.decode()


def test_a_partner_cannot_approve_its_own_service(client, partner, service):
    send(client, service)
    answer(client, service, "approve")
    service.refresh_from_db()
    assert not service.live
    assert WorkflowState.objects.get().status == WorkflowState.STATUS_IN_PROGRESS


def test_the_approved_version_stays_public_while_a_change_waits(
    client, partner, chief, service, settings
):
    settings.LANGUAGE_CODE = "en"
    service.latest_revision.publish()
    send(client, service, title="Новое название")
    assert service.title == "Школа приёмных родителей"
    assert service.live
    slug = service.slug
    item = state_of(partner, service)
    assert (item.title, item.state) == ("Новое название", "under review")
    client.force_login(chief)
    answer(client, service, "approve")
    service.refresh_from_db()
    assert service.title == "Новое название"
    assert service.slug == slug  # families have the address already


def test_the_address_follows_the_title_until_it_is_public(client, service):
    client.post(reverse(EDIT, args=[service.pk]), form(title="Клуб отцов"))
    service.refresh_from_db()
    assert service.latest_revision.as_object().slug == "klub-ottsov"


def test_two_services_of_one_name_get_two_addresses(client, partner):
    client.post(reverse(ADD), form())
    client.post(reverse(ADD), form())
    assert Measure.objects.values("slug").distinct().count() == 2


# The own organisation


def organisation(**fields):
    return {"short_name": "Новое имя", "full_name": "Полное имя", "website": "", **fields}


def test_partner_changes_how_to_reach_its_organisation_but_not_what_it_is(client, partner, own):
    TerritoryFactory(slug="far")
    client.post(
        reverse("providers:edit", args=[own.pk]),
        organisation(
            website="https://example.org/",
            kind="authority",
            slug="sfr",
            is_centre="on",
            note="важная",
            territories=[TerritoryFactory().pk],
        ),
    )
    changed = Provider.objects.get(pk=own.pk)
    assert (changed.short_name, changed.website) == ("Новое имя", "https://example.org/")
    for name in ("kind", "slug", "is_centre", "note"):
        assert getattr(changed, name) == getattr(own, name)
    assert not changed.territories.exists()


def test_partner_adds_an_office_to_its_own_organisation_only(client, partner, own):
    foreign, place = ProviderFactory(), TerritoryFactory()
    address = reverse("offices:add")
    fields = {"title": "Кабинет", "territory": place.pk, "verified": "on", "contact": "full"}
    client.post(address, {**fields, "provider": foreign.pk})
    assert not foreign.offices.exists()
    client.post(address, {**fields, "provider": own.pk})
    office = own.offices.get()
    assert not office.verified
    assert office.contact == "none"


def test_what_a_partner_changed_in_an_office_is_no_longer_verified(client, partner, own):
    office = own.offices.create(
        title="Кабинет",
        territory=TerritoryFactory(),
        address="Улица, 1",
        phones=["1"],
        contact="full",
        verified=True,
        verified_fields=["address", "phones"],
        stale=True,
        hours="по будням",
        hours_structured={"mo": "09:00-18:00"},
    )
    client.post(
        reverse("offices:edit", args=[office.pk]),
        {"title": "Кабинет", "address": "Улица, 1", "phones": "8 800 200-01-22", "hours": "днём"},
    )
    office.refresh_from_db()
    assert office.hours_structured is None
    assert office.phones == ["8 800 200-01-22"]
    assert (office.verified_fields, office.verified, office.stale) == (["address"], True, False)
    client.post(reverse("offices:edit", args=[office.pk]), {"title": "Кабинет", "phones": ""})
    office.refresh_from_db()
    assert (office.verified, office.contact) == (False, "none")


def test_partner_adds_and_deletes_no_organisation(client, partner, own):
    client.post(reverse("providers:add"), organisation(slug="new", kind="ngo"))
    client.post(reverse("providers:delete", args=[own.pk]))
    assert list(Provider.objects.all()) == [own]


# Others


def test_the_start_page_asks_the_same_for_any_number_of_services(
    client, partner, own, django_assert_max_num_queries
):
    for _ in range(15):
        MeasureFactory(owner=own).save_revision()
    with django_assert_max_num_queries(6):
        assert len(items(partner)) == 7
