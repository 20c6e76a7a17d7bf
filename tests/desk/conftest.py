"""People and cases of two centres, as the floor below makes them."""

from tests.forms.conftest import case, centre, specialist, store, stranger

__all__ = ["case", "centre", "specialist", "store", "stranger"]
