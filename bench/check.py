"""What a run may not show even on a busy machine: too many statements, wrong answers. Times are not looked at."""

from __future__ import annotations

from bench.goals import MOST_WRITES, Results, twin_of


def complaints(results: Results) -> list[str]:
    """Return a sentence for each thing that is wrong."""
    found = []
    by_name = results.by_name
    for name, figures in by_name.items():
        twin = twin_of(name, results.small)
        most = figures.scene.statements
        if most and figures.sent > most:
            sent = "".join(f"\n    {calls} x {text[:160]}" for text, calls in figures.statements.items())
            found.append(f"{name} sends {figures.sent} statements, more than {most}:{sent}")
        if twin != name and twin in by_name and by_name[twin].sent != figures.sent:
            found.append(f"{twin} sends {by_name[twin].sent} statements, with fewer rows {figures.sent}")
        if figures.wrong:
            found.append(f"{name}: {figures.wrong} answers are wrong")
        if twin == "submit" and figures.writes > MOST_WRITES:
            found.append(f"{name} writes {figures.writes} times, more than {MOST_WRITES}")
    return found
