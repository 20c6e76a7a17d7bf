"""The documents keep in step with the code: links, variables of the environment, make targets."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")
# required("NAME"), flag("NAME", …), listed("NAME"), os.environ.get("NAME"), os.environ["NAME"]
VARIABLE = re.compile(
    r"""(?:required|flag|listed|environ\.get|environ\[)\(?["']([A-Z][A-Z_]+)["']"""
)
TARGET = re.compile(r"^([a-z]+):.*?## ", re.MULTILINE)


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def anchors_of(document):
    """Anchors of headings, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document):
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if ":" not in link]
    lost = []
    for link in links:
        name, _, anchor = unquote(link).partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            lost.append(link)
    assert lost == []


def test_every_picture_is_shown_somewhere():
    shown = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    pictures = sorted(path.name for path in (ROOT / "docs" / "screenshots").glob("*.png"))
    assert pictures
    assert [name for name in pictures if f"screenshots/{name}" not in shown] == []


def test_every_guide_is_in_the_index():
    index = set(LINK.findall(text_of("docs/README.md")))
    guides = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert guides <= index


def test_every_variable_that_is_read_is_in_the_example():
    sources = [
        *(ROOT / "cms" / "settings").glob("*.py"),
        ROOT / "cms" / "management" / "commands" / "serve.py",
    ]
    read = {name for path in sources for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    assert {"SECRET_KEY", "NAVIGATOR_HOME", "PORT"} <= read
    told = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", text_of(".env.example"), re.MULTILINE))
    tests_own = {name for name in read if name.startswith(("NAVIGATOR_TEST_", "PYTEST_"))}
    assert read - tests_own == told


def test_every_make_target_is_told_of():
    targets = TARGET.findall(text_of("Makefile"))
    assert "demo" in targets
    told = text_of("README.md") + text_of("CONTRIBUTING.md")
    assert [target for target in targets if f"make {target}" not in told] == []
