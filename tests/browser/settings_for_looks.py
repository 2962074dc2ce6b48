"""The portal's own settings, with addresses that show what cannot be met otherwise."""

from helpdesk.settings import *  # noqa: F403

ROOT_URLCONF = "tests.browser.urls_for_looks"
