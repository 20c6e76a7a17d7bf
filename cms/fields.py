"""Model fields that any floor may use."""

from __future__ import annotations

from typing import Any

from django.db import models

LAST = "\uffff"  # sorts after every letter


def russian_sort_key(text: str) -> str:
    """A key that sorts in byte order as Russians sort: case ignored, ё right after е."""
    return text.casefold().replace("ё", f"е{LAST}")


class RussianSortKeyField(models.CharField):
    """Keeps the sort key of another field of the same row, for lists in Russian order.

    The database sorts by code points (collation C), where ё stands after я.

    :param source: name of the text field that the key is made from.
    """

    def __init__(self, source: str = "title", **kwargs: Any) -> None:
        self.source = source
        kwargs["max_length"] = 600
        kwargs["editable"] = False
        kwargs["db_collation"] = "C"
        kwargs["db_index"] = True
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for key in ("max_length", "editable", "db_collation", "db_index"):
            kwargs.pop(key, None)
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = russian_sort_key(getattr(model_instance, self.source))[: self.max_length]
        setattr(model_instance, self.attname, key)
        return key
