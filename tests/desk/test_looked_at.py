"""What somebody has looked at reads as words, in a list of any length."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from cms.access import Role
from desk import looked_at
from forms.models import AccessLog, IntakeCase, Register
from tests.factories import UserFactory
from tests.intake import FormFactory, family_steps, make_case, simple_steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def register(db):
    return Register.objects.create(
        slug="k", title="Карточка приёма", kind="form", on_case=True, fields=[]
    )


def test_every_look_is_in_words(case, specialist, register):
    codes = {
        "answers": "страница обращения",
        "referral": "что передано партнёру",
        f"register:{register.pk}": "«Карточка приёма»",
        f"journal:{register.pk}": "«Карточка приёма»",
        "diagnosis:0b8f": "первичная диагностика",
        "urgent:7": "срочная помощь",
        "story": "ответ: Вопрос story",
        "register:999999": "«999999»",
        "gone": "ответ: gone",
    }
    rows = [AccessLog.objects.create(case=case, user=specialist, what=what) for what in codes]
    said = looked_at.in_words(rows)
    assert {row.what: said[row.pk] for row in rows} == codes


def test_a_question_in_a_row_has_its_words(centre, specialist):
    steps = [*simple_steps(), *family_steps()]
    case = make_case(FormFactory(steps=steps), centre=centre)
    row = AccessLog.objects.create(case=case, user=specialist, what="children.0.born")
    assert looked_at.in_words([row])[row.pk] == "ответ: Дата рождения"


def test_of_a_closed_case_it_is_not_told_what_it_is_about(
    client, case, centre, specialist, register
):
    """The head has not broken the glass: no question and no journal tells of the family."""
    head = UserFactory(role=Role.HEAD, provider=centre)
    case.queue.confidants.add(specialist)
    for what in ("story", f"register:{register.pk}", "diagnosis:0b8f", "answers"):
        AccessLog.objects.create(case=case, user=specialist, what=what)
    client.force_login(head)
    for secret, told in ((False, True), (True, False)):
        IntakeCase.objects.filter(pk=case.pk).update(secret=secret)
        text = client.get("/admin/intake/looks/").content.decode()
        for words in ("Вопрос story", "Карточка приёма", "первичная диагностика", case.number):
            assert (words in text) is told, words
        assert "страница обращения" in text
        assert text.count("закрыто от вас") == (0 if told else 4)
        assert text.count("какая-то его часть") == (0 if told else 3)


@pytest.mark.parametrize(
    "sql",
    [
        "update intake_forms_accesslog set what = 'answers'",
        "delete from intake_forms_accesslog",
    ],
)
def test_the_log_is_only_added_to(case, specialist, sql):
    AccessLog.objects.create(case=case, user=specialist, what="story")
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
    ):
        cursor.execute(sql)
    assert AccessLog.objects.get().what == "story"


def test_the_list_costs_the_same_however_long(
    client, case, centre, specialist, register, django_assert_max_num_queries
):
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))

    def counted():
        with django_assert_max_num_queries(40) as queries:
            assert client.get("/admin/intake/looks/").status_code == 200
        return len(queries)

    def look(at):
        for what in ("story", f"register:{register.pk}", "answers"):
            AccessLog.objects.create(case=at, user=specialist, what=what)

    look(case)
    counted()  # fills the caches
    before = counted()
    for _ in range(5):
        look(make_case(centre=centre))
    assert counted() == before
