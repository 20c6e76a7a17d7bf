"""Finds a Dovecot for the tests of mailboxes, or installs Debian's; prints where it is.

Where it cannot be installed those tests are skipped and say so; in CI they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.install_browser import install


def find() -> str | None:
    """The path of a Dovecot with IMAP: `DOVECOT` of the environment, or one on the PATH of root."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = os.environ.get("DOVECOT") or shutil.which("dovecot", path=path)
    return found if found and Path("/usr/lib/dovecot/imap").exists() else None


if __name__ == "__main__":
    if find() is None and shutil.which("apt-get"):
        try:
            install("dovecot-imapd")
        except subprocess.CalledProcessError as error:
            print(f"Dovecot could not be installed: {error}")
    print(f"Dovecot: {find() or 'none, tests with a real mailbox are skipped'}")
