"""Prints, as JSON, how many database queries the main pages take; run inside an installation."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.dev")
os.environ["NAVIGATOR_PAGE_CACHE"] = "0"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

PAGES = {
    "home": "/",
    "life situation": "/situations/rozhdenie-rebenka/",
    "measure": "/measures/materinskij-kapital/",
    "search page": "/search/?q=маткапитал",
    "search API": "/api/v1/measures?q=пособие",
    "form": "/forms/konsultaciya-specialista/",
}


def main() -> None:
    client = Client(headers={"host": "localhost"})
    counts = {}
    for name, path in PAGES.items():
        # The first look fills what is kept for long.
        assert client.get(path).status_code == 200, path
        with CaptureQueriesContext(connection) as seen:
            client.get(path)
        counts[name] = len(seen)
    print(json.dumps(counts))


main()
