"""What stands in the tables of measures and organisations, and how a row becomes a record.

Over django-import-export: it walks the rows, collects the errors of each, and skips those that
change nothing. What a row may touch depends on who brings it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource
from wagtail.log_actions import log
from wagtail.models import DraftStateMixin

from catalogue import partners
from catalogue.exchange import columns
from catalogue.fact_choices import remembering
from catalogue.loading.citations import act_of
from catalogue.models import (
    Amount,
    ApplicationStep,
    Category,
    DocumentType,
    LegalAct,
    LegalBasis,
    Measure,
    Provider,
    RequiredDocument,
    Situation,
    Territory,
)
from catalogue.models.measure import Channel, Level, MeasureKind, Period, Verification
from catalogue.models.providers import ProviderKind

TITLED = " — "  # between the name of a column and its words


@dataclass(frozen=True)
class Change:
    """A cell that differs: the words of its column, what stands there, what the file says."""

    column: str
    old: str
    new: str


class Known:
    """Dictionaries that rows refer to, each read once, when it is first needed."""

    def __getattr__(self, name: str) -> Any:
        readers: dict[str, Callable[[], Any]] = {
            "territories": lambda: _by_slug(Territory),
            "situations": lambda: _by_slug(Situation),
            "categories": lambda: _by_slug(Category),
            "providers": lambda: _by_slug(Provider),
            "measures": lambda: _by_slug(Measure),
            "papers": lambda: {paper.name: paper for paper in DocumentType.objects.all()},
            "acts": lambda: {act.title: act for act in LegalAct.objects.all()},
        }
        value = readers[name]()
        setattr(self, name, value)
        return value

    @cached_property
    def acts_by_citation(self) -> Mapping[tuple[str, Any], Any]:
        return {(act.number, act.date): act for act in self.acts.values() if act.number}

    def act_cited(self, citation: str) -> Any:
        """The act that a citation names, if the register has it."""
        cited = act_of(citation)
        return self.acts.get(cited.title) or self.acts_by_citation.get((cited.number, cited.date))


def _by_slug(model: Any) -> dict[str, Any]:
    return {row.slug: row for row in model.objects.only("pk", "slug")}


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


class MeasureExchange(Exchange):
    """Measures. Who may publish publishes by importing; others make drafts."""

    singles = ("owner", "latest_revision")
    together = (
        "territories",
        "situations",
        "categories",
        "providers",
        "excludes",
        "amounts",
        "documents__document_type",
        "steps",
        "legal_basis__act",
    )

    class Meta:
        model = Measure
        fields: tuple[str, ...] = ()
        import_id_fields = ("slug",)
        instance_loader_class = WorkingCopies
        skip_diff = True
        report_skipped = True

    def keeps_all(self) -> bool:
        return partners.keeps_all_measures(self.user)

    def may_write(self, column: str) -> bool:
        own = partners.MEASURE_FIELDS | partners.MEASURE_PARTS | {"slug"}
        return self.keeps_all() or column in own

    def not_yours(self) -> str:
        return _("This is not your service. Leave the cell empty to add a new one.")

    def columns(self) -> dict[str, columns.Column]:
        known = self.known
        return {
            "slug": columns.Text(80),
            "title": columns.Text(200, required=True),
            "kind": columns.Choice(MeasureKind),
            "summary": columns.Text(400, required=True),
            "who": columns.Text(600),
            "rules": columns.Conditions(lambda: known.acts),
            "amounts": columns.Children(6, _read_amount, _write_amount),
            "documents": columns.Children(2, self._read_paper, _write_paper),
            "steps": columns.Children(2, _read_step, _write_step),
            "deadline_days": columns.Whole(),
            "legal_basis": columns.Children(2, self._read_basis, self._write_basis),
            "levels": columns.Lines(10, Level),
            "synonyms": columns.Lines(120),
            "territories": columns.Slugs(lambda: known.territories),
            "situations": columns.Slugs(lambda: known.situations),
            "categories": columns.Slugs(lambda: known.categories),
            "providers": columns.Slugs(lambda: known.providers),
            "owner": columns.Slugs(lambda: known.providers, single=True),
            "excludes": columns.Slugs(lambda: known.measures),
            "excludes_note": columns.Text(),
            "valid_from": columns.Day(),
            "valid_to": columns.Day(),
            "apply_from": columns.Day(),
            "apply_to": columns.Day(),
            "apply_yearly": columns.YesNo(),
            "apply_note": columns.Text(300),
            "verification": columns.Choice(Verification),
            "verified_on": columns.Day(),
            "verified_by": columns.Text(200),
            "verification_note": columns.Text(),
            "as_of": columns.Day(),
            "as_of_estimated": columns.YesNo(),
            "stale": columns.YesNo(),
            "source": columns.Text(),
        }

    def _read_paper(self, parts: Sequence[str]) -> RequiredDocument:
        name, note = parts
        # A paper that is new to the portal gets its place among the papers when it is kept.
        paper = self.known.papers.get(name) or DocumentType(name=name)
        if len(name) > 300:
            raise ValueError(_("Too long: «%(text)s…».") % {"text": name[:40]})
        self.known.papers[name] = paper
        found = RequiredDocument(note=note)
        found.document_type = paper
        return found

    def _read_basis(self, parts: Sequence[str]) -> LegalBasis:
        citation, title = parts
        act = self.known.acts.get(title) if title else self.known.act_cited(citation)
        if act is None:
            raise ValueError(
                _("The register of legal acts has no «%(title)s». Add it there first.")
                % {"title": (title or act_of(citation).title)[:120]}
            )
        return LegalBasis(act=act, citation=citation)

    def _write_basis(self, basis: LegalBasis) -> list[str]:
        """The act is named only where the citation alone would not find it."""
        act = self.known.acts.get(basis.act.title, basis.act)
        found = self.known.act_cited(basis.citation)
        return [basis.citation, "" if found == act else act.title]

    def problems(self, instance: Any) -> Iterable[tuple[str, str]]:
        for first, last in (("valid_from", "valid_to"), ("apply_from", "apply_to")):
            start, end = getattr(instance, first), getattr(instance, last)
            if start and end and start > end:
                yield last, _("The last day stands before the first one.")
        if instance.apply_yearly and not instance.apply_to:
            yield "apply_to", _("A window of every year needs its last day.")
        if instance.pk and any(each.pk == instance.pk for each in instance.excludes.all()):
            yield "excludes", _("A measure does not exclude itself.")
        if self._is_new and not self.keeps_all() and not self.own:
            yield "slug", _("Your account belongs to no organisation.")
        lock = None if self._is_new else instance.get_lock()
        if lock is not None and lock.for_user(self.user):
            yield "slug", _("It is under review or locked: it cannot be changed now.")

    @cached_property
    def own(self) -> list[Provider]:
        return list(Provider.objects.of(self.user))

    @property
    def publishes(self) -> bool:
        return bool(self.user.has_perm("catalogue.publish_measure"))

    def write(self, instance: Any, is_new: bool) -> None:
        for paper in instance.documents.all():
            if paper.document_type.pk is None:
                paper.document_type.save()
            paper.document_type = paper.document_type  # takes over the key
        if is_new:
            self._start(instance)
        revision = instance.save_revision(user=self.user, log_action=True, clean=False)
        if self.publishes:
            revision.publish(user=self.user)

    def _start(self, instance: Any) -> None:
        """Rows without a short name get one; what a partner brings is kept by it."""
        if not self.keeps_all():
            instance.owner = self.own[0]
            partners.keep_for_partner(instance)
        elif not instance.slug:
            instance.slug = partners.free_slug(instance.title)
        instance.live = False
        instance.save()
        log(instance=instance, action="wagtail.create", user=self.user, content_changed=True)


def _read_amount(parts: Sequence[str]) -> Amount:
    text, number, currency, period, as_of, valid_to = parts
    return Amount(
        text=text,
        number=columns.money(number),
        currency=currency,
        period=columns.one_of(period, Period) if period else "",
        as_of=columns.day(as_of),
        valid_to=columns.day(valid_to),
    )


def _write_amount(amount: Amount) -> list[str]:
    return [
        columns.plain(amount.text),
        "" if amount.number is None else f"{amount.number:.2f}",
        amount.currency,
        str(Period(amount.period).label) if amount.period else "",
        amount.as_of.isoformat() if amount.as_of else "",
        amount.valid_to.isoformat() if amount.valid_to else "",
    ]


def _write_paper(paper: RequiredDocument) -> list[str]:
    return [columns.plain(paper.document_type.name), columns.plain(paper.note)]


def _read_step(parts: Sequence[str]) -> ApplicationStep:
    channel, text = parts
    return ApplicationStep(channel=columns.one_of(channel, Channel), text=text)


def _write_step(step: ApplicationStep) -> list[str]:
    return [str(Channel(step.channel).label), columns.plain(step.text)]


class ProviderExchange(Exchange):
    """Organisations, without their offices."""

    singles = ("parent",)
    together = ("territories",)

    class Meta:
        model = Provider
        fields: tuple[str, ...] = ()
        import_id_fields = ("slug",)
        instance_loader_class = WorkingCopies
        skip_diff = True
        report_skipped = True

    def keeps_all(self) -> bool:
        return partners.keeps_all_providers(self.user)

    def may_write(self, column: str) -> bool:
        return self.keeps_all() or column in partners.PROVIDER_FIELDS | {"slug"}

    def may_add(self) -> bool:
        return self.keeps_all()

    def not_yours(self) -> str:
        return _("This is not your organisation.")

    def columns(self) -> dict[str, columns.Column]:
        known = self.known
        return {
            "slug": columns.Text(80, required=True),
            "full_name": columns.Text(400, required=True),
            "short_name": columns.Text(200, required=True),
            "kind": columns.Choice(ProviderKind),
            "is_centre": columns.YesNo(),
            "is_group": columns.YesNo(),
            "parent": columns.Slugs(lambda: known.providers, single=True),
            "territories": columns.Slugs(lambda: known.territories),
            "website": columns.Text(200),
            "aliases": columns.Lines(200),
            "source": columns.Text(),
            "note": columns.Text(),
        }

    def put(self, instance: Any, name: str, value: Any) -> None:
        if name == "territories":
            instance._territories = value
        else:
            super().put(instance, name, value)

    def problems(self, instance: Any) -> Iterable[tuple[str, str]]:
        if instance.is_centre and instance.is_group:
            yield "is_group", _("What stands for many of a sort has no intake desk.")
        if instance.parent_id is not None and instance.parent_id == instance.pk:
            yield "parent", _("An organisation does not belong to itself.")

    def write(self, instance: Any, is_new: bool) -> None:
        instance.save()
        if hasattr(instance, "_territories"):
            instance.territories.set(instance._territories)
        action = "wagtail.create" if is_new else "wagtail.edit"
        log(instance=instance, action=action, user=self.user, content_changed=True)


EXCHANGES: dict[str, type[Exchange]] = {"measures": MeasureExchange, "providers": ProviderExchange}
