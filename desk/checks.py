"""`manage.py check --deploy`: the portal's own ways to be run wrongly in production."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning


def check_deployment(app_configs, **kwargs) -> list[CheckMessage]:
    """Compare the settings with what a public portal needs."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(
            Error(
                "Demo mode is on: demo accounts can sign in and mail goes into a page.",
                hint="Set DEMO=0 and name the database, the broker and the mail relay.",
                id="helpdesk.E001",
            )
        )
    if not settings.SITE_URL.startswith("https://"):
        found.append(
            Error(
                "SITE_URL is not https: passwords and links in mails would travel in the clear.",
                hint="Set SITE_URL to the public https address of the portal.",
                id="helpdesk.E002",
            )
        )
    if not settings.TRUSTED_PROXIES:
        found.append(
            Warning(
                "TRUSTED_PROXIES is empty: behind a proxy all visitors share one network and one throttle.",
                hint="Set TRUSTED_PROXIES to the proxy's networks; leave it empty only without a proxy.",
                id="helpdesk.W001",
            )
        )
    if settings.BROKER_IS_MEMORY:
        found.append(
            Info(
                "The broker is memory://: exactly one web process, which is also worker and beat.",
                hint="Set CELERY_BROKER_URL to Redis before a second process is started.",
                id="helpdesk.I001",
            )
        )
    return found
