"""Each test reads the help desk's facts from its own database."""

import pytest

from desk.services import forget_facts


@pytest.fixture(autouse=True)
def _no_copy_of_another_test():
    forget_facts()
    yield
    forget_facts()
