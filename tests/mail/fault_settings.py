"""The portal's settings with one more kind of mail, for the processes that fault tests start.

They sweep more often: the tests ask whether all mail arrives, not how soon.
"""

from datetime import timedelta

from helpdesk.settings import *  # noqa: F403
from helpdesk.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.mail.fault_app.FaultAppConfig"]
CELERY_BEAT_SCHEDULE["mail-sweep"]["schedule"] = timedelta(seconds=1)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
