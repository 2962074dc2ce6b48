"""Static files as they are served: stylesheet and script whole, with what they import, minified and compressed."""

import posixpath
import re
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from rcssmin import cssmin
from rjsmin import jsmin
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Only whole lines of this form are followed: no media query, no name that is imported.
CSS_IMPORT = re.compile(r'^@import "(?P<path>[\w./-]+\.css)";$', re.MULTILINE)
JS_IMPORT = re.compile(r'^import "(?P<path>\./[\w./-]+\.js)";$', re.MULTILINE)
CSS_URL = re.compile(r'url\("(?P<path>[^":]+)"\)')


def bundle(name: str, read, importing: re.Pattern) -> str:
    """Return the text of the file with each file that it imports in the place of the line that imports it."""
    folder = posixpath.dirname(name)

    def imported(match: re.Match) -> str:
        path = posixpath.normpath(posixpath.join(folder, match["path"]))
        text = bundle(path, read, importing)
        here = posixpath.relpath(posixpath.dirname(path), folder)
        return CSS_URL.sub(lambda url: f'url("{posixpath.normpath(posixpath.join(here, url["path"]))}")', text)

    return importing.sub(imported, read(name))


class BundledStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Serve one file where a page would load a chain of them.

    Ours alone, that is what lies directly in css/ and js/; what a dependency brings stays as it is. Without this
    storage the same files work unbundled, so nothing but the number of requests depends on it.
    """

    def create_compressor(self, **options):
        """Leave Brotli to the font: of every file it would take seconds more at each start."""
        return super().create_compressor(**options, use_brotli=False)

    def post_process(self, paths, dry_run=False, **options):
        bundles = InMemoryStorage()

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return file.read().decode()

        served = {}
        for name in [] if dry_run else paths:
            for folder, importing, minify in (("css", CSS_IMPORT, cssmin), ("js", JS_IMPORT, jsmin)):
                if Path(name).parent.as_posix() == folder and name.endswith(f".{folder}"):
                    bundles.save(name, ContentFile(minify(bundle(name, read, importing)).encode()))
                    served[name] = (bundles, name)
        yield from super().post_process(paths | served, dry_run=dry_run, **options)


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Serve static files ahead of whatever is about pages; of a page's headers they need this one alone."""

    @staticmethod
    def serve(static_file, request):
        response = WhiteNoiseMiddleware.serve(static_file, request)
        response["X-Content-Type-Options"] = "nosniff"
        return response
