"""What was asked, as pure data: the one thing that every engine compiles. Made by search.query."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

# Fields of text and what a word found in each is worth.
FIELDS = (
    ("title", 4.0),
    ("names", 4.0),
    ("summary", 1.6),
    ("who", 1.2),
    ("taxonomy", 1.2),
    ("body", 0.6),
    ("law", 1.6),
    ("provider_names", 1.8),
    ("territory_names", 0.8),
)
# Where words that belong together are looked for side by side.
PHRASE_FIELDS = ("title", "names", "summary", "who", "taxonomy", "body", "provider_names")
FACETS = ("situation", "category", "territory", "kind", "provider", "channel", "urgent")
URGENT = "yes"  # the only value of the facet `urgent`
EVERYWHERE = "*"  # territory of what has none: no slug looks like it
TARGETS = {
    "measure": 16.0,
    "situation": 5.0,
    "category": 4.0,
    "provider": 6.0,
    "territory": 0.0,
    "kind": 3.0,
}
PINNED = 1000.0  # more than words can be worth
EXACT_NAME = 30.0
PAIR = 1.6
TIE_BREAK = 0.15
OWN_TERRITORY = 2.5  # of the place that was chosen
NAMED_TERRITORY = 9.0  # of the place that the query itself names
COUNTRY_FIRST = 4.0  # while no place is known, a measure for everybody goes first
# The rest decides between answers that fit as well, and together weighs less than a word.
CHECKED = ((None, 0.2), (365, 0.1), (90, 0.1))  # at all, and in the last so many days besides
POPULAR = (0.1, 0.2, 0.3)  # by how often families open it
# Of suggestions. Beside these, a short title is worth more than a long one: two at most.
LED_TO = 40.0
FIRST_OF_TITLE, FIRST_OF_OTHER_NAME = 16.0, 14.0
FOR_EVERYBODY = 8.0


Popular = tuple[tuple[float, tuple[str, ...]], ...]


class Origin(StrEnum):
    """Where an alternative comes from."""

    WORD = "word"
    FORM = "form"  # another dictionary form of the same letters
    RELATED = "related"  # another word of the same root
    SPELLING = "spelling"
    SYNONYM = "synonym"


class Sort(StrEnum):
    RELEVANCE = "relevance"
    CHECKED = "checked"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A lemma, or several that stand side by side."""

    words: tuple[str, ...]
    weight: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Target:
    """A record that a synonym leads to: the facet it is found by, and its slug."""

    field: str
    slug: str
    weight: float

    @property
    def is_place(self) -> bool:
        """Narrows the search instead of adding to it."""
        return self.field == "territory"


@dataclass(frozen=True, slots=True)
class Slot:
    """A word of the query with everything that may stand for it.

    `units` say how much of the meaning it carries: a record has to cover `required` units.
    """

    text: str
    alternatives: tuple[Alternative, ...]
    targets: tuple[Target, ...]
    units: int
    is_general: bool = False  # a word for help as such


@dataclass(frozen=True, slots=True)
class ExactName:
    """A run of the query that may be somebody's whole name for a record."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class PlaceFilter:
    """Measures in force in a place: its own and those of all it lies in (`around`, itself last).

    `inside`: also those of places inside it, when a query names a whole region.
    """

    slug: str
    around: tuple[str, ...]
    inside: bool


@dataclass(frozen=True, slots=True)
class Understanding:
    """What is told to the person about how the query was read."""

    corrected: str = ""  # the query as it was searched, when words were corrected
    also: tuple[str, ...] = ()  # other names that were searched
    place: str = ""  # slug of the place that the query names
    intents: tuple[str, ...] = ()  # titles of the editors' rules that fit, the closest first
    situations: tuple[str, ...] = ()  # slugs that those rules lead to
    unknown: tuple[str, ...] = ()  # words that stand nowhere in the catalogue
    cut: bool = False


@dataclass(frozen=True, slots=True)
class QueryPlan:
    text: str
    kind: str
    slots: tuple[Slot, ...]
    required: int
    exact: tuple[ExactName, ...]
    pairs: tuple[str, ...]
    prefer: tuple[Target, ...]  # adds to the worth, is not required
    pinned: tuple[str, ...]  # slugs of measures that editors put first, in this order
    weights: tuple[tuple[str, float], ...]  # by field: what a word found in it is worth
    filters: tuple[tuple[str, tuple[str, ...]], ...]  # any of the values; every facet
    place: PlaceFilter | None
    moment: int  # what is no longer visible then is left out
    sort: Sort
    offset: int
    limit: int
    facets: tuple[str, ...]
    understood: Understanding
    checked: tuple[tuple[int, float], ...] = ()  # what a check since a day (of year 1) is worth
    popular: Popular = ()  # slugs of measures that families open often, by what that is worth

    @property
    def is_empty(self) -> bool:
        """Something was typed, but there is no word in it."""
        return bool(self.text) and not self.slots

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)
