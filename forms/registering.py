"""What staff tell beside the answers when they register a request that was told or brought to them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forms.models import Permission, Registration, Submission, Teller

# How long ago it may have been told; what is older comes from paper.
MOST_BACK = datetime.timedelta(days=31)
MOST_BACK_ON_PAPER = datetime.timedelta(days=5 * 366)


@dataclass(frozen=True)
class Registered:
    """A contact as staff has typed it in."""

    by: Any
    contacted_at: datetime.datetime
    teller: Teller
    permission: Permission | None = None
    from_paper: bool = False
    unasked: Sequence[str] = ()

    def row(self, submission: Submission) -> Registration:
        """Not saved yet."""
        return Registration(
            submission=submission,
            contacted_at=self.contacted_at,
            teller=self.teller,
            permission=self.permission or "",
            from_paper=self.from_paper,
            unasked=list(self.unasked),
            registered_by=self.by,
        )
