#!/usr/bin/env python
"""Django's command line, with the embedded database at hand when no other is given."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.dev")
    from django.core.management import execute_from_command_line

    from cms.database import DatabaseUnreachable, prepare

    try:
        if not {"help", "--help", "-h", "--version", "version"} & set(sys.argv[1:2] or ["help"]):
            prepare()
    except DatabaseUnreachable as error:
        sys.exit(f"{error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
