"""Keeping what families have begun: every page sent is kept, whatever is wrong with it.

Of two devices on one draft the later page wins only when it knew what the earlier had saved.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from forms import crypto, written
from forms.drafts import LIFE, Draft
from forms.models import FormDraft, FormVersion, Submission
from forms.models.drafts import Typed
from forms.references import new_reference

KEPT_FOR_LATER = datetime.timedelta(days=30)
WHOLE = "*"  # the mark of a form that stands on one page


class Conflict(Exception):
    """Another page has saved other answers to this step, and this page did not know them."""

    def __init__(self, draft: FormDraft, theirs: Typed) -> None:
        super().__init__(draft.ref)
        self.draft, self.theirs = draft, theirs


class AlreadySent(Exception):
    """What the draft held has become a submission."""


@transaction.atomic
def keep(
    *,
    page: Draft,
    version: FormVersion,
    step: str | None,
    posted: Mapping[str, list[str]],
    beside: Mapping[str, list[str]] | None = None,
    author: Any = None,
    around: Typed | None = None,
) -> FormDraft:
    """Keep what a page has sent; the draft is begun with the first.

    :param step: of the page; None when the whole form stands on it.
    :param beside: what was known of other steps before the first page was sent.
    :param author: of the staff, who registers what somebody told; nobody else's page is kept.
    :param around: what was typed around the questions, instead of what was there.
    :raises Conflict: nothing was kept: somebody else has changed this step.
    :raises AlreadySent: there is a submission with this key.
    """
    draft = begun(page.key, for_update=True)
    if draft is None:
        draft = _begin(page, version, written.of_step(version.schema, beside or {}, None), author)
    if draft.author_id != (author and author.pk):
        raise AlreadySent  # somebody else's is not there
    before = draft.read_typed()
    after = written.merged(version.schema, before, step, posted)
    if around is not None:
        after = written.of_step(version.schema, after, None) | around
    if after == before and draft.revision:
        return draft
    if _is_unknown(draft, page, step or WHOLE):
        raise Conflict(draft, written.of_step(version.schema, before, step))
    draft.write_typed(after)
    draft.revision += 1
    draft.marks[step or WHOLE] = [draft.revision, page.page]
    draft.step = step or ""
    draft.was_changed = True
    _prolong(draft)
    draft.save()
    return draft


def keep_for_later(draft: FormDraft) -> None:
    """The family means to come back: the draft waits longer.

    :raises AlreadySent: it was sent meanwhile, by another page.
    """
    draft.kept = True
    _prolong(draft)
    held = FormDraft.objects.filter(pk=draft.pk)
    if not held.update(kept=True, updated_at=draft.updated_at, expires_at=draft.expires_at):
        raise AlreadySent


def begun(key: uuid.UUID, *, for_update: bool = False) -> FormDraft | None:
    """The draft with this key, unless its term is over."""
    drafts = FormDraft.objects.filter(pk=key, expires_at__gt=timezone.now())
    if for_update:
        drafts = drafts.select_for_update(of=("self",))
    return drafts.select_related("version__consent_text", "version__form__topic").first()


def sweep() -> int:
    """Delete drafts whose term is over, and those that have become submissions."""
    over, _kinds = FormDraft.objects.filter(expires_at__lte=timezone.now()).delete()
    sent = Submission.objects.filter(idempotency_key=OuterRef("pk"))
    drafts = FormDraft.objects.filter(Exists(sent)).values_list("pk", flat=True)
    return over + sum(drop_sent(draft) for draft in drafts)


@transaction.atomic
def drop_sent(draft: uuid.UUID) -> bool:
    """Delete a draft that has become a submission; not while it has files, which nobody has seen."""
    held = FormDraft.objects.select_for_update().filter(pk=draft, files__isnull=True)
    return held.delete()[0] > 0


def _begin(page: Draft, version: FormVersion, known: Typed, author: Any) -> FormDraft:
    data_key = crypto.new_key(page.key)
    draft = FormDraft(
        pk=page.key,
        ref=new_reference(),
        version=version,
        author=author,
        wrapped=crypto.wrap(data_key),
        wrapped_by=crypto.newest_key_id(),
        expires_at=timezone.now() + LIFE,
    )
    draft.write_typed(known)
    # Two pages with one key, sent at once, begin one draft; what was due is begun anew.
    FormDraft.objects.filter(pk=page.key, expires_at__lte=timezone.now()).delete()
    FormDraft.objects.bulk_create([draft], ignore_conflicts=True)
    if Submission.objects.filter(idempotency_key=page.key).exists():
        FormDraft.objects.filter(pk=page.key).delete()
        raise AlreadySent
    held = begun(page.key, for_update=True)
    if held is None:  # sent by the other page meanwhile
        raise AlreadySent
    return held


def _is_unknown(draft: FormDraft, page: Draft, step: str) -> bool:
    revision, author = draft.marks.get(step, (0, ""))
    return revision > page.revision and author != page.page


def _prolong(draft: FormDraft) -> None:
    draft.updated_at = timezone.now()
    draft.expires_at = draft.updated_at + (KEPT_FOR_LATER if draft.kept else LIFE)


def changed_since(draft: FormDraft, page: Draft) -> bool:
    """Somebody has saved something after this page was made."""
    marks: dict[str, Any] = draft.marks
    return any(revision > page.revision and by != page.page for revision, by in marks.values())
