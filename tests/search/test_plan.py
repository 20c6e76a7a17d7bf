"""What a plan holds beside the words: pure data that both engines compile."""

from __future__ import annotations

import datetime

from django.utils import timezone

from search.engine import Vocabulary
from search.lexicon import compile_lexicon
from search.plan import CHECKED
from search.query import Asked, for_situations, make_plan
from search.spelling import Speller
from search.words import Knowledge

POPULAR = ((0.1, ("nanny",)),)
KNOWLEDGE = Knowledge(
    compile_lexicon(popular=POPULAR), Vocabulary("", 1, {"няня": 1}, {"няня": 1}, {}), Speller({})
)


def plan_at(when):
    return make_plan("няня", Asked(), KNOWLEDGE, int(when.timestamp()))


def test_freshness_is_reckoned_in_days_of_the_portals_time():
    midnight = timezone.make_aware(datetime.datetime(2026, 11, 22))
    today = datetime.date(2026, 11, 22).toordinal()
    assert plan_at(midnight).checked == ((1, 0.2), (today - 365, 0.1), (today - 90, 0.1))
    before = plan_at(midnight - datetime.timedelta(seconds=1))
    assert before.checked[2] == (today - 91, 0.1)
    assert sum(weight for _, weight in CHECKED) < 0.6  # of the least that a word in a text is worth


def test_what_families_open_comes_with_the_lexicon_and_is_of_measures():
    found = plan_at(timezone.now())
    assert found.popular == POPULAR
    stories = for_situations(found, 3)
    assert (stories.popular, stories.checked) == ((), ())
