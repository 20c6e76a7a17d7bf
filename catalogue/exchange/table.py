"""What every exchanged table shares: how a row becomes a record, and what differs in it.

Over django-import-export: it walks the rows, collects the errors of each, and skips those that
change nothing. What a row may touch depends on who brings it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource
from wagtail.models import DraftStateMixin

from catalogue.exchange import columns
from catalogue.exchange.known import Known
from catalogue.fact_choices import remembering

TITLED = " — "  # between the name of a column and its words


@dataclass(frozen=True)
class Change:
    """A cell that differs: the words of its column, what stands there, what the file says."""

    column: str
    old: str
    new: str


class WorkingCopies(BaseInstanceLoader):
    """The records of a file by short name, all read together: drafts where there are drafts."""

    def __init__(self, resource: Any, dataset: Any = None) -> None:
        super().__init__(resource, dataset)
        slugs = [columns.plain(slug).strip() for slug in _column(dataset, "slug")]
        self.records = {
            record.slug: working_copy(record)
            for record in resource.get_queryset().filter(slug__in=slugs)
        }

    def get_instance(self, row: Mapping[str, Any]) -> Any:
        return self.records.get(columns.plain(row.get("slug")).strip())


def working_copy(record: Any) -> Any:
    """What people see in the editor: the draft, where there is one."""
    if isinstance(record, DraftStateMixin) and record.has_unpublished_changes:
        return record.get_latest_revision_as_object()
    return record


def _column(dataset: Any, name: str) -> list[Any]:
    return dataset[name] if name in (dataset.headers or []) else []


class Exchange(ModelResource):
    """What both tables share.

    :param user: who exports or imports; decides rows and columns.
    """

    singles: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    def __init__(self, user: Any) -> None:
        super().__init__()
        self.user = user
        self.known = Known()
        self.fields = {
            name: Field(attribute=name, column_name=name, widget=widget)
            for name, widget in self.columns().items()
            if self.may_write(name)
        }

    def columns(self) -> dict[str, columns.Column]:
        raise NotImplementedError

    def may_write(self, column: str) -> bool:
        """A partner reads and writes fewer columns."""
        raise NotImplementedError

    def keeps_all(self) -> bool:
        raise NotImplementedError

    def put(self, instance: Any, name: str, value: Any) -> None:
        setattr(instance, name, value)

    def write(self, instance: Any, is_new: bool) -> None:
        """Keep a checked record."""
        raise NotImplementedError

    def problems(self, instance: Any) -> Iterable[tuple[str, str]]:
        """What is wrong between columns: column and reason."""
        return ()

    def get_queryset(self) -> Any:
        rows = self._meta.model._default_manager.visible_to(self.user)
        return rows.select_related(*self.singles).prefetch_related(*self.together)

    def words_of(self, column: str) -> str:
        """The words of a column, as the editor has them."""
        field = self._meta.model._meta.get_field(column)
        words = getattr(field, "verbose_name", "") or field.related_model._meta.verbose_name_plural
        return str(capfirst(words))

    def headers(self) -> list[str]:
        return [f"{name}{TITLED}{self.words_of(name)}" for name in self.fields]

    # django-import-export

    def get_import_fields(self) -> list[Field]:
        return list(self.fields.values())

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return self.headers()

    def export_resource(self, instance: Any, selected_fields: Any = None, **kwargs: Any) -> Any:
        copy = working_copy(instance)
        return [field.export(copy) for field in self.fields.values()]

    def iter_queryset(self, queryset: Any) -> Any:
        yield from queryset  # in chunks, what is prefetched would be asked again

    def export(self, queryset: Any = None, **kwargs: Any) -> Any:
        with remembering():
            return super().export(queryset, **kwargs)

    def import_data(self, *args: Any, **kwargs: Any) -> Any:
        with remembering():
            return super().import_data(*args, **kwargs)

    def import_data_inner(
        self,
        dataset: Any,
        dry_run: bool,
        raise_errors: bool,
        using_transactions: bool,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        # A dry run writes nothing, so its rows need nothing that could be taken back.
        row_by_row = using_transactions and not dry_run
        return super().import_data_inner(
            dataset, dry_run, raise_errors, row_by_row, *args, **kwargs
        )

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self._seen: set[str] = set()

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        self._changes: list[Change] = []
        slug = slug_of(row)
        if slug and slug in self._seen:
            raise ValidationError({"slug": _("This short name stands in the file twice.")})
        self._seen.add(slug)

    def after_init_instance(self, instance: Any, new: bool, row: Any, **kwargs: Any) -> None:
        # Whether somebody else's row has this name is not told apart from a name that is free.
        if new and not self.keeps_all() and (slug_of(row) or not self.may_add()):
            raise ValidationError({"slug": self.not_yours()})
        self._is_new = new
        self._before = (
            {} if new else {name: field.export(instance) for name, field in self.fields.items()}
        )

    def may_add(self) -> bool:
        return True

    def not_yours(self) -> str:
        raise NotImplementedError

    def import_field(
        self, field: Field, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any
    ) -> None:
        name = field.column_name
        if name not in row:
            return
        if name == "slug" and not self._is_new:
            return  # it found the record
        value = field.clean(row)
        shown, before = field.widget.shown(value), self._before.get(name, "")
        if shown != before:
            self._changes.append(Change(self.words_of(name), before, shown))
        # What reads the same stays untouched: its rows keep their keys.
        if self._is_new or shown != before:
            self.put(instance, name, value)

    def skip_row(
        self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None
    ) -> bool:
        return not (import_validation_errors or self._is_new or self._changes)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        errors: dict[str, Any] = dict(import_validation_errors or {})
        other = {field.name for field in instance._meta.get_fields()} - self.fields.keys()
        if not instance.slug:
            other.add("slug")  # it gets one
        try:
            instance.full_clean(exclude=other | errors.keys(), validate_constraints=False)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for column, reason in self.problems(instance):
            errors.setdefault(column, []).append(ValidationError(reason))
        if errors:
            raise ValidationError(errors)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        if not kwargs.get("dry_run"):
            self.write(instance, is_create)

    def save_m2m(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Links are kept by `write`."""

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """No sequence moves: keys are never brought in."""

    def after_import_row(self, row: Any, row_result: Any, **kwargs: Any) -> None:
        row_result.changes = self._changes


def slug_of(row: Mapping[str, Any]) -> str:
    return columns.plain(row.get("slug")).strip()
