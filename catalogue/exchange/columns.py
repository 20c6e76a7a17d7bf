"""How values stand in the cells of a table, both ways. What is written is read back exactly.

Each is a widget of django-import-export; a cell that cannot be read raises ValueError, in words.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from import_export.widgets import Widget

from catalogue import rules
from catalogue.compiling import problems_of
from catalogue.fact_choices import known_facts, shape_of

SEPARATOR = " // "
MOST_ITEMS = 200


class Column(Widget):
    """A widget that also tells how a cleaned value stands in a cell."""

    def shown(self, value: Any) -> str:
        return self.render(value)


class Text(Column):
    """A text; an empty cell is an empty text."""

    def __init__(self, most: int | None = None, required: bool = False) -> None:
        super().__init__()
        self.most = most
        self.required = required

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = plain(value)
        if self.required and not text.strip():
            raise ValueError(_("Fill it in."))
        if self.most is not None and len(text) > self.most:
            raise ValueError(
                _("%(length)d characters, at most %(most)d fit.")
                % {"length": len(text), "most": self.most}
            )
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return plain(value)


class Choice(Column):
    """One of a list: its words, or its key."""

    def __init__(self, choices: type[TextChoices], empty: bool = False) -> None:
        super().__init__()
        self.choices = choices
        self.empty = empty

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = plain(value).strip()
        if not text and self.empty:
            return ""
        return one_of(text, self.choices)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(self.choices(value).label) if value else ""


class YesNo(Column):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        text = plain(value).strip().casefold()
        if text in {"да", "yes", "true", "истина", "1"}:
            return True
        if text in {"нет", "no", "false", "ложь", "0", ""}:
            return False
        raise ValueError(_("Write «yes» or «no»."))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return _("yes") if value else _("no")


class Whole(Column):
    """A whole number, or nothing."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        text = plain(value).strip()
        if not text:
            return None
        if not text.isdecimal() or int(text) > 32767:
            raise ValueError(_("A whole number is needed, not «%(text)s».") % {"text": text[:40]})
        return int(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class Day(Column):
    """A date as 2026-01-31 or 31.01.2026, or a cell of dates; or nothing."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime.date | None:
        if isinstance(value, datetime.datetime):
            return value.date()
        if isinstance(value, datetime.date):
            return value
        return day(plain(value).strip())

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class Lines(Column):
    """Several short texts, one a line."""

    def __init__(self, most: int, choices: type[TextChoices] | None = None) -> None:
        super().__init__()
        self.most = most
        self.choices = choices

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        lines = [line[0] for line in read_lines(plain(value), 1)]
        if self.choices is not None:
            return [one_of(line, self.choices) for line in lines]
        for line in lines:
            if len(line) > self.most:
                raise ValueError(_("Too long: «%(text)s…».") % {"text": line[:40]})
        return lines

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if self.choices is not None:
            value = [str(self.choices(each).label) for each in value or []]
        return write_lines([[each] for each in value or []])


class Slugs(Column):
    """Records by their short names, one a line or with «;» between.

    :param known: gives the records of the kind by short name, read once for a whole file.
    """

    def __init__(self, known: Callable[[], Mapping[str, Any]], single: bool = False) -> None:
        super().__init__()
        self.known = known
        self.single = single

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        slugs = list(dict.fromkeys(plain(value).replace(";", "\n").split()))
        known = self.known()
        unknown = [slug for slug in slugs if slug not in known]
        if unknown:
            raise ValueError(_("Not known: %(names)s.") % {"names": ", ".join(unknown[:5])})
        if not self.single:
            return [known[slug] for slug in slugs]
        if len(slugs) > 1:
            raise ValueError(_("Only one fits here."))
        return known[slugs[0]] if slugs else None

    def shown(self, value: Any) -> str:
        if self.single:
            return value.slug if value else ""
        return "\n".join(sorted(each.slug for each in value))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.shown(value if self.single else _related(value))


class Children(Column):
    """Rows of a child relation, one a line, their columns with « // » between."""

    def __init__(
        self, width: int, read: Callable[[Sequence[str]], Any], write: Callable[[Any], list[str]]
    ) -> None:
        super().__init__()
        self.width = width
        self.read = read
        self.write = write

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[Any]:
        found = []
        for place, line in enumerate(read_lines(plain(value), self.width)):
            child = self.read([*line, *[""] * (self.width - len(line))])
            child.sort_order = place
            try:
                child.clean_fields(exclude=["measure", "document_type", "act"])
            except ValidationError as error:
                raise ValueError(
                    _("Line %(place)d: %(reason)s")
                    % {"place": place + 1, "reason": " ".join(error.messages)}
                ) from error
            found.append(child)
        return found

    def shown(self, value: Any) -> str:
        return write_lines([_trimmed(self.write(child)) for child in value])

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.shown(_related(value))


class Conditions(Column):
    """The variants of a measure, as JSON of the data set's `condition_groups`.

    A condition may have more than the data set: its days in force and its legal act. Rules that
    somebody has not finished stand as the editor keeps them, so that nothing is lost.
    """

    def __init__(self, acts: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__()
        self.acts = acts

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[Any]:
        text = plain(value).strip()
        if not text:
            return []
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(_("This is not JSON.")) from error
        if not isinstance(raw, list) or len(raw) > MOST_ITEMS:
            raise ValueError(_("A list of variants is needed, each a list of conditions."))
        if raw and all(isinstance(group, dict) for group in raw):
            if not all(_is_group(group) for group in raw):
                raise ValueError(_("A list of variants is needed, each a list of conditions."))
            return raw
        variants = self._variants(raw)
        return rules.write(variants, {name: shape_of(fact) for name, fact in known_facts().items()})

    def _variants(self, raw: list[Any]) -> list[rules.Variant]:
        try:
            variants = [
                tuple(
                    replace(rule, **self._extras(each))
                    for rule, each in zip(rules.from_json([group])[0], group, strict=True)
                )
                for group in raw
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(_("Each condition needs field, operator and value.")) from error
        for rule in (rule for variant in variants for rule in variant):
            found = problems_of(rule)
            if found:
                raise ValueError(f"{rule.fact}: {found[0].message}")
        return variants

    def _extras(self, each: Mapping[str, Any]) -> dict[str, Any]:
        act = each.get("legal_act")
        if act and act not in self.acts():
            raise ValueError(_("There is no legal act «%(title)s».") % {"title": str(act)[:80]})
        return {
            "valid_from": day(each.get("valid_from") or ""),
            "valid_to": day(each.get("valid_to") or ""),
            "legal_act": self.acts()[act].pk if act else None,
        }

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.shown(list(value.get_prep_value()) if value else [])

    def shown(self, stored: Any) -> str:
        if not stored:
            return ""
        try:
            variants = rules.read(stored)
        except rules.RulesError:
            return json.dumps(stored, ensure_ascii=False)
        titles = {act.pk: title for title, act in self.acts().items()}
        shown = rules.to_json(variants)
        for variant, group in zip(variants, shown, strict=True):
            for rule, each in zip(variant, group, strict=True):
                extras = {
                    "valid_from": rule.valid_from and rule.valid_from.isoformat(),
                    "valid_to": rule.valid_to and rule.valid_to.isoformat(),
                    "legal_act": titles.get(rule.legal_act) if rule.legal_act else None,
                }
                each.update({name: extra for name, extra in extras.items() if extra})
        return json.dumps(shown, ensure_ascii=False)


def _is_group(raw: dict[str, Any]) -> bool:
    """A variant as the editor keeps it, finished or not."""
    value = raw.get("value")
    blocks = value.get("conditions") if isinstance(value, dict) else None
    kinds = set(rules.BLOCKS.values())
    return (
        raw.get("type") == "group"
        and isinstance(blocks, list)
        and all(
            isinstance(block, dict)
            and block.get("type") in kinds
            and isinstance(block.get("value"), dict)
            for block in blocks
        )
    )


def _related(value: Any) -> Any:
    """The records behind a related manager; a record without a key has none yet."""
    return value.all() if value is not None else []


# Cells


def plain(value: Any) -> str:
    """The text of a cell; line ends as one character, whatever program wrote them."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def one_of(text: str, choices: type[TextChoices]) -> str:
    """The key of a choice, given its words or the key itself."""
    words = {str(label).casefold(): key for key, label in choices.choices}
    key = words.get(text.casefold(), text)
    if key not in choices.values:
        names = ", ".join(str(label) for label in choices.labels)
        raise ValueError(
            _("There is no «%(text)s». There are: %(names)s.") % {"text": text[:40], "names": names}
        )
    return str(key)


def day(text: Any) -> datetime.date | None:
    """A date from text as 2026-01-31 or 31.01.2026."""
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.datetime.strptime(str(text), form).date()
        except ValueError:
            continue
    raise ValueError(_("«%(text)s» is not a date. Example: 31.01.2026.") % {"text": str(text)[:40]})


def money(text: str) -> Decimal | None:
    """A sum from text; spaces and a comma are fine."""
    if not text:
        return None
    try:
        number = Decimal(text.replace("\xa0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation as error:
        raise ValueError(_("«%(text)s» is not a sum.") % {"text": text[:40]}) from error
    if not number.is_finite() or not 0 <= number < 10**12:
        raise ValueError(_("«%(text)s» is not a sum.") % {"text": text[:40]})
    return number


def write_lines(table: Sequence[Sequence[str]]) -> str:
    """Lines of parts; as JSON where a part would be read back differently."""
    text = "\n".join(SEPARATOR.join(line) for line in table)
    width = max((len(line) for line in table), default=1)
    try:
        same = read_lines(text, width) == [list(line) for line in table]
    except ValueError:
        same = False
    return text if same else json.dumps(table, ensure_ascii=False)


def read_lines(text: str, width: int) -> list[list[str]]:
    """The parts of each line, at most `width` of them."""
    if text.lstrip().startswith("["):
        try:
            table = json.loads(text)
        except (ValueError, RecursionError):
            table = None
        if isinstance(table, list) and all(
            isinstance(line, list) and all(isinstance(part, str) for part in line) for line in table
        ):
            return _measured(table, width)
    lines = [line for line in text.split("\n") if line.strip()]
    parted = [line.split(SEPARATOR) if width > 1 else [line] for line in lines]
    return _measured([[part.strip() for part in line] for line in parted], width)


def _measured(table: list[list[str]], width: int) -> list[list[str]]:
    if len(table) > MOST_ITEMS:
        raise ValueError(_("At most %(most)d lines fit here.") % {"most": MOST_ITEMS})
    for line in table:
        if not 1 <= len(line) <= width:
            raise ValueError(
                _("A line has at most %(width)d parts, with « // » between: «%(line)s»")
                % {"width": width, "line": SEPARATOR.join(line)[:80]}
            )
    return table


def _trimmed(parts: list[str]) -> list[str]:
    while len(parts) > 1 and not parts[-1]:
        parts = parts[:-1]
    return parts
