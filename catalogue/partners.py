"""What a partner may write: its own services, its own organisation, and there only some fields.

Everything else that is sent is as if it had not been sent. A new field is closed to partners until
it is named here.
"""

from __future__ import annotations

import re
from typing import Any

from anyascii import anyascii
from django.core.exceptions import ValidationError
from django.forms import CheckboxSelectMultiple, ModelChoiceField, MultipleChoiceField
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm

from catalogue.models.measure import Level, Measure
from catalogue.models.providers import Office, OfficeContact, Provider

MEASURE_FIELDS = frozenset(
    {
        "title",
        "kind",
        "summary",
        "who",
        "rules",
        "deadline_days",
        "synonyms",
        "territories",
        "situations",
        "categories",
        "valid_from",
        "valid_to",
        "apply_from",
        "apply_to",
        "apply_yearly",
        "apply_note",
    }
)
MEASURE_PARTS = frozenset({"amounts", "documents", "steps", "legal_basis"})
# Names, site and what people call it. Kind, place, desk and the short name decide what families
# are promised, so they stay with the editors.
PROVIDER_FIELDS = frozenset({"short_name", "full_name", "website", "aliases"})
OFFICE_FIELDS = frozenset({"title", "settlement", "address", "phones", "email", "website", "hours"})

LONGEST_SLUG = 70
ALL_MEASURES = "catalogue.manage_all_measures"
ALL_PROVIDERS = "catalogue.manage_all_providers"


def keeps_all_measures(user: Any) -> bool:
    """No partner: somebody who tends the whole catalogue."""
    return bool(user is None or user.has_perm(ALL_MEASURES))


def keeps_all_providers(user: Any) -> bool:
    return bool(user is None or user.has_perm(ALL_PROVIDERS))


class MeasureForm(WagtailAdminModelForm):
    """The form of a measure. A partner's has fewer fields, and keeps its own services only."""

    levels = MultipleChoiceField(
        label=gettext_lazy("Levels"),
        choices=Level,
        widget=CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_partner = not keeps_all_measures(self.for_user)
        if not self.is_partner:
            return
        self.own = list(Provider.objects.of(self.for_user))
        is_new = self.instance.pk is None
        chosen = {"owner"} if is_new and len(self.own) > 1 else set()
        keep_only(self, MEASURE_FIELDS | chosen)
        for name in self.formsets.keys() - MEASURE_PARTS:
            del self.formsets[name]
        if "owner" in self.fields:
            self.fields["owner"] = ModelChoiceField(
                Provider.objects.of(self.for_user),
                label=self.fields["owner"].label,
                empty_label=None,
            )
        elif is_new and len(self.own) == 1:
            self.instance.owner = self.own[0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.is_partner and self.instance.owner_id is None and not cleaned.get("owner"):
            raise ValidationError(
                _("Your account belongs to no organisation. Ask the administrator of the portal.")
            )
        return cleaned

    def save(self, commit: bool = True) -> Any:
        if self.is_partner:
            keep_for_partner(self.instance, self.initial.get("title", ""))
        return super().save(commit)


class ProviderForm(WagtailAdminModelForm):
    """The form of an organisation. Its own people change how to reach it, not what it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not keeps_all_providers(self.for_user):
            keep_only(self, PROVIDER_FIELDS)


class OfficeForm(WagtailAdminModelForm):
    """The form of an office: partners change and add those of their own organisations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if keeps_all_providers(self.for_user):
            return
        is_new = self.instance.pk is None
        keep_only(self, OFFICE_FIELDS | ({"provider", "territory"} if is_new else set()))
        if "provider" in self.fields:
            self.fields["provider"] = ModelChoiceField(
                Provider.objects.of(self.for_user),
                label=self.fields["provider"].label,
                empty_label=None,
            )

    def save(self, commit: bool = True) -> Any:
        if not keeps_all_providers(self.for_user) and self.changed_data:
            keep_trust(self.instance, set(self.changed_data))
        return super().save(commit)


def keep_trust(office: Office, changed: set[str]) -> None:
    """What a partner changed nobody else has verified; what is known follows from what is there."""
    office.verified_fields = [name for name in office.verified_fields if name not in changed]
    if "hours" in changed:
        office.hours_structured = None
    office.verified = office.verified and bool(office.verified_fields)
    office.as_of = timezone.localdate()
    office.stale = False
    known = [bool(office.address), bool(office.phones)]
    office.contact = (
        OfficeContact.FULL
        if all(known)
        else OfficeContact.PARTIAL
        if any(known)
        else OfficeContact.NONE
    )


def keep_only(form: Any, names: Any) -> None:
    """Drop every other field: neither shown nor read."""
    for name in form.fields.keys() - set(names):
        del form.fields[name]


def keep_for_partner(measure: Any, title_before: str = "") -> None:
    """The organisation gives what it keeps, and a service that nobody links to gets its address."""
    providers = list(measure.providers.all())
    if measure.owner is not None and measure.owner not in providers:
        measure.providers = [*providers, measure.owner]
    if not measure.slug or (
        measure.first_published_at is None and _made_from(measure.slug, title_before)
    ):
        measure.slug = free_slug(measure.title, measure.pk)


def _made_from(slug: str, title: str) -> bool:
    return re.fullmatch(rf"{re.escape(_base(title))}(-\d+)?", slug) is not None


def _base(title: str) -> str:
    return slugify(anyascii(title))[:LONGEST_SLUG].strip("-") or "usluga"


def free_slug(title: str, pk: int | None = None) -> str:
    """A short name made of the title that no other measure has."""
    base = _base(title)
    taken = set(
        Measure.objects.exclude(pk=pk).filter(slug__startswith=base).values_list("slug", flat=True)
    )
    if base not in taken:
        return base
    return next(
        f"{base}-{number}" for number in range(2, len(taken) + 3) if f"{base}-{number}" not in taken
    )
