"""Terms & Conditions: a page of its own with version and date, open to everybody."""

from datetime import timedelta

from django.utils import timezone

from desk.models import TermsVersion
from desk.templatetags.desk import structured


def test_anonymous_reads_version_date_and_text(db, client_for):
    page = client_for().get("/terms/").content.decode()
    assert "Version 1.0, in force since November 1, 2026" in page
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
