"""Finds a Chromium for the browser tests, or installs Debian's; prints where it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# Works as root, needs no graphics card, and calls nobody.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The path of a Chromium: `CHROMIUM` of the environment, or one on the PATH."""
    given = os.environ.get("CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


def install(package: str = "chromium") -> None:
    """Debian's package, as root."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    quiet = {"DEBIAN_FRONTEND": "noninteractive", **os.environ}
    for command in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", package],
    ):
        subprocess.run(
            [*sudo, "apt-get", *command], check=True, env=quiet, stdout=subprocess.DEVNULL
        )


if __name__ == "__main__":
    if find() is None:
        if shutil.which("apt-get") is None:
            sys.exit("The browser tests need Chromium. Install it, or set CHROMIUM=/path/to/it.")
        install()
    print(f"Browser: {find()}")
