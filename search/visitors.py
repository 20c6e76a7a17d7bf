"""What one visitor can do to the counts of opened answers, at most.

A visitor is an address; of IPv6 its network of /64, for a house has one. An answer to a query is
counted once a day, a measure three times a day by whatever queries, and two hundred answers a day
in all: a school or a village may share an address. So to lift a measure by a hundred clicks takes
thirty-four networks for a day.

Kept is a digest that nobody can turn back into an address without the portal's secret, another
each day, and not beyond that day.
"""

from __future__ import annotations

import datetime
import ipaddress

from django.utils import timezone
from django.utils.crypto import salted_hmac

from search.models import ClickMark

MOST_OF_MEASURE = 3
MOST_OF_ALL = 200
_HOUSE = 64  # bits


class TooManyClicks(Exception):
    """The visitor has opened more today than is counted of one address."""


def is_first(address: str, query: str, slug: str) -> bool:
    """Whether an opened answer counts; notes that it was opened.

    :raises TooManyClicks:
    """
    today = timezone.localdate()
    ClickMark.objects.filter(day__lt=today).delete()
    visitor = _digest(today, _network(address))
    noted = ClickMark.objects.filter(visitor=visitor)
    if noted.count() >= MOST_OF_ALL:
        raise TooManyClicks
    if noted.filter(slug=slug).count() >= MOST_OF_MEASURE:
        return False
    _, is_new = ClickMark.objects.get_or_create(
        answer=_digest(today, f"{visitor}|{query}|{slug}"),
        defaults={"day": today, "visitor": visitor, "slug": slug},
    )
    return is_new


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _HOUSE), strict=False))
    return str(parsed)


def _digest(day: datetime.date, text: str) -> str:
    return salted_hmac("search.clicks", f"{day}|{text}", algorithm="sha256").hexdigest()
