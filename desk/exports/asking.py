"""Asking for a table: which cases, which columns, what for. What is asked for is judged again when it
is made."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.models import User
from desk.exports.columns import COLUMNS, Question, questions_of
from desk.models import CaseExport, ExportEvent, ExportFormat, ExportReason, ExportState, ExportStep
from desk.narrowing import FilterForm, Tab, narrowed, tab_of
from forms.models import FormVersion, IntakeCase, LookReason, Submission

MOST = 100_000  # cases of one table
MOST_WAITING = 3  # of one person
RIGHT = "intake_desk.export_cases"


class TooManyWaiting(Exception):
    """The person waits for other tables."""


def may_export(user: Any) -> bool:
    """An account of the centre; who tends the installation has no business with families."""
    return bool(
        user.is_active
        and user.has_perm(RIGHT)
        and user.has_perm("intake_forms.view_intakecase")
        and not user.is_superuser
    )


@dataclass(frozen=True)
class Selection:
    """Which cases: a tab of the list and what narrows it, as a person may choose them now."""

    user: Any
    tab: Tab
    filtering: FilterForm

    @classmethod
    def of(cls, user: Any, query: str) -> Self:
        """What an address of the list says."""
        asked = QueryDict(query)
        return cls(user, tab_of(user, asked), FilterForm(user, data=asked))

    @property
    def query(self) -> str:
        """The address with nothing in it but what is understood."""
        return self.filtering.query(self.tab.name)

    def cases(self, version: FormVersion | None) -> Any:
        """Those that the person sees now; with a version those that were sent with it."""
        rows = narrowed(IntakeCase.objects.visible_to(self.user), self.tab, self.filtering)
        return rows.filter(submission__version=version) if version else rows

    def in_words(self) -> Iterator[tuple[str, str]]:
        """The tab and what narrows it, as the list names them."""
        yield _("Tab"), str(self.tab.label)
        for name, value in self.filtering.chosen().items():
            field = self.filtering.fields[name]
            label = _("Number") if name == "q" else str(field.label)
            yield label, _said(field, value)


def _said(field: forms.Field, value: Any) -> str:
    if isinstance(value, datetime.date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, bool):
        return _("yes")
    if isinstance(field, forms.ChoiceField) and isinstance(value, str):
        return next((str(label) for code, label in field.choices if code == value), value)  # type: ignore[union-attr, misc]
    return str(value)


def answered_versions() -> Any:
    """Versions that somebody has answered, those of one form together."""
    answered = Submission.objects.filter(version=OuterRef("pk"))
    return (
        FormVersion.objects.filter(Exists(answered))
        .select_related("form")
        .order_by("form__sort_key", "form", "-number")
    )


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, version: Any) -> str:
        return _("%(title)s, since %(day)s") % {
            "title": version.schema["title"],
            "day": f"{version.published_at:%d.%m.%Y}",
        }


class VersionForm(forms.Form):
    """The form whose answers are wanted; the table holds its cases only."""

    use_required_attribute = False
    version = VersionField(
        FormVersion.objects.none(),
        label=gettext_lazy("Answers to the form"),
        required=False,
        empty_label=gettext_lazy("without answers"),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="export-%s")
        field = self.fields["version"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = answered_versions()

    @property
    def chosen(self) -> FormVersion | None:
        return self.cleaned_data.get("version") if self.is_valid() else None


class ExportForm(forms.Form):
    """Columns, file, what for, and why identifiers are opened, if they are."""

    use_required_attribute = False
    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Please choose at least one column.")},
    )
    answers = forms.MultipleChoiceField(
        label=gettext_lazy("Answers"), required=False, widget=forms.CheckboxSelectMultiple
    )
    open_reason = forms.ChoiceField(
        label=gettext_lazy("Phones, SNILS, days of birth and addresses"),
        required=False,
        choices=[
            ("", gettext_lazy("hidden by dots")),
            (
                gettext_lazy("open, because they are needed"),
                [(one.value, one.label) for one in LookReason],
            ),
        ],
    )
    file_format = forms.ChoiceField(
        label=gettext_lazy("File"),
        choices=ExportFormat.choices,
        initial=ExportFormat.XLSX,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose the kind of file.")},
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("What the table is for"),
        choices=[("", gettext_lazy("Choose")), *ExportReason.choices],
        error_messages={"required": gettext_lazy("Please say what the table is for.")},
    )

    def __init__(self, version: FormVersion | None, data: Any = None) -> None:
        super().__init__(data, auto_id="export-%s")
        self.version = version
        self.questions: list[Question] = questions_of(version.schema) if version else []
        own = [(one.code, one.label) for one in COLUMNS.values()]
        self._choose("columns", own, [one.code for one in COLUMNS.values() if one.usual])
        self._choose(
            "answers",
            [(one.code, one.label) for one in self.questions],
            [one.code for one in self.questions if not one.masks],
        )
        if not self.questions:
            del self.fields["answers"]
        if not any(one.masks for one in self.questions):
            del self.fields["open_reason"]

    def _choose(self, name: str, choices: list[Any], initial: list[str]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices, field.initial = choices, initial

    def given(self) -> dict[str, Any]:
        """What the row of the export keeps."""
        given = self.cleaned_data
        answers = given.get("answers", [])
        hides = any(one.masks for one in self.questions if one.code in answers)
        return {
            "columns": [*given["columns"], *answers],
            # Nobody answers later for identifiers that are not even in the table.
            "open_reason": given.get("open_reason", "") if hides else "",
            "file_format": given["file_format"],
            "reason": given["reason"],
        }


@transaction.atomic
def ask(selection: Selection, *, version: FormVersion | None, given: dict[str, Any]) -> CaseExport:
    """Write down what is wanted by who selects; the task comes with it or not at all.

    :raises TooManyWaiting: the person has to wait for those asked for before.
    """
    from desk.tasks import make_export

    owner = selection.user
    User.objects.select_for_update().get(pk=owner.pk)  # of two tabs one waits for the other
    waiting = CaseExport.objects.filter(owner=owner, state=ExportState.WAITING)
    if waiting.count() >= MOST_WAITING:
        raise TooManyWaiting
    export = CaseExport.objects.create(owner=owner, query=selection.query, version=version, **given)
    ExportEvent.objects.create(export=export, step=ExportStep.ASKED, actor=owner)
    lock = f"intake_desk.export.{export.pk}"
    make_export.configure(lock=lock, priority=-10).defer(export=str(export.pk))
    return export
