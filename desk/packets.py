"""What goes with a referral: chosen answers in the words of their version, files, a message.

Nothing else of a case can get into a packet: notes, messages and journals are not even read here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from desk import masks
from desk.models import Referral
from forms import papers
from forms.contacts import changed_contact, wishes_of
from forms.files import name_of
from forms.models import IntakeCase, Scan, UploadedFile
from forms.reading import Answered, Heading, as_asked, contact_in_words

# Told of as personal even where the editor has not said so.
PERSONAL = frozenset(
    ("name", "phone", "email", "contact", "snils", "address", "birth_date", "territory")
)
LEFT_OUT = frozenset(("consent", "file"))  # consents stay here, files are chosen by themselves
GIVEN = (Scan.CLEAN, Scan.UNSCANNED)


class Maskable:
    """Words that colleagues see masked until they say why they open them."""

    kind: str
    text: str

    @property
    def masked(self) -> str:
        return masks.masked(self.kind or "text", self.text, personal=True)

    @property
    def is_masked(self) -> bool:
        return masks.is_masked(self.kind or "text", self.text, personal=True)


@dataclass(frozen=True)
class Choice(Maskable):
    """An answer that may go."""

    key: str
    label: str
    text: str
    is_personal: bool
    heading: str = ""
    kind: str = ""


@dataclass(frozen=True)
class ChoiceStep:
    title: str
    answers: list[Choice]


@dataclass(frozen=True)
class FileChoice:
    id: str
    name: str
    size: int


@dataclass(frozen=True)
class Line(Maskable):
    label: str
    text: str
    heading: str = ""
    kind: str = ""  # of the question; packets of before do not tell it


@dataclass(frozen=True)
class Packet:
    """What a partner reads. Sealed as it was sent, it is never put together again."""

    form: str
    steps: list[tuple[str, list[Line]]] = field(default_factory=list)
    files: list[FileChoice] = field(default_factory=list)
    message: str = ""
    must_not_call: bool = False


def choices_of(case: IntakeCase) -> list[ChoiceStep]:
    """Every answer that was given, in the words of its version; how to reach the family as it is now.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    submission = case.submission
    steps = as_asked(submission.version.schema, submission.read_answers(), submission.day)
    changed = changed_contact(submission)
    contact = contact_in_words(changed.read()) if changed else None
    found = [ChoiceStep(step.title, list(_choices(step.answers, contact))) for step in steps]
    return [step for step in found if step.answers]


def _choices(answers: list[Answered | Heading], contact: str | None) -> Iterator[Choice]:
    heading = ""
    for answer in answers:
        if isinstance(answer, Heading):
            heading = answer.label
            continue
        text = contact if answer.kind == "contact" and contact is not None else answer.text
        if text and answer.kind not in LEFT_OUT:
            yield Choice(
                answer.path,
                answer.label,
                text,
                answer.personal or answer.kind in PERSONAL,
                heading if "." in answer.path else "",
                answer.kind,
            )


def files_of(case: IntakeCase) -> list[FileChoice]:
    """Files of the family that may be given out."""
    key = case.submission.data_key
    return [
        FileChoice(str(file.pk), name_of(file, key), file.size)
        for file in papers.of_family(case.submission)
        if file.scan in GIVEN
    ]


def pack(
    case: IntakeCase, *, keys: Collection[str], files: Collection[str], message: str
) -> Packet:
    """The packet with exactly these answers and files."""
    steps = [
        (
            step.title,
            [
                Line(one.label, one.text, one.heading, one.kind)
                for one in step.answers
                if one.key in keys
            ],
        )
        for step in choices_of(case)
    ]
    wishes = wishes_of(case)
    return Packet(
        case.submission.version.schema["title"],
        [(title, lines) for title, lines in steps if lines],
        [file for file in files_of(case) if file.id in files],
        message,
        wishes is not None and not wishes.may_call,
    )


def seal(referral: Referral, packet: Packet) -> None:
    plain = json.dumps(asdict(packet), ensure_ascii=False, separators=(",", ":"))
    key = referral.case.submission.data_key
    referral.packet = key.seal(referral.purpose, plain.encode())


def read(referral: Referral) -> Packet:
    """:raises forms.models.Erased: the personal data of the case were erased."""
    key = referral.case.submission.data_key
    plain: dict[str, Any] = json.loads(key.open(referral.purpose, referral.packet))
    return Packet(
        plain["form"],
        [(title, [Line(**line) for line in lines]) for title, lines in plain["steps"]],
        [FileChoice(**file) for file in plain["files"]],
        plain["message"],
        plain["must_not_call"],
    )


def file_in(referral: Referral, file: str) -> UploadedFile | None:
    """A file of the packet, as long as it is there and harmless."""
    if file not in {each.id for each in read(referral).files}:
        return None
    files = UploadedFile.objects.filter(submission=referral.case.submission_id, scan__in=GIVEN)
    return files.filter(pk=file).first()
