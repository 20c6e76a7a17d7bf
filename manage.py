#!/usr/bin/env python
"""Django's command line, with the embedded database at hand when no other is given."""

import os
import sys

SERVES = {"serve", "procrastinate"}
ASKS_NO_DATABASE = {"help", "--help", "-h", "version", "--version", "messages", "reset"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.dev")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from cms.database import DatabaseUnreachable, prepare

    try:
        if not ASKS_NO_DATABASE & set(sys.argv[1:2] or ["help"]):
            prepare()
        if SERVES & set(sys.argv[1:2]):
            _require_keys()
    except (DatabaseUnreachable, ImproperlyConfigured) as error:
        sys.exit(f"{error}")
    execute_from_command_line(sys.argv)


def _require_keys() -> None:
    import django

    django.setup()
    from forms.checks import require_keys

    require_keys()


if __name__ == "__main__":
    main()
