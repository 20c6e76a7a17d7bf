"""The blocks that a dispatcher's script is built from: what to say, to do, to ask and to tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.snippets.blocks import SnippetChooserBlock

from catalogue.fact_choices import every_fact

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


class OnlyIfBlock(blocks.StructBlock):
    """The answers to an earlier fork with which a step is shown."""

    fork = MarkBlock(label=_("fork"), help_text=_("The name of an earlier fork."))
    answers = blocks.TextBlock(
        label=_("answers"),
        required=False,
        rows=2,
        help_text=_("Word for word, each on its own line: any of them shows the step."),
    )

    class Meta:
        label = _("only with an answer")
        label_format = "{fork}: {answers}"
        collapsed = True


class ScriptStepBlock(blocks.StructBlock):
    """What every step has."""

    text = blocks.TextBlock(label=_("words"), max_length=LONGEST_TEXT, rows=2)
    mark = MarkBlock(
        label=_("its name"),
        help_text=_("Only where an answer leads here or depends on it. For example: home"),
    )
    only_if = OnlyIfBlock()

    class Meta:
        label_format = "{text}"


class PhraseBlock(ScriptStepBlock):
    class Meta:
        icon = "openquote"
        label = _("say")


class ActionBlock(ScriptStepBlock):
    class Meta:
        icon = "check"
        label = _("do")


class FormQuestionInput(forms.TextInput):
    """A key of a question; the page's script offers those of the form by their words."""

    class Media:
        js = ["intake_desk/script_editor.js"]
        css = {"all": ["intake_desk/script_editor.css"]}

    def __init__(self) -> None:
        texts = {
            "data-none": _("none: the answer stays with the script"),
            "data-gone": _("not in the form now"),
        }
        super().__init__({"data-form-question": "", **texts})


class FormQuestionBlock(blocks.CharBlock):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.field.widget = FormQuestionInput()


class AskBlock(ScriptStepBlock):
    key = FormQuestionBlock(
        label=_("question of the form"),
        required=False,
        max_length=60,
        help_text=_("The answer goes into the form by itself."),
    )
    fact = blocks.ChoiceBlock(
        choices=every_fact,
        label=_("fact about the family"),
        required=False,
        default="",
        help_text=_("What the form does not ask: the answer counts when measures are looked for."),
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
    """The steps of a script. An answer leads forward to a step that is there, and a step that is
    shown with an answer only looks back to a fork that has it."""

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
        wrong = dict(_wrong_names(cleaned)) or {
            **dict(_wrong_answers(cleaned)),
            **dict(_wrong_conditions(cleaned)),
        }
        if wrong:
            raise StreamBlockValidationError(block_errors=wrong)
        return cleaned


def _wrong_names(steps: Any) -> Iterator[tuple[int, ValidationError]]:
    """Names that stand twice, and what is asked twice."""
    seen: set[tuple[str, str]] = set()
    for number, step in enumerate(steps):
        for part, told in (
            ("mark", _("Another step has this name.")),
            ("key", _("The script asks this question already.")),
            ("fact", _("The script asks this question already.")),
        ):
            name = step.value.get(part)
            if name and (part, name) in seen:
                yield number, StructBlockValidationError({part: ValidationError(told)})
            seen.add((part, name))
        if step.value.get("key") and step.value.get("fact"):
            told = _("The question of the form or the fact: one of the two.")
            yield number, StructBlockValidationError({"fact": ValidationError(told)})


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


def only_with(step: Any) -> tuple[str, list[str]]:
    """The name of the fork that a step depends on, and the answers that show it."""
    only = step.value["only_if"]
    answers = [line.strip() for line in (only["answers"] or "").splitlines()]
    return only["fork"] or "", [answer for answer in answers if answer]


def _wrong_conditions(steps: Any) -> Iterator[tuple[int, ValidationError]]:
    """Steps that depend on a fork that is not there before them, or on answers that it lacks."""
    forks: dict[str, list[str]] = {}
    for number, step in enumerate(steps):
        if wrong := dict(_wrong_parts(*only_with(step), forks)):
            yield number, StructBlockValidationError({"only_if": StructBlockValidationError(wrong)})
        if step.value["mark"] and step.block_type == "branch":
            forks[step.value["mark"]] = [answer["text"] for answer in step.value["answers"]]


def _wrong_parts(
    fork: str, wanted: list[str], forks: dict[str, list[str]]
) -> Iterator[tuple[str, ValidationError]]:
    if wanted and not fork:
        yield "fork", ValidationError(_("Write the name of the fork."))
    elif fork and fork not in forks:
        told = _("No earlier fork has the name “%(name)s”.")
        yield "fork", ValidationError(told, params={"name": fork})
    elif fork and not wanted:
        yield "answers", ValidationError(_("Write with which answers the step is shown."))
    for answer in wanted:
        if answer not in forks.get(fork, wanted):
            told = _("The fork has no answer “%(answer)s”. It has: %(answers)s.")
            has = ", ".join(f"«{each}»" for each in forks[fork])
            yield "answers", ValidationError(told, params={"answer": answer, "answers": has})
