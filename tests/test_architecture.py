"""Who may import whom, read from the source: an arrow that runs back is an error (see the README's map)."""

import ast
from collections.abc import Iterator
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
# Inside an app, from the doors down. AppConfig.ready() ties all rooms together and stands above them.
RANKS = {
    "apps": 7,
    "urls": 6,
    "views": 5,
    "admin": 5,
    "admin_site": 5,
    "tasks": 5,
    "management": 5,
    "forms": 4,
    "services": 3,
    "emails": 2,
    "models": 1,
}
READS_THE_ENVIRONMENT = {"helpdesk/settings.py", "helpdesk/environment.py"}
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


ARROWS = sorted({(name, target) for name in SOURCES for target in imported_by(name)})


def app_of(module: str) -> str:
    return module.partition(".")[0]


def room_of(module: str) -> str:
    return [*module.split("."), ""][1]


def reached_inside(name: str) -> set[str]:
    """Return the modules of the same app that a module reaches, also by way of rooms without a rank."""
    reached, waiting = set(), [name]
    while waiting:
        for target in imported_by(waiting.pop()):
            if app_of(target) == app_of(name) and target not in reached:
                reached.add(target)
                if room_of(target) not in RANKS:
                    waiting.append(target)
    return reached


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


@pytest.mark.parametrize("app", ["cases", "accounts", "desk", "mail"])
def test_arrows_inside_an_app_run_down(app):
    back = [
        f"{name} -> {target}"
        for name in SOURCES
        if app_of(name) == app and room_of(name) in RANKS
        for target in sorted(reached_inside(name))
        if room_of(target) in RANKS
        and room_of(target) != room_of(name)
        and RANKS[room_of(target)] >= RANKS[room_of(name)]
    ]
    assert back == []


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
