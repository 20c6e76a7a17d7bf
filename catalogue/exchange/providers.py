"""The table of organisations, without their offices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from wagtail.log_actions import log

from catalogue import partners
from catalogue.exchange import columns
from catalogue.exchange.table import Exchange, WorkingCopies
from catalogue.models import Provider
from catalogue.models.providers import ProviderKind


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
