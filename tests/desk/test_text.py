"""Numbers as addresses and forms spell them."""

import pytest

from desk.text import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("0042", 42), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_number(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", " 7", "-1", "+1", "1.0", "1_0", "x", "٣", "²", "7\n", "\0", "9" * 19])
def test_anything_else_is_none(text):
    assert whole_number(text) is None


def test_shorter_limit():
    assert whole_number("9999", most_digits=4) == 9999
    assert whole_number("10000", most_digits=4) is None
