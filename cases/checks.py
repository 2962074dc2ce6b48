"""`manage.py check --deploy`: whether the bucket of files works, and keeps to itself what it holds."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.files.base import ContentFile

from cases.models import new_storage_key
from cases.services import attachment_storage


def check_bucket(app_configs, **kwargs) -> list[CheckMessage]:
    """Put an object into the bucket, read it, see who else could, and delete it; a folder is left alone."""
    if "bucket_name" not in settings.FILE_STORAGE["OPTIONS"]:
        return []
    storage, key, content = attachment_storage(), new_storage_key(), b"Written by manage.py check --deploy.\n"
    try:
        storage.save(key, ContentFile(content))
        try:
            with storage.open(key) as file:
                if file.read() != content:
                    return [_does_not_work("it gives back something else than was written.")]
            return _troubles(storage, key)
        finally:
            storage.delete(key)
    except OSError as error:
        return [_does_not_work(str(error))]


def _does_not_work(why: str) -> CheckMessage:
    return Error(
        f"The bucket of FILES_URL cannot be used: {why}",
        hint="Look at bucket, keys, region and endpoint. The keys must be allowed to put, get and delete objects.",
        id="helpdesk.E003",
    )


def _troubles(storage, key: str) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if storage.is_public(key):
        found.append(
            Error(
                "The bucket of FILES_URL is public: whoever finds a key reads the file.",
                hint="Take away the bucket's public policy and ACLs (AWS: Block Public Access).",
                id="helpdesk.E004",
            )
        )
    if storage.keeps_versions(key):
        found.append(
            Warning(
                "The bucket of FILES_URL keeps versions: files that are removed from a case stay in it.",
                hint="Suspend versioning, or let a lifecycle rule delete noncurrent versions after a few days.",
                id="helpdesk.W002",
            )
        )
    endpoint = urlsplit(settings.FILE_STORAGE["OPTIONS"]["endpoint_url"] or "https:")
    if endpoint.scheme == "http" and endpoint.hostname not in {"127.0.0.1", "::1", "localhost"}:
        found.append(
            Warning(
                "FILES_URL names an http endpoint: files travel in the clear.",
                hint="Use an https endpoint, unless the network between is yours alone.",
                id="helpdesk.W003",
            )
        )
    return found
