"""The tables that can be exchanged."""

from __future__ import annotations

from catalogue.exchange.measures import MeasureExchange
from catalogue.exchange.providers import ProviderExchange
from catalogue.exchange.table import Exchange

EXCHANGES: dict[str, type[Exchange]] = {"measures": MeasureExchange, "providers": ProviderExchange}
