"""A talk by a script: its steps as inputs, what flows from them into the form, and its record.

Inputs of a talk stand beside those of the form (`a-…`) in one page: `s-…` for questions of the form
that the script asks, `x-…` for what the script asks for itself, `d` for steps that are done.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from desk.fact_form import fact_field
from desk.hearing import Heard
from desk.models import ScriptRun, ScriptVersion
from desk.passed_over import passed_over
from forms.answers import plain
from forms.asking import field_for
from forms.choosers import Choosers
from forms.compiling import lifted
from forms.conditions import in_words
from forms.fields import TextField
from forms.models import IntakeCase
from forms.models.drafts import Typed
from forms.reading import in_words as value_in_words
from forms.written import as_data

FORM, OWN, DONE, AT = "s-", "x-", "d", "t-"
LONGEST_ANSWER = 1000
LONGEST_TALK = datetime.timedelta(days=7)  # a draft is kept no longer
_NOT_HERE = ("file", "consent", "repeat", "group", "info", "calc")


def can_be_asked(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Questions of a form that a script may ask, by key: those that stand in no row."""
    found: dict[str, dict[str, Any]] = {}
    for step in lifted(dict(schema))["steps"]:
        for node in step["fields"]:
            for one in node["fields"] if node["type"] == "group" else [node]:
                if one["type"] not in _NOT_HERE:
                    found[one["key"]] = one
    return found


@dataclass(frozen=True)
class Step:
    """A step as the page shows it."""

    spec: Mapping[str, Any]
    number: int
    field: forms.BoundField | None = None
    is_done: bool = False
    is_bound: bool = False  # the answer goes into the form
    is_fact: bool = False  # the answer counts when measures are looked for
    is_skipped: bool = False  # an answer leads past it, or it stands on the path of another answer
    only_if: str = ""  # with which answer it is shown, in words

    @property
    def condition(self) -> str:
        """For the page's script."""
        return json.dumps(self.spec["show_if"])

    @property
    def forks(self) -> list[tuple[Any, Mapping[str, Any]]]:
        """The answers of a fork: what is ticked, and where each leads."""
        assert self.field is not None
        return list(zip(self.field, self.spec["answers"], strict=True))


class TalkForm(forms.Form):
    """What is asked in a talk. Nothing here is judged: the form does that."""

    use_required_attribute = False

    def __init__(
        self,
        version: ScriptVersion,
        schema: Mapping[str, Any],
        *,
        typed: Typed | None = None,
        choosers: Choosers | None = None,
    ) -> None:
        self.version, self.typed = version, typed or {}
        self.asked = can_be_asked(schema)
        super().__init__(as_data(self.typed) if self.typed else None)
        lists = choosers or Choosers()
        for spec in self.specs:
            name = self._name(spec)
            if name.startswith(FORM):
                self.fields[name] = field_for(self.asked[spec["key"]], lists)
                self.fields[name].help_text = ""
            elif "fact" in spec:
                self.fields[name] = fact_field(spec["fact"], lists)
            elif spec["kind"] == "ask":
                area = forms.Textarea(attrs={"rows": 2})
                self.fields[name] = TextField(max_length=LONGEST_ANSWER, widget=area)
            elif spec["kind"] == "branch":
                options = [(str(n), each["text"]) for n, each in enumerate(spec["answers"])]
                radios = forms.RadioSelect()
                self.fields[name] = forms.ChoiceField(choices=options, widget=radios)
            if name:
                self.fields[name].label = spec["text"]
                self.fields[name].required = self.fields[name].widget.is_required = False

    @property
    def specs(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self.version.content["steps"]
        return steps

    def steps(self) -> Iterator[Step]:
        done = set(self.typed.get(DONE, ()))
        skipped, forks = passed_over(self.specs, self._chosen()), _as_questions(self.specs)
        for number, spec in enumerate(self.specs, start=1):
            name = self._name(spec)
            yield Step(
                spec,
                number,
                self[name] if name else None,
                is_done=spec["id"] in done,
                is_bound=name.startswith(FORM),
                is_fact=name.startswith(OWN) and "fact" in spec,
                is_skipped=spec["id"] in skipped,
                only_if=in_words(spec["show_if"], forks) if "show_if" in spec else "",
            )

    def is_urgent(self) -> bool:
        """A danger was ticked that makes the case urgent."""
        done = set(self.typed.get(DONE, ()))
        return any(spec.get("urgent") and spec["id"] in done for spec in self.specs)

    def own_answers(self) -> dict[str, Any]:
        """What was answered to the script itself, by the ids of the steps."""
        found, chosen = {}, self._chosen()
        skipped = passed_over(self.specs, chosen)
        for spec in self.specs:
            if spec["kind"] == "branch":
                if spec["id"] in chosen and spec["id"] not in skipped:
                    found[spec["id"]] = spec["answers"][int(chosen[spec["id"]])]["text"]
            elif value := self._said(spec) or self._own(spec):
                found[spec["id"]] = value
        return found

    def heard(self) -> list[Heard]:
        """What was answered on facts of the family; what is no answer to the question is left out."""
        return [
            Heard(spec["fact"]["fact"], value, spec["text"])
            for spec in self.specs
            if (value := self._fact(spec)) is not None
        ]

    def done(self) -> list[tuple[str, str]]:
        """Steps that are done, each with the moment, in the order of the script."""
        ticked = set(self.typed.get(DONE, ()))
        return [
            (spec["id"], "".join(self.typed.get(AT + spec["id"], ())))
            for spec in self.specs
            if spec["id"] in ticked
        ]

    def _fact(self, spec: Mapping[str, Any]) -> Any:
        """The value of the fact that a step asks for; None where there is none."""
        name = self._name(spec)
        if "fact" not in spec or not name.startswith(OWN) or not self.is_bound:
            return None
        field = self.fields[name]
        try:
            value = plain(field.clean(field.widget.value_from_datadict(self.data, {}, name)))
        except ValidationError:
            return None
        return None if value in ("", []) else value

    def _said(self, spec: Mapping[str, Any]) -> str:
        value = self._fact(spec)
        return "" if value is None else value_in_words(spec["fact"], value)

    def _own(self, spec: Mapping[str, Any]) -> str:
        return " ".join(self.typed.get(OWN + spec["id"], ())).strip()[:LONGEST_ANSWER]

    def _chosen(self) -> dict[str, str]:
        """Places of the answers that were chosen, by the ids of their forks."""
        return {
            spec["id"]: place
            for spec in self.specs
            if spec["kind"] == "branch"
            and (place := self._own(spec)) in map(str, range(len(spec["answers"])))
        }

    def _name(self, spec: Mapping[str, Any]) -> str:
        if spec["kind"] == "ask" and spec["key"] in self.asked:
            return FORM + str(spec["key"])
        return OWN + str(spec["id"]) if spec["kind"] in ("ask", "branch") else ""


def _as_questions(specs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The forks of a script as conditions in words know questions."""
    return {
        spec["id"]: {
            "label": spec["text"],
            "options": [
                {"value": str(n), "label": each["text"]} for n, each in enumerate(spec["answers"])
            ],
        }
        for spec in specs
        if spec["kind"] == "branch"
    }


def flowed(schema: Mapping[str, Any], typed: Typed) -> Typed:
    """What was typed, with answers to the script in those questions of the form that are empty."""
    keys = can_be_asked(schema)
    by_key: dict[str, Typed] = {}
    for name, values in typed.items():
        if name.startswith(FORM) and (key := _key_of(name.removeprefix(FORM), keys)):
            by_key.setdefault(key, {})["a-" + name.removeprefix(FORM)] = values
    result = dict(typed)
    for inputs in by_key.values():
        if not any(any(typed.get(name, ())) for name in inputs):
            result |= {name: values for name, values in inputs.items() if any(values)}
    return result


def stamped(typed: Typed, before: Typed) -> Typed:
    """What was typed, with the moment at which each step was seen done for the first time."""
    now = timezone.now().isoformat()
    stamps = {AT + step: before.get(AT + step) or [now] for step in typed.get(DONE, ())}
    plain = {name: values for name, values in typed.items() if not name.startswith(AT)}
    return plain | stamps


def run_of(
    talk: TalkForm, case: IntakeCase, *, by: Any, started_at: datetime.datetime
) -> ScriptRun:
    """The record of a talk that has led to a case; not saved yet."""
    plain = json.dumps(talk.own_answers(), ensure_ascii=False).encode()
    return ScriptRun(
        case=case,
        version=talk.version,
        led_by=by,
        started_at=started_at,
        ended_at=timezone.now(),
        done=talk.done(),
        answers=case.submission.data_key.seal(ScriptRun.PURPOSE, plain),
    )


def begun_at(text: str) -> datetime.datetime:
    """When a talk began, as its page says; now, where it says nothing that can be."""
    now = timezone.now()
    try:
        found = parse_datetime(text[:40])
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found) or not now - LONGEST_TALK <= found <= now:
        return now
    return found


@dataclass(frozen=True)
class Led:
    """A talk as the page of its case tells it."""

    run: ScriptRun
    steps: list[dict[str, Any]]

    @property
    def minutes(self) -> int:
        return max(1, round(self.run.seconds / 60))


def told(run: ScriptRun) -> Led:
    """What was done and answered, step by step.

    :raises forms.models.Erased: the key was destroyed.
    """
    answers, moments = run.read_answers(), dict(run.done)
    return Led(
        run,
        [
            {
                "text": spec["text"],
                "kind": spec["kind"],
                "at": parse_datetime(moments[spec["id"]]) if moments.get(spec["id"]) else None,
                "is_done": spec["id"] in moments,
                "answer": answers.get(spec["id"], ""),
            }
            for spec in run.version.content["steps"]
            if spec["id"] in moments or spec["id"] in answers
        ],
    )


def _key_of(name: str, keys: Mapping[str, Any]) -> str:
    while name not in keys and "_" in name:  # a part of an answer that has several
        name = name.rpartition("_")[0]
    return name if name in keys else ""
