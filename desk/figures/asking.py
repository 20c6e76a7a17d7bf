"""What the figures are asked for: a period, a topic, a channel, a place; and whose they are."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import Provider, Territory
from catalogue.models.territory import TerritoryKind
from desk.days import DayField
from desk.figures.periods import LONGEST, Kind, Period, period_of
from desk.figures.reading import Where
from desk.models import Sums
from forms.models import Channel, Topic
from forms.visibility import scope_of

SETTLEMENTS = (TerritoryKind.RURAL_SETTLEMENT, TerritoryKind.URBAN_SETTLEMENT)


def may_look(user: Any) -> bool:
    return bool(
        user.has_perm("intake_desk.view_figures") or user.has_perm("intake_desk.view_all_figures")
    )


def sees_all(user: Any) -> bool:
    return bool(user.has_perm("intake_desk.view_all_figures"))


# Of all centres only months are told that are over: nobody can watch a number grow by one.
_FINISHED = (
    Kind.LAST_MONTH, Kind.QUARTER, Kind.LAST_QUARTER, Kind.YEAR, Kind.LAST_YEAR, Kind.DAYS,
)  # fmt: skip


class FiguresForm(forms.Form):
    """Nothing chosen is this month, everything, of every centre that the person may see; for who
    sees all of them it is the last month."""

    use_required_attribute = False
    period = forms.ChoiceField(
        label=gettext_lazy("Period"), choices=Kind.choices, required=False, initial=Kind.MONTH
    )
    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("to"))
    centre = forms.ModelChoiceField(
        Provider.objects.none(),
        label=gettext_lazy("Centre"),
        required=False,
        empty_label=gettext_lazy("all centres"),
    )
    topic = forms.ModelChoiceField(
        Topic.objects.all(),
        label=gettext_lazy("Topic"),
        required=False,
        empty_label=gettext_lazy("all topics"),
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=[("", gettext_lazy("all channels")), *Channel.choices],
        required=False,
    )
    place = forms.ModelChoiceField(
        Territory.objects.none(),
        label=gettext_lazy("Place"),
        required=False,
        empty_label=gettext_lazy("all places"),
    )

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data, auto_id="figures-%s")
        self.centres = None if sees_all(user) else scope_of(user).centres
        if self.centres is None:
            period = self.fields["period"]
            assert isinstance(period, forms.ChoiceField)
            period.choices = [(kind.value, kind.label) for kind in _FINISHED]
            period.initial = Kind.LAST_MONTH
        centre = self.fields["centre"]
        assert isinstance(centre, forms.ModelChoiceField)
        known = Provider.objects.centres()
        centre.queryset = known if self.centres is None else known.filter(pk__in=self.centres)
        if self.centres is not None and len(self.centres) < 2:
            del self.fields["centre"]
        place = self.fields["place"]
        assert isinstance(place, forms.ModelChoiceField)
        place.queryset = self._places()

    def _places(self) -> Any:
        """Where families live that have come, and what these places lie in. Of all centres every
        place but villages and small towns: that somebody has come from there is not told."""
        if self.centres is None:
            return Territory.objects.exclude(kind__in=SETTLEMENTS)
        apart = Sums.TERRITORY | Sums.CENTRE
        cells = Sums.objects.filter(Where(self.centres).rows(), span=Sums.Span.MONTH, kept=apart)
        used = cells.exclude(territory=None).order_by().values("territory")
        around = Territory.objects.filter(pk__in=used).values_list("ancestor_ids", flat=True)
        return Territory.objects.filter(pk__in={key for keys in around for key in keys})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("period") != Kind.DAYS:
            if not self.errors and self.centres is None and self._finished() is None:
                self.add_error("period", _("No month of it is over yet."))
            return cleaned
        since, until = cleaned.get("since"), cleaned.get("until")
        for name, day in (("since", since), ("until", until)):
            if day is None and name not in self.errors:
                self.add_error(name, _("Please write the day."))
        if since and until and since > until:
            self.add_error("until", _("The last day is before the first."))
        elif since and until and until - since > LONGEST:
            self.add_error("until", _("Five years at most."))
        elif since and until and self.centres is None:
            self._check_months(since, until)
        return cleaned

    def _check_months(self, since: datetime.date, until: datetime.date) -> None:
        if since.day != 1:
            self.add_error("since", _("All centres are told by whole months: a first day, please."))
        if until >= timezone.localdate().replace(day=1):
            self.add_error("until", _("All centres are told by months that are over."))
        elif (until + datetime.timedelta(days=1)).day != 1:
            self.add_error("until", _("All centres are told by whole months: a last day, please."))

    def _finished(self) -> Period | None:
        return self._period().finished(timezone.localdate())

    @property
    def is_narrowed(self) -> bool:
        """Something is asked, or wrong, besides the period."""
        given = any(self.data.get(name) for name in self.fields if name != "period")
        return given or bool(self.errors) or self.data.get("period") == Kind.DAYS

    @property
    def period_asked(self) -> Period:
        if self.centres is not None:
            return self._period()
        found = self._finished()
        assert found is not None  # or it would not be valid
        return found

    def _period(self) -> Period:
        given = self.cleaned_data
        kind = Kind(given.get("period") or self.fields["period"].initial)
        return period_of(kind, timezone.localdate(), given.get("since"), given.get("until"))

    @property
    def centre_asked(self) -> Provider | None:
        """The one centre that is looked at."""
        if "centre" in self.fields:
            chosen: Provider | None = self.cleaned_data.get("centre")
            return chosen
        return Provider.objects.filter(pk__in=self.centres or ()).first()

    def where(self) -> Where:
        given, one = self.cleaned_data, self.centre_asked
        place: Territory | None = given.get("place")
        inside = Territory.objects.within(place).values_list("pk", flat=True) if place else None
        return Where(
            centres=(one.pk,) if one else self.centres,
            topic=given["topic"].pk if given.get("topic") else None,
            channel=given.get("channel", ""),
            territories=tuple(inside) if inside is not None else None,
            shy=self.centres is None,
        )

    def narrowed(self) -> list[str]:
        """What the figures are narrowed to, in words."""
        given = self.cleaned_data
        channel = given.get("channel")
        return [
            str(one)
            for one in (
                given.get("topic"),
                Channel(channel).label if channel else None,
                given.get("place"),
            )
            if one
        ]
