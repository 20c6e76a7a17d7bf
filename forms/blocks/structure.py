"""How questions stand together: steps, groups, repeating groups."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError

from forms.blocks.conditions import ConditionsBlock
from forms.blocks.questions import QUESTIONS, BaseQuestionBlock
from forms.consistency import check_form, separate_keys

MAX_STEPS = 20
MAX_QUESTIONS = 60  # of a step, of a group
MAX_ROWS = 30
# What has no sense in every row: one consent and one place serve the whole form.
_ONCE = ("consent", "territory", "address")


class GroupBlock(BaseQuestionBlock):
    """Questions under one heading, asked or skipped together."""

    label = blocks.CharBlock(label=_("heading"), max_length=300)
    fields = blocks.StreamBlock(QUESTIONS, label=_("questions"), max_num=MAX_QUESTIONS)

    class Meta:
        icon = "folder-open-inverse"
        label = _("group of questions")


class RepeatBlock(BaseQuestionBlock):
    """The same questions for each of several: the children of a family, say."""

    label = blocks.CharBlock(label=_("heading"), max_length=300)
    help = blocks.CharBlock(label=_("hint"), required=False, max_length=300)
    row_title = blocks.CharBlock(
        label=_("name of one"),
        max_length=60,
        help_text=_("“Child”, say: the rows are called “Child 1”, “Child 2”."),
    )
    minimum = blocks.IntegerBlock(label=_("at least, rows"), default=0, min_value=0, max_value=10)
    maximum = blocks.IntegerBlock(
        label=_("at most, rows"), default=10, min_value=1, max_value=MAX_ROWS
    )
    fields = blocks.StreamBlock(
        [(name, block) for name, block in QUESTIONS if name not in _ONCE],
        label=_("questions of each"),
        max_num=20,
    )

    class Meta:
        icon = "copy"
        label = _("repeating group")

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["minimum"] > cleaned["maximum"]:
            raise StructBlockValidationError(
                {"maximum": ValidationError(_("The most is below the least."))}
            )
        return cleaned


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("name of the step"), max_length=200)
    show_if = ConditionsBlock(label=_("this step is asked only if"))
    fields = blocks.StreamBlock(
        [*QUESTIONS, ("group", GroupBlock()), ("repeat", RepeatBlock())],
        label=_("questions"),
        max_num=MAX_QUESTIONS,
    )

    class Meta:
        icon = "form"
        label = _("step")
        label_format = "{title}"
        form_classname = "form-step"


class StepsBlock(blocks.StreamBlock):
    """The steps of a form. A copied question gets a key of its own; conditions look back only."""

    step = StepBlock()

    class Meta:
        max_num = MAX_STEPS

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        separate_keys(cleaned)
        if not self.is_deferred_validation:
            check_form(cleaned)
        return cleaned
