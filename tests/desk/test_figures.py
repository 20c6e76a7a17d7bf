"""Counting days: where a case counts, and that upkeep and rebuilding tell the same."""

from __future__ import annotations

import datetime
import io
import random
import uuid

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django.forms.models import model_to_dict

from catalogue.models import Category
from cms import health
from cms.access import Role
from cms.health import figures_differed
from desk.figures import upkeep
from desk.models import CategoryCount, DayCounts, FiguresState, Known, Sums
from desk.models.figures import COUNTERS, WAITS
from forms import family_moves, moves, rating, sorting
from forms.accept import accept
from forms.actions import Action
from forms.erasing import erase
from forms.models import CentreClock, Channel, IntakeCase, Score, Teller
from forms.registering import Registered
from forms.routing import unrouted_queue
from forms.sorting import Sorted
from tests.factories import (
    MeasureFactory,
    ProviderFactory,
    TerritoryFactory,
    UserFactory,
)
from tests.figures import URL
from tests.intake import (
    FormFactory,
    QueueFactory,
    TopicFactory,
    make_case,
    question,
    sample_answers,
    step,
    version_of,
)
from tests.telling import tell_count

pytestmark = pytest.mark.django_db


def total(name, **where):
    return sum(getattr(row, name) for row in DayCounts.objects.filter(**where))


def of_months(kept):
    return Sums.objects.filter(span=Sums.Span.MONTH, kept=kept)


def rows(model):
    """Everything that the rows say, without their keys."""
    told = [
        tuple(sorted((name, str(value)) for name, value in model_to_dict(row).items()))
        for row in model.objects.all()
    ]
    return sorted(tuple(pair for pair in row if pair[0] != "id") for row in told)


# Days


def test_decision_knows_whether_it_was_late(clock, centre, specialist):
    in_time, late = make_case(centre=centre), make_case(centre=centre)
    _decide(in_time, specialist)
    clock.later(days=30)
    _decide(late, specialist)
    said = [one.events.get(kind="decided").data["late"] for one in (in_time, late)]
    assert said == [False, True]
    upkeep.keep_up()
    assert (total("decided"), total("decided_late")) == (2, 1)
    assert (total("answered"), total("answered_late")) == (2, 1)


def test_day_is_that_of_the_centre(clock, centre):
    east = ProviderFactory(centre=True)
    CentreClock.objects.create(centre=east, time_zone="Asia/Irkutsk")
    clock.at("2026-03-31T23:30")
    make_case(centre=centre)
    make_case(centre=east)
    upkeep.keep_up()
    assert DayCounts.objects.get(centre=centre).day == datetime.date(2026, 3, 31)
    assert DayCounts.objects.get(centre=east).day == datetime.date(2026, 4, 1)
    months = of_months(Sums.CENTRE).values_list("centre", "first__month", "received")
    assert set(months) == {(centre.pk, 3, 1), (east.pk, 4, 1)}


def test_case_that_moves_takes_its_past_along(clock, centre, specialist):
    other, topic = ProviderFactory(centre=True), TopicFactory()
    case = make_case(centre=centre)
    upkeep.keep_up()
    clock.later(days=10)
    head = UserFactory(role=Role.HEAD, provider=centre)
    wanted = Sorted(topic=topic, urgent=True, secret=False, curator=None)
    case = sorting.sort(case_id=case.pk, actor=head, version=case.version, wanted=wanted)
    upkeep.keep_up()
    assert list(DayCounts.objects.values_list("topic", "urgent", "received")) == [(topic.pk, 1, 1)]
    clock.later(days=10)
    moves.move(
        case_id=case.pk, action=Action.ROUTE, actor=head, version=case.version,
        queue=unrouted_queue(other), text="к соседям", reason="other_place",
    )  # fmt: skip
    upkeep.keep_up()
    assert list(DayCounts.objects.values_list("centre", "received")) == [(other.pk, 1)]
    assert of_months(Sums.CENTRE).get().centre_id == other.pk


def test_old_paper_counts_on_its_own_day_and_tells_nothing_of_waiting(clock, centre, specialist):
    CentreClock.objects.create(centre=centre, time_zone="Asia/Irkutsk")
    clock.at("2026-11-20T10:00")
    upkeep.keep_up()
    came = datetime.datetime(2025, 12, 31, 20, 30, tzinfo=datetime.UTC)  # January in Irkutsk
    paper = from_paper(specialist, centre, came)
    _decide(paper, specialist)
    upkeep.keep_up()
    assert DayCounts.objects.get(received=1).day == datetime.date(2026, 1, 1)
    assert DayCounts.objects.get(decided=1).day == datetime.date(2026, 11, 20)
    assert (total("answered"), total("answered_late"), total("decided_late")) == (1, 0, 0)
    for row in DayCounts.objects.all():
        assert [getattr(row, wait) for wait in WAITS] == [None] * len(WAITS)
    kept = rows(DayCounts), rows(Sums)
    upkeep.rebuild()
    assert (rows(DayCounts), rows(Sums)) == kept


def from_paper(by, centre, came):
    told = Registered(by=by, contacted_at=came, teller=Teller.PERSON, from_paper=True)
    receipt = accept(
        version=version_of(FormFactory()), answers=sample_answers(), idempotency_key=uuid.uuid4(),
        channel=Channel.VISIT, registered=told, contact_at=came, queue=QueueFactory(centre=centre),
    )  # fmt: skip
    return IntakeCase.objects.get(ref=receipt.ref)


def test_days_and_months_are_put_together_for_every_choice(clock, centre):
    places, topics = TerritoryFactory.create_batch(2), TopicFactory.create_batch(2)
    forms = [FormFactory(topic=topic) for topic in topics]
    centres = (centre, ProviderFactory(centre=True))
    for number in range(16):
        clock.at(f"2026-03-{number + 2:02}T10:00")
        make_case(
            forms[number % 2], centre=centres[number // 8], territory=places[number // 2 % 2],
            channel=(Channel.WEB, Channel.PHONE)[number // 4 % 2],
        )  # fmt: skip
    upkeep.keep_up()
    assert total("received") == 16
    for span, choices in Sums.KEPT.items():
        assert len(choices) == len(set(choices)) == {"day": 5, "month": 12}[span]
        for kept in choices:
            cells = list(Sums.objects.filter(span=span, kept=kept))
            assert sum(cell.received for cell in cells) == 16
            assert len(cells) == (16 if span == Sums.Span.DAY else 2 ** kept.bit_count())
            assert all((cell.topic_id is not None) == bool(kept & Sums.TOPIC) for cell in cells)
            assert all(bool(cell.channel) == bool(kept & Sums.CHANNEL) for cell in cells)
            assert all(
                (cell.territory_id is not None) == bool(kept & Sums.TERRITORY) for cell in cells
            )
            assert all((cell.centre_id is not None) == bool(kept & Sums.CENTRE) for cell in cells)
    assert Sums.objects.count() == 5 * 16 + 1 + 3 * 2 + sum(
        2 ** n.bit_count() for n in range(8, 16)
    )


# Upkeep and rebuilding


def test_upkeep_and_rebuilding_tell_the_same(clock, centre, specialist):
    """A spring of chance: whatever happens, and whenever it is counted, the rows are the same."""
    chance, life = random.Random(11), _Life(clock, centre, specialist)
    counted = 0
    for _ in range(120):
        clock.later(hours=chance.choice((1, 3, 9, 26, 70)))
        life.happen(chance)
        if chance.random() < 0.4:
            counted += bool(upkeep.keep_up())
    clock.later(hours=2)
    upkeep.keep_up()
    kept_up = [rows(DayCounts), rows(Sums)]
    same_as_plain_sql()
    assert counted > 20
    assert upkeep.keep_up() >= 0
    assert [rows(DayCounts), rows(Sums)] == kept_up  # twice is as once
    for case in IntakeCase.objects.filter(state="closed"):
        erase(case=case)  # the persons go, the figures stay
    call_command("figures", "--rebuild", stdout=io.StringIO())
    assert [rows(DayCounts), rows(Sums)] == kept_up
    seen = {name for name in COUNTERS if total(name)}
    tell_count(
        f"{len(life.done)} moves, {len(kept_up[0])} rows of days, {len(seen)} counters moved"
    )
    assert {"received", "taken", "answered", "decided", "reopened", "recurring", "remote",
            "withdrawn", "why_no_places", "rated_1"} <= seen  # fmt: skip
    assert all(DayCounts.objects.exclude(**{name: None}).exists() for name in WAITS)


def same_as_plain_sql():
    """Sums of the figures, and what the events say themselves."""
    asked = {
        "received": "select count(*) from intake_forms_intakecase",
        "decided": "select count(*) from intake_forms_caseevent where kind = 'decided'",
        "decided_late": "select count(*) from intake_forms_caseevent"
        " where kind = 'decided' and (data->>'late')::bool",
        "refused": "select count(*) from intake_forms_caseevent"
        " where kind = 'decided' and data->>'outcome' = 'refused'",
        "answered": "select count(distinct case_id) from intake_forms_caseevent"
        " where kind in ('asked', 'answered', 'decided')",
        "answered_late": "select count(*) from (select case_id, min(at) as at from"
        " intake_forms_caseevent where kind in ('asked', 'answered', 'decided') group by case_id)"
        " first join intake_forms_intakecase c on c.id = case_id where at > c.first_due_at",
        "rated_5": "select count(*) from intake_forms_rating where score = 5",
        "rated_1": "select count(*) from intake_forms_rating where score = 1",
    }
    with connection.cursor() as cursor:
        for name, sql in asked.items():
            cursor.execute(sql)
            (wanted,) = cursor.fetchone()
            assert wanted, name
            assert (name, total(name)) == (name, wanted)
            months = of_months(0).aggregate(all=Sum(name))["all"]
            assert (name, months) == (name, wanted)
        cursor.execute(
            "select centre_id, topic_id, channel, count(*) from intake_forms_intakecase"
            " group by 1, 2, 3 order by 1, 2, 3"
        )
        cells = DayCounts.objects.exclude(received=0).order_by("centre", "topic", "channel")
        told = cells.values_list("centre", "topic", "channel").annotate(Sum("received"))
        assert list(told) == cursor.fetchall()


def test_counting_from_nothing_goes_on_where_it_was_killed(client, clock, centre, monkeypatch):
    """Four months; the process dies in the third, and what was counted stays."""
    for month in (1, 2, 3, 4):
        clock.at(f"2026-{month:02}-10T12:00")
        make_case(centre=centre)
    upkeep.rebuild()
    counted = [rows(DayCounts), rows(Sums)]
    DayCounts.objects.all().delete()
    Sums.objects.all().delete()
    upkeep.begin_anew()
    assert upkeep.count_a_month() > 20
    assert upkeep.count_a_month() > 20

    class Killed(Exception):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(upkeep, "put_together", die)
        with pytest.raises(Killed):
            upkeep.count_a_month()
    assert total("received") == 2
    assert FiguresState.objects.get().recount_from == datetime.date(2026, 3, 1)
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    assert "Дни с 1 марта 2026 ещё пересчитываются" in client.get(URL).content.decode()
    assert upkeep.rebuild() > 20
    assert FiguresState.objects.get().recount_from is None
    assert [rows(DayCounts), rows(Sums)] == counted


def test_worker_counts_from_nothing_by_the_way(clock, centre):
    for month in (1, 2, 3):
        clock.at(f"2026-{month:02}-10T12:00")
        make_case(centre=centre)
    rounds = 0
    while not rounds or FiguresState.objects.get().recount_from:
        upkeep.keep_up(seconds=0)
        rounds += 1
    assert rounds == 3
    assert total("received") == 3
    assert upkeep.check_all() == []


def test_day_that_stood_otherwise_is_mended_and_told(clock, centre):
    clock.at("2026-03-10T12:00")
    for _ in range(2):
        make_case(centre=centre)
    clock.at("2026-03-12T12:00")
    make_case(centre=centre)
    clock.at("2026-03-25T12:00")
    upkeep.keep_up()
    stood = [rows(DayCounts), rows(Sums)]
    assert upkeep.check() == []
    assert figures_differed() == 0
    DayCounts.objects.filter(day="2026-03-10").update(received=7)
    DayCounts.objects.filter(day="2026-03-12").delete()
    out = io.StringIO()
    call_command("figures", "--check", stdout=out)
    assert "дней исправлено 2, с 10.03.2026 по 12.03.2026" in out.getvalue()
    assert [rows(DayCounts), rows(Sums)] == stood
    assert figures_differed() == 2
    told = health.items(UserFactory(role=Role.ADMINISTRATOR))
    assert "Показатели за 2 дня были неверны и исправлены" in [one.title for one in told]
    Sums.objects.update(received=7)
    assert upkeep.check_all() == []
    assert [rows(DayCounts), rows(Sums)] == stood
    make_case(centre=centre)  # what is not counted yet is no difference
    assert upkeep.check_all() == []
    clock.later(days=8)
    assert figures_differed() == 0


def test_check_goes_on_where_it_ended(clock, centre):
    for month in (1, 2, 3):
        clock.at(f"2026-{month:02}-10T12:00")
        make_case(centre=centre)
    clock.at("2026-03-25T12:00")
    upkeep.keep_up()
    DayCounts.objects.filter(day="2026-03-10").delete()
    nights = [upkeep.check() for _ in range(4)]
    assert [len(found) for found in nights] == [0, 1, 0, 0]


def test_secret_case_stands_in_no_place(clock, centre):
    village = TerritoryFactory()
    case = make_case(centre=centre, territory=village)
    upkeep.keep_up()
    assert DayCounts.objects.get().territory == village
    head = UserFactory(role=Role.HEAD, provider=centre)
    wanted = Sorted(topic=case.topic, urgent=False, secret=True, curator=None)
    sorting.sort(case_id=case.pk, actor=head, version=case.version, wanted=wanted)
    upkeep.keep_up()
    assert DayCounts.objects.get(received=1).territory is None


def test_nothing_is_counted_where_nothing_is():
    assert upkeep.keep_up() == 0
    assert upkeep.rebuild() == 0
    assert FiguresState.objects.count() == 1


# What is known of a family


def test_family_that_comes_again_with_the_same(clock, centre):
    form = FormFactory()
    other_phone = {**sample_answers(), "phone": "+79990000001"}
    make_case(form, centre=centre)
    clock.later(days=30)
    again = make_case(form, centre=centre)
    elsewhere = make_case(FormFactory(), centre=centre)  # the same phone, another topic
    stranger = make_case(form, centre=centre, answers=other_phone)
    clock.later(days=366 + 30)
    late = make_case(form, centre=centre)  # more than a year later
    upkeep.keep_up()
    known = dict(Known.objects.values_list("case", "recurring"))
    assert [known[one.pk] for one in (again, elsewhere, stranger, late)] == [
        True, False, False, False,
    ]  # fmt: skip
    assert (total("recurring_known"), total("recurring")) == (5, 1)


def test_what_was_erased_before_it_was_looked_at_is_not_known(centre):
    case = make_case(centre=centre)
    erase(case=case)
    upkeep.keep_up()
    assert Known.objects.get().recurring is None
    assert (total("received"), total("recurring_known")) == (1, 0)


def test_categories_are_those_of_the_measure_that_was_chosen(clock, centre):
    large, poor, other = (Category.objects.create(slug=one, title=one) for one in "abc")
    measure, another = MeasureFactory.create_batch(2)
    large.measures.add(measure)
    poor.measures.add(measure)
    other.measures.add(another)
    form = FormFactory(steps=[step("Мера", question("measure", "measure", required=False))])
    chosen = {"measure": {"slug": measure.slug, "title": measure.title}}
    for answers in (chosen, chosen, {}):
        make_case(form, centre=centre, answers=answers)
    for _ in range(2):
        upkeep.keep_up()
    upkeep.rebuild()
    found = CategoryCount.objects.values_list("category", "count", "centre")
    assert set(found) == {(large.pk, 2, centre.pk), (poor.pk, 2, centre.pk)}


class _Life:
    """What may happen to the cases of a centre, as chance has it."""

    def __init__(self, clock, centre, specialist):
        self.clock, self.centre, self.specialist = clock, centre, specialist
        self.other = ProviderFactory(centre=True)
        CentreClock.objects.create(centre=self.other, time_zone="Asia/Kamchatka")
        self.head = UserFactory(role=Role.HEAD, provider=centre)
        self.topics = TopicFactory.create_batch(2)
        self.forms = [FormFactory(topic=topic) for topic in self.topics]
        self.done = []

    def happen(self, chance):
        ways = (self.come, self.come, self.decide, self.decide, self.ask, self.write, self.close,
                self.reopen, self.sort, self.route, self.rate, self.withdraw)  # fmt: skip
        way = chance.choice(ways)
        way(chance)

    def come(self, chance):
        phone = f"+7921000000{chance.randrange(4)}"
        make_case(
            chance.choice(self.forms), centre=self.centre,
            answers={**sample_answers(), "phone": phone},
            channel=chance.choice((Channel.WEB, Channel.PHONE, Channel.VISIT)),
        )  # fmt: skip
        self.done.append("come")

    def decide(self, chance):
        if case := self.one(chance, "new", "in_work"):
            outcome = chance.choice(("helped", "advised", "refused"))
            _decide(case, self.head, outcome)
            self.done.append("decide")

    def ask(self, chance):
        if case := self.one(chance, "new", "in_work"):
            self.move(_held(case, self.head), Action.ASK, text="вопрос")

    def write(self, chance):
        if case := self.one(chance, "waiting_family", "decided"):
            key = uuid.UUID(int=chance.getrandbits(128), version=4)
            family_moves.family_writes(case_id=case.pk, text="ответ", writing_id=key)
            self.done.append("write")

    def close(self, chance):
        if case := self.one(chance, "decided"):
            self.move(case, Action.CLOSE)

    def reopen(self, chance):
        if case := self.one(chance, "closed"):
            self.move(case, Action.REOPEN, text="ещё раз", reason="mistake")

    def sort(self, chance):
        if case := self.one(chance, "new", "in_work", "decided"):
            wanted = Sorted(chance.choice(self.topics), chance.random() < 0.5, False, None)
            sorting.sort(case_id=case.pk, actor=self.head, version=case.version, wanted=wanted)
            self.done.append("sort")

    def route(self, chance):
        if case := self.one(chance, "new", "in_work"):
            queue = unrouted_queue(self.other)
            self.move(case, Action.ROUTE, queue=queue, text="к соседям", reason="other_place")

    def rate(self, chance):
        if (case := self.one(chance, "decided", "closed")) and rating.may_rate(case):
            rating.rate(case_id=case.pk, score=Score(chance.randrange(1, 6)))
            self.done.append("rate")

    def withdraw(self, chance):
        if case := self.one(chance, "new"):
            key = uuid.UUID(int=chance.getrandbits(128), version=4)
            family_moves.family_withdraws(case_id=case.pk, writing_id=key)
            self.done.append("withdraw")

    def one(self, chance, *states):
        cases = IntakeCase.objects.visible_to(self.head).filter(state__in=states).order_by("pk")
        return chance.choice(list(cases)) if cases else None

    def move(self, case, action, **given):
        case.refresh_from_db()
        moves.move(case_id=case.pk, action=action, actor=self.head, version=case.version, **given)
        self.done.append(str(action))


def _held(case, actor):
    if case.state == "new":
        moves.take(case_id=case.pk, actor=actor)
    case.refresh_from_db()
    return case


def _decide(case, actor, outcome="helped"):
    case = _held(case, actor)
    moves.move(
        case_id=case.pk, action=Action.DECIDE, actor=actor, version=case.version,
        text="ответ", outcome=outcome, reason="no_places" if outcome == "refused" else "",
    )  # fmt: skip
    case.refresh_from_db()
    return case
