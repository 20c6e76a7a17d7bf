"""The way to the Elasticsearch cluster: who we are there, how long we wait, what its failures mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from search.breaker import Breaker
from search.engine import ClusterUnreachable, IndexUnavailable

FOR_WRITING = 60.0  # seconds that a batch may take
PORT = 9200
BUSY = {429, 502, 503, 504}

logger = logging.getLogger(__name__)


def address_of(chosen: Mapping[str, str]) -> dict[str, Any]:
    """How to reach the cluster, from the settings.

    :raises ImproperlyConfigured: something is missing, or contradicts something else.
    """
    address: dict[str, Any] = {"hosts": [_host(url) for url in chosen["URL"].split(",") if url]}
    if not address["hosts"]:
        raise ImproperlyConfigured("The engine 'elastic' needs ELASTICSEARCH_URL.")
    if chosen["API_KEY"] and chosen["USER"]:
        raise ImproperlyConfigured("Set ELASTICSEARCH_API_KEY or ELASTICSEARCH_USER, not both.")
    if chosen["API_KEY"]:
        address["api_key"] = chosen["API_KEY"]
    if chosen["USER"]:
        address["basic_auth"] = (chosen["USER"], chosen["PASSWORD"])
    if chosen["CA"]:
        if not Path(chosen["CA"]).is_file():
            raise ImproperlyConfigured(f"ELASTICSEARCH_CA: there is no file {chosen['CA']}.")
        address["ca_certs"] = chosen["CA"]
    return address


def _host(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        port = parts.port or PORT
    except ValueError as error:
        raise ImproperlyConfigured(f"ELASTICSEARCH_URL is no address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ImproperlyConfigured(
            "ELASTICSEARCH_URL is https://host:port, several by comma; who we are stands apart."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"


class Cluster:
    """One client for all threads of a process, behind a breaker."""

    def __init__(self, address: Mapping[str, Any], timeout: float) -> None:
        self.breaker = Breaker()
        several = len(address["hosts"]) > 1
        self._asking = Elasticsearch(
            **address,
            request_timeout=timeout,
            max_retries=1 if several else 0,  # on another node
            retry_on_timeout=False,
        )
        self._writing = self._asking.options(
            request_timeout=FOR_WRITING, max_retries=3, retry_on_timeout=True
        )

    @contextmanager
    def asking(self) -> Iterator[Elasticsearch]:
        """For what somebody waits for.

        :raises search.engine.ClusterUnreachable: at once while the cluster is known to be down.
        """
        with self._translated():
            yield self._asking

    @contextmanager
    def writing(self) -> Iterator[Elasticsearch]:
        """For the indexer, which has time: a busy cluster is asked again."""
        with self._translated():
            yield self._writing

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if not self.breaker.may_ask():
            raise ClusterUnreachable("The cluster did not answer lately and is left in peace.")
        try:
            yield
        except TransportError as error:
            self.breaker.failed()
            raise ClusterUnreachable(f"The cluster does not answer: {error}") from error
        except NotFoundError as error:
            self.breaker.succeeded()
            raise IndexUnavailable("There is no index in the cluster yet.") from error
        except ApiError as error:
            if error.meta.status in BUSY:
                self.breaker.failed()
                raise ClusterUnreachable(f"The cluster is overloaded: {error}") from error
            self.breaker.succeeded()
            logger.error("Elasticsearch refuses a request: %s", error)
            raise IndexUnavailable(f"The cluster refuses: {error}") from error
        else:
            self.breaker.succeeded()
