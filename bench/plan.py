"""What both sites are filled with: the same people, cases, moments and texts for the same size, every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SEED = 20260101
END = datetime(2026, 11, 1, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
TEXT_LENGTH = 600
CASES_PER_PROVIDER = 20
OPEN_SHARE = 0.2
# The people whose pages are measured, by their place among the providers.
USUAL, BUSY, MEMBER = 0, 1, 2
# Those who file during the run: their lists grow, and nobody looks at them.
FILERS = range(3, 10)
USUAL_CASES = 50

RARE_WORD = "quokka"
COMMON_WORD = "vaccine"
_TEXT = """
vaccine shipment arrived short of two trays and the cooler log shows nine degrees for one hour please advise how to
record the wasted doses in the inventory since the scheduled transfer to our second location was cancelled by the
carrier the recipient record has a wrong date of administration login of a nurse does not work after the
training report
counts first doses twice storage unit freezer probe calibration expired lot number missing
"""
_WORDS = _TEXT.split()


@dataclass(frozen=True)
class Plan:
    """How many there are of everything.

    Arguments:
        cases: cases in all.
    """

    cases: int

    @property
    def providers(self) -> int:
        return max(self.cases // CASES_PER_PROVIDER, 10)

    @property
    def busy_cases(self) -> int:
        """Return how many cases the busy provider has, and the colleagues of the member together."""
        return min(10_000, self.cases // 10)

    def owners(self) -> Iterator[int]:
        """Return the provider of each case, in the order in which they are filed."""
        chance = random.Random(SEED)
        special = [USUAL] * USUAL_CASES + [BUSY] * self.busy_cases + [MEMBER] * self.busy_cases
        rest = self.cases - len(special)
        owners = special + [chance.randrange(MEMBER + 1, self.providers) for _each in range(rest)]
        chance.shuffle(owners)
        return iter(owners)

    def filed_at(self, number: int) -> datetime:
        """Return when a case was filed; numbers count from 1 to `cases`."""
        return END - YEARS + YEARS * (number / self.cases)


def texts(cases: int) -> Iterator[str]:
    """Return one description a case; a rare word stands in one of 100,000, at least in one."""
    chance = random.Random(SEED + 1)
    for number in range(1, cases + 1):
        words = chance.choices(_WORDS, k=110)
        if number % 100_000 == cases % 100_000:
            words[3] = RARE_WORD
        yield " ".join(words).ljust(TEXT_LENGTH, ".")[:TEXT_LENGTH]
