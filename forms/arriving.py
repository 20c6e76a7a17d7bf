"""What has to be known of a page that was sent, in one question to the database.

A version never changes, so its schema is kept in the process; everything else is read anew.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from forms.models import FormDefinition, FormVersion, Topic
from forms.partly import ask, partly

_FORM = ("id", "slug", "live", "expire_at", "topic_id")
_TOPIC = ("id", "slug", "answer_days", "first_answer_days", "secret")
_ASKED = f"""
select v.sha256, c.ref,
  exists (select from intake_forms_formdraft d where d.id = %(key)s),
  {", ".join(f"f.{name}" for name in _FORM)}, {", ".join(f"t.{name}" for name in _TOPIC)}
from intake_forms_formversion v
join intake_forms_formdefinition f on f.id = v.form_id
join intake_forms_topic t on t.id = f.topic_id
left join intake_forms_submission s on s.idempotency_key = %(key)s
left join intake_forms_intakecase c on c.submission_id = s.id
where v.id = %(version)s and f.slug = %(slug)s
"""  # noqa: S608 - names of columns


@dataclass(frozen=True)
class Arriving:
    """The version that a page belongs to, and what its key has already led to."""

    version: FormVersion
    sent: str  # the number of the case; empty before there is one
    is_begun: bool


def look(*, key: uuid.UUID, version: int, slug: str) -> Arriving | None:
    """None when there is no such version of a form with this address."""
    found = ask(_ASKED, {"key": key, "version": version, "slug": slug})
    if found is None:
        return None
    sha256, ref, is_begun, *rest = found
    kept = _kept(version, sha256)
    form = partly(FormDefinition, _FORM, rest[: len(_FORM)])
    form.topic = partly(Topic, _TOPIC, rest[len(_FORM) :])
    whole = FormVersion(
        pk=version,
        form=form,
        number=kept.number,
        schema=kept.schema,
        sha256=sha256,
        consent_text=kept.consent_text,
        published_at=kept.published_at,
        published_by_id=kept.published_by_id,
    )
    whole._state.adding, whole._state.db = False, connection.alias
    return Arriving(whole, ref or "", is_begun)


@lru_cache(maxsize=256)
def _kept(version: int, sha256: str) -> FormVersion:
    """:param sha256: tells versions of different databases apart, as tests have them."""
    return FormVersion.objects.select_related("consent_text").get(pk=version)
