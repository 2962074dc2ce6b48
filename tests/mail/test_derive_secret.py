from collections import Counter

import pytest

from mail.models import OutboxMessage, new_nonce
from mail.secret import UNAMBIGUOUS
from mail.services import SecretSpent, derive_secret


def message(**fields) -> OutboxMessage:
    return OutboxMessage(**{"kind": "greeting", "nonce": "a-nonce", **fields})


def test_the_same_row_gives_the_same_secret():
    assert derive_secret(message()) == derive_secret(message())


def test_sixteen_characters_that_nobody_mistakes():
    secrets = [derive_secret(message(nonce=new_nonce())) for _ in range(200)]
    assert {len(secret) for secret in secrets} == {16}
    seen = set("".join(secrets))
    assert seen <= set(UNAMBIGUOUS)
    assert not seen & set("0O1lI")
    assert len(seen) > 45, "the whole alphabet is used"
    assert len(set(secrets)) == 200


def test_no_character_is_likelier_than_another():
    """256 is no multiple of 54: folding the bytes would favor the first 40 characters by a quarter."""
    times = Counter(derive_secret(message(), length=108_000))
    assert max(times.values()) < 1.15 * 2000
    assert min(times.values()) > 0.85 * 2000


@pytest.mark.parametrize("other", [{"nonce": "another"}, {"kind": "farewell"}])
def test_another_nonce_or_kind_gives_another_secret(other):
    assert derive_secret(message()) != derive_secret(message(**other))


def test_another_secret_key_gives_another_secret(settings):
    secret = derive_secret(message())
    settings.SECRET_KEY = "another key" * 6
    assert derive_secret(message()) != secret


def test_a_spent_nonce_gives_no_secret():
    with pytest.raises(SecretSpent):
        derive_secret(message(nonce=""))


def test_length_and_alphabet_are_the_callers():
    assert set(derive_secret(message(), length=400, alphabet="01")) == {"0", "1"}
    assert len(derive_secret(message(), length=400, alphabet="01")) == 400
