"""A form edited in any way: what was sent reads as it read, what was begun is sent as it was asked."""

from __future__ import annotations

import copy
import os
import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from cms.models import User
from forms.compiling import SchemaError, compile_form, digest
from forms.models import ConsentText, FormVersion, IntakeCase
from forms.reading import as_asked
from tests.factories import TerritoryFactory
from tests.forms import any_form
from tests.forms.any_form import Judge, Known
from tests.forms.test_form_page import draft_of
from tests.intake import FormFactory
from tests.telling import tell_count

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TORTURE = int(os.environ.get("TORTURE") or 0)
SEEN: Counter[str] = Counter()


def questions_of(steps: list[dict[str, Any]]) -> list[tuple[list[dict[str, Any]], int]]:
    """Every block with the list in which it stands."""
    found = []

    def go(nodes):
        for number, node in enumerate(nodes):
            found.append((nodes, number))
            go(node["value"].get("fields", []))

    for each in steps:
        go(each["value"]["fields"])
    return found


class Editing(RuleBasedStateMachine):
    """An editor who changes everything, and families who send and come back meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.form = FormFactory(layout="one", published=False)
        self.desk = Client()
        self.desk.force_login(User.objects.get(is_superuser=True))
        self.steps: list[dict[str, Any]] = []
        self.published: list[dict[str, Any]] = []
        self.sent: list[tuple[IntakeCase, str, str]] = []
        self.begun: list[tuple[Client, Any, list[dict[str, Any]], dict[str, Any], int]] = []

    # The editor.

    @precondition(lambda self: not self.steps)
    @rule(steps=any_form.forms(most=5))
    def build(self, steps):
        self.steps = steps
        self.publish()

    @precondition(lambda self: self.steps)
    @rule(data=st.data())
    def change(self, data):
        nodes, number = data.draw(st.sampled_from(questions_of(self.steps)))
        value = nodes[number]["value"]
        what = data.draw(
            st.sampled_from(
                ["label", "delete", "swap", "type", "options", "condition", "add", "key"]
            )
        )
        known = Known()
        known.used = 100 + sum(SEEN.values())
        if what == "label":
            value["label"] = data.draw(st.sampled_from(["Иначе", "{{ x }}", "<b>Жирно</b>"]))
        elif what == "delete" and len(nodes) > 1:
            del nodes[number]
        elif what == "swap":
            other = data.draw(st.integers(0, len(nodes) - 1))
            nodes[number], nodes[other] = nodes[other], nodes[number]
        elif what == "type":
            made = data.draw(any_form.question(known))
            if (
                nodes[number]["type"] not in ("group", "repeat")
                and made["type"] not in any_form.ONCE
            ):
                nodes[number] = made | {"value": made["value"] | {"key": value["key"]}}
        elif what == "options" and "options" in value:
            kept = value["options"][data.draw(st.integers(0, 1)) :]
            value["options"] = [
                any_form.item({"value": one["value"]["value"], "label": f"Стало {n}"})
                for n, one in enumerate(reversed(kept))
            ]
        elif what == "condition":
            value["show_if"] = []
        elif what == "add":
            made = data.draw(any_form.question(known, "inside"))
            nodes.insert(number, made)
        elif what == "key" and nodes[number]["type"] not in ("group", "repeat"):
            value["key"] = known.key()
        SEEN[f"edit: {what}"] += 1

    @precondition(lambda self: self.steps)
    @rule()
    def publish(self):
        for nodes, number in questions_of(self.steps):  # so that anything may be left out
            nodes[number]["value"] |= (
                {"required": False, "require_if": []}
                if "required" in nodes[number]["value"]
                else {}
            )
        self.form.steps = copy.deepcopy(self.steps)
        try:
            with_check = self._publish()
        except SchemaError:
            SEEN["publishing refused"] += 1
            return
        SEEN["published" if with_check else "published past the check"] += 1
        self.published.append(copy.deepcopy(self.steps))

    def _publish(self) -> bool:
        before = self.form.version_in_force()
        try:
            self.form.save_revision().publish()
        except SchemaError:
            schema = compile_form(self.form)
            text, _new = ConsentText.objects.get_or_create(
                code="x", number=1, defaults={"body": "Согласие", "sha256": "0" * 64}
            )
            FormVersion.objects.create(
                form=self.form,
                number=before.number + 1 if before else 1,
                schema=schema,
                sha256=digest(schema),
                consent_text=text,
            )
            type(self.form).objects.filter(pk=self.form.pk).update(live=True)
            return False
        return True

    # Families.

    @precondition(lambda self: self.published)
    @rule(data=st.data(), later=st.booleans())
    def fill_in(self, data, later):
        steps = self.published[-1]
        typed, means = data.draw(any_form.filled(steps, good=True))
        client = Client()
        url = f"/forms/{self.form.slug}/"
        page = client.get(url)
        sent = {"draft": draft_of(page), **typed}
        if later:
            client.post(url, {**sent, "do": "save"})
            version = self.form.version_in_force().pk
            self.begun.append((client, sent, steps, means, version))
            SEEN["begun"] += 1
        else:
            self._is_sent(client.post(url, sent), steps, means)

    @precondition(lambda self: self.begun)
    @rule()
    def come_back(self):
        client, _sent, steps, means, version = self.begun.pop()
        page = client.get("/drafts/" + client.session["intake_drafts"][-1] + "/1/")
        # What stands on the page is sent as it stands.
        answer = client.post(f"/forms/{self.form.slug}/", {**_sent, "draft": draft_of(page)})
        case = self._is_sent(answer, steps, means)
        assert case.submission.version_id == version
        SEEN["sent on the version that was begun"] += version != self.form.version_in_force().pk

    def _is_sent(self, answer, steps, means) -> IntakeCase:
        assert answer.status_code == 303, answer.content.decode()
        case = IntakeCase.objects.get(ref=answer.headers["Location"].split("/")[2])
        day = timezone.localdate(case.submission.received_at)
        assert case.submission.read_answers() == Judge(steps, means, day).answers
        self.sent.append((case, self.as_text(case), self.as_page(case)))
        SEEN["sent"] += 1
        return case

    # What was sent.

    def as_text(self, case: IntakeCase) -> str:
        case = IntakeCase.objects.get(pk=case.pk)
        submission = case.submission
        return repr(as_asked(submission.version.schema, submission.read_answers(), timezone.localdate(submission.received_at)))  # fmt: skip

    def as_page(self, case: IntakeCase) -> str:
        """The steps with their questions and answers; what stands beside them goes on changing."""
        page = self.desk.get(f"/admin/intake/{case.pk}/").content.decode()
        asked = re.search(r'<section class="case-asked".*?</section>', page, re.DOTALL)[0]
        parts = re.finditer(
            r'<h3>.*?</h3>|<h4>.*?</h4>|<dl class="answers">.*?</dl>', asked, re.DOTALL
        )
        return "".join(part[0] for part in parts)

    def teardown(self) -> None:
        while self.begun:
            self.come_back()
        for case, text, page in self.sent:
            assert self.as_text(case) == text
            assert self.as_page(case) == page
            SEEN["read again, byte for byte"] += 1
        super().teardown()


def test_a_form_is_edited_in_any_way_and_nothing_sent_changes(admin_user):
    SEEN.clear()
    country = TerritoryFactory(slug="strana", kind="country")
    region = TerritoryFactory(slug="oblast", kind="region", parent=country)
    TerritoryFactory(slug="rajon", kind="district", parent=region, title="Образцовый район")
    run_state_machine_as_test(
        Editing,
        settings=settings(
            max_examples=max(12, TORTURE * 4),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    tell_count(f"edited forms: {dict(SEEN)}")
    assert SEEN["published"] > 5
    assert SEEN["read again, byte for byte"] == SEEN["sent"] > 5
