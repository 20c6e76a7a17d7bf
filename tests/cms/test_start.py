"""The start page: what waits for a person, the same number of queries however much there is."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from cms import start
from cms.access import Role
from cms.models import User
from forms.models import IntakeCase
from search.models import SearchEvent
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import FormFactory, QueueFactory, RuleFactory, sample_answers, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with override("en"):
        yield


def page(client, user) -> str:
    client.force_login(User.objects.get(pk=user.pk))
    return client.get(reverse("wagtailadmin_home")).content.decode()


def cases(centre, count=1):
    form = FormFactory()
    for _ in range(count):
        territory = TerritoryFactory()
        RuleFactory(territory=territory, queue=QueueFactory(centre=centre))
        send(form, answers=sample_answers(territory))
    return IntakeCase.objects.filter(centre=centre)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_page_without_noise(client, role):
    text = page(client, UserFactory(role=role))
    assert 'id="today-title"' in text
    for noise in ("What's new in Wagtail", "wagtail.org", "Search all pages"):
        assert noise not in text


def test_specialist_sees_what_is_free_in_its_own_centre_only(client):
    centre, other = ProviderFactory(centre=True), ProviderFactory(centre=True)
    cases(centre, 2)
    cases(other, 3)
    text = page(client, UserFactory(role=Role.SPECIALIST, provider=centre))
    assert "2 free cases" in text


def test_what_is_past_its_term_stands_first(client):
    centre = ProviderFactory(centre=True)
    cases(centre).update(due_at=timezone.now() - timezone.timedelta(days=1))
    (first, *_) = start.items(UserFactory(role=Role.HEAD, provider=centre))
    assert first.title == "1 case of colleagues is overdue"


def test_analyst_reads_what_families_did_not_find_and_how_far_measures_are_checked(client):
    MeasureFactory(verification="page")
    MeasureFactory(verification="none", stale=True)
    today = timezone.localdate()
    SearchEvent.objects.create(day=today, query="няня", lemmas="няня", results=0, times=3)
    SearchEvent.objects.create(day=today, query="логопед", lemmas="логопед", results=0, times=5)
    SearchEvent.objects.create(day=today, query="сад", lemmas="сад", results=7, times=9)
    analyst = UserFactory(role=Role.ANALYST)

    missed, numbers = start.items(analyst)

    assert missed.title == "2 queries of this week found nothing"
    assert "“логопед”, “няня”" in missed.note
    assert numbers.title == "2 measures are published"
    assert "never checked: 1 (50 %)" in numbers.note
    client.force_login(analyst)
    listed = client.get(missed.url).content.decode()
    assert "логопед" in listed
    assert "сад" not in listed


def test_editor_is_sent_to_lists_that_hold_what_was_counted(client):
    today = timezone.localdate()
    MeasureFactory(title="Кончается скоро", valid_to=today, verification="page")
    MeasureFactory(title="Давно не проверяли", stale=True, verification="page")
    MeasureFactory(title="Никто не проверял")
    editor = UserFactory(role=Role.EDITOR)
    found = {}
    client.force_login(editor)
    for item in start.items(editor):
        text = client.get(item.url).content.decode()
        found[item.title] = [
            title
            for title in ("Кончается скоро", "Давно не проверяли", "Никто не проверял")
            if title in text
        ]
    assert found == {
        "1 measure ends within 30 days": ["Кончается скоро"],
        "1 measure may be out of date": ["Давно не проверяли"],
        "1 measure was never checked": ["Никто не проверял"],
    }


def test_there_are_never_more_than_seven_things():
    partner = UserFactory(role=Role.PARTNER, provider=ProviderFactory())
    for _ in range(12):
        MeasureFactory(owner=partner.memberships.get().provider)
    assert len(start.items(partner)) == start.MOST


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries):
    """One person with every role, much of everything."""
    centre = ProviderFactory(centre=True)
    everybody = UserFactory(provider=centre)
    everybody.groups.set(Group.objects.all())
    cases(centre, 5)
    for _ in range(10):
        measure = MeasureFactory(owner=centre)
        measure.save_revision(user=everybody)
        measure.get_workflow().start(measure, everybody)
        UserFactory()
    everybody = User.objects.get(pk=everybody.pk)
    with django_assert_max_num_queries(42):
        start.items(everybody)


@pytest.mark.parametrize(
    ("role", "there", "not_there"),
    [
        (
            Role.PARTNER,
            ["/admin/exchange/"],
            ["/admin/reports/", "/admin/images/"],
        ),
        (Role.SPECIALIST, ["/admin/intake/"], ["/admin/reports/", "/admin/exchange/"]),
        (Role.EDITOR, ["/admin/exchange/", "/admin/images/"], ["/admin/users/"]),
    ],
)
def test_the_menu_holds_no_doors_that_do_not_open(client, role, there, not_there):
    text = page(client, UserFactory(role=role))
    for address in there:
        assert address in text
    for address in not_there:
        assert address not in text
