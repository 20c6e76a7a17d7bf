"""What families send is unreadable without the keys, and each text opens as itself only."""

from __future__ import annotations

import base64
import secrets
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms import crypto
from forms.erasing import erase
from forms.models import Erased, Submission, SubmissionKey
from tests.intake import NAME, PHONE, STORY, make_case


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@given(plain=st.binary(max_size=200), purpose=st.text(max_size=20))
def test_sealed_text_opens_again(plain, purpose):
    data_key = crypto.new_key(uuid.uuid4())
    assert data_key.open(purpose, data_key.seal(purpose, plain)) == plain


def test_sealed_text_opens_neither_as_another_nor_for_another_nor_changed():
    owner = crypto.new_key(uuid.uuid4())
    sealed = owner.seal("answers", b"text")
    stranger = crypto.DataKey(uuid.uuid4(), owner.secret)
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for open_it in (
        lambda: owner.open("note", sealed),
        lambda: stranger.open("answers", sealed),
        lambda: owner.open("answers", changed),
        lambda: owner.open("answers", b""),
    ):
        with pytest.raises(crypto.CryptoError):
            open_it()


def test_old_key_unwraps_and_new_one_wraps(settings):
    old, new = key(), key()
    settings.NAVIGATOR_DATA_KEYS = [old]
    data_key = crypto.new_key(uuid.uuid4())
    wrapped = crypto.wrap(data_key)

    settings.NAVIGATOR_DATA_KEYS = [new, old]
    assert crypto.unwrap(data_key.owner, wrapped) == data_key
    wrapped_anew = crypto.wrap(data_key)

    settings.NAVIGATOR_DATA_KEYS = [new]
    assert crypto.unwrap(data_key.owner, wrapped_anew) == data_key
    with pytest.raises(crypto.CryptoError):
        crypto.unwrap(data_key.owner, wrapped)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ([], "there is no key"),
        (["не ключ"], "key 1 is not base64"),
        ([base64.b64encode(b"short").decode()], "key 1 has 5 bytes instead of 32"),
        ([key()] * 2, None),
    ],
)
def test_bad_keys_are_named(keys, problem):
    found = crypto.check_keys(keys)
    assert found == ([problem] if problem else ["a key is given twice"])


def test_secret_is_not_shown_when_a_key_is_printed():
    data_key = crypto.new_key(uuid.uuid4())
    assert data_key.secret.hex() not in repr(data_key)
    assert repr(data_key.secret) not in repr(data_key)


@pytest.mark.django_db
def test_database_holds_no_plain_text():
    submission = make_case().submission
    row = Submission.objects.filter(pk=submission.pk).values("answers").get()
    for planted in (NAME, PHONE, STORY, "answers", "Анфиса"):
        assert planted.encode() not in bytes(row["answers"])
    assert submission.read_answers()["name"] == NAME


@pytest.mark.django_db
def test_answers_do_not_open_with_the_key_of_another_submission():
    one, other = make_case().submission, make_case().submission
    with pytest.raises(crypto.CryptoError):
        other.data_key.open("answers", one.answers)


@pytest.mark.django_db
def test_erasing_destroys_the_key_and_leaves_the_rest(django_assert_num_queries):
    case = make_case()
    erase(case=case)
    assert not SubmissionKey.objects.filter(pk=case.submission_id).exists()
    with pytest.raises(Erased):
        Submission.objects.get(pk=case.submission_id).read_answers()
    assert list(case.events.values_list("kind", flat=True)) == ["accepted", "erased"]
    erase(case=case)  # may run twice
    assert case.events.count() == 2
