"""A routing rule from menus: what a case is about, what was answered, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.place_field import PlaceField
from forms.compiling import NESTED, lifted
from forms.conditions import SUITABLE, Asked, WrongComparison, compile_comparison, in_words
from forms.models import Channel, FormDefinition, Queue, RoutingRule

COMPARISONS = 3
USUAL_SIGN = "ge"
LONGEST_VALUE = 60
LONGEST_LABEL = 70
CHOSEN = ("choice", "multichoice", "yesno")  # their answers stand in one list to tick
SIGNS = {
    "lt": gettext_lazy("less than, before"),
    "le": gettext_lazy("at most, not after"),
    "eq": gettext_lazy("exactly"),
    "ge": gettext_lazy("at least, not before"),
    "gt": gettext_lazy("more than, after"),
}

Node = Mapping[str, Any]


class RouteForm(forms.ModelForm):
    """Answers can be chosen once the form is."""

    use_required_attribute = False
    territory = PlaceField(
        label=capfirst(gettext_lazy("within the territory")),
        required=False,
        help_text=gettext_lazy("A part of its name. Empty: any."),
    )

    class Meta:
        model = RoutingRule
        fields = [
            "form",
            "topic",
            "measure",
            "territory",
            "channel",
            "urgent",
            "queue",
            "position",
            "note",
        ]

    def __init__(self, data: Any = None, *, instance: RoutingRule) -> None:
        super().__init__(data, instance=instance, auto_id="route-%s")
        self.fields["queue"].queryset = Queue.objects.in_use().select_related("centre")  # type: ignore[attr-defined]
        self.fields["channel"].choices = [("", _("any")), *Channel.choices]  # type: ignore[attr-defined]
        for name in ("form", "topic", "measure"):
            self.fields[name].empty_label = _("any")  # type: ignore[attr-defined]
        self.fields["queue"].empty_label = _("Choose")  # type: ignore[attr-defined]
        self.specs = _questions(self._form())
        stored = _parted(self.instance.condition, self.specs) if self.instance.pk else None
        if any(spec["type"] in CHOSEN for spec in self.specs.values()):
            self.fields["answers"] = forms.MultipleChoiceField(
                label=_("Only if it was answered"),
                required=False,
                choices=list(_options(self.specs)),
                initial=stored.ticked if stored else [],
                widget=forms.SelectMultiple(attrs={"size": 10}),
                help_text=_(
                    "Several answers to one question: any of them. To several questions: all."
                ),
            )
        measured = [("", "–"), *_measured(self.specs)]
        if len(measured) > 1:
            for number in range(COMPARISONS):
                self._add_comparison(number, measured, stored)

    def _form(self) -> FormDefinition | None:
        """The form that is chosen on the page, or that the rule has."""
        if not self.is_bound:
            return self.instance.form
        key = str(self.data.get("form", ""))
        return (
            FormDefinition.objects.filter(pk=key).first()
            if key.isascii() and key.isdigit()
            else None
        )

    def _add_comparison(self, number: int, measured: list[Any], stored: Any) -> None:
        known = (
            stored.compared[number] if stored and number < len(stored.compared) else ("", "", "")
        )
        self.fields[f"question{number}"] = forms.ChoiceField(
            label=_("Number, day or age"), required=False, choices=measured, initial=known[0]
        )
        self.fields[f"sign{number}"] = forms.ChoiceField(
            label=_("how to compare"),
            required=False,
            choices=list(SIGNS.items()),
            initial=known[1] or USUAL_SIGN,
        )
        self.fields[f"value{number}"] = forms.CharField(
            label=_("with what"),
            required=False,
            max_length=LONGEST_VALUE,
            initial=known[2],
            help_text=_("A number, years of age, or a day as 2026-09-01."),
        )

    def without_errors(self) -> RouteForm:
        """The same page once more, nothing judged yet."""
        data = self.data.copy()  # type: ignore[attr-defined]
        for number in range(COMPARISONS):
            data.setdefault(f"sign{number}", USUAL_SIGN)
        again = RouteForm(data, instance=self.instance)
        again._errors = ErrorDict()  # type: ignore[attr-defined]
        return again

    @property
    def comparisons(self) -> list[list[Any]]:
        """Fields that stand in one line, for the page."""
        return [
            [self[f"{name}{number}"] for name in ("question", "sign", "value")]
            for number in range(COMPARISONS)
            if f"question{number}" in self.fields
        ]

    @property
    def plain(self) -> list[Any]:
        return [self[name] for name in self.Meta.fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        parts = [*self._ticked(cleaned), *self._compared(cleaned)]
        condition: Any = (
            parts[0] if len(parts) == 1 else {"op": "all", "of": parts} if parts else {}
        )
        self.instance.condition = condition
        words = in_words(condition, self.specs) if condition else ""
        self.instance.condition_in_words = Truncator(words).chars(600)
        return cleaned

    def _ticked(self, cleaned: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        ticked: dict[str, list[str]] = {}
        for one in cleaned.get("answers") or ():
            key, _sign, answer = one.partition("=")
            ticked.setdefault(key, []).append(answer)
        for key, answers in ticked.items():
            yield _condition_of_answers(key, answers, self.specs)

    def _compared(self, cleaned: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for number in range(COMPARISONS):
            chosen = str(cleaned.get(f"question{number}") or "")
            if not chosen:
                continue
            key, _sign, part = chosen.partition(":")
            value = {
                "field": key,
                "part": part or "answer",
                "op": cleaned.get(f"sign{number}") or "",
                "value": str(cleaned.get(f"value{number}") or "").replace(",", "."),
                "rows": "some",
            }
            try:
                yield dict(compile_comparison(value, _asked(self.specs)))
            except WrongComparison as wrong:
                name = "sign" if wrong.name == "op" else "value"
                self.add_error(f"{name}{number}", wrong.message)


class _Parts:
    """A condition taken apart as the form shows it."""

    def __init__(self) -> None:
        self.ticked: list[str] = []
        self.compared: list[tuple[str, str, str]] = []


def _parted(condition: Mapping[str, Any], specs: Mapping[str, Node]) -> _Parts:
    parts = _Parts()
    if condition:
        for part in condition["of"] if condition["op"] == "all" else [condition]:
            _part(part, specs, parts)
    return parts


def _part(condition: Mapping[str, Any], specs: Mapping[str, Node], parts: _Parts) -> None:
    if condition["op"] == "any":
        for each in condition["of"]:
            _part(each, specs, parts)
        return
    inner = condition["of"] if condition["op"] == "some" else condition
    key, value = inner["field"], inner.get("value")
    if specs.get(key, {}).get("type") in CHOSEN:
        for one in value if isinstance(value, list) else [value]:
            said = {True: "yes", False: "no"}.get(one, one) if isinstance(one, bool) else one
            parts.ticked.append(f"{key}={said}")
        return
    part = inner.get("part", "answer")
    is_whole = part == "answer" or specs.get(key, {}).get("type") == "repeat"
    parts.compared.append((key if is_whole else f"{key}:{part}", inner["op"], str(value)))


def _questions(form: FormDefinition | None) -> dict[str, Node]:
    """Questions of the version in force by key, with the group that each stands in."""
    version = form.version_in_force() if form else None
    if version is None:
        return {}
    found: dict[str, Node] = {}
    for step in lifted(version.schema)["steps"]:
        for node in step["fields"]:
            repeat = node["key"] if node["type"] == "repeat" else ""
            found[node["key"]] = {**node, "in_rows": ""}
            for inner in node["fields"] if node["type"] in NESTED else ():
                found[inner["key"]] = {**inner, "in_rows": repeat}
    return found


def _asked(specs: Mapping[str, Node]) -> dict[str, Asked]:
    return {
        key: Asked(
            kind=spec["type"],
            options=frozenset(option["value"] for option in spec.get("options") or ()),
            repeat=spec["in_rows"],
            precision=spec.get("precision") or "day",
        )
        for key, spec in specs.items()
    }


def _options(specs: Mapping[str, Node]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for key, spec in specs.items():
        if spec["type"] not in CHOSEN:
            continue
        pairs = [("yes", _("yes")), ("no", _("no"))]
        if spec["type"] != "yesno":
            pairs = [(option["value"], option["label"]) for option in spec["options"]]
        yield _label(spec), [(f"{key}={value}", label) for value, label in pairs]


def _measured(specs: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    """Questions whose answers are compared with a number or a day."""
    for key, spec in specs.items():
        kind, label = spec["type"], _label(spec)
        if kind == "repeat":
            yield key, _("%(question)s: how many") % {"question": label}
        elif "lt" in SUITABLE.get((kind, "answer"), ()):
            yield key, label
        if (kind, "age") in SUITABLE:
            yield f"{key}:age", _("%(question)s: full years") % {"question": label}


def _condition_of_answers(
    key: str, answers: list[str], specs: Mapping[str, Node]
) -> dict[str, Any]:
    spec, asked = specs[key], _asked(specs)
    value = {"field": key, "part": "answer", "rows": "some"}
    if spec["type"] == "choice":
        return dict(compile_comparison({**value, "op": "in", "value": ",".join(answers)}, asked))
    op = "contains" if spec["type"] == "multichoice" else "eq"
    each = [dict(compile_comparison({**value, "op": op, "value": one}, asked)) for one in answers]
    return each[0] if len(each) == 1 else {"op": "any", "of": each}


def _label(spec: Node) -> str:
    return Truncator(str(spec.get("label") or "…")).chars(LONGEST_LABEL)
