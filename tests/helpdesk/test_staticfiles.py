"""What is served in place of many small files: one stylesheet and one script a page, whole and small."""

import gzip
import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings
from fontTools.ttLib import TTFont

from helpdesk import fonts
from helpdesk.staticfiles import CSS_IMPORT, JS_IMPORT, bundle

SOURCES = Path(settings.BASE_DIR) / "static"
BUNDLED = {"staticfiles": {"BACKEND": "helpdesk.staticfiles.BundledStaticFilesStorage"}}


def read(name: str) -> str:
    return (SOURCES / name).read_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Give the path of a file as it is served, by the name that templates call it."""
    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root, STORAGES=settings.STORAGES | BUNDLED):
        call_command("collectstatic", interactive=False, verbosity=0)
    names = json.loads((root / "staticfiles.json").read_text())["paths"]
    return lambda name: root / names[name]


def test_an_import_is_replaced_by_its_file_and_addresses_still_lead_there():
    files = {
        "css/a.css": '@import "parts/b.css";\na { color: red }',
        "css/parts/b.css": '@import "c.css";\nb { background: url("../../img/b.svg") }',
        "css/parts/c.css": 'c { background: url("c.svg") }',
    }
    assert bundle("css/a.css", files.__getitem__, CSS_IMPORT) == (
        'c { background: url("parts/c.svg") }\nb { background: url("../img/b.svg") }\na { color: red }'
    )


@pytest.mark.parametrize("name", ["css/portal.css", "css/admin.css"])
def test_a_stylesheet_is_served_whole(served, name):
    text = served(name).read_text()
    assert "@import" not in text
    assert "/*" not in text
    rules = sum(read(f"css/{path}").count("{") for path in re.findall(CSS_IMPORT, read(name)))
    assert text.count("{") == rules > 100


@pytest.mark.parametrize("folder", ["css", "js"])
def test_every_file_of_ours_reaches_a_page(folder):
    importing = {"css": CSS_IMPORT, "js": JS_IMPORT}[folder]
    entries = [path.relative_to(SOURCES).as_posix() for path in (SOURCES / folder).glob(f"*.{folder}")]
    imported = {(Path(folder) / path).as_posix() for entry in entries for path in re.findall(importing, read(entry))}
    templates = "".join(path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    for path in (SOURCES / folder).rglob(f"*.{folder}"):
        name = path.relative_to(SOURCES).as_posix()
        assert name in imported or f"'{name}'" in templates, name


def test_the_scripts_are_served_whole(served):
    text = {name: served(f"js/{name}.js").read_text() for name in ("portal", "signed-in")}
    assert not any("import" in each for each in text.values())
    for part in (".password-reveal", "helpdesk-typed"):
        assert all(part in each for each in text.values())
    for part in ("data-draft-url", "session-warning"):
        assert part in text["signed-in"]
        assert part not in text["portal"], "for nobody before the login"


def test_the_font_is_found_from_the_stylesheet(served):
    sheet = served("css/portal.css")
    address = re.search(r'src:url\("([^"]+)"\)', sheet.read_text())[1]
    assert (sheet.parent / address).read_bytes().startswith(b"wOF2")


def test_the_font_is_packed_to_the_same_bytes_every_time_and_keeps_accents():
    packed = fonts.pack()
    assert packed == fonts.pack()
    letters = TTFont(BytesIO(packed)).getBestCmap()
    assert set(map(ord, "Aáñ¿ü–“€−")) <= set(letters)
    assert ord("я") not in letters


def test_what_is_served_is_small(served):
    """A first visit before the login is 12 KB without the font: a page of up to 3 KB, an icon, and these."""
    names = ("css/portal.css", "js/portal.js", "js/signed-in.js")
    sizes = [len(gzip.compress(served(name).read_bytes(), 9)) for name in names]
    assert [size for size, most in zip(sizes, (7_200, 1_500, 4_000), strict=True) if size > most] == []
    assert served("fonts/public-sans.woff2").stat().st_size < 31_000
    assert served("css/portal.css").with_name(served("css/portal.css").name + ".gz").is_file()


def test_a_page_asks_for_one_stylesheet_one_font_one_script_and_an_icon(db):
    html = Client().get("/register/").text
    assert re.findall(r'<link[^>]* href="(/static/[^"]+)"', html) == [
        "/static/fonts/public-sans.woff2",
        "/static/css/portal.css",
        "/static/img/icon.svg",
    ]
    assert re.findall(r'<script[^>]* src="([^"]+)"', html) == ["/static/js/portal.js"]


@pytest.mark.django_db
def test_a_page_of_a_signed_in_person_asks_for_one_script_too(paula, client_for):
    browser = client_for(paula)
    for address in ("/", "/cases/new/", "/account/details/"):
        html = browser.get(address).text
        assert re.findall(r'<script[^>]* src="([^"]+)"', html) == ["/static/js/signed-in.js"], address


@pytest.mark.django_db
def test_a_page_is_compressed_where_the_browser_can():
    page = Client().get("/register/", headers={"accept-encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"
    assert "REGISTER" in gzip.decompress(page.content).decode()
    assert "Accept-Encoding" in page["Vary"]


@pytest.mark.django_db
def test_a_static_file_is_kept_by_the_browser_of_a_signed_in_person(paula, served):
    with override_settings(STATIC_ROOT=served("css/portal.css").parent.parent, STORAGES=settings.STORAGES | BUNDLED):
        browser = Client()
        browser.force_login(paula)
        sheet = browser.get(f"/static/css/{served('css/portal.css').name}")
    assert "immutable" in sheet["Cache-Control"]
    assert sheet["X-Content-Type-Options"] == "nosniff"
    assert "X-Request-Reference" in sheet
    assert browser.get("/my-lists/")["Cache-Control"] == "no-store"
