"""The table of measures: whoever may publish publishes by importing, others make drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from catalogue import partners
from catalogue.exchange import columns
from catalogue.exchange.table import Exchange, WorkingCopies
from catalogue.loading.citations import act_of
from catalogue.models import (
    Amount,
    ApplicationStep,
    DocumentType,
    LegalBasis,
    Measure,
    Provider,
    RequiredDocument,
)
from catalogue.models.measure import Channel, Level, MeasureKind, Period, Verification


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
