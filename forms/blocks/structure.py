"""How questions stand together: steps, groups, repeating groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.admin.telepath import register
from wagtail.blocks.stream_block import StreamBlockAdapter, StreamBlockValidationError
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from forms.blocks.conditions import ConditionsBlock
from forms.blocks.packed import PackedStream
from forms.blocks.questions import QUESTIONS, BaseQuestionBlock
from forms.consistency import (
    check_form,
    check_questions,
    questions_in,
    separate_ids,
    separate_keys,
    standing,
)

MAX_STEPS = 20
MAX_QUESTIONS = 60  # of a step, of a group
MOST_BLOCKS = 500  # of a form: questions, groups, explanations
MAX_ROWS = 30
# What has no sense in every row: one consent and one place serve the whole form.
_ONCE = ("consent", "contact", "territory", "address")


class QuestionsBlock(blocks.StreamBlock):
    """Questions in a row. Its menu offers the ready blocks, too; a copy gets keys of its own."""

    class Meta:
        collapsed = True


class GroupBlock(BaseQuestionBlock):
    """Questions under one heading, asked or skipped together."""

    label = blocks.CharBlock(label=_("heading"), max_length=300)
    fields = QuestionsBlock(QUESTIONS, label=_("questions"), max_num=MAX_QUESTIONS)

    class Meta:
        icon = "folder-open-inverse"
        label = _("group of questions")
        group = _("several questions")


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
    fields = QuestionsBlock(
        [(name, block) for name, block in QUESTIONS if name not in _ONCE],
        label=_("questions of each"),
        max_num=20,
    )

    class Meta:
        icon = "copy"
        label = _("repeating group")
        group = _("several questions")

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["minimum"] > cleaned["maximum"]:
            raise StructBlockValidationError(
                {"maximum": ValidationError(_("The most is below the least."))}
            )
        return cleaned


IN_A_STEP = [*QUESTIONS, ("group", GroupBlock()), ("repeat", RepeatBlock())]


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("name of the step"), max_length=200)
    show_if = ConditionsBlock(label=_("this step is asked only if"))
    fields = QuestionsBlock(IN_A_STEP, label=_("questions"), max_num=MAX_QUESTIONS)

    class Meta:
        icon = "form"
        label = _("step")
        label_format = "{title}"
        form_classname = "form-step"

    def get_form_layout(self) -> BlockGroup:
        return BlockGroup(children=["title", "fields"], settings=["show_if"])


class StepsBlock(PackedStream, blocks.StreamBlock):
    """The steps of a form. A copied question gets a key of its own; conditions look back only."""

    step = StepBlock()

    class Meta:
        max_num = MAX_STEPS

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        places = list(standing(cleaned))
        if len(places) > MOST_BLOCKS:
            raise StreamBlockValidationError(non_block_errors=[_too_many(len(places))])
        separate_ids(cleaned, places)
        separate_keys(places)
        if not self.is_deferred_validation:
            check_form(cleaned)
        return cleaned


def _too_many(count: int) -> ValidationError:
    told = _("A form holds %(most)d questions at most, here are %(count)d. Make two forms of it.")
    return ValidationError(told, params={"most": MOST_BLOCKS, "count": count})


class ReadyQuestionsBlock(PackedStream, QuestionsBlock):
    """The questions of a ready block: whatever a step may hold."""

    def __init__(self, local_blocks: Any = IN_A_STEP, **kwargs: Any) -> None:
        super().__init__(local_blocks, **kwargs)

    class Meta:
        max_num = 20

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        separate_keys(questions_in(cleaned))
        check_questions(cleaned)
        return cleaned


class QuestionsAdapter(StreamBlockAdapter):
    """Tells the page's script where the ready blocks are."""

    js_constructor = "forms.blocks.Questions"

    def js_args(self, block: Any) -> list[Any]:
        name, groups, states, meta = super().js_args(block)
        ready = {"heading": gettext("Ready blocks"), "url": reverse("intake:ready_blocks")}
        return [name, groups, states, meta | {"ready": ready}]

    @cached_property
    def media(self) -> Any:
        return super().media + forms.Media(js=["intake_forms/questions.js"])


register(QuestionsAdapter(), QuestionsBlock)
register(QuestionsAdapter(), StepsBlock)
