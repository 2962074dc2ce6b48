"""Requests that no browser sends: a clear answer, never a 500."""

import pytest
from django.test import Client

CODECS = ["hex", "base64", "zip", "rot13", "punycode", "idna", "undefined", "raw_unicode_escape", "no-such"]


@pytest.mark.parametrize("codec", CODECS)
def test_codec_in_the_content_type_is_not_obeyed(codec, client, db):
    answer = client.generic("GET", "/login/?next=%ff", content_type=f"text/plain; charset={codec}")
    assert answer.status_code == 200


@pytest.mark.parametrize("codec", CODECS)
def test_form_is_read_as_utf_8_whatever_it_says(codec, client, db):
    kind = f"application/x-www-form-urlencoded; charset={codec}"
    answer = client.generic("POST", "/register/", b"first_name=%5Cud800&last_name=J%C3%BCrgens", content_type=kind)
    assert answer.status_code == 200
    assert "Jürgens" in answer.content.decode()


@pytest.mark.parametrize("key", ["aaaaaaaaaaaa\0", "\ud800" * 10, "x" * 5000, "../../etc/passwd", "A" * 32])
def test_junk_session_cookie_is_no_session(key, client, db):
    client.cookies["helpdesk_session"] = key.encode("utf-8", "replace").decode()
    assert client.get("/my-lists/")["Location"] == "/login/?next=/my-lists/&ended=yes"


def test_unknown_host_gets_a_page_with_the_headers_of_all(settings, db):
    settings.SECURE_SSL_REDIRECT = True
    answer = Client(headers={"host": "evil.example.com"}).get("/login/")
    assert answer.status_code == 400
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "no-store"
