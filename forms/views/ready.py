"""The ready blocks: as the builder puts them into a form, and one made of a form's questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe
from wagtail.admin import messages
from wagtail.coreutils import string_to_ascii
from wagtail.permissions import policy_registry

from forms.compiling import reasons
from forms.models import FormDefinition, ReadyBlock

LONGEST_SLUG = 70


@require_safe
def ready_blocks(request: HttpRequest) -> HttpResponse:
    """Every ready block with the state of its questions; the page's script puts in a copy."""
    policy = policy_registry.get_by_type(FormDefinition)
    if not policy.user_has_any_permission(request.user, ["add", "change"]):
        raise PermissionDenied
    blocks = [
        {
            "pk": ready.pk,
            "title": ready.title,
            "help": ready.help,
            "questions": _stream().get_form_state(ready.questions),
        }
        for ready in ReadyBlock.objects.all()
    ]
    return JsonResponse({"blocks": blocks})


class ReadyForm(forms.ModelForm[ReadyBlock]):
    """Which questions of a form make the block, and what it is called."""

    use_required_attribute = False
    chosen = forms.MultipleChoiceField(
        label=gettext_lazy("Questions of the block"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose a question at least.")},
    )

    class Meta:
        model = ReadyBlock
        fields = ("title", "help")

    def __init__(self, *args: Any, steps: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blocks = [block for step in steps for block in step.value["fields"]]
        self.fields["chosen"].choices = list(_by_steps(steps))  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The questions by step, those that are ticked marked."""
        ticked = self["chosen"].value() or []
        return [
            {"title": title, "choices": [(*choice, choice[0] in ticked) for choice in choices]}
            for title, choices in self.fields["chosen"].choices  # type: ignore[attr-defined]
        ]

    def clean_chosen(self) -> Any:
        """The questions in the order of the form; what they look at has to be among them."""
        kept = [block for block in self.blocks if block.id in self.cleaned_data["chosen"]]
        stream = _stream()
        value = stream.to_python([block.get_prep_value() for block in kept])
        try:
            return stream.clean(value)
        except ValidationError as error:
            raise ValidationError(list(reasons(error, value))) from error

    def save(self, commit: bool = True) -> ReadyBlock:
        block = super().save(commit=False)
        block.slug = _free_slug(block.title)
        block.questions = self.cleaned_data["chosen"]
        block.save()
        return block


def save_ready(request: HttpRequest, pk: int) -> HttpResponse:
    """Questions of a form's newest draft as a ready block."""
    definition = get_object_or_404(FormDefinition, pk=pk)
    change = policy_registry.get_by_type(FormDefinition)
    add = policy_registry.get_by_type(ReadyBlock)
    if not change.user_has_permission_for_instance(request.user, "change", definition):
        raise PermissionDenied
    if not add.user_has_permission(request.user, "add"):
        raise PermissionDenied
    draft = definition.get_latest_revision_as_object()
    form = ReadyForm(request.POST or None, steps=draft.steps, label_suffix="")
    if request.method == "POST" and form.is_valid():
        block = form.save()
        told = gettext("“%(block)s” stands in the menu of the plus now, in every form.")
        messages.success(request, told % {"block": block.title})
        return redirect(reverse(definition.snippet_viewset.get_url_name("edit"), args=[pk]))
    context = {"definition": draft, "form": form}
    return render(request, "intake_forms/admin/save_ready.html", context)


def _stream() -> Any:
    field: Any = ReadyBlock._meta.get_field("questions")
    return field.stream_block


def _by_steps(steps: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for number, step in enumerate(steps, start=1):
        asked = [
            (block.id, f"{block.value['label'] or '…'} ({block.block.label})")
            for block in step.value["fields"]
        ]
        if asked:
            yield f"{number}. {step.value['title'] or '…'}", asked


def _free_slug(title: str) -> str:
    start = slugify(string_to_ascii(title))[:LONGEST_SLUG] or "blok"
    taken = set(ReadyBlock.objects.filter(slug__startswith=start).values_list("slug", flat=True))
    names = (start, *(f"{start}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
