"""The README and the guides promise only what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Read by the tools that they configure, or by the suite itself.
FOREIGN = {"CI", "PATH", "PGOPTIONS", "DJANGO_SETTINGS_MODULE"}


def test_environment_table_names_what_settings_read():
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    code = (ROOT / "helpdesk/settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    assert table == read


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_and_pictures_exist(document):
    targets = re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    own = [target.partition("#")[0] for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert targets
    assert [target for target in own if not (document.parent / target).exists()] == []


def test_files_that_it_names_exist():
    named = set(re.findall(r"`((?:helpdesk|desk|mail|accounts|cases|tests|templates)/[\w./]+)`", README))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
