"""Blind indexes: finding the submissions of a person without opening any.

A mark is HMAC-SHA256 of a normalised value under a key that HKDF derives from a key of the
installation. The newest key marks; a search asks under every key, so that rotation hides nobody.
Marks find, they never merge: twins, families with one phone and namesakes stay apart.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import phonenumbers
from django.db.models import QuerySet

from forms import crypto, slots, snils
from forms.compiling import lifted
from forms.models import BlindMark, ContactNow, MarkKind, Submission

REGION = "RU"
PURPOSE = "blind marks"

Found = tuple[MarkKind, str]
_REACHED = (MarkKind.PHONE.value, MarkKind.EMAIL.value)  # of an answer that tells how to reach


def mark(kind: str, value: str) -> list[bytes]:
    """The digests of a value under every key of the installation, the newest first.

    :param value: as it was typed; for a person what `person` gives. Empty when it is no such value.
    """
    return list(_digests(kind, value).values())


def person(name: Mapping[str, str], born: str) -> str:
    """A person as `mark` takes one. The patronymic is left out: not everybody writes it.

    :param born: as 2019-04-30.
    """
    return f"{name.get('family', '')}|{name.get('given', '')}|{born}"


def submissions_with(kind: str, value: str) -> QuerySet[Submission]:
    """Submissions in which this phone, e-mail, СНИЛС or person was given anywhere."""
    found = BlindMark.objects.filter(digest__in=mark(kind, value)).values("submission")
    return Submission.objects.filter(pk__in=found)


def put(submission: Submission, answers: Mapping[str, Any]) -> None:
    """Mark a submission under the newest key: one statement, or none."""
    BlindMark.objects.bulk_create(made(submission, answers))


def made(submission: Submission, answers: Mapping[str, Any]) -> list[BlindMark]:
    """The marks of a submission under the newest key, not saved yet."""
    return _made(submission, values_in(submission.version.schema, answers))


def _made(submission: Submission, values: Iterable[Found]) -> list[BlindMark]:
    newest = crypto.newest_key_id()
    marks = {_digests(kind, value)[newest]: kind for kind, value in values if _normal(kind, value)}
    return [
        BlindMark(submission=submission, kind=kind, key_id=newest, digest=digest)
        for digest, kind in marks.items()
    ]


def renew(submission: Submission) -> None:
    """Mark a submission anew, from its answers and from what has become known since."""
    erase(submission)
    values = [*values_in(submission.version.schema, submission.read_answers())]
    values += known_beside(submission)
    BlindMark.objects.bulk_create(_made(submission, values))


def known_beside(submission: Submission) -> Iterator[Found]:
    """What names the person and does not stand in the answers: it has become known since."""
    for changed in ContactNow.objects.filter(submission=submission):
        changed.submission = submission  # which has its key at hand
        yield from reached(changed.read())
    for known in slots.marked_beside:
        yield from known(submission)


def erase(submission: Submission) -> None:
    BlindMark.objects.filter(submission=submission).delete()


def values_in(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[Found]:
    """What names a person in answers, those of groups and rows too.

    A name goes with each date of birth that was asked beside it: in its row, its group, or
    anywhere outside of groups.
    """
    nodes = [node for step in lifted(dict(schema))["steps"] for node in step["fields"]]
    yield from _values(nodes, answers)


def _values(nodes: Iterable[Mapping[str, Any]], answers: Mapping[str, Any]) -> Iterator[Found]:
    beside: dict[str, list[Any]] = {"name": [], "birth_date": []}
    for node in nodes:
        kind, answer = node["type"], answers.get(node["key"])
        if kind == "group":
            yield from _values(node["fields"], answers)
        elif kind == "repeat":
            for row in answer or ():
                yield from _values(node["fields"], row)
        elif answer and kind in beside:
            beside[kind].append(answer)
        elif answer and kind == "contact":
            yield from reached(answer)
        elif answer and kind in (MarkKind.PHONE, MarkKind.EMAIL, MarkKind.SNILS):
            yield MarkKind(kind), answer
    for name, born in product(beside["name"], beside["birth_date"]):
        yield MarkKind.PERSON, person(name, born)


def reached(answer: Mapping[str, Any]) -> Iterator[Found]:
    """What an answer about how to reach the family names."""
    return ((MarkKind(part), answer[part]) for part in _REACHED if part in answer)


def _digests(kind: str, value: str) -> dict[str, bytes]:
    normal = _normal(kind, value)
    if not normal:
        return {}
    said = f"{MarkKind(kind)}:{normal}".encode()
    return {
        key_id: hmac.digest(key, said, "sha256")
        for key_id, key in crypto.derived_keys(PURPOSE).items()
    }


def _normal(kind: str, value: str) -> str:
    """One spelling for one thing; empty when it is no such thing."""
    return _NORMAL[MarkKind(kind)](unicodedata.normalize("NFKC", value).strip())


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _snils(text: str) -> str:
    try:
        return snils.compact(text)
    except snils.WrongSnils:
        return ""


def _email(text: str) -> str:
    return text.casefold() if "@" in text else ""


def _person(text: str) -> str:
    """Letters only: of `Иванова-Петрова`, `иванова петрова` and `Алёна`, `алена` each is one."""
    *names, born = text.casefold().replace("ё", "е").split("|")
    letters = ["".join(filter(str.isalpha, name)) for name in names]
    return "|".join([*letters, born]) if all(letters) and born else ""


_NORMAL: dict[MarkKind, Callable[[str], str]] = {
    MarkKind.PHONE: _phone,
    MarkKind.EMAIL: _email,
    MarkKind.SNILS: _snils,
    MarkKind.PERSON: _person,
}
