"""What a process keeps for a minute."""

from desk.copies import Copy


def test_what_was_read_before_a_change_is_not_kept():
    said = ["old"]

    def load() -> str:
        value = said[0]
        if value == "old":
            said[0] = "new"
            copy.forget()
        return value

    copy = Copy(load)
    assert copy.fresh() == "old"
    assert copy.fresh() == "new"
    assert copy.fresh() == "new"


def test_each_value_has_a_number_of_its_own():
    copy = Copy(dict)
    copy.fresh()
    first = copy.number
    copy.fresh()
    assert copy.number == first
    copy.forget()
    copy.fresh()
    assert copy.number != first
