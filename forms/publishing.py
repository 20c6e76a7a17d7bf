"""Cutting a version of a form when it is published."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from wagtail.models import Site

from cms.models import SiteSettings
from forms.compiling import SchemaError, compile_form, digest, fields_of
from forms.dry_run import mistakes
from forms.models import ConsentText, FormDefinition, FormVersion


@transaction.atomic
def cut_version(definition: FormDefinition, *, by: Any = None) -> FormVersion:
    """The version in force for a form as published; a new one only when something changed.

    :raises forms.compiling.SchemaError: the form cannot be asked as it stands.
    """
    FormDefinition.objects.select_for_update().get(pk=definition.pk)
    schema = checked(definition)
    consent = None
    asked = put_words(schema, definition)
    for field in asked:
        if field["text"]:
            own = _consent_text(definition, field["text"])
            field["consent"] = {"number": own.number, "sha256": own.sha256}
    if any(not field["text"] for field in asked):
        consent = _consent_text(definition, consent_body(definition))
        schema["consent"] = {"number": consent.number, "sha256": consent.sha256}
    sha256 = digest(schema)
    last = definition.version_in_force()
    if last is not None and last.sha256 == sha256:
        return last
    return FormVersion.objects.create(
        form=definition,
        number=last.number + 1 if last else 1,
        schema=schema,
        sha256=sha256,
        consent_text=consent,
        published_by=by,
    )


def checked(definition: FormDefinition) -> dict[str, Any]:
    """The questions of a form, which families may be asked.

    :raises forms.compiling.SchemaError: they may not, as they stand.
    """
    schema = compile_form(definition)
    wrong = mistakes(schema)
    if wrong:
        raise SchemaError(" ".join(wrong))
    return schema


def consent_body(definition: FormDefinition) -> str:
    """The text of the form's consent, as families read it."""
    return with_words(definition.consent_text, definition)


def put_words(schema: dict[str, Any], definition: FormDefinition) -> list[dict[str, Any]]:
    """Put this installation's words into the own texts of consents; returns all the consents."""
    asked = [field for field in fields_of(schema) if field["type"] == "consent"]
    for field in asked:
        field["text"] = field["text"] and with_words(field["text"], definition)
    return asked


def with_words(body: str, definition: FormDefinition) -> str:
    """A text of a consent with this installation's words put in."""
    site = Site.objects.filter(is_default_site=True).first()
    words = SiteSettings.for_site(site) if site else SiteSettings()
    # Plain replacement: an editor's stray brace must not break a form.
    for name, value in (
        ("{centre}", words.centre_name),
        ("{retention_days}", str(definition.retention_days)),
        ("{withdraw_contact}", words.withdraw_contact),
    ):
        body = body.replace(name, value)
    return body


def _consent_text(definition: FormDefinition, body: str) -> ConsentText:
    sha256 = digest(body)
    known = ConsentText.objects.filter(code=definition.slug)
    same = known.filter(sha256=sha256).first()
    if same is not None:
        return same
    last = known.order_by("-number").first()
    return ConsentText.objects.create(
        code=definition.slug, number=last.number + 1 if last else 1, body=body, sha256=sha256
    )
