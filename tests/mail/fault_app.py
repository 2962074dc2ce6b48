"""The event `greeted` and the mail `greeting`, as the unit tests' fixture has them, for other processes."""

from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings

from mail import registry


class FaultAppConfig(AppConfig):
    name = "tests.mail"
    label = "mail_faults"

    def ready(self):
        from mail import delivery  # needs the models

        # How long these are in truth is for the unit tests.
        delivery.AWAY_DELAY = timedelta(seconds=2)
        delivery.lease = lambda: timedelta(seconds=2 * settings.EMAIL_TIMEOUT)
        registry.register_event("greeted", expand=expand)
        registry.register_kind("greeting", label="Greeting", build=build)


def expand(event):
    return [registry.Addressee("greeting", user_id=pk) for pk in event.refs.values()]


def build(message):
    return registry.Content("Good morning", f"Hello {message.recipient_key}.", "<p>Hello</p>")
