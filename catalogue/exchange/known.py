"""What rows of a table refer to: territories, papers, legal acts, other records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import cached_property

from catalogue.loading.citations import act_of
from catalogue.models import (
    Category,
    DocumentType,
    LegalAct,
    Measure,
    Provider,
    Situation,
    Territory,
)


class Known:
    """Dictionaries that rows refer to, each read once, when it is first needed."""

    def __getattr__(self, name: str) -> Any:
        readers: dict[str, Callable[[], Any]] = {
            "territories": lambda: _by_slug(Territory),
            "situations": lambda: _by_slug(Situation),
            "categories": lambda: _by_slug(Category),
            "providers": lambda: _by_slug(Provider),
            "measures": lambda: _by_slug(Measure),
            "papers": lambda: {paper.name: paper for paper in DocumentType.objects.all()},
            "acts": lambda: {act.title: act for act in LegalAct.objects.all()},
        }
        value = readers[name]()
        setattr(self, name, value)
        return value

    @cached_property
    def acts_by_citation(self) -> Mapping[tuple[str, Any], Any]:
        return {(act.number, act.date): act for act in self.acts.values() if act.number}

    def act_cited(self, citation: str) -> Any:
        """The act that a citation names, if the register has it."""
        cited = act_of(citation)
        return self.acts.get(cited.title) or self.acts_by_citation.get((cited.number, cited.date))


def _by_slug(model: Any) -> dict[str, Any]:
    return {row.slug: row for row in model.objects.only("pk", "slug")}
