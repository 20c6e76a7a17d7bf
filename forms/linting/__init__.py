"""The check of a form before it is published: what can go wrong on any way through it.

`candidates` gives the answers that matter, `paths` goes through a form with them, `lint` tells
what it found, `samples` where sample answers would land, `changes` what differs from the version
in force. Nothing here looks into the database: lists and routing are handed in.
"""

from forms.linting.candidates import Lists
from forms.linting.findings import Finding, Report
from forms.linting.lint import lint

__all__ = ["Finding", "Lists", "Report", "lint"]
