"""Files in an S3-compatible storage, for portals of several machines; imported only where FILES_URL names one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

IN_MEMORY = 1024 * 1024


class PrivateS3Storage(S3Storage):
    """A bucket that only the portal reads; trouble with it is an OSError, as a folder's would be.

    No object gets an ACL: without one it is its owner's alone, and buckets whose ACLs are switched off, as
    those of AWS are since 2023, refuse most others.
    """

    client_config = Config(
        # Seconds. A storage that says nothing costs a request these times two, and never a web thread for good.
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 2},
        # The checksums that boto3 adds by itself are unknown to many servers that call themselves compatible;
        # a digest of the body inside the signature is known to all, and guards it too.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"payload_signing_enabled": True},
    )
    # In one piece: what a crash leaves of an upload in parts costs space and is under no key that could be deleted.
    transfer_config = TransferConfig(multipart_threshold=64 * 1024 * 1024, use_threads=False)
    file_overwrite = True

    def _open(self, name, mode="rb"):
        """Return a file that has arrived as a whole, so that no answer to a browser breaks off in its middle."""
        content = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (whoever opens it closes it)
        with _trouble_is_an_os_error():
            body = self.bucket.Object(self._normalize_name(name)).get()["Body"]
            shutil.copyfileobj(body, content)
        content.seek(0)
        return File(content, name)

    def _save(self, name, content):
        with _trouble_is_an_os_error():
            return super()._save(name, content)

    def delete(self, name):
        with _trouble_is_an_os_error():
            super().delete(name)

    def keeps_versions(self, name) -> bool:
        """Tell whether the bucket keeps what is deleted from it, going by an object that lies there."""
        with _trouble_is_an_os_error():
            return self.bucket.Object(self._normalize_name(name)).version_id not in {None, "null"}

    def is_public(self, name) -> bool:
        """Tell whether anybody could read an object that lies there."""
        anybody = self.unsigned_connection.Bucket(self.bucket_name).Object(self._normalize_name(name))
        try:
            anybody.load()
        except (BotoCoreError, ClientError):
            return False
        return True

    def url(self, name, parameters=None, expire=None, http_method=None):
        raise ValueError("Files of cases have no address of their own: see cases.file_page.")


@contextmanager
def _trouble_is_an_os_error() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "NoSuchKey":
            raise FileNotFoundError(str(error)) from error
        raise OSError(str(error)) from error
    except BotoCoreError as error:
        raise OSError(str(error)) from error
