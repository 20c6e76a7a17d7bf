"""Static files of production: one stylesheet, names that change with the content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r'@import url\("(?P<name>[\w.-]+)"\);')


class OneStylesheetStorage(CompressedManifestStaticFilesStorage):
    """Folds the files that main.css imports into it, so that a slow line is asked once."""

    stylesheet = "themes/css/main.css"

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if self.stylesheet in paths and not dry_run:
            folder = self.stylesheet.rpartition("/")[0]
            source, name = paths[self.stylesheet]
            whole = IMPORT.sub(
                lambda found: _text(paths[f"{folder}/{found['name']}"]), _text((source, name))
            )
            self.delete(self.stylesheet)
            self._save(self.stylesheet, ContentFile(whole.encode()))
            paths = {**paths, self.stylesheet: (self, self.stylesheet)}
        yield from super().post_process(paths, dry_run, **options)


def _text(path: tuple[Any, str]) -> str:
    storage, name = path
    with storage.open(name) as file:
        return file.read().decode()
