"""Which measures families open most, as a few levels of worth: a tie-breaker, never more.

Counted of whole days that are over, so that every process of a day has the same list and a click
changes nothing at once. Of a day a measure is credited with the different questions that led to
it, three at most: however often one visitor clicks, a day of his is worth no more than three, and
a measure needs ten. Nothing is known of who clicked.
"""

from __future__ import annotations

import datetime
import math
from functools import lru_cache

from django.db import connection

from search.plan import POPULAR, Popular

DAYS = 90
MOST_OF_A_DAY = 3  # questions
LEAST = 10  # credits
STEP = 4  # times as many for the next level
MEASURES = 100

_COUNT = """
select slug, sum(least(questions, %s)) as credits from (
    select slug, count(distinct lemmas) as questions from search_searchclick
    where day >= %s and day < %s group by slug, day
) as days
group by slug having sum(least(questions, %s)) >= %s order by credits desc, slug limit %s
"""


@lru_cache(maxsize=2)
def popular_on(day: datetime.date) -> Popular:
    """Slugs by what they are worth on a day; read once a day by each process."""
    since = day - datetime.timedelta(days=DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [MOST_OF_A_DAY, since, day, MOST_OF_A_DAY, LEAST, MEASURES])
        rows = cursor.fetchall()
    levels: dict[float, list[str]] = {}
    for slug, credits in rows:
        level = int(math.log(int(credits) / LEAST, STEP))
        levels.setdefault(POPULAR[min(level, len(POPULAR) - 1)], []).append(slug)
    return tuple((worth, tuple(slugs)) for worth, slugs in levels.items())
