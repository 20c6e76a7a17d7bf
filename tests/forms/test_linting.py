"""The check of a form: what it finds in forms that editors build, and what it stops."""

from __future__ import annotations

import datetime
import time

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from cms.loading import Report
from forms import dry_run
from forms.answers import AnswerForm
from forms.compiling import SchemaError, compile_form
from forms.course import course
from forms.linting import Lists, lint
from forms.linting.changes import changes
from forms.linting.paths import Paths
from forms.linting.samples import samples
from forms.loading import load
from forms.models import FormDefinition, Queue
from forms.routing import Facts, Remembered, decide, route
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_linting_oracle import typed
from tests.forms.test_loading import DATASET
from tests.intake import (
    FormFactory,
    QueueFactory,
    RuleFactory,
    compare,
    family_steps,
    question,
    rows,
    simple_steps,
    step,
)
from tests.telling import tell_count

DAY = datetime.date(2026, 11, 22)


def schema_of(*steps, **more):
    return compile_form(FormFactory.build(steps=list(steps), topic=None, **more), strict=False)


def found(schema, **more):
    return {(f.code, f.path): f for f in lint(schema, day=DAY, **more).findings}


def unreachable_steps():
    """A question that asks for two answers at once to one question."""
    return [
        step(
            "Шаг",
            question("choice", "way", options={"call": "Звонок", "mail": "Почта"}),
            question(
                "text",
                "when",
                label="Когда позвонить",
                show_if=[*compare("way", "eq", "call"), *compare("way", "eq", "mail")],
            ),
        )
    ]


def test_question_that_nobody_is_asked_is_an_error_with_answers():
    report = lint(schema_of(*unreachable_steps()), day=DAY)
    (error,) = report.errors
    assert (error.code, error.path) == ("never_asked", "when")
    assert "Когда позвонить" in error.message
    assert error.answers == {"way": "call"}


def test_file_of_no_number_and_number_between_its_limits_are_dead_ends():
    schema = schema_of(
        step("Шаг", question("number", "n", minimum="0.2", maximum="0.7"), question("file", "f"))
    )
    schema["steps"][0]["fields"][1]["most_files"] = 0
    assert {("dead_end", "n"), ("dead_end", "f")} <= set(found(schema))


def test_conditions_on_what_there_is_not_are_told():
    schema = schema_of(
        step("Шаг", question("choice", "a", options={"x": "Х"}), question("text", "b"))
    )
    fields = schema["steps"][0]["fields"]
    fields[1]["show_if"] = {"op": "any", "of": [
        {"op": "eq", "field": "a", "value": "gone"}, {"op": "filled", "field": "later"}
    ]}  # fmt: skip
    assert set(found(schema)) == {("unknown_answer", "b"), ("unknown_question", "b")}


def test_place_inside_a_region_is_tried_and_one_outside():
    schema = schema_of(
        step(
            "Шаг",
            question("territory", "place"),
            question("text", "b", show_if=compare("place", "within", "region")),
        )
    )
    inside = {"slug": "rajon", "title": "Район", "around": ["region", "rajon"]}
    outside = {"slug": "dal", "title": "Даль", "around": ["dal"]}
    assert not found(schema, lists=Lists(places={"rajon": inside, "dal": outside}))
    only = found(schema, lists=Lists(places={"rajon": inside}))
    assert set(only) == {("always_asked", "b")}
    assert ("unknown_answer", "b") in found(schema, lists=Lists(places={"dal": outside}))


def test_consent_that_is_skipped_on_a_way_is_an_error():
    schema = schema_of(
        step(
            "Шаг",
            question("yesno", "more"),
            question("text", "name", personal=True, purpose="Чтобы обратиться"),
            question("consent", "ok", show_if=compare("more", "eq", "yes")),
        )
    )
    error = found(schema)["no_consent", "name"]
    assert error.severity == "error"
    assert error.answers["more"] is False
    assert "ok" not in course(schema, error.answers, DAY).asked


def test_personal_data_without_purpose_term_or_mark():
    schema = schema_of(
        step("Шаг", question("text", "a", personal=True, purpose=""), question("phone", "b"),
             question("consent", "ok")),
        retention_days=0,
    )  # fmt: skip
    assert {("no_purpose", "a"), ("no_term", "a"), ("not_marked", "b")} == set(found(schema))


def test_phone_asked_twice_only_when_both_are_asked():
    def form(**second):
        return schema_of(
            step(
                "Шаг",
                question("yesno", "own"),
                question("phone", "a", label="Телефон", personal=True, purpose="Звонить",
                         show_if=compare("own", "eq", "yes")),
                question("phone", "b", label="Телефон", personal=True, purpose="Звонить", **second),
                question("consent", "ok"),
            )
        )  # fmt: skip

    assert {("same_label", "b"), ("asked_twice", "b")} == set(found(form()))
    assert not found(form(show_if=compare("own", "eq", "no")))


def test_long_forms_are_told_about():
    many = [question("text", f"q{n}", label=f"Вопрос {n}") for n in range(13)]
    schema = schema_of(
        step("Длинный", *many), step("Ещё", question("text", "w", label="слово " * 21))
    )
    assert {code for code, _p in found(schema)} == {"long_step", "long_label"}


def test_of_two_hundred_questions_with_sixty_conditions_some_thousands_are_tried():
    steps = []
    for number in range(10):
        asked = [
            question("choice" if n % 2 else "yesno", f"s{number}q{n}", label=f"Вопрос {number} {n}",
                     options={"x": "Х", "y": "Ы"} if n % 2 else None)
            for n in range(20)
        ]  # fmt: skip
        for n in range(6):
            earlier = [f"s{max(number - 1, 0)}q{n * 2}", f"s{number}q{n * 2}"]
            asked[n * 2 + 2]["value"]["show_if"] = [
                test for key in dict.fromkeys(earlier) for test in compare(key, "eq", "yes")
            ]
        steps.append(step(f"Шаг {number}", *asked))
    schema = schema_of(*steps)
    began = time.perf_counter()
    report = lint(schema, day=DAY)
    took = time.perf_counter() - began
    tell_count(f"200 questions, 60 conditions: {took:.2f} s, {report.tried} combinations")
    assert 1_000 < report.tried < 10_000
    assert not report.errors


def test_bound_is_told_and_nothing_is_claimed_beyond_it():
    asked = [question("yesno", f"q{n}", required=False) for n in range(12)]
    last = question(
        "text", "last", show_if=[t for n in range(12) for t in compare(f"q{n}", "eq", "yes")]
    )
    schema = schema_of(step("Шаг", *asked, last))
    report = lint(schema, day=DAY, most=10)
    assert report.unfinished == ("«Вопрос last»",)
    assert not report.errors
    assert not lint(schema, day=DAY).unfinished


def chosen_exactly(wanted, of):
    """A choice of many answers, and a question for those who chose exactly these."""
    tests = [compare("m", "contains" if one in wanted else "lacks", one) for one in of]
    return schema_of(
        step(
            "Шаг",
            question("multichoice", "m", options={one: one.upper() for one in of}),
            question("text", "t", show_if=[test for each in tests for test in each]),
        )
    )


@pytest.mark.parametrize("wanted", ["a", "abc", "bdfh", "abcdefgh"])
@pytest.mark.parametrize("of", ["abcdefgh", "abcdefghijkl"])
def test_many_answers_together_are_found(wanted, of):
    report = lint(chosen_exactly(wanted, of), day=DAY)
    assert not [each for each in report.findings if each.path == "t"]
    assert bool(report.unfinished) == (len(of) > 8)


def test_of_too_many_answers_nothing_is_claimed():
    schema = chosen_exactly("abc", "abcdefghijkl")
    field = schema["steps"][0]["fields"][1]
    field["show_if"]["of"].append({"op": "lacks", "field": "m", "value": "a"})
    report = lint(schema, day=DAY)
    assert report.unfinished == ("«Вопрос t»",)
    assert not report.errors
    assert ("not_found", "t") in {(each.code, each.path) for each in report.findings}


def test_what_depends_on_a_calculated_value_is_told_to_be_tried_with_examples():
    steps = family_steps()
    steps[-1]["value"]["fields"].insert(
        0, question("text", "poor", show_if=compare("each", "lt", "10000"))
    )
    assert lint(schema_of(*steps), day=DAY).sampled == ("«Вопрос poor»",)
    assert not lint(schema_of(*family_steps()), day=DAY).sampled


def test_a_text_of_one_letter_can_be_another_one():
    words = [test for letter in "опs" for test in compare("x", "ne", letter)]
    schema = schema_of(
        step("Шаг", question("text", "x", max_length=1), question("text", "t", show_if=words))
    )
    assert ("never_asked", "t") not in found(schema)


def test_samples_meet_every_question_and_are_accepted():
    schema = schema_of(*family_steps())
    paths = Paths(schema, Lists(), DAY)
    made = samples(paths)
    asked = set()
    for sample in made:
        form = AnswerForm(schema, data=typed(sample.answers), day=DAY)
        assert form.is_valid(), form.errors
        asked |= {path.rsplit(".", 1)[-1] for path in form.course.asked}
    assert {"child", "born", "garden", "income", "paper", "each"} <= asked
    assert "образец" in str(made[0].answers)


def test_difference_names_questions_conditions_and_rules():
    old = schema_of(*simple_steps())
    steps = simple_steps()
    steps[1]["value"]["fields"][1]["value"]["show_if"] = compare("way", "ne", "mail")
    del steps[0]["value"]["fields"][0]
    steps[1]["value"]["fields"].append(question("text", "more", label="Ещё что-нибудь"))
    for one, other in zip(steps, old["steps"], strict=True):
        one["id"] = other["id"]
    told = {
        (change.kind, change.name): change.details
        for change in changes(old, schema_of(*steps, title=old["title"], slug=old["slug"]))
    }
    assert ("removed", "Вопрос story") in told
    assert ("added", "Ещё что-нибудь") in told
    (detail,) = told["changed", "Телефон"]
    assert "Звонок" in detail.before
    assert "Почта" in detail.after


@pytest.mark.django_db
def test_form_with_an_error_is_not_published_and_it_is_told():
    form = FormFactory(published=False, steps=unreachable_steps())
    with pytest.raises(SchemaError, match="Когда позвонить"):
        form.save_revision().publish()
    form.refresh_from_db()
    assert not form.live
    assert not form.versions.exists()


@pytest.mark.django_db
def test_ten_forms_of_the_data_set_have_no_errors_and_samples_are_accepted():
    ProviderFactory(
        centre=True, territories=[TerritoryFactory(slug="rajon", parent=TerritoryFactory())]
    )
    load(DATASET, Report(), lambda _said: None)
    forms = list(FormDefinition.objects.all())
    assert len(forms) == 10
    for form in forms:
        schema = form.version_in_force().schema
        report = dry_run.check(form, schema)
        assert not report.errors
        assert not report.unfinished
        for finding in report.findings:
            assert finding.code in (
                "empty_list",
                "unrouted",
                "unrouted_place",
                "unrouted_centre",
                "always_asked",
                "not_marked",
            ), finding


@pytest.mark.django_db
def test_dry_run_decides_as_routing_does_and_writes_nothing():
    region = TerritoryFactory()
    places = [region, *(TerritoryFactory(parent=region) for _ in range(3)), TerritoryFactory()]
    centres = [ProviderFactory(centre=True, territories=[place]) for place in places[:3]]
    RuleFactory(territory=places[1], queue=QueueFactory(centre=centres[1]))
    RuleFactory(urgent=True, queue=QueueFactory(centre=centres[0]))
    forms = [FormFactory(published=False), FormFactory(published=False, urgent=True)]
    forms[0].centres.set(centres[:2])
    forms[0].save()
    table, before = Remembered(), Queue.objects.count()
    tried = [
        Facts(form=form, urgent=form.urgent, territory=place, chosen_centre=centre)
        for form in forms
        for place in (None, *places)
        for centre in (None, *centres)
    ]
    decided = [decide(facts, table) for facts in tried]
    assert Queue.objects.count() == before
    for facts, decision in zip(tried, decided, strict=True):
        went = route(facts)
        assert decision.rule == went.rule
        assert decision.explanation == went.explanation
        assert decision.rule or decision.centre == went.queue.centre


@pytest.mark.django_db
def test_place_that_no_rule_covers_is_told_with_answers():
    covered, open_place = (
        TerritoryFactory(parent=TerritoryFactory()),
        TerritoryFactory(parent=TerritoryFactory(title="Край"), title="Дальний"),
    )
    centre = ProviderFactory(centre=True, territories=[covered])
    RuleFactory(territory=covered, queue=QueueFactory(centre=centre))
    form = FormFactory(published=False)
    report = dry_run.check(form, compile_form(form))
    (lost,) = [f for f in report.warnings if f.code == "unrouted_place"]
    assert "Дальний" in lost.message
    assert "Нераспределённые" in lost.message
    assert route(Facts(form=form, urgent=False, territory=open_place)).rule is None
    answers = AnswerForm(compile_form(form), data=typed_records(lost.answers))
    assert answers.is_valid(), answers.errors


def typed_records(answers):
    plain = {k: v["slug"] if isinstance(v, dict) and "slug" in v else v for k, v in answers.items()}
    return typed(plain)


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    return client


@pytest.mark.django_db
def test_page_of_the_check_shows_findings_samples_and_changes(chief, django_assert_max_num_queries):
    form = FormFactory()
    form.steps = unreachable_steps()
    form.save_revision()
    with django_assert_max_num_queries(60):
        answer = chief.get(reverse("intake:check", args=[form.pk]))
    text = answer.content.decode()
    assert "Когда позвонить" in text
    assert "Звонок" in text
    assert "Нераспределённые" in text
    for name, number in (("e0", 200), ("s0", 200), ("e9", 404), ("x1", 404)):
        preview = chief.get(reverse("intake:check_preview", args=[form.pk, name]))
        assert preview.status_code == number


@pytest.mark.django_db
def test_check_is_for_those_who_may_change_the_form(client):
    form = FormFactory()
    client.force_login(UserFactory(role=Role.SPECIALIST))
    for url in (
        reverse("intake:check", args=[form.pk]),
        reverse("intake:check_preview", args=[form.pk, "s0"]),
    ):
        assert client.get(url).status_code in (302, 403)


@pytest.mark.django_db
def test_repeating_group_in_a_condition_of_a_step(chief):
    children = rows("children", question("birth_date", "born"), minimum=1, maximum=3)
    form = FormFactory(
        steps=[
            step("Дети", children),
            step("Малыши", question("yesno", "garden"),
                 show_if=compare("born", "lt", "3", part="age", rows="some")),
        ]
    )  # fmt: skip
    report = dry_run.check(form, compile_form(form))
    assert not [f for f in report.findings if f.code not in ("not_marked", "unrouted")]
    assert timezone.localdate()
