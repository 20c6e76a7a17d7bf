"""What a file is, by its content and never by its name; what it must not be."""

from __future__ import annotations

import io
import zipfile

import puremagic
from django.utils.translation import gettext as _
from PIL import Image

HEAD = 1024
MOST_PIXELS = 100_000_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_ENTRIES = 3000
LONGEST_KIND = 100

PDF = "application/pdf"
HEIF = "image/heif"
IMAGES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ENDINGS = {
    PDF: ".pdf",
    HEIF: ".heic",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    DOCX: ".docx",
    XLSX: ".xlsx",
    ODT: ".odt",
}
PHOTOS = frozenset({PDF, HEIF, *IMAGES})
PAPERS = frozenset(ENDINGS)
ACCEPTED = {"photos": PHOTOS, "papers": PAPERS}

_ENTRY = b"PK\x01\x02"  # begins an entry of the directory of an archive
_SCRIPTS = (b"<script", b"<html", b"<svg", b"<!doctype", b"<?php", b"<?xml")


class Refused(Exception):
    """The file is not taken; says why in words for the family."""


def detect(content: bytes, accepts: str) -> str:
    """The kind of a file, one of those that the question takes.

    :raises Refused: empty, of another kind, damaged, or two kinds at once.
    """
    if not content:
        raise Refused(_("The file is empty."))
    kind = _kind(content)
    if kind is None or kind not in ACCEPTED[accepts]:
        raise Refused(
            _("Files of this kind are not taken. Send a photo or a PDF.")
            if accepts == "photos"
            else _("Files of this kind are not taken. Send a photo, a PDF or a document.")
        )
    return kind


def _kind(content: bytes) -> str | None:
    try:
        guessed = {match.mime_type for match in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        return None
    if PDF in guessed:
        return _pdf(content)
    image = next((kind for kind in IMAGES if kind in guessed), None)
    if image is not None:
        return _image(content, image)
    if HEIF in guessed and content[4:8] == b"ftyp":
        return None if _is_two_at_once(content) else HEIF
    return _document(content) if content.startswith(b"PK\x03\x04") else None


def _pdf(content: bytes) -> str | None:
    whole = content.startswith(b"%PDF-") and b"%%EOF" in content[-2 * HEAD :]
    return PDF if whole and not _is_two_at_once(content) else None


def _image(content: bytes, kind: str) -> str | None:
    if _is_two_at_once(content) or b"%PDF-" in content[:HEAD]:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=[IMAGES[kind]]) as image:
            width, height = image.size
            image.verify()
    except Exception:  # Pillow raises whatever its decoders meet
        raise Refused(_("The picture is damaged and cannot be opened.")) from None
    if width * height > MOST_PIXELS:
        raise Refused(_("The picture is too large. Send a photo of an ordinary size."))
    return kind


def _is_two_at_once(content: bytes) -> bool:
    """An archive at its end or a page of scripts at its beginning: a file with two faces."""
    head = content[:HEAD].lower()
    # An XML note inside a picture is no disguise, a script is.
    scripts = _SCRIPTS if head.lstrip().startswith(b"<") else (b"<script", b"<?php")
    return zipfile.is_zipfile(io.BytesIO(content)) or any(each in head for each in scripts)


def _document(content: bytes) -> str | None:
    if content.count(_ENTRY) > MOST_ENTRIES:  # before a list of them is made
        raise Refused(_("The document unpacks to far more than it seems: we do not take it."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            names = {entry.filename for entry in entries}
            return _kind_of_document(archive, names)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
        raise Refused(_("The document is damaged and cannot be opened.")) from None


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED:
        raise Refused(_("The document unpacks to far more than it seems: we do not take it."))
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in name.split("/") or entry.flag_bits & 1:
            raise Refused(_("The document is put together in an unusual way: we do not take it."))
        if name.lower().endswith("vbaproject.bin"):
            raise Refused(_("The document holds macros. Save it without them or as a PDF."))


def _kind_of_document(archive: zipfile.ZipFile, names: set[str]) -> str | None:
    if "[Content_Types].xml" in names:
        if "word/document.xml" in names:
            return DOCX
        return XLSX if "xl/workbook.xml" in names else None
    if "mimetype" in names:
        with archive.open("mimetype") as told:  # whatever size it claims: so much and no more
            return ODT if told.read(LONGEST_KIND).strip() == ODT.encode() else None
    return None
