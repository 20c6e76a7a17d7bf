"""Finds a clamd for the tests of scanning, or installs Debian's; prints where it is.

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
    """The path of a clamd: `CLAMD` of the environment, or one on the PATH of root."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return os.environ.get("CLAMD") or shutil.which("clamd", path=path)


if __name__ == "__main__":
    if find() is None and shutil.which("apt-get"):
        try:
            install("clamav-daemon")
        except subprocess.CalledProcessError as error:
            print(f"clamd could not be installed: {error}")
    print(f"clamd: {find() or 'none, tests with a real one are skipped'}")
