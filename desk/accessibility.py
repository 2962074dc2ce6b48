"""What the newest run of the tests found about the accessibility of each page."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("accessibility.json")
# Files are compressed a little differently from machine to machine: a figure that moved less stays.
KILOBYTE = 1


# In the order in which desk/accessibility.html explains them; the names are those of tests/browser/looks.py.
CHECKS = (
    "rules",
    "dark",
    "forced_colors",
    "html",
    "focus",
    "targets",
    "reflow",
    "spacing",
    "motion",
    "without_script",
)


@cache
def report() -> dict:
    """Return the report: `tested_on`, `tools`, `states` with the numbers of passed checks, `weights`, `lighthouse`."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    states = [
        state
        | {
            "passed": numbers(state["passed"]),
            "others": {language: numbers(passed) for language, passed in state["others"].items()},
        }
        for state in kept["states"]
    ]
    return kept | {"tested_on": date.fromisoformat(kept["tested_on"]), "states": states}


def numbers(checks: list[str]) -> list[int]:
    return [CHECKS.index(check) + 1 for check in checks]


def renewed(kept: dict, measured: dict, today: date) -> dict:
    """Return the report after a run: the kept one, date included, unless something else was found."""
    measured = measured | {
        "weights": [_steady(weight, kept.get("weights", [])) for weight in measured.get("weights", [])]
    }
    same = {key: value for key, value in kept.items() if key != "tested_on"} == measured
    return kept if same else {"tested_on": today.isoformat(), **measured}


def differences(kept: dict, report: dict) -> list[str]:
    """Say in which lines two reports differ: the part, the page's name, before and after."""
    said = []
    for part in dict.fromkeys((*kept, *report)):
        before, after = (_by_name(each.get(part)) for each in (kept, report))
        names = dict.fromkeys((*before, *after))
        said += [
            f"{part}, {name}: {before.get(name)} before, {after.get(name)} measured"
            for name in names
            if before.get(name) != after.get(name)
        ]
        if list(before) != list(after) and set(before) == set(after):
            said.append(f"{part}: another order")
    return said


def _by_name(lines: dict | list[dict] | str | None) -> dict:
    if isinstance(lines, list):
        return {line["name"]: line for line in lines}
    return lines if isinstance(lines, dict) else {"": lines}


def _steady(weight: dict, kept: list[dict]) -> dict:
    before = next((each for each in kept if each["name"] == weight["name"]), {})
    return {
        key: before[key] if isinstance(value, int) and abs(value - before.get(key, -99)) <= KILOBYTE else value
        for key, value in weight.items()
    }
