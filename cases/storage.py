"""Where files lie: private, by the key of their row alone, never under an address of their own."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.files.storage import FileSystemStorage


class PrivateFileStorage(FileSystemStorage):
    """A folder that only the portal reads; a saved file has reached the disk."""

    def _save(self, name, content):
        saved = super()._save(name, content)
        path = Path(self.path(saved))
        for place in (path, path.parent):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return saved

    def url(self, name):
        raise ValueError("Files of cases have no address of their own: see cases.file_page.")
