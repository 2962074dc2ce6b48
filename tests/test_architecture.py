"""Who may import whom, read from the source: an arrow that runs back is an error (see the README's map)."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "cases": {"accounts", "desk", "mail"},
    "accounts": {"desk", "mail"},
    "desk": set(),
    "mail": set(),
    "helpdesk": set(),
}
# Inside an app, from the doors down; the first pattern that a room's name matches is its floor. An arrow
# runs down, or along a floor. AppConfig.ready() ties all rooms together and stands above them.
FLOORS = (
    {"apps"},
    {"urls"},
    # Doors: they know of requests and addresses.
    {
        "views",
        "admin",
        "tasks",
        "management",
        "templatetags",
        "middleware",
        "context_processors",
        "backends",
        "checks",
        "*_admin",
        "*_page",
        "*_pages",
        "*_actions",
        "admin_site",
        "agent_lists",
        "case_thread",
        "changelist",
        "demo",
        "export",
        "intake",
        "presence",
        "provider_card",
        "saved_views",
        "sessions",
    },
    {"forms", "*_forms"},
    {"services"},
    # What services and doors read and send with; mail's own machinery too.
    {
        "emails",
        "accessibility",
        "agent_query",
        "callers",
        "canned",
        "counts",
        "history",
        "thread_files",
        "list_filters",
        "lists",
        "list_tables",
        "badges",
        "request_types",
        "paging",
        "people_search",
        "search",
        "search_index",
        "drafts",
        "preferences",
        "throttles",
        "tokens",
        "validators",
        "bounces",
        "brakes",
        "delivery",
        "envelope",
        "expansion",
        "inbox",
        "look",
        "mailbox",
        "registry",
        "render",
        "secret",
        "suspension",
        "transport",
        "wake",
    },
    {"models"},
    {
        "statuses",
        "text",
        "guide",
        "hours",
        "languages",
        "moments",
        "network",
        "batch",
        "signals",
        "files",
        "storage",
        "s3_storage",
        "copies",
        "prepared",
        "session_store",
    },
)
READS_THE_ENVIRONMENT = {"helpdesk/settings.py", "helpdesk/environment.py"}
APPS = ("cases", "accounts", "desk", "mail")
SETS_ITS_DEFAULTS = {"manage.py", "helpdesk/wsgi.py", "helpdesk/celery.py", "helpdesk/gunicorn.py"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for app in MAY_IMPORT
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}


def imported_by(name: str) -> Iterator[str]:
    """Yield our own modules that a module imports, inside functions too."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in targets:
            module = target if target in SOURCES else target.rpartition(".")[0]
            if module in SOURCES:
                yield module


AIMS = {name: set(imported_by(name)) for name in SOURCES}
ARROWS = sorted((name, target) for name, targets in AIMS.items() for target in targets)


def app_of(module: str) -> str:
    return module.partition(".")[0]


def room_of(module: str) -> str:
    return [*module.split("."), ""][1]


def floor_of(module: str) -> int | None:
    """Return how far below the roof a module stands, or None for one that has no place yet."""
    room = room_of(module)
    exact = (number for number, rooms in enumerate(FLOORS) if room in rooms)
    like = (number for number, rooms in enumerate(FLOORS) if any(fnmatchcase(room, each) for each in rooms))
    return next(exact, next(like, None))


def runs_back(name: str, target: str) -> bool:
    return floor_of(target) < floor_of(name)


def circle_through(name: str) -> list[str]:
    """Return the modules along which a module imports itself, or none."""
    ways, seen = [[name]], set()
    while ways:
        way = ways.pop()
        for target in AIMS.get(way[-1], ()):
            if target == name:
                return [*way, target]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def test_the_source_is_read():
    assert len(SOURCES) > 60
    assert ("accounts.views.entry", "accounts.forms") in ARROWS
    assert ("cases.views", "accounts.drafts") in ARROWS


def test_arrows_between_apps_run_one_way():
    back = [
        f"{name} -> {target}"
        for name, target in ARROWS
        if app_of(name) != app_of(target) and app_of(target) not in MAY_IMPORT[app_of(name)]
    ]
    assert back == []


@pytest.mark.parametrize("app", APPS)
def test_every_module_has_a_floor(app):
    lost = [name for name in SOURCES if app_of(name) == app and "." in name and floor_of(name) is None]
    assert lost == [], f"Say in FLOORS of {Path(__file__).name} who may import {', '.join(lost)}."


@pytest.mark.parametrize("app", APPS)
def test_arrows_inside_an_app_run_down(app):
    inside = [(name, target) for name, target in ARROWS if app_of(name) == app == app_of(target)]
    # A module without a floor, and an app itself, is the business of the test above.
    placed = [arrow for arrow in inside if None not in map(floor_of, arrow)]
    assert [f"{name} -> {target}" for name, target in placed if runs_back(name, target)] == []


def test_nobody_imports_in_a_circle():
    assert [" -> ".join(circle) for circle in map(circle_through, SOURCES) if circle] == []


def test_arrows_that_run_back_are_seen():
    for name, target in (
        ("cases.services.saved_views", "cases.agent_lists"),
        ("cases.agent_query", "cases.services"),
        ("cases.bulk_forms", "cases.bulk_actions"),
        ("accounts.text", "accounts.models"),
    ):
        assert runs_back(name, target), name
    for name, target in (("cases.admin", "cases.merge_page"), ("cases.call_forms", "cases.forms")):
        assert not runs_back(name, target), name
    assert floor_of("cases.odds_and_ends") is None


def test_nobody_imports_anybodys_admin_or_views():
    doors = {"admin", "views"}
    seen = [
        f"{name} -> {target}"
        for name, target in ARROWS
        if room_of(target) in doors
        and not (app_of(name) == app_of(target) and room_of(name) in {room_of(target), "urls"})
    ]
    assert seen == []


def test_nobody_imports_the_project():
    assert [f"{name} -> {target}" for name, target in ARROWS if app_of(target) == "helpdesk" != app_of(name)] == []


def environment_reads(tree: ast.AST) -> Iterator[str]:
    """Yield how a module touches the environment: `setdefault`, or anything else."""
    kept = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
            if isinstance(node.value, ast.Name) and node.value.id == "os":
                yield "setdefault" if id(node) in kept else node.attr
        elif isinstance(node, ast.ImportFrom) and node.module in {"os", "environ"}:
            yield node.module
        elif isinstance(node, ast.Import) and any(alias.name == "environ" for alias in node.names):
            yield "environ"


def test_environment_is_read_in_one_place():
    paths = [*SOURCES.values(), ROOT / "manage.py"]
    for path in paths:
        name = str(path.relative_to(ROOT))
        if name in READS_THE_ENVIRONMENT:
            continue
        found = set(environment_reads(ast.parse(path.read_text(encoding="utf-8"))))
        assert found <= ({"setdefault"} if name in SETS_ITS_DEFAULTS else set()), name


def test_reads_are_seen():
    seen = set(environment_reads(TREES["helpdesk.environment"]))
    assert "environ" in seen
    assert set(environment_reads(ast.parse("import os\nos.environ['X']\nos.getenv('X')"))) == {"environ", "getenv"}


@pytest.mark.parametrize("app", ["cases", "accounts"])
def test_services_are_entered_by_the_front_door(app):
    reached = [(name, target) for name, target in ARROWS if target.startswith(f"{app}.services.")]
    assert len(reached) > 5
    past = [f"{name} -> {target}" for name, target in reached if room_of(name) not in {"services", "apps"}]
    assert past == []


def test_refusals_of_a_case_live_in_one_room():
    found = {
        name: node.name
        for name, tree in TREES.items()
        if app_of(name) == "cases"
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "CaseError" for base in node.bases)
    }
    assert set(found) == {"cases.services.errors"}, found
