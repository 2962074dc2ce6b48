"""Terms & Conditions: a page of its own with version and date, open to everybody."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from desk.models import TermsVersion
from desk.templatetags.desk import structured


def test_anonymous_reads_version_date_and_text(db, client_for):
    page = client_for().get("/terms/").content.decode()
    assert "Version 1.1, in force since November 27, 2026" in page
    assert "<h2>No patient information</h2>" in page


def test_nadia_may_read_them_before_she_accepts(client_for, nadia):
    assert client_for(nadia).get("/terms/").status_code == 200


def test_newest_published_version_is_current(db):
    newer = TermsVersion.objects.create(version="2.0", text="Newer.")
    TermsVersion.objects.create(version="3.0", text="Not yet.", published_at=timezone.now() + timedelta(days=1))
    assert TermsVersion.objects.current() == newer


def test_text_becomes_headings_lists_and_paragraphs():
    assert structured("## Rules\r\n\r\n- one\r\n- two\r\n\r\nEnd\r\nof it.") == (
        "<h2>Rules</h2>\n<ul><li>one</li><li>two</li></ul>\n<p>End of it.</p>"
    )


def test_text_is_never_markup():
    assert structured("## <b>\n\n- <i>\n\n<script>") == (
        "<h2>&lt;b&gt;</h2>\n<ul><li>&lt;i&gt;</li></ul>\n<p>&lt;script&gt;</p>"
    )


def test_new_words_about_cookies_are_a_version_of_their_own(db):
    old, new = TermsVersion.objects.order_by("published_at")
    assert (old.version, new.version) == ("1.0", "1.1")
    for before, after, added in ((old.text, new.text, "language"), (old.text_es, new.text_es, "su idioma")):
        [says] = set(after.split("\n\n")) - set(before.split("\n\n"))
        assert "cookies" in says
        assert added in says
        assert added not in before.partition("cookies")[2].partition("##")[0]


@pytest.mark.parametrize(
    ("newest", "is_published"),
    [({}, True), ({"text": "Terms of our own."}, False), ({"version": "2.0"}, False)],
)
def test_terms_that_a_supervisor_has_written_stay_the_newest(db, newest, is_published):
    TermsVersion.objects.filter(version="1.1").delete()
    TermsVersion.objects.filter(version="1.0").update(**newest)
    import_module("desk.migrations.0007_terms_1_1").publish(apps, SimpleNamespace(connection=connection))
    assert TermsVersion.objects.filter(version="1.1").exists() is is_published
