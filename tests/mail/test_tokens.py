"""Tokens: signed, masked, and fit for every mail server."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.tokens import ReplyTo, make_message_id, make_reply_address, read_message_id, read_reply_address

KINDS = ["account", "case"]
numbers = st.integers(min_value=0, max_value=2**40 - 1)


@given(number=numbers, user_id=numbers)
def test_what_was_sealed_is_read(number, user_id):
    wanted = ReplyTo(("case", number), user_id)
    assert read_reply_address(make_reply_address(about=wanted.about, user_id=user_id), KINDS) == wanted
    assert read_message_id(make_message_id(about=wanted.about, user_id=user_id), KINDS) == wanted


def test_address_survives_servers_that_change_case_and_has_room():
    address = make_reply_address(about=("case", 12), user_id=7)
    assert re.fullmatch(r"helpdesk\+[a-z2-7]{36}@example\.org", address)
    assert len(address.partition("@")[0]) <= 64
    assert read_reply_address(address.upper(), KINDS).user_id == 7


def test_address_is_the_same_each_time_and_a_message_id_never():
    about = {"about": ("case", 12), "user_id": 7}
    assert make_reply_address(**about) == make_reply_address(**about)
    assert make_message_id(**about) != make_message_id(**about)


def test_neighbours_have_nothing_in_common():
    first, second = (make_reply_address(about=("case", number), user_id=7) for number in (12, 13))
    same = [one for one, other in zip(first[9:45], second[9:45], strict=True) if one == other]
    assert len(same) < 12


@given(st.integers(min_value=9, max_value=43), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_letter_more_or_less_and_it_is_nobodys(place, letter):
    address = make_reply_address(about=("case", 12), user_id=7)
    changed = address[:place] + letter + address[place + 1 :]
    assert (read_reply_address(changed, KINDS) is None) == (changed != address)
    assert read_reply_address(address[:place] + address[place + 1 :], KINDS) is None


def test_token_of_one_purpose_is_none_of_another(settings):
    address = make_reply_address(about=("case", 12), user_id=7)
    assert read_reply_address(address, ["account"]) is None
    assert read_reply_address(address.replace("@example.org", "@evil.example"), KINDS) is None
    assert read_reply_address(address.replace("helpdesk+", "sales+"), KINDS) is None
    message_id = make_message_id(about=("case", 12), user_id=7)
    assert read_message_id(message_id.replace("@example.org", "@evil.example"), KINDS) is None
    settings.SECRET_KEY = "another" * 9
    assert read_reply_address(address, KINDS) is None
    assert read_message_id(message_id, KINDS) is None


def test_old_keys_still_open(settings):
    address = make_reply_address(about=("case", 12), user_id=7)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 9
    assert read_reply_address(address, KINDS) == ReplyTo(("case", 12), 7)


@pytest.mark.parametrize("junk", ["", "@", "+@", "helpdesk+@example.org", "helpdesk+" + "1" * 36 + "@example.org"])
def test_junk_is_nobodys(junk):
    assert read_reply_address(junk, KINDS) is None
    assert read_message_id(f"<{junk}>", KINDS) is None


@given(st.text(max_size=90))
def test_no_text_raises(text):
    read_reply_address(text, KINDS)
    read_message_id(text, KINDS)
