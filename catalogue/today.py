"""What waits in the catalogue: a partner's own services, an editor's drafts and stale measures."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import TaskState, WorkflowState

from catalogue.models import Measure, Provider
from catalogue.models.measure import Verification
from cms.today import Item, Tone
from themes.templatetags.russian import human_date

SOON = datetime.timedelta(days=30)
DRAFTS_SHOWN = 3
SERVICES_SHOWN = 6


def items(user: Any) -> list[Item]:
    """The most pressing things of the catalogue for this person."""
    if not user.has_perm("catalogue.change_measure"):
        return []
    if user.has_perm("catalogue.manage_all_measures"):
        return _of_editor(user)
    return _of_partner(user)


# Editors


def _of_editor(user: Any) -> list[Item]:
    return [*_drafts(user), *_to_check()]


def _drafts(user: Any) -> list[Item]:
    drafts = (
        _with_review(Measure.objects.filter(has_unpublished_changes=True))
        .filter(latest_revision__user=user)
        .exclude(review=WorkflowState.STATUS_IN_PROGRESS)
        .order_by("-latest_revision__created_at")
    )
    return [
        Item(
            _("Finish: %(title)s") % {"title": draft.draft_title},
            _edit(draft),
            _returned(draft) or _("Your draft: publish it or send it for review."),
            _("returned") if _is_returned(draft) else _("draft"),
            Tone.URGENT if _is_returned(draft) else Tone.CALM,
        )
        for draft in drafts[:DRAFTS_SHOWN]
    ]


def _to_check() -> list[Item]:
    today = timezone.localdate()
    counts = Measure.objects.public().aggregate(
        unchecked=Count("pk", filter=Q(verification=Verification.NONE)),
        stale=Count("pk", filter=Q(stale=True)),
        ending=Count("pk", filter=Q(valid_to__range=(today, today + SOON))),
    )
    found = [
        (
            counts["ending"],
            ngettext(
                "%(count)d measure ends within 30 days",
                "%(count)d measures end within 30 days",
                counts["ending"],
            ),
            _("Extend it, or say what comes instead."),
            "?ending=soon",
        ),
        (
            counts["stale"],
            ngettext(
                "%(count)d measure may be out of date",
                "%(count)d measures may be out of date",
                counts["stale"],
            ),
            _("Compare with the source and set the date of the check."),
            "?stale=true",
        ),
        (
            counts["unchecked"],
            ngettext(
                "%(count)d measure was never checked",
                "%(count)d measures were never checked",
                counts["unchecked"],
            ),
            _("Families see «to be confirmed» there."),
            f"?verification={Verification.NONE}",
        ),
    ]
    return [
        Item(title % {"count": count}, _list() + query, note, _("to check"), Tone.WAITING)
        for count, title, note, query in found
        if count
    ]


def in_numbers() -> list[Item]:
    """What stands behind the published measures, for those who look on."""
    shares = Measure.objects.public().aggregate(
        all=Count("pk"),
        checked=Count("pk", filter=Q(verification=Verification.PAGE)),
        stale=Count("pk", filter=Q(stale=True)),
        unchecked=Count("pk", filter=Q(verification=Verification.NONE)),
    )
    total = shares["all"]
    if not total:
        return []
    told = [
        (_("checked against a published page"), shares["checked"]),
        (_("may be out of date"), shares["stale"]),
        (_("never checked"), shares["unchecked"]),
    ]
    note = "; ".join(
        _("%(what)s: %(count)d (%(share)d %%)")
        % {"what": what, "count": count, "share": round(100 * count / total)}
        for what, count in told
    )
    title = ngettext(
        "%(count)d measure is published", "%(count)d measures are published", total
    ) % {"count": total}
    return [Item(title, note=note, state=_("in numbers"))]


# Partners


def _of_partner(user: Any) -> list[Item]:
    own = _with_review(Measure.objects.visible_to(user)).order_by(
        F("latest_revision__created_at").desc(nulls_last=True)
    )
    services = sorted(own[: SERVICES_SHOWN * 5], key=_pressing)[:SERVICES_SHOWN]
    posting = Item(
        _("Post a new service"),
        reverse("wagtailsnippets_catalogue_measure:add"),
        _("You write it, the chief editor checks it, families find it."),
    )
    without = [] if Provider.objects.of(user).exists() else [_without_organisation()]
    return without or [*(_service(service) for service in services), posting]


def _without_organisation() -> Item:
    return Item(
        _("Your account belongs to no organisation yet"),
        reverse("wagtailadmin_account"),
        _("Ask the administrator of the portal: then you can post services."),
        tone=Tone.URGENT,
    )


def _service(service: Any) -> Item:
    state, tone, note = _state_of(service)
    return Item(service.draft_title, _edit(service), note, state, tone)


def _state_of(service: Any) -> tuple[str, Tone, str]:
    if _is_returned(service):
        return _("returned"), Tone.URGENT, _returned(service)
    if service.review == WorkflowState.STATUS_IN_PROGRESS:
        shown = _("Meanwhile families see the version published before.") if service.live else ""
        return _("under review"), Tone.WAITING, shown
    if service.live and not service.has_unpublished_changes:
        return _("published"), Tone.DONE, _published_on(service)
    if service.live:
        return _("changes not sent"), Tone.CALM, _("Send your changes for review.")
    return _("draft"), Tone.CALM, _("Families do not see it yet. Send it for review.")


def _published_on(service: Any) -> str:
    if service.last_published_at is None:
        return ""
    day = human_date(service.last_published_at)
    return _("Families see it since %(day)s.") % {"day": day}


def _pressing(service: Any) -> int:
    """Returned ones first, then what the partner has not sent, then the rest."""
    if _is_returned(service):
        return 0
    if service.has_unpublished_changes and service.review != WorkflowState.STATUS_IN_PROGRESS:
        return 1
    return 2


# Shared


def asked_to_correct(measure: Measure) -> str:
    """What the last review asks to correct; empty when the measure was not returned."""
    return _returned(_with_review(Measure.objects.filter(pk=measure.pk)).get())


def _with_review(measures: Any) -> Any:
    """Measures with the state of their last review, what was said in it, and the draft's title."""
    last = WorkflowState.objects.filter(
        base_content_type=ContentType.objects.get_for_model(Measure),
        object_id=Cast(OuterRef("pk"), CharField()),
    ).order_by("-created_at")
    answered = (
        TaskState.objects.filter(workflow_state=OuterRef("review_pk"))
        .exclude(finished_at=None)
        .order_by("-finished_at")
    )
    return measures.annotate(
        review=Subquery(last.values("status")[:1]),
        review_pk=Subquery(last.values("pk")[:1]),
        review_comment=Subquery(answered.values("comment")[:1]),
        draft_title=Coalesce(
            F("latest_revision__object_str"), F("title"), output_field=CharField()
        ),
    ).defer("rules")


def _is_returned(measure: Any) -> bool:
    return measure.review == WorkflowState.STATUS_NEEDS_CHANGES


def _returned(measure: Any) -> str:
    """What the reviewer asks for; empty for a measure that was not returned."""
    if not _is_returned(measure):
        return ""
    if measure.review_comment:
        return _("The chief editor asks: %(comment)s") % {"comment": measure.review_comment}
    return _("The chief editor asks to correct it.")


def _list() -> str:
    return reverse("wagtailsnippets_catalogue_measure:list")


def _edit(measure: Measure) -> str:
    return reverse("wagtailsnippets_catalogue_measure:edit", args=[measure.pk])
