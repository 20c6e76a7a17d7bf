"""The blocks that an editor builds a form from.

A question keeps the key that it was given when it was added, whatever its label becomes; answers
are stored under keys. What they have to agree on is checked in
forms.consistency; forms.compiling reads these blocks into the questions of a version.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from forms.consistency import check_conditions, check_consent, new_key, separate_keys

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
        separate_keys(cleaned)
        if not self.is_deferred_validation:
            check_conditions(cleaned)
            check_consent(cleaned)
        return cleaned
