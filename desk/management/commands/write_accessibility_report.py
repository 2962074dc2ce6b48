"""Turn the measurements of a run of the tests into what /accessibility/ shows, or check that it shows them."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from desk import accessibility


class Command(BaseCommand):
    help = "Write desk/accessibility.json from a folder of measurements (see the Makefile's `accessibility`)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where the tests left their measurements")
        parser.add_argument("--check", action="store_true", help="fail when the written report is not this one")

    def handle(self, *args, folder: Path, check: bool, **options) -> None:
        measured = read(folder)
        file = accessibility.FILE
        kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        report = accessibility.renewed(kept, measured, timezone.localdate())
        if check and report != kept:
            found = "; ".join(accessibility.differences(kept, report))
            raise CommandError(f"desk/accessibility.json is not what was measured: {found}. Type: make accessibility")
        if not check:
            file.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        self.stdout.write(f"{len(report['states'])} pages and states, measured on {report['tested_on']}.")
        for page in measurements(folder / "lighthouse"):
            self.stdout.write(f"Lighthouse, performance (looked at, not judged): {page['name']} {page['performance']}")


def measurements(folder: Path) -> list[dict]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]


def read(folder: Path) -> dict:
    """Return what a run measured; what depends on the machine, its speed or its day stays out.

    Raises:
        CommandError: nothing was measured.
    """
    states = measurements(folder / "states" / "en")
    if not states:
        raise CommandError(f"There are no measurements in {folder}.")
    others = {other.name: {} for other in sorted((folder / "states").iterdir()) if other.name != "en"}
    for language, passed in others.items():
        passed |= {state["name"]: state["passed"] for state in measurements(folder / "states" / language)}
    return {
        "tools": json.loads((folder / "tools.json").read_text(encoding="utf-8")),
        "states": [
            state | {"others": {language: passed.get(state["name"], []) for language, passed in others.items()}}
            for state in states
        ],
        "weights": measurements(folder / "weights"),
        "lighthouse": [
            {"name": page["name"], "accessibility": page["accessibility"]}
            for page in measurements(folder / "lighthouse")
        ],
    }
