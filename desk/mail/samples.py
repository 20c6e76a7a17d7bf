"""Letters of the demonstration: taken in as those of a real mailbox are, which is not read here."""

from __future__ import annotations

import secrets

from catalogue.models import Provider
from desk.mail.loading import DATASET
from desk.mail.reading import parse
from desk.mail.taking_in import Place, take_in
from desk.models import Mailbox
from forms.models import FormDefinition

ADDRESS = "obrazec-centra@example.org"
CENTRE, FORM = "tihvinskij-kcson", "pismo"


def take_in_samples() -> int:
    """How many letters; none where there is a mailbox, or nothing to take them in as."""
    centre = Provider.objects.centres().filter(slug=CENTRE).first()
    form = FormDefinition.objects.filter(slug=FORM).first()
    if centre is None or form is None or Mailbox.objects.exists():
        return 0
    box = Mailbox(address=ADDRESS, centre=centre, form=form, host="imap.example.org", user=ADDRESS)
    box.active = False
    box.keep_password(secrets.token_urlsafe())
    box.save()
    letters = sorted((DATASET / "sample_letters").glob("*.eml"))
    for number, path in enumerate(letters, start=1):
        content = path.read_bytes()
        take_in(box, parse(content), Place(1, number, len(content)))
    return len(letters)
