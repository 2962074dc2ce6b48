"""The report follows the measurements, and nothing that changes from day to day or machine to machine."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from desk import accessibility

HOME = {"name": "Home", "who": "anybody", "passed": ["rules", "html"]}
WEIGHT = {"name": "Home", "first": 62, "first_without_font": 11, "requests": 5, "again": 3}


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A folder of measurements, and a report of its own; call it to write or check that."""
    monkeypatch.setattr(accessibility, "FILE", tmp_path / "report.json")
    folder = tmp_path / "measured"

    def run(*options, home=HOME, weight=WEIGHT, performance=97):
        files = {
            "tools.json": {"axe-core": "4.0"},
            "states/en/000.json": home,
            "states/es/000.json": HOME,
            "weights/000.json": weight,
            "lighthouse/000.json": {"name": "Home", "accessibility": 100, "performance": performance},
        }
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps(content))
        out = StringIO()
        call_command("write_accessibility_report", str(folder), *options, stdout=out)
        return out.getvalue()

    return run


def kept() -> dict:
    return json.loads(accessibility.FILE.read_text())


@pytest.mark.parametrize("day", ["2026-11-27"])
def test_it_keeps_what_was_found(measured, time_machine, day):
    time_machine.move_to(f"{day}T12:00:00-05:00")
    measured()
    assert kept() == {
        "tested_on": day,
        "tools": {"axe-core": "4.0"},
        "states": [HOME | {"others": {"es": ["rules", "html"]}}],
        "weights": [WEIGHT],
        "lighthouse": [{"name": "Home", "accessibility": 100}],
    }


def test_the_same_on_another_day_changes_nothing(measured, time_machine):
    time_machine.move_to("2026-11-27T12:00:00-05:00")
    measured()
    time_machine.move_to("2026-12-24T12:00:00-05:00")
    measured()
    measured("--check")
    assert kept()["tested_on"] == "2026-11-27"


def test_performance_is_said_and_not_kept(measured):
    measured(performance=97)
    assert "Home 41" in measured("--check", performance=41)


def test_a_kilobyte_more_or_less_stays(measured):
    measured()
    measured("--check", weight=WEIGHT | {"first": 63, "again": 2})
    with pytest.raises(CommandError, match="make accessibility"):
        measured("--check", weight=WEIGHT | {"first": 64})


def test_another_finding_is_not_current(measured):
    measured()
    with pytest.raises(CommandError, match=r"states, Home: .*'html'.* before, .* measured. Type: make accessibility"):
        measured("--check", home=HOME | {"passed": ["rules"]})
    assert kept()["states"][0]["passed"] == ["rules", "html"]


def test_it_says_what_changed():
    kept = {"tools": {"axe-core": "4.0"}, "states": [HOME, HOME | {"name": "Login"}]}
    assert accessibility.differences(kept, kept) == []
    assert accessibility.differences(kept, kept | {"tools": {}}) == ["tools, axe-core: 4.0 before, None measured"]
    assert accessibility.differences(kept, kept | {"states": [HOME]}) == [
        f"states, Login: {HOME | {'name': 'Login'}} before, None measured"
    ]
    assert accessibility.differences(kept, kept | {"states": kept["states"][::-1]}) == ["states: another order"]


def test_nothing_measured_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="no measurements"):
        call_command("write_accessibility_report", str(tmp_path))
