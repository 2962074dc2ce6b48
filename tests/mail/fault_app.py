"""The event `greeted` and the mail `greeting`, as the unit tests' fixture has them, for other processes."""

from django.apps import AppConfig

from mail import registry


class FaultAppConfig(AppConfig):
    name = "tests.mail"
    label = "mail_faults"

    def ready(self):
        registry.register_event("greeted", expand=expand)
        registry.register_kind("greeting", label="Greeting", build=build)


def expand(event):
    return [registry.Addressee("greeting", user_id=pk) for pk in event.refs.values()]


def build(message):
    return registry.Content("Good morning", f"Hello {message.recipient_key}.", "<p>Hello</p>")
