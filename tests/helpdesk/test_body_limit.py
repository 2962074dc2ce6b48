"""Bodies up to 4 MB are read; above it a page says so, however the body is sent."""

from io import BytesIO

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from helpdesk.middleware import BodyLimitMiddleware

pytestmark = pytest.mark.urls("tests.helpdesk.urls")
FORM = "application/x-www-form-urlencoded"


def post(client, size):
    return client.post("/echo/", b"text=" + b"x" * (size - 5), content_type=FORM)


def test_exactly_4_mb_is_read(db, client):
    response = post(client, settings.BODY_LIMIT)
    assert len(response.content) == settings.BODY_LIMIT - 5


def test_one_byte_more_is_a_page_that_says_so(db, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = post(client, settings.BODY_LIMIT + 1)
    page = response.content.decode()
    assert response.status_code == 413
    assert "larger than 4 MB, so nothing was stored" in page
    assert "1-877-873-6247" in page
    assert response["X-Request-Reference"] in page
    assert "script-src" in response["Content-Security-Policy"]


def test_too_many_fields_are_a_plain_400(db, client):
    body = "&".join(f"f{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    response = client.post("/echo/", body, content_type=FORM)
    assert response.status_code == 400
    assert "We could not read that request" in response.content.decode()


def chunked(body: bytes):
    """A request as gunicorn gives a chunked one: no length, an input that ends by itself."""
    request = RequestFactory().post("/echo/", content_type=FORM)
    request.META |= {
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
    }
    request.reference = "0123456789ab"
    return request


def answer(request):
    return BodyLimitMiddleware(lambda request: HttpResponse(request.POST["text"]))(request)


def test_a_chunked_body_is_read():
    assert answer(chunked(b"text=hello")).content == b"hello"


def test_a_chunked_body_has_the_same_limit(db):
    request = chunked(b"text=" + b"x" * settings.BODY_LIMIT)
    assert answer(request).status_code == 413


@pytest.mark.parametrize("length", ["", "abc"])
def test_a_length_that_is_none_is_no_body(length):
    request = RequestFactory().get("/")
    request.META["CONTENT_LENGTH"] = length
    response = BodyLimitMiddleware(lambda request: HttpResponse("fine"))(request)
    assert response.content == b"fine"


def test_a_refused_body_is_read_to_its_end_so_that_the_browser_shows_the_page(db):
    size = settings.BODY_LIMIT + 100_000
    request = RequestFactory().post("/echo/", b"x" * size, content_type=FORM)
    request.reference = "0123456789ab"
    source = BytesIO(b"x" * size)
    request.META["wsgi.input"] = source
    assert answer(request).status_code == 413
    assert source.tell() == size
