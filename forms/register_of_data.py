"""The register of personal data: what is asked, what for, on what basis, for how long, who sees it.

Made from the versions in force, so that it says what families are asked today. It holds no answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tablib
from django.contrib.auth.models import Group
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from forms.compiling import lifted
from forms.models import FormDefinition, FormVersion, MarkKind, RoutingRule
from forms.retention import Rule, rule_of
from forms.routing import UNROUTED

# What is asked is personal by its kind, whatever an editor has ticked.
PERSONAL_KINDS = frozenset(
    ("name", "birth_date", "phone", "email", "snils", "inn", "address", "file", "contact")
)
_MARKED = frozenset(
    (MarkKind.PHONE, MarkKind.EMAIL, MarkKind.SNILS, "name", "birth_date", "contact")
)


@dataclass(frozen=True)
class Datum:
    """A question about a person."""

    label: str
    purpose: str
    is_found_by: bool  # there is a blind mark of it
    is_file: bool

    @property
    def sealed(self) -> str:
        """Where it lies, and how it is closed."""
        if self.is_file:
            return _("private folder, key of the submission, AES-256")
        if self.is_found_by:
            return _("database, key of the submission, AES-256; a blind mark to search by")
        return _("database, key of the submission, AES-256")


@dataclass(frozen=True)
class FormRow:
    """A form in force with everything that it asks about a person."""

    form: FormDefinition
    number: int
    rule: Rule
    data: tuple[Datum, ...]
    queues: tuple[str, ...]

    @property
    def basis(self) -> str:
        return ", ".join(filter(None, [str(self.rule.basis.label), self.rule.basis_text]))


def rows() -> list[FormRow]:
    """Every form in force that asks for personal data, in a fixed number of queries."""
    newest = FormVersion.objects.filter(form=OuterRef("pk")).order_by("-number")
    forms = list(
        FormDefinition.objects.public()
        .annotate(newest=Subquery(newest.values("pk")[:1]))
        .prefetch_related("centres")
    )
    versions = FormVersion.objects.in_bulk([form.newest for form in forms if form.newest])
    in_use = RoutingRule.objects.filter(active=True, queue__retired=False)
    rules = list(in_use.select_related("queue__centre").order_by("position", "pk"))
    found = []
    for form in forms:
        version = versions.get(form.newest)
        data = tuple(_data(version.schema)) if version else ()
        if version and data:
            rule = rule_of(version.schema)
            queues = tuple(_queues(form, version.schema["urgent"], rules))
            found.append(FormRow(form, version.number, rule, data, queues))
    return found


def readers() -> list[str]:
    """Roles whose people open cases, each those of its own centre."""
    groups = Group.objects.filter(
        permissions__codename="view_intakecase",
        permissions__content_type__app_label="intake_forms",
    )
    return list(groups.order_by("name").values_list("name", flat=True))


def table() -> tablib.Dataset:
    """The register as a table, a row for each question."""
    who = ", ".join(readers())
    out = tablib.Dataset(
        headers=[
            _("Form"),
            _("Version"),
            _("Question"),
            _("What for"),
            _("Basis"),
            _("Kept after closing, days"),
            _("Then"),
            _("Roles that see it"),
            _("Queues"),
            _("Where and how it is closed"),
        ]
    )
    for row in rows():
        for datum in row.data:
            out.append(
                [
                    row.form.title,
                    row.number,
                    datum.label,
                    datum.purpose,
                    row.basis,
                    row.rule.days,
                    str(row.rule.method.label),
                    who,
                    "; ".join(row.queues),
                    datum.sealed,
                ]
            )
    return out


def data_of(schema: Mapping[str, Any]) -> list[Datum]:
    """What a version asks about a person."""
    return list(_data(schema))


def _data(schema: Mapping[str, Any]) -> Iterator[Datum]:
    for step in lifted(dict(schema))["steps"]:
        yield from _of_nodes(step["fields"], "")


def _of_nodes(nodes: list[Mapping[str, Any]], around: str) -> Iterator[Datum]:
    for node in nodes:
        label = f"{around}{node['label']}"
        if node["type"] in ("group", "repeat"):
            yield from _of_nodes(node["fields"], f"{label}: " if node["label"] else around)
        elif node.get("personal") or node["type"] in PERSONAL_KINDS:
            yield Datum(label, node["purpose"], node["type"] in _MARKED, node["type"] == "file")


def _queues(form: FormDefinition, urgent: bool, rules: list[RoutingRule]) -> Iterator[str]:
    """Where cases of a form can land: by its rules, else in «Нераспределённые»."""
    allowed = {centre.pk for centre in form.centres.all()}
    fitting = (
        rule.queue
        for rule in rules
        if (not allowed or rule.queue.centre_id in allowed)
        and rule.form_id in (None, form.pk)
        and rule.topic_id in (None, form.topic_id)
        and rule.urgent in (None, urgent)
    )
    yield from dict.fromkeys(str(queue) for queue in fitting)
    yield UNROUTED
