"""The register of personal data: what is asked, what for, on what basis, for how long, who sees it.

Made from the versions in force, so that it says what families are asked today, and from earlier
ones as long as answers to them are kept. It holds no answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tablib
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from forms.compiling import lifted
from forms.models import FormDefinition, FormVersion, MarkKind, RoutingRule, SubmissionKey
from forms.retention import Rule, rule_of
from forms.routing import UNROUTED

# What is asked is personal by its kind, whatever an editor has ticked.
PERSONAL_KINDS = frozenset(
    ("name", "birth_date", "phone", "email", "snils", "inn", "address", "file", "contact")
)
_MARKED = frozenset(
    (MarkKind.PHONE, MarkKind.EMAIL, MarkKind.SNILS, "contact", "name", "birth_date")
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
    """A version of a form with everything that it asks about a person.

    Of one that is not in force, what no newer version asks in the same way under the same rule.
    """

    form: FormDefinition
    number: int
    in_force: bool
    rule: Rule
    data: tuple[Datum, ...]
    queues: tuple[str, ...]


def rows() -> list[FormRow]:
    """What is asked now, and what is only kept of earlier askings; in a fixed number of queries."""
    in_use = RoutingRule.objects.filter(active=True, queue__retired=False)
    rules = list(in_use.select_related("queue__centre").order_by("position", "pk"))
    known: set[tuple[int, Datum, Rule]] = set()
    found = []
    for version, in_force in _versions():
        form, rule = version.form, rule_of(version.schema)
        data = [datum for datum in _data(version.schema) if (form.pk, datum, rule) not in known]
        known |= {(form.pk, datum, rule) for datum in data}
        if data:
            queues = tuple(_queues(form, version.schema["urgent"], rules))
            found.append(FormRow(form, version.number, in_force, rule, tuple(data), queues))
    return found


def _versions() -> list[tuple[FormVersion, bool]]:
    """Versions in force, then those of which answers are kept; of one form together."""
    newest = FormVersion.objects.filter(form=OuterRef("form")).order_by("-number")
    answered = SubmissionKey.objects.filter(submission__version=OuterRef("pk"))
    versions = (
        FormVersion.objects.annotate(
            is_newest=Q(pk=Subquery(newest.values("pk")[:1])), is_kept=Exists(answered)
        )
        .filter(Q(is_newest=True) | Q(is_kept=True))
        .select_related("form")
        .prefetch_related("form__centres")
        .order_by("form__sort_key", "form", "-number")
    )
    marked = [(version, version.is_newest and version.form.is_public) for version in versions]
    return [(version, in_force) for version, in_force in marked if in_force or version.is_kept]


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
            _("Asked now"),
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
                    row.rule.basis_said,
                    row.rule.days,
                    str(row.rule.method.label),
                    who,
                    "; ".join(row.queues),
                    datum.sealed,
                    _("yes") if row.in_force else _("no, kept from earlier"),
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
