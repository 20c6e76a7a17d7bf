"""Numbers that people dictate, mistype and type on another keyboard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.references import ALPHABET, folded, grouped, is_reference, new_reference, secret_from

references = st.builds(new_reference)
CYRILLIC = str.maketrans("ACEHKMPTXY346", "АСЕНКМРТХУЗЧБ")


@given(references)
def test_shown_reference_is_found_again_however_it_is_typed(ref):
    shown = grouped(ref)
    assert [len(part) for part in shown.split("-")] == [4, 4, 3]
    for typed in (
        shown,
        shown.lower(),
        f" {shown.replace('-', ' — ')}\n",
        shown.translate(CYRILLIC),
    ):
        assert folded(typed) == ref
        assert is_reference(folded(typed))


@given(references, st.integers(0, 10), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_noticed(ref, place, symbol):
    wrong = ref[:place] + symbol + ref[place + 1 :]
    assert is_reference(wrong) == (wrong == ref)


@given(references, st.integers(0, 10), st.integers(0, 10))
def test_two_swapped_symbols_are_noticed(ref, one, other):
    symbols = list(ref)
    symbols[one], symbols[other] = symbols[other], symbols[one]
    swapped = "".join(symbols)
    assert is_reference(swapped) == (swapped == ref)


@pytest.mark.parametrize("typed", ["", "-", "4TKA", "4TKA93XMP7CX", "ЩЩЩЩ-ЩЩЩЩ-ЩЩЩ", "\x00" * 11])
def test_nonsense_is_no_reference(typed):
    assert not is_reference(folded(typed))


@given(st.text(max_size=200))
def test_anything_can_be_folded(typed):
    is_reference(folded(typed))


def test_alphabet_has_no_two_symbols_that_look_alike():
    assert len(ALPHABET) == len(set(ALPHABET)) == 17
    assert not set(ALPHABET) & set("0O1IL8BQDSZ")


@given(st.binary(min_size=32, max_size=32))
def test_secret_has_eight_symbols_in_two_groups(digest):
    shown = grouped(secret_from(digest))
    assert [len(part) for part in shown.split("-")] == [4, 4]
    assert set(shown) <= {*ALPHABET, "-"}
