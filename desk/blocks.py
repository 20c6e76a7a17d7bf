"""The blocks that a dispatcher's script is built from: what to say, to do, to ask and to tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.snippets.blocks import SnippetChooserBlock

LONGEST_TEXT = 600  # what is longer nobody says in one breath
LONGEST_MARK = 40
MOST_STEPS = 60
MOST_ANSWERS = 8
MOST_PHONES = 8
MOST_MEASURES = 12


class MarkBlock(blocks.CharBlock):
    """A name that a branch jumps to."""

    def __init__(self, **kwargs: Any) -> None:
        name = RegexValidator(r"^[\w -]+$", _("Letters, digits, spaces and hyphens only."))
        own = {"required": False, "max_length": LONGEST_MARK, "validators": [name]}
        super().__init__(**own | kwargs)


class ScriptStepBlock(blocks.StructBlock):
    """What every step has."""

    text = blocks.TextBlock(label=_("words"), max_length=LONGEST_TEXT, rows=2)
    mark = MarkBlock(
        label=_("name to jump to"),
        help_text=_("Only where an answer leads here. For example: home"),
    )

    class Meta:
        label_format = "{text}"


class PhraseBlock(ScriptStepBlock):
    class Meta:
        icon = "openquote"
        label = _("say")


class ActionBlock(ScriptStepBlock):
    class Meta:
        icon = "tick"
        label = _("do")


class AskBlock(ScriptStepBlock):
    key = blocks.CharBlock(
        label=_("question of the form"),
        required=False,
        max_length=60,
        help_text=_(
            "Its key: the answer goes into the form. Empty: the answer stays with the script."
        ),
    )

    class Meta:
        icon = "help"
        label = _("ask")


class PhoneBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("who answers"), max_length=120)
    phone = blocks.CharBlock(label=_("phone"), max_length=40)

    class Meta:
        label = _("phone")
        label_format = "{title}: {phone}"


class WarningBlock(ScriptStepBlock):
    urgent = blocks.BooleanBlock(
        label=_("ticked, it makes the case urgent"), required=False, default=True
    )
    phones = blocks.ListBlock(PhoneBlock(), label=_("phones"), default=[], max_num=MOST_PHONES)

    class Meta:
        icon = "warning"
        label = _("danger")


class TellBlock(ScriptStepBlock):
    measures = blocks.ListBlock(
        SnippetChooserBlock("catalogue.Measure", label=_("measure or service")),
        label=_("measures and services"),
        default=[],
        max_num=MOST_MEASURES,
    )

    class Meta:
        icon = "info-circle"
        label = _("tell")


class AnswerBlock(blocks.StructBlock):
    text = blocks.CharBlock(label=_("answer"), max_length=120)
    goto = MarkBlock(label=_("goes to the step"), help_text=_("Its name. Empty: to the next step."))

    class Meta:
        label = _("answer")
        label_format = "{text} → {goto}"


class BranchBlock(ScriptStepBlock):
    answers = blocks.ListBlock(
        AnswerBlock(), label=_("answers"), min_num=2, max_num=MOST_ANSWERS, collapsed=False
    )

    class Meta:
        icon = "decimal"
        label = _("fork")


class ScriptStepsBlock(blocks.StreamBlock):
    """The steps of a script. An answer leads forward to a step that is there."""

    phrase = PhraseBlock()
    ask = AskBlock()
    action = ActionBlock()
    warning = WarningBlock()
    branch = BranchBlock()
    tell = TellBlock()

    class Meta:
        max_num = MOST_STEPS
        collapsed = True

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if self.is_deferred_validation:
            return cleaned
        wrong = dict(_wrong_names(cleaned)) or dict(_wrong_answers(cleaned))
        if wrong:
            raise StreamBlockValidationError(block_errors=wrong)
        return cleaned


def _wrong_names(steps: Any) -> Iterator[tuple[int, ValidationError]]:
    """Names that stand twice, and questions of the form that are asked twice."""
    seen: set[tuple[str, str]] = set()
    for number, step in enumerate(steps):
        for part, told in (
            ("mark", _("Another step has this name.")),
            ("key", _("The script asks this question already.")),
        ):
            name = step.value.get(part)
            if name and (part, name) in seen:
                yield number, StructBlockValidationError({part: ValidationError(told)})
            seen.add((part, name))


def _wrong_answers(steps: Any) -> Iterator[tuple[int, ValidationError]]:
    """Answers that lead nowhere, or back: a call would never end."""
    places = {step.value["mark"]: number for number, step in enumerate(steps) if step.value["mark"]}
    for number, step in enumerate(steps):
        for answer in step.value.get("answers", ()):
            if answer["goto"] and places.get(answer["goto"], -1) <= number:
                told = _("No later step has the name “%(name)s”.")
                error = ValidationError(told, params={"name": answer["goto"]})
                yield number, StructBlockValidationError({"answers": error})
                break
