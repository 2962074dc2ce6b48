"""The development mailbox: typed addresses, its frame's policy, and its absence elsewhere."""

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection

from mail import mailbox as box
from mail.backends import MailboxBackend

pytestmark = pytest.mark.django_db  # every page names the help desk's hours


@pytest.fixture
def mailbox_dir(settings, tmp_path):
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return settings.MAILBOX_DIR


@pytest.fixture
def send(mailbox_dir):
    """Return a function that sends a mail into the mailbox and returns its name."""

    def send(subject="Your Help Desk User ID", text="Hello http://testserver/login/", html="<p>Hello</p>"):
        mail = EmailMultiAlternatives(subject, text, "desk@example.org", ["paula@example.org"])
        if html:
            mail.attach_alternative(html, "text/html")
        get_connection("mail.backends.MailboxBackend").send_messages([mail])
        return box.names(mailbox_dir)[0]

    return send


def test_newest_first(client, send):
    send("The older")
    send("The newer")
    page = client.get("/mailbox/").content.decode()
    assert page.index("The newer") < page.index("The older")
    assert "paula@example.org" in page


def test_an_empty_mailbox_says_so(client, mailbox_dir):
    response = client.get("/mailbox/")
    assert response.status_code == 200
    assert "No mail yet" in response.content.decode()


def test_html_is_shown_in_a_locked_frame(client, send):
    name = send(html="<p style='color:red'>Hello</p><script>alert(1)</script>")
    page = client.get(f"/mailbox/{name}/").content.decode()
    assert f'sandbox="" title="The mail as HTML" src="/mailbox/{name}/html/"' in page
    assert "alert(1)" not in page
    frame = client.get(f"/mailbox/{name}/html/")
    assert "alert(1)" in frame.content.decode()
    policy = frame["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert frame["X-Frame-Options"] == "SAMEORIGIN"


def test_text_has_links_that_work(client, send):
    page = client.get(f"/mailbox/{send()}/?tab=text").content.decode()
    assert '<a href="http://testserver/login/"' in page


def test_text_is_escaped(client, send):
    page = client.get(f"/mailbox/{send(text='<script>x</script>')}/?tab=text").content.decode()
    assert "&lt;script&gt;x" in page


def test_raw_is_the_mail_as_it_travels(client, send):
    name = send()
    raw = client.get(f"/mailbox/{name}/raw/")
    assert raw["Content-Type"].startswith("text/plain")
    assert b"Subject: Your Help Desk User ID" in raw.content
    assert "Subject: Your Help Desk User ID" in client.get(f"/mailbox/{name}/?tab=raw").content.decode()


def test_a_mail_without_html_opens_as_text(client, send):
    page = client.get(f"/mailbox/{send(html='')}/").content.decode()
    assert "<iframe" not in page
    assert "Hello" in page


@pytest.mark.parametrize("page", ["", "0", "99", "%00", "x"])
def test_junk_pages_are_a_clean_page(client, send, page):
    send()
    assert client.get(f"/mailbox/?page={page}").status_code == 200


@pytest.mark.parametrize("path", ["", "{name}/", "{name}/html/", "{name}/raw/"])
def test_without_a_mailbox_nothing_is_there(client, send, settings, path):
    path = f"/mailbox/{path.format(name=send())}"
    assert client.get(path).status_code == 200
    settings.MAILBOX_DIR = None
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "00000000000000000000-00000000", "x"])
def test_an_unknown_name_is_404(client, mailbox_dir, name):
    assert client.get(f"/mailbox/{name}/").status_code == 404


def test_nothing_can_be_posted(client, send):
    assert client.post("/mailbox/").status_code == 405


def test_the_newest_are_kept(mailbox_dir, monkeypatch):
    monkeypatch.setattr(box, "KEPT", 3)
    for number in range(5):
        box.write(mailbox_dir, f"Subject: {number}\r\n\r\n".encode())
    assert [box.read(mailbox_dir, name).subject for name in box.names(mailbox_dir)] == ["4", "3", "2"]
    assert list(mailbox_dir.glob("*.part")) == []


def test_the_backend_counts_what_it_keeps(mailbox_dir):
    assert MailboxBackend().send_messages([EmailMultiAlternatives("s", "t", "a@example.org", ["b@example.org"])]) == 1
