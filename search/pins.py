"""Which measures editors have put first for a query."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.utils import timezone

from search.lexicon import Lexicon
from search.wording import ASKING
from search.words import Word


def pinned_for(words: Sequence[Word], lexicon: Lexicon, moment: int) -> tuple[str, ...]:
    """Slugs of the pinned measures, in order.

    :param moment: seconds since 1970; pins that are not on that day are left out.
    """
    if not lexicon.pins:
        return ()
    day = datetime.datetime.fromtimestamp(moment, timezone.get_current_timezone()).date()
    telling = [word for word in words if not word.is_asking] or list(words)
    slugs = [
        slug
        for pin in lexicon.pins
        if pin.is_on(day) and any(_fits(phrase, telling) for phrase in pin.phrases)
        for slug in pin.slugs
    ]
    return tuple(dict.fromkeys(slugs))


def _fits(phrase: Sequence[str], words: Sequence[Word]) -> bool:
    """The same words in any order, but for those that only ask."""
    wanted = set(phrase) - ASKING or set(phrase)
    meant = [{candidate.lemma for candidate in word.candidates} for word in words]
    return all(lemmas & wanted for lemmas in meant) and wanted <= set().union(*meant)
