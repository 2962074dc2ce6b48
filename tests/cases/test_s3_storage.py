"""Files of cases in an S3-compatible storage: what a folder does, and nobody else reads it."""

from __future__ import annotations

import hashlib
import logging
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from botocore.config import Config
from django.conf import settings as running
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from cases import checks, services
from cases.files import MOST_BYTES, inspect_files
from cases.models import Attachment, Case, LooseFile, StoredFile
from cases.s3_storage import PrivateS3Storage
from cases.services import parcel_of
from helpdesk.environment import file_storage_from_url
from mail import inbox
from tests.cases.s3_server import BUCKET, S3Server, silent_server
from tests.cases.sample_files import CSV, PDF, chosen, incoming

pytestmark = pytest.mark.django_db
NOWHERE = "s3://key:secret@helpdesk-files/portal?endpoint=http://127.0.0.1:9"


@pytest.fixture(scope="module")
def server():
    server = S3Server()
    yield server
    server.close()


@pytest.fixture
def use(settings, tmp_path):
    """Return a function that lets the portal keep its files where a FILES_URL says."""

    def set_up(url: str):
        settings.FILE_STORAGE = file_storage_from_url(url, folder=tmp_path)
        settings.STORAGES = settings.STORAGES | {"attachments": settings.FILE_STORAGE}
        return storages["attachments"]

    return set_up


@pytest.fixture
def bucket(server, use):
    """A server whose bucket the portal uses, empty."""
    use(server.url)
    yield server
    server.empty()


def keys_in_rows() -> set[str]:
    keys = {*StoredFile.objects.values_list("key", flat=True), *LooseFile.objects.values_list("key", flat=True)}
    return {f"portal/{key}" for key in keys}


@pytest.fixture
def filed(client_for, paula, intake):
    """Return a function that sends the intake form with files, and gives the answer."""
    browser = client_for(paula)

    def send(*files, **typed):
        return browser.post("/cases/new/", intake(browser, **typed) | {"files": list(files)})

    send.browser = browser
    return send


def address(attachment: Attachment) -> str:
    extension = attachment.name.rpartition(".")[2]
    return f"/cases/{attachment.case.case_id}/files/{attachment.pk}/file.{extension}"


# --- the way of a file -------------------------------------------------------------------------


def test_a_file_goes_in_by_the_form_and_out_by_its_page(bucket, filed, client_for, rosa):
    assert filed(chosen("Invoice 3.pdf"), chosen("stock.csv", CSV)).status_code == 302
    rows = list(Attachment.objects.order_by("pk"))
    assert bucket.keys() == keys_in_rows()
    assert len(bucket.keys()) == 2
    answer = filed.browser.get(address(rows[0]))
    assert (answer.getvalue(), answer["Content-Length"]) == (PDF, str(len(PDF)))
    assert answer["Content-Disposition"] == 'attachment; filename="Invoice 3.pdf"'
    assert filed.browser.get(address(rows[1])).getvalue() == CSV
    assert client_for(rosa).get(address(rows[0])).status_code == 404


def test_the_largest_file_arrives_as_it_was_sent_in_one_piece(bucket):
    storage = storages["attachments"]
    content = hashlib.shake_256(b"largest").digest(MOST_BYTES)
    storage.save("ab/abc", ContentFile(content))
    with storage.open("ab/abc") as file:
        assert file.read() == content
    tag = bucket.client.head_object(Bucket=BUCKET, Key="portal/ab/abc")["ETag"]
    assert "-" not in tag, "the server numbers the parts of what came in parts"


def test_what_is_sent_is_known_to_every_s3_server_and_signed_with_its_body(bucket):
    storage, sent = storages["attachments"], {}
    events = storage.connection.meta.client.meta.events
    events.register("before-send.s3.PutObject", lambda request, **rest: sent.update(request.headers))
    storage.save("ab/abc", ContentFile(PDF))
    assert sent["X-Amz-Content-SHA256"].decode() == hashlib.sha256(PDF).hexdigest()
    assert PrivateS3Storage.client_config.s3["payload_signing_enabled"], "over TLS too"
    assert [name for name in sent if re.search("checksum|trailer|acl", name.lower())] == []


def test_removal_takes_the_bytes_away(bucket, filed, agnes, django_capture_on_commit_callbacks):
    filed(chosen("Invoice 3.pdf"))
    row = Attachment.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_file(by=agnes, case=row.case, attachment=row, reason="Wrong person.")
    assert bucket.keys() == set()
    assert not LooseFile.objects.exists()


def test_what_a_crash_leaves_is_swept(bucket, pass_time, monkeypatch):
    monkeypatch.setattr("cases.services.files._drop_loose", lambda keys: None)
    with services.staged(inspect_files([incoming("a.pdf", PDF)])):
        pass
    assert len(bucket.keys()) == 1
    pass_time(hours=2)
    assert services.delete_loose_files() == 1
    assert bucket.keys() == set()


def test_a_missing_object_is_no_file(bucket, filed):
    filed(chosen("Invoice 3.pdf"))
    bucket.empty()
    assert filed.browser.get(address(Attachment.objects.get())).status_code == 404


# --- the storage is away -----------------------------------------------------------------------


def test_nothing_typed_is_lost_while_the_storage_is_away(use, filed):
    use(NOWHERE)
    page = filed(chosen("Invoice 3.pdf"), description="Two vials are warm.").text
    assert "Files cannot be stored at the moment. Send your text without them, or try again later." in page
    assert "Two vials are warm.</textarea>" in page
    assert not Case.objects.exists()
    filed(description="Two vials are warm.")
    assert Case.objects.get().description == "Two vials are warm."


def test_a_mail_waits_while_the_storage_is_away(use):
    use(NOWHERE)
    letter = SimpleNamespace(parts=[inbox.Part("a.pdf", "application/pdf", PDF)])
    with pytest.raises(inbox.NotNow), parcel_of(letter):
        pass


def test_a_download_says_that_it_cannot_be_had_at_the_moment(bucket, use, filed):
    filed(chosen("Invoice 3.pdf"))
    row = Attachment.objects.get()
    use(NOWHERE)
    answer = filed.browser.get(address(row))
    assert answer["Location"] == f"/cases/{row.case.case_id}/"
    assert "This file cannot be opened at the moment." in filed.browser.get(answer["Location"]).text


def test_a_removal_is_not_held_up(bucket, use, filed, agnes, django_capture_on_commit_callbacks):
    filed(chosen("Invoice 3.pdf"))
    row = Attachment.objects.select_related("stored").get()
    use(NOWHERE)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_file(by=agnes, case=row.case, attachment=row, reason="Wrong person.")
    assert not Attachment.objects.exists()
    assert LooseFile.objects.get().key == row.stored.key, "the sweep deletes it when the storage is back"


def test_a_scan_is_put_off(bucket, use, filed, settings):
    settings.CLAMD_URL = "tcp://127.0.0.1:9"
    filed(chosen("Invoice 3.pdf"))
    use(NOWHERE)
    services.scan_files()
    assert StoredFile.objects.get().state == "held"


@pytest.mark.parametrize("verb", ["save", "open", "delete"])
def test_a_silent_storage_is_given_up(use, monkeypatch, verb):
    limits = PrivateS3Storage.client_config
    assert (limits.connect_timeout, limits.read_timeout, limits.retries["total_max_attempts"]) == (2, 5, 2)
    monkeypatch.setattr(PrivateS3Storage, "client_config", limits.merge(Config(read_timeout=0.2)))
    with silent_server() as endpoint:
        storage = use(f"s3://key:secret@{BUCKET}?endpoint={endpoint}")
        begun = time.monotonic()
        with pytest.raises(OSError, match="timeout|timed out"):
            getattr(storage, verb)(*{"save": ("ab/abc", ContentFile(PDF))}.get(verb, ("ab/abc",)))
    assert time.monotonic() - begun < 5


# --- nobody else reads it, nothing tells of it -------------------------------------------------


def test_a_file_has_no_address(bucket):
    with pytest.raises(ValueError, match="no address"):
        storages["attachments"].url("ab/abc")


def test_objects_are_their_owners_alone_and_named_by_nobody(bucket, filed):
    filed(chosen("Invoice 3.pdf"))
    (key,) = bucket.keys()
    grants = bucket.client.get_object_acl(Bucket=BUCKET, Key=key)["Grants"]
    assert [each["Grantee"]["Type"] for each in grants] == ["CanonicalUser"]
    head = bucket.client.head_object(Bucket=BUCKET, Key=key)
    assert (head["ContentType"], head["Metadata"]) == ("application/octet-stream", {})
    assert "nvoice" not in key


def test_keys_are_in_no_log_and_in_no_error(use, caplog):
    storage = use("s3://AKIATEST:hunter2@helpdesk-files?endpoint=http://127.0.0.1:9")
    with caplog.at_level(logging.DEBUG), pytest.raises(OSError, match="Could not connect") as refused:
        storage.save("ab/abc", ContentFile(PDF))
    assert "hunter2" not in caplog.text + str(refused.value) + repr(storage)


def test_boto_is_imported_only_where_a_bucket_is_named():
    program = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; import django; django.setup()\n"
        "from django.core.files.storage import storages; storages['attachments']\n"
        "from helpdesk import urls; print('boto3' in sys.modules, 'storages' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=running.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


# --- manage.py check --deploy ------------------------------------------------------------------


def test_a_good_bucket_is_silent_and_left_as_it_was(bucket):
    assert checks.check_bucket(None) == []
    assert bucket.keys() == set()


def test_a_folder_is_left_alone(use, tmp_path):
    use("")
    assert checks.check_bucket(None) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answers", [True, False])
def test_a_bucket_that_cannot_be_used_is_named(server, use, answers):
    use(server.url.replace(f"@{BUCKET}", "@no-such-bucket") if answers else NOWHERE)
    (found,) = checks.check_bucket(None)
    assert found.id == "helpdesk.E003"
    assert "secret" not in str(found)


def test_a_public_bucket_is_named(bucket):
    storages["attachments"].object_parameters = {"ACL": "public-read"}
    assert [found.id for found in checks.check_bucket(None)] == ["helpdesk.E004"]


def test_a_bucket_that_keeps_versions_is_named(server, use):
    server.client.create_bucket(Bucket="keeps-versions")
    server.client.put_bucket_versioning(Bucket="keeps-versions", VersioningConfiguration={"Status": "Enabled"})
    use(server.url.replace(f"@{BUCKET}", "@keeps-versions"))
    assert [found.id for found in checks.check_bucket(None)] == ["helpdesk.W002"]


def test_files_in_the_clear_are_named(bucket, settings):
    options = settings.FILE_STORAGE["OPTIONS"] | {"endpoint_url": "http://files.example.org"}
    settings.FILE_STORAGE = settings.FILE_STORAGE | {"OPTIONS": options}
    assert [found.id for found in checks.check_bucket(None)] == ["helpdesk.W003"]
