"""A letter in HTML as plain text: nothing of it is kept but its words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LONGEST = 2_000_000
DEEPEST = 20  # quotes in quotes
_SILENT = frozenset(("script", "style", "head", "title", "template", "noscript"))
_BLOCKS = frozenset(
    ("p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre")
)
_QUOTE = "blockquote"
_EMPTY = re.compile(r" {2,}")
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


def text_of_html(html: str) -> str:
    """Words in their lines; what is quoted has `> ` before it, as in plain letters."""
    reader = _Reader()
    reader.feed(html[:LONGEST])
    reader.close()
    return _EMPTY_LINES.sub("\n\n", "\n".join(reader.lines())).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[tuple[int, str]] = []
        self._line: list[str] = []  # pieces: a page may be one line of a million of them
        self._silent: list[str] = []
        self._quoted = 0

    def lines(self) -> list[str]:
        self._end_line()
        return [f"{'> ' * quoted}{line}".rstrip() for quoted, line in self._lines]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "br":
            self._end_line()
        elif tag in _BLOCKS or tag == _QUOTE:
            self._begin_block()
            self._quoted += tag == _QUOTE
            self._quoted = min(self._quoted, DEEPEST)
        elif tag in ("td", "th") and self._line:
            self._line.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "br":
            self._end_line()

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()
        elif tag == "body":
            self._silent.clear()  # of a page that never ends its head
        elif tag in _BLOCKS or tag == _QUOTE:
            self._begin_block()
            if tag == _QUOTE:
                self._quoted = max(0, self._quoted - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._line.append(re.sub(r"\s+", " ", data))

    def _begin_block(self) -> None:
        if any(map(str.strip, self._line)):
            self._end_line()
        else:
            self._line.clear()

    def _end_line(self) -> None:
        self._lines.append((self._quoted, _EMPTY.sub(" ", "".join(self._line)).strip()))
        self._line.clear()
