"""The blocks that an editor builds a form from.

A question keeps the key that it was given when it was added, whatever its label becomes; answers
are stored under keys. forms.compiling reads these blocks into the questions of a version.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

NUMBER_LIMIT = 10**12  # of answers, up and down
MAX_STEPS = 20
MAX_QUESTIONS = 60  # of a step
MAX_OPTIONS = 60

OPERATOR_CHOICES = [
    ("eq", _("the answer is")),
    ("ne", _("the answer is not")),
    ("in", _("the answer is one of")),
    ("contains", _("among the answers is")),
]
COMMON = ("label", "help", "required")


def new_key() -> str:
    """A key for a question or an option: random, so it never depends on a label."""
    return f"q{secrets.token_hex(4)}"


class BuilderInput(forms.TextInput):
    """An input that the builder's script fills in or turns into a menu."""

    class Media:
        js = ["intake_forms/builder.js"]
        css = {"all": ["intake_forms/builder.css"]}


class KeyBlock(blocks.CharBlock):
    """A key that the editor never types: the page's script and the server make it once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "label": _("key"),
                "required": False,
                "max_length": 60,
                "validators": [RegexValidator(r"^[a-zA-Z][a-zA-Z0-9_]*$")],
                **kwargs,
            }
        )
        self.field.widget = BuilderInput(attrs={"data-made-key": "", "tabindex": "-1"})

    def clean(self, value: str) -> str:
        return super().clean(value) or new_key()


class ReferenceBlock(blocks.CharBlock):
    """A question or an answer of this form; the page's script turns it into a menu."""

    def __init__(self, menu: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.field.widget = BuilderInput(attrs={f"data-{menu}-menu": ""})


class ConditionBlock(blocks.StructBlock):
    """«Ask only if»: an earlier question, and the answer that it has to have."""

    field = ReferenceBlock("question", label=_("question"), required=False, max_length=60)
    op = blocks.ChoiceBlock(choices=OPERATOR_CHOICES, default="eq", label=_("condition"))
    value = ReferenceBlock(
        "answer",
        label=_("answer"),
        required=False,
        max_length=600,
        help_text=_("Several answers are separated by commas; «yes» and «no» for yes or no."),
    )

    class Meta:
        label = _("ask only if")
        icon = "view"
        form_classname = "form-condition"


class OptionBlock(blocks.StructBlock):
    label = blocks.CharBlock(label=_("as the family reads it"), max_length=200)
    value = KeyBlock()

    class Meta:
        label = _("answer")
        label_format = "{label}"
        form_classname = "form-option"


class BaseQuestionBlock(blocks.StructBlock):
    """What every question has."""

    label = blocks.CharBlock(label=_("question"), max_length=300)
    show_if = ConditionBlock()
    key = KeyBlock()


class QuestionBlock(BaseQuestionBlock):
    help = blocks.CharBlock(label=_("hint"), required=False, max_length=300)
    required = blocks.BooleanBlock(label=_("an answer is needed"), required=False, default=True)
    personal = blocks.BooleanBlock(
        label=_("personal data"),
        required=False,
        help_text=_("The answer says something about a person: name, phone, health, story."),
    )
    purpose = blocks.CharBlock(
        label=_("what for"),
        required=False,
        max_length=300,
        help_text=_("Why we ask. Needed for personal data; families see it."),
    )

    class Meta:
        label_format = "{label}"
        form_classname = "form-question"

    def get_form_layout(self) -> BlockGroup:
        own = [
            name
            for name in self.child_blocks
            if name not in (*COMMON, "personal", "purpose", "show_if", "key")
        ]
        return BlockGroup(
            children=[*COMMON, *own],
            settings=["personal", "purpose", "show_if", "key"],
        )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["personal"] and not cleaned["purpose"] and not self.is_deferred_validation:
            raise StructBlockValidationError(
                {"purpose": ValidationError(_("Say what the personal data is needed for."))}
            )
        return cleaned


class TextQuestion(QuestionBlock):
    max_length = blocks.IntegerBlock(
        label=_("at most, symbols"), default=300, min_value=1, max_value=1000
    )

    class Meta:
        icon = "title"
        label = _("short text")


class LongTextQuestion(QuestionBlock):
    max_length = blocks.IntegerBlock(
        label=_("at most, symbols"), default=4000, min_value=1, max_value=10_000
    )

    class Meta:
        icon = "pilcrow"
        label = _("long text")


class NumberQuestion(QuestionBlock):
    minimum = blocks.DecimalBlock(label=_("lowest"), required=False, default=0)
    maximum = blocks.DecimalBlock(label=_("highest"), required=False)
    whole = blocks.BooleanBlock(label=_("whole numbers only"), required=False, default=True)
    unit = blocks.CharBlock(label=_("unit"), required=False, max_length=20)

    class Meta:
        icon = "order"
        label = _("a number")

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        low, high = cleaned["minimum"], cleaned["maximum"]
        too_long = {
            name: ValidationError(_("The number is too long."))
            for name, bound in (("minimum", low), ("maximum", high))
            if bound is not None and abs(bound) > NUMBER_LIMIT
        }
        if too_long:
            raise StructBlockValidationError(too_long)
        if low is not None and high is not None and low > high:
            raise StructBlockValidationError(
                {"maximum": ValidationError(_("The highest is below the lowest."))}
            )
        return cleaned


class DateQuestion(QuestionBlock):
    when = blocks.ChoiceBlock(
        choices=[
            ("any", _("any day")),
            ("past", _("today or earlier")),
            ("future", _("today or later")),
        ],
        default="any",
        label=_("which days"),
    )

    class Meta:
        icon = "date"
        label = _("date")


class ChoiceQuestion(QuestionBlock):
    options = blocks.ListBlock(
        OptionBlock(), label=_("answers"), min_num=1, max_num=MAX_OPTIONS, collapsed=False
    )

    class Meta:
        icon = "radio-full"
        label = _("one of")


class MultiChoiceQuestion(ChoiceQuestion):
    class Meta:
        icon = "list-ul"
        label = _("several of")


class YesNoQuestion(QuestionBlock):
    class Meta:
        icon = "tick-inverse"
        label = _("yes or no")


class PhoneQuestion(QuestionBlock):
    class Meta:
        icon = "mobile-alt"
        label = _("phone")


class EmailQuestion(QuestionBlock):
    class Meta:
        icon = "mail"
        label = _("e-mail")


class ConsentQuestion(QuestionBlock):
    """A tick under the text of the consent, which stands on the form."""

    class Meta:
        icon = "check"
        label = _("consent")


class TerritoryQuestion(QuestionBlock):
    class Meta:
        icon = "site"
        label = _("territory")


class MeasureQuestion(QuestionBlock):
    class Meta:
        icon = "doc-full"
        label = _("measure")


class ProviderQuestion(QuestionBlock):
    centres_only = blocks.BooleanBlock(label=_("family centres only"), required=False, default=True)

    class Meta:
        icon = "group"
        label = _("organisation")


class InfoBlock(BaseQuestionBlock):
    """Words between questions; nothing is answered."""

    label = blocks.TextBlock(label=_("text"), max_length=1500, rows=3)

    class Meta:
        icon = "info-circle"
        label = _("explanation")
        label_format = "{label}"
        form_classname = "form-question"

    def get_form_layout(self) -> BlockGroup:
        return BlockGroup(children=["label"], settings=["show_if", "key"])


QUESTIONS: list[tuple[str, Any]] = [
    ("text", TextQuestion()),
    ("longtext", LongTextQuestion()),
    ("number", NumberQuestion()),
    ("date", DateQuestion()),
    ("choice", ChoiceQuestion()),
    ("multichoice", MultiChoiceQuestion()),
    ("yesno", YesNoQuestion()),
    ("phone", PhoneQuestion()),
    ("email", EmailQuestion()),
    ("consent", ConsentQuestion()),
    ("territory", TerritoryQuestion()),
    ("measure", MeasureQuestion()),
    ("provider", ProviderQuestion()),
    ("info", InfoBlock()),
]
TYPES = tuple(name for name, _block in QUESTIONS)


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("name of the step"), max_length=200)
    fields = blocks.StreamBlock(QUESTIONS, label=_("questions"), max_num=MAX_QUESTIONS)

    class Meta:
        icon = "form"
        label = _("step")
        label_format = "{title}"


class StepsBlock(blocks.StreamBlock):
    """The steps of a form. A copied question gets a key of its own; conditions look back only."""

    step = StepBlock()

    class Meta:
        max_num = MAX_STEPS

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        _separate_keys(cleaned)
        if not self.is_deferred_validation:
            _check_conditions(cleaned)
            _check_consent(cleaned)
        return cleaned


def questions_of(steps: Any) -> Iterator[tuple[int, int, Any]]:
    """Every question of a form: index of its step, index in the step, the block."""
    for step_index, step in enumerate(steps):
        for index, question in enumerate(step.value["fields"]):
            yield step_index, index, question


def wanted_answer(condition: Mapping[str, Any], kind: str) -> Any:
    """The value of an editor's condition, as the answers of that kind of question compare.

    :raises ValueError: it cannot be an answer of such a question.
    """
    parts = [part.strip() for part in str(condition["value"]).split(",") if part.strip()]
    values = [_answer(part, kind) for part in parts]
    if not values:
        raise ValueError(condition["value"])
    if condition["op"] == "in":
        return values
    if len(values) > 1:
        raise ValueError(condition["value"])
    return values[0]


def _answer(text: str, kind: str) -> Any:
    if kind in ("yesno", "consent"):
        return {"yes": True, "no": False}[text] if text in ("yes", "no") else _refuse(text)
    if kind == "number":
        number = float(text)
        if not isfinite(number):
            _refuse(text)
        return int(number) if number.is_integer() else number
    if kind == "info":
        _refuse(text)
    return text


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _separate_keys(steps: Any) -> None:
    seen: set[str] = set()
    for _step, _index, question in questions_of(steps):
        if question.value["key"] in seen:
            question.value["key"] = new_key()
        seen.add(question.value["key"])
        values: set[str] = set()
        for option in question.value.get("options", ()):
            if option["value"] in values:
                option["value"] = new_key()
            values.add(option["value"])


def _check_conditions(steps: Any) -> None:
    earlier: dict[str, Any] = {}
    errors: dict[int, dict[int, ValidationError]] = {}
    for step_index, index, question in questions_of(steps):
        problem = _problem_of(question.value["show_if"], earlier)
        if problem:
            found = StructBlockValidationError(
                {"show_if": StructBlockValidationError({problem[0]: ValidationError(problem[1])})}
            )
            errors.setdefault(step_index, {})[index] = found
        earlier[question.value["key"]] = question
    if errors:
        raise StreamBlockValidationError(
            {
                step: StructBlockValidationError({"fields": StreamBlockValidationError(found)})
                for step, found in errors.items()
            }
        )


def _problem_of(condition: Mapping[str, Any], earlier: Mapping[str, Any]) -> Any:
    """The part of a condition that is wrong, and why; None when all is well."""
    key = condition["field"]
    if not key:
        return ("field", _("Choose the question.")) if condition["value"] else None
    if key not in earlier:
        return "field", _("There is no such question before this one.")
    asked = earlier[key]
    if (condition["op"] == "contains") != (asked.block_type == "multichoice"):
        return "op", _("This condition does not suit such a question.")
    try:
        wanted = wanted_answer(condition, asked.block_type)
    except ValueError:
        return "value", _("Such a question has no such answer.")
    options = {option["value"] for option in asked.value.get("options", ())}
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if options and not options.issuperset(wanted):
        return "value", _("Such a question has no such answer.")
    return None


def _check_consent(steps: Any) -> None:
    questions = [question for _step, _index, question in questions_of(steps)]
    personal = any(question.value.get("personal") for question in questions)
    consent = any(
        question.block_type == "consent" and question.value["required"] for question in questions
    )
    if not questions:
        raise StreamBlockValidationError(
            non_block_errors=[ValidationError(_("Add a step with a question."))]
        )
    if personal and not consent:
        raise StreamBlockValidationError(
            non_block_errors=[
                ValidationError(_("A form with personal data needs a consent that must be given."))
            ]
        )
