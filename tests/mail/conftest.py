"""A kind of mail and a mail server for these tests alone."""

import pytest
from django.db import transaction

from mail import registry
from mail.services import owe
from tests.mail.smtp_server import SMTPServer


@pytest.fixture
def greeting(monkeypatch):
    """Return a function that registers the mail `greeting` and the event `greeted`, whose refs name the users."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    monkeypatch.setattr(registry, "_events", dict(registry._events))

    def build(message):
        return registry.Content("Good morning", f"Hello {message.recipient_key}.", "<p>Hello</p>", thread="case-7")

    def expand(event):
        return [registry.Addressee("greeting", user_id=pk) for pk in event.refs.values()]

    def register(*, build=build, expand=expand, **options):
        registry.register_kind("greeting", label="Greeting", build=build, **options)
        registry.register_event("greeted", expand=expand)

    return register


@pytest.fixture
def greet(db):
    """Return a function that owes a greeting to users."""

    def owe_greeting(*users, number=7):
        with transaction.atomic():
            return owe("greeted", about=("case", number), **{f"user_{user.pk}": user.pk for user in users})

    return owe_greeting


@pytest.fixture
def smtp(settings):
    """Return a function that starts a mail server, told how to answer, and points the portal at it."""
    servers = []

    def start(**replies):
        server = SMTPServer(**replies)
        servers.append(server)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = server.port
        return server

    yield start
    for server in servers:
        server.close()
