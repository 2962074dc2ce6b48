"""`check --deploy` knows the portal's own ways to be run wrongly."""

import pytest

from desk.checks import check_deployment


@pytest.fixture
def production(settings):
    """A portal that is set up well."""
    settings.DEMO = False
    settings.SITE_URL = "https://help.example.org"
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    settings.BROKER_IS_MEMORY = False
    return settings


def test_a_good_set_up_is_silent(production):
    assert check_deployment(None) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("DEMO", True, "helpdesk.E001"),
        ("SITE_URL", "http://help.example.org", "helpdesk.E002"),
        ("TRUSTED_PROXIES", [], "helpdesk.W001"),
        ("BROKER_IS_MEMORY", True, "helpdesk.I001"),
    ],
)
def test_each_mistake_is_named(production, name, value, code):
    setattr(production, name, value)
    assert [message.id for message in check_deployment(None)] == [code]
