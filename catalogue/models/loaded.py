"""What a data set said at the last load: so that a load never undoes the work of people."""

from __future__ import annotations

from django.db import models


class LoadedRow(models.Model):
    """A row of the data set: the object made of it, and a digest of what it was loaded with.

    An object that no longer has this digest was changed in the back office since.
    """

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=700)
    object_id = models.BigIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="loadedrow_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
