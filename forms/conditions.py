"""From an editor's comparisons to conditions, and from conditions to sentences."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from forms.formulas import GREATEST
from forms.logic import JOINTS, Condition

_EITHER = ("filled", "empty")
_EQUAL = ("eq", "ne", *_EITHER)
_ORDERED = ("eq", "ne", "lt", "le", "gt", "ge", *_EITHER)
_DAYS = ("eq", "lt", "le", "gt", "ge", *_EITHER)
_LISTED = ("eq", "ne", "in", *_EITHER)
_SEVERAL = ("contains", "lacks", *_EITHER)
_COUNTED = ("eq", "ne", "lt", "le", "gt", "ge")

# Which operators suit which kind of question, by the part of its answer that is compared.
SUITABLE: dict[tuple[str, str], tuple[str, ...]] = {
    **dict.fromkeys([("text", "answer"), ("inn", "answer")], _LISTED),
    **dict.fromkeys(
        [
            (kind, "answer")
            for kind in (
                "longtext",
                "phone",
                "email",
                "contact",
                "name",
                "address",
                "snils",
                "file",
                "time",
            )
        ],
        _EITHER,
    ),
    **dict.fromkeys([("number", "answer"), ("money", "answer"), ("calc", "answer")], _ORDERED),
    **dict.fromkeys([("date", "answer"), ("birth_date", "answer")], _DAYS),
    ("birth_date", "age"): _ORDERED,
    **dict.fromkeys([("yesno", "answer"), ("consent", "answer")], _EQUAL),
    **dict.fromkeys([("choice", "answer"), ("measure", "answer"), ("provider", "answer")], _LISTED),
    ("territory", "answer"): ("within", *_LISTED),
    ("address", "answer"): ("within", *_EITHER),
    ("multichoice", "answer"): _SEVERAL,
    **dict.fromkeys([("multichoice", "count"), ("repeat", "count"), ("file", "count")], _COUNTED),
}
_DAY = {
    "day": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "month": re.compile(r"\d{4}-\d{2}"),
    "year": re.compile(r"\d{4}"),
}
_SET_KINDS = ("text", "number", "money", "date", "yesno", "choice", "multichoice")


@dataclass(frozen=True)
class Asked:
    """What a later condition may know of a question."""

    kind: str
    options: frozenset[str] = frozenset()
    repeat: str = ""  # key of the repeating group that it stands in
    precision: str = "day"


class WrongComparison(Exception):
    """A comparison that cannot be; `name` is the part of the block that is wrong."""

    def __init__(self, name: str, message: Any) -> None:
        super().__init__(name)
        self.name, self.message = name, message


def compile_comparison(
    value: Mapping[str, Any], earlier: Mapping[str, Asked], inside: str = ""
) -> Condition:
    """An editor's comparison as a condition.

    :param inside: key of the repeating group in whose rows it is evaluated.
    :raises WrongComparison: it looks forward, or to an answer that there cannot be.
    """
    asked = earlier.get(value["field"])
    if not value["field"]:
        raise WrongComparison("field", _("Choose the question."))
    if asked is None:
        raise WrongComparison("field", _("There is no such question before this one."))
    part, op = _part(value["part"], asked), value["op"]
    if op not in SUITABLE.get((asked.kind, part), ()):
        raise WrongComparison("op", _("This condition does not suit such a question."))
    condition: dict[str, Any] = {"op": op, "field": value["field"]}
    if part != "answer":
        condition["part"] = part
    if op not in _EITHER:
        condition["value"] = _wanted(value["value"], op, part, asked)
    if asked.repeat and asked.repeat != inside:
        return {"op": value["rows"], "field": asked.repeat, "of": condition}
    return condition


def compile_conditions(
    stream: Any, earlier: Mapping[str, Asked], inside: str = "", *, strict: bool = True
) -> Condition | None:
    """A block of conditions as one condition; None when there are none.

    :param strict: False passes over comparisons that are wrong: in a preview of a draft.
    :raises WrongComparison: when strict.
    """

    def compiled(values: Sequence[Mapping[str, Any]]) -> Iterator[Condition]:
        for value in values:
            try:
                yield compile_comparison(value, earlier, inside)
            except WrongComparison:
                if strict:
                    raise

    found: list[Condition] = []
    for child in stream:
        if child.block_type == "test":
            found += compiled([child.value])
        else:
            found += _joined("any", list(compiled(child.value)))
    joined = list(_joined("all", found))
    return joined[0] if joined else None


def known_answer(text: str, asked: Asked) -> Any:
    """The value of a rule that answers a question itself.

    :raises WrongComparison: such a question has no such answer.
    """
    if asked.kind not in _SET_KINDS:
        raise WrongComparison("value", _("Such a question cannot be answered by a rule."))
    if asked.kind == "multichoice":
        return _wanted(text, "in", "answer", asked)
    return _wanted(text, "eq", "answer", asked)


def _joined(joint: str, conditions: list[Condition]) -> Iterator[Condition]:
    if len(conditions) == 1:
        yield conditions[0]
    elif conditions:
        yield {"op": joint, "of": conditions}


def _part(part: str, asked: Asked) -> str:
    """Of a repeating group only the number of rows can be compared."""
    return "count" if asked.kind == "repeat" and part == "answer" else part


def _wanted(text: str, op: str, part: str, asked: Asked) -> Any:
    parts = [each.strip() for each in str(text).split(",") if each.strip()]
    if op != "in" and asked.kind == "text" and part == "answer":
        parts = [str(text).strip()] if str(text).strip() else []  # a comma belongs to the text
    values = [_answer(each, part, asked) for each in parts]
    if not values or (op != "in" and len(values) > 1):
        raise _no_such_answer()
    return values if op == "in" else values[0]


def _answer(text: str, part: str, asked: Asked) -> Any:
    if part in ("age", "count"):
        return _whole(text)
    if asked.kind in ("yesno", "consent"):
        if text not in ("yes", "no"):
            raise _no_such_answer()
        return text == "yes"
    if asked.kind in ("number", "money", "calc"):
        return _number(text)
    if asked.kind in ("date", "birth_date"):
        return _day(text, asked.precision)
    if asked.options and text not in asked.options:
        raise _no_such_answer()
    return text


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise WrongComparison("value", _("Write a whole number."))
    return int(text)


def _number(text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or abs(number) > GREATEST:
        raise WrongComparison("value", _("Write a number."))
    return int(number) if number.is_integer() else number


def _day(text: str, precision: str) -> str:
    full = {"day": text, "month": f"{text}-01", "year": f"{text}-01-01"}[precision]
    try:
        datetime.date.fromisoformat(full)
    except ValueError:
        full = ""
    if not full or not _DAY[precision].fullmatch(text):
        raise WrongComparison(
            "value", _("Write the day as 2026-09-01, a month as 2026-09, a year as 2026.")
        )
    return text


def _no_such_answer() -> WrongComparison:
    return WrongComparison("value", _("Such a question has no such answer."))


def in_words(condition: Condition, specs: Mapping[str, Mapping[str, Any]]) -> str:
    """The condition as a part of a sentence: «на вопрос “…” ответили “…”».

    :param specs: questions by key, of repeating groups too.
    """
    op = condition["op"]
    if op in JOINTS:
        joint = gettext(" and ") if op == "all" else gettext(" or ")
        parts = [in_words(each, specs) for each in condition["of"]]
        inner = [
            f"({part})" if each["op"] in JOINTS and each["op"] != op else part
            for part, each in zip(parts, condition["of"], strict=True)
        ]
        return joint.join(inner)
    if op == "not":
        return gettext("it is not so that %(condition)s") % {
            "condition": in_words(condition["of"], specs)
        }
    if op in ("some", "every"):
        words = (
            gettext("at least once in “%(group)s” %(condition)s")
            if op == "some"
            else gettext("everywhere in “%(group)s” %(condition)s")
        )
        return words % {
            "group": _label(specs.get(condition["field"], {})),
            "condition": in_words(condition["of"], specs),
        }
    return _comparison_in_words(condition, specs.get(condition["field"], {}))


_SAID = {
    ("answer", "eq"): _("“%(question)s” is %(answer)s"),
    ("answer", "ne"): _("“%(question)s” is not %(answer)s"),
    ("answer", "in"): _("“%(question)s” is %(answer)s"),
    ("answer", "contains"): _("in “%(question)s” %(answer)s is chosen"),
    ("answer", "lacks"): _("in “%(question)s” %(answer)s is not chosen"),
    ("answer", "lt"): _("“%(question)s” is less than %(answer)s"),
    ("answer", "le"): _("“%(question)s” is at most %(answer)s"),
    ("answer", "gt"): _("“%(question)s” is more than %(answer)s"),
    ("answer", "ge"): _("“%(question)s” is at least %(answer)s"),
    ("day", "eq"): _("“%(question)s” is %(answer)s"),
    ("day", "lt"): _("“%(question)s” is before %(answer)s"),
    ("day", "le"): _("“%(question)s” is not after %(answer)s"),
    ("day", "gt"): _("“%(question)s” is after %(answer)s"),
    ("day", "ge"): _("“%(question)s” is not before %(answer)s"),
    ("answer", "within"): _("“%(question)s” lies in %(answer)s"),
    ("answer", "filled"): _("“%(question)s” is answered"),
    ("answer", "empty"): _("“%(question)s” is not answered"),
    ("age", "eq"): _("by “%(question)s” the age is %(answer)s"),
    ("age", "ne"): _("by “%(question)s” the age is not %(answer)s"),
    ("age", "lt"): _("by “%(question)s” the age is less than %(answer)s"),
    ("age", "le"): _("by “%(question)s” the age is at most %(answer)s"),
    ("age", "gt"): _("by “%(question)s” the age is more than %(answer)s"),
    ("age", "ge"): _("by “%(question)s” the age is at least %(answer)s"),
    ("age", "filled"): _("by “%(question)s” the age is known"),
    ("age", "empty"): _("by “%(question)s” the age is not known"),
    ("count", "eq"): _("in “%(question)s” there are exactly %(answer)s"),
    ("count", "ne"): _("in “%(question)s” there are not %(answer)s"),
    ("count", "lt"): _("in “%(question)s” there are less than %(answer)s"),
    ("count", "le"): _("in “%(question)s” there are at most %(answer)s"),
    ("count", "gt"): _("in “%(question)s” there are more than %(answer)s"),
    ("count", "ge"): _("in “%(question)s” there are at least %(answer)s"),
}


def _comparison_in_words(condition: Condition, spec: Mapping[str, Any]) -> str:
    part = condition.get("part", "answer")
    wanted = condition.get("value")
    values = wanted if isinstance(wanted, list) else [wanted]
    labels = {option["value"]: option["label"] for option in spec.get("options", ())}
    is_day = spec.get("type") in ("date", "birth_date") and part == "answer"
    kind = "day" if is_day and condition["op"] not in _EITHER else part
    return str(_SAID[kind, condition["op"]]) % {
        "question": _label(spec),
        "answer": gettext(" or ").join(_value_in_words(each, labels) for each in values),
    }


def _label(spec: Mapping[str, Any]) -> str:
    return str(spec.get("label") or "…").rstrip("?.: ")


def _value_in_words(value: Any, labels: Mapping[Any, str]) -> str:
    if isinstance(value, bool):
        return gettext("“yes”") if value else gettext("“no”")
    if isinstance(value, str) and _DAY["day"].fullmatch(value):
        return f"{datetime.date.fromisoformat(value):%d.%m.%Y}"
    if isinstance(value, str):
        return gettext("“%(answer)s”") % {"answer": labels.get(value, value)}
    return str(value).replace(".", ",")
