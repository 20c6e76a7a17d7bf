"""What can be asked: one block a kind of question."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from forms.blocks.conditions import PART_CHOICES, ConditionsBlock
from forms.blocks.inputs import KeyBlock, ReferenceBlock
from forms.formulas import OPERATIONS

NUMBER_LIMIT = 10**12  # of answers, up and down
MAX_OPTIONS = 60
MAX_OPERANDS = 20
MAX_FILES = 10  # of a question
MAX_MEGABYTES = 20  # of a file

# On top, in this order; what only one kind of question has follows, the rest folds away.
_COMMON = ("label", "help", "required")
_OPERATION_NAMES = (
    _("the sum"),
    _("the first less the others"),
    _("the product"),
    _("the first divided by the others"),
    _("the smallest"),
    _("the greatest"),
)
_SETTINGS = ("personal", "purpose", "show_if", "require_if", "set", "key")


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
    show_if = ConditionsBlock(label=_("ask only if"))
    key = KeyBlock()

    class Meta:
        label_format = "{label}"
        form_classname = "form-question"

    def get_form_layout(self) -> BlockGroup:
        names = [name for name in self.child_blocks if name not in (*_COMMON, *_SETTINGS)]
        return BlockGroup(
            children=[*(name for name in _COMMON if name in self.child_blocks), *names],
            settings=[name for name in _SETTINGS if name in self.child_blocks],
        )


class SetBlock(blocks.StructBlock):
    """The answer is known without asking: when this holds, it is that."""

    conditions = ConditionsBlock(label=_("if"), min_num=1, required=True)
    value = ReferenceBlock("own-answer", label=_("the answer is"), max_length=600)

    class Meta:
        label = _("a known answer")
        icon = "tick"
        form_classname = "form-set"


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

    require_if = ConditionsBlock(
        label=_("an answer is needed only if"),
        help_text=_("When “an answer is needed” is not ticked."),
    )
    set = blocks.ListBlock(
        SetBlock(), label=_("not asked, since it is known"), default=[], max_num=MAX_OPTIONS
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
        group = _("texts")


class LongTextQuestion(QuestionBlock):
    max_length = blocks.IntegerBlock(
        label=_("at most, symbols"), default=4000, min_value=1, max_value=10_000
    )

    class Meta:
        icon = "pilcrow"
        label = _("long text")
        group = _("texts")


class BoundedQuestion(QuestionBlock):
    minimum = blocks.DecimalBlock(label=_("lowest"), required=False, default=0)
    maximum = blocks.DecimalBlock(label=_("highest"), required=False)

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        low, high = cleaned["minimum"], cleaned["maximum"]
        too_long = {
            name: ValidationError(_("The number is too long."))
            for name, bound in (("minimum", low), ("maximum", high))
            if bound is not None and bound.copy_abs() > NUMBER_LIMIT
        }
        if too_long:
            raise StructBlockValidationError(too_long)
        if low is not None and high is not None and low > high:
            raise StructBlockValidationError(
                {"maximum": ValidationError(_("The highest is below the lowest."))}
            )
        return cleaned


class NumberQuestion(BoundedQuestion):
    whole = blocks.BooleanBlock(label=_("whole numbers only"), required=False, default=True)
    unit = blocks.CharBlock(label=_("unit"), required=False, max_length=20)

    class Meta:
        icon = "order"
        label = _("a number")
        group = _("numbers and days")


class MoneyQuestion(BoundedQuestion):
    class Meta:
        icon = "tag"
        label = _("a sum in roubles")
        group = _("numbers and days")


class DateQuestion(QuestionBlock):
    precision = blocks.ChoiceBlock(
        choices=[
            ("day", _("day, month and year")),
            ("month", _("month and year")),
            ("year", _("year")),
        ],
        default="day",
        label=_("how exactly"),
    )
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
        group = _("numbers and days")


class TimeQuestion(QuestionBlock):
    class Meta:
        icon = "time"
        label = _("time of day")
        group = _("numbers and days")


class ChoiceQuestion(QuestionBlock):
    options = blocks.ListBlock(
        OptionBlock(), label=_("answers"), min_num=1, max_num=MAX_OPTIONS, collapsed=False
    )

    class Meta:
        icon = "radio-full"
        label = _("one of")
        group = _("choice")


class MultiChoiceQuestion(ChoiceQuestion):
    class Meta:
        icon = "list-ul"
        label = _("several of")
        group = _("choice")


class YesNoQuestion(QuestionBlock):
    class Meta:
        icon = "tick-inverse"
        label = _("yes or no")
        group = _("choice")


class PhoneQuestion(QuestionBlock):
    class Meta:
        icon = "mobile-alt"
        label = _("phone")
        group = _("about a person")


class EmailQuestion(QuestionBlock):
    class Meta:
        icon = "mail"
        label = _("e-mail")
        group = _("about a person")


class ContactQuestion(QuestionBlock):
    """How the family may be reached without doing harm: kept to wherever something is sent."""

    class Meta:
        icon = "comment"
        label = _("safe contact")
        group = _("about a person")


class NameQuestion(QuestionBlock):
    """Family name, given name and patronymic, each in a field of its own."""

    class Meta:
        icon = "user"
        label = _("name of a person")
        group = _("about a person")


class BirthDateQuestion(QuestionBlock):
    """A date of birth: conditions and calculations see the age that it gives."""

    unborn = blocks.BooleanBlock(
        label=_("may be in the future"),
        required=False,
        default=False,
        help_text=_("For a child that is expected."),
    )

    class Meta:
        icon = "date"
        label = _("date of birth")
        group = _("about a person")


class SnilsQuestion(QuestionBlock):
    class Meta:
        icon = "form"
        label = _("SNILS")
        group = _("about a person")


class InnQuestion(QuestionBlock):
    whose = blocks.ChoiceBlock(
        choices=[("person", _("of a person")), ("any", _("of a person or an organisation"))],
        default="person",
        label=_("whose"),
    )

    class Meta:
        icon = "form"
        label = _("INN")
        group = _("about a person")


class AddressQuestion(QuestionBlock):
    """The place from the list, the street and house in words."""

    class Meta:
        icon = "home"
        label = _("address")
        group = _("about a person")


class FileQuestion(QuestionBlock):
    most_files = blocks.IntegerBlock(
        label=_("at most, files"), default=3, min_value=1, max_value=MAX_FILES
    )
    most_megabytes = blocks.IntegerBlock(
        label=_("a file at most, MB"), default=10, min_value=1, max_value=MAX_MEGABYTES
    )
    accepts = blocks.ChoiceBlock(
        choices=[
            ("papers", _("photos, PDF and documents")),
            ("photos", _("photos and PDF only")),
        ],
        default="photos",
        label=_("which files"),
    )

    class Meta:
        icon = "upload"
        label = _("file")
        group = _("files, consent, lists")


class ConsentQuestion(QuestionBlock):
    """A tick under the text of what is agreed to: that of the form, or one of its own.

    A consent that need not be given agrees to something else than the form's: without a text of
    its own its label is all that it says.
    """

    text = blocks.TextBlock(
        label=_("text of this consent"),
        required=False,
        max_length=4000,
        help_text=_(
            "Empty: a consent that must be given is under the form's text, another one says only "
            "what its question says."
        ),
    )

    class Meta:
        icon = "check"
        label = _("consent")
        group = _("files, consent, lists")


class TerritoryQuestion(QuestionBlock):
    class Meta:
        icon = "site"
        label = _("territory")
        group = _("about a person")


class MeasureQuestion(QuestionBlock):
    class Meta:
        icon = "doc-full"
        label = _("measure")
        group = _("files, consent, lists")


class ProviderQuestion(QuestionBlock):
    centres_only = blocks.BooleanBlock(label=_("family centres only"), required=False, default=True)

    class Meta:
        icon = "group"
        label = _("organisation")
        group = _("files, consent, lists")


class InfoBlock(BaseQuestionBlock):
    """Words between questions; nothing is answered."""

    label = blocks.TextBlock(label=_("text"), max_length=1500, rows=3)

    class Meta:
        icon = "info-circle"
        label = _("explanation")
        group = _("without an answer")


class OperandBlock(blocks.StructBlock):
    """A number, or what an earlier question gives; of a repeating group, of every row."""

    field = ReferenceBlock("question", label=_("question"), required=False, max_length=60)
    part = blocks.ChoiceBlock(choices=PART_CHOICES, default="answer", label=_("what is taken"))
    number = blocks.DecimalBlock(label=_("or a number"), required=False)

    class Meta:
        label = _("operand")
        form_classname = "form-operand"


class CalculatedBlock(BaseQuestionBlock):
    """A value that the form calculates."""

    operation = blocks.ChoiceBlock(
        choices=list(zip(OPERATIONS, _OPERATION_NAMES, strict=True)),
        default="sum",
        label=_("how"),
    )
    operands = blocks.ListBlock(OperandBlock(), label=_("of what"), min_num=1, max_num=MAX_OPERANDS)
    unit = blocks.CharBlock(label=_("unit"), required=False, max_length=20)
    shown = blocks.BooleanBlock(label=_("families see it"), required=False, default=True)

    class Meta:
        icon = "order-up"
        label = _("calculated value")
        group = _("without an answer")


QUESTIONS: list[tuple[str, Any]] = [
    ("text", TextQuestion()),
    ("longtext", LongTextQuestion()),
    ("choice", ChoiceQuestion()),
    ("multichoice", MultiChoiceQuestion()),
    ("yesno", YesNoQuestion()),
    ("number", NumberQuestion()),
    ("money", MoneyQuestion()),
    ("date", DateQuestion()),
    ("time", TimeQuestion()),
    ("name", NameQuestion()),
    ("birth_date", BirthDateQuestion()),
    ("phone", PhoneQuestion()),
    ("email", EmailQuestion()),
    ("contact", ContactQuestion()),
    ("address", AddressQuestion()),
    ("territory", TerritoryQuestion()),
    ("snils", SnilsQuestion()),
    ("inn", InnQuestion()),
    ("file", FileQuestion()),
    ("measure", MeasureQuestion()),
    ("provider", ProviderQuestion()),
    ("consent", ConsentQuestion()),
    ("info", InfoBlock()),
    ("calc", CalculatedBlock()),
]
