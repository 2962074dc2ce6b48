"""Seed the facts that the provider guide gives, and the first Terms & Conditions."""

from datetime import UTC, datetime, time
from pathlib import Path

from django.db import migrations

TERMS = Path(__file__).with_name("terms_1_0.txt")


def seed(apps, schema_editor):
    apps.get_model("desk", "PhoneLine").objects.create(
        heading="To speak to a live agent, please contact:",
        name="Provider Help Desk Phone Line",
        number="1-877-873-6247",
    )
    week = [(day, time(7), time(19)) for day in range(5)] + [(day, time(10), time(18)) for day in (5, 6)]
    for weekday, opens_at, closes_at in week:
        apps.get_model("desk", "OpeningHours").objects.create(weekday=weekday, opens_at=opens_at, closes_at=closes_at)
    resources = [
        (
            "For additional information",
            "COVID-19 Resource Page",
            "The State's page with information about the COVID-19 response and vaccines.",
        ),
        (
            "Key resources",
            "Upcoming training schedule",
            "CVMS Provider Portal 202 is recommended for training on CVMS vaccine administration.",
        ),
        (
            "Key resources",
            "Training repository for Providers",
            "User Guides, Job Aids and Training Recordings",
        ),
    ]
    for position, (section, title, description) in enumerate(resources, start=1):
        apps.get_model("desk", "Resource").objects.create(
            section=section, title=title, description=description, position=position * 10
        )
    apps.get_model("desk", "TermsVersion").objects.create(
        version="1.0", text=TERMS.read_text(encoding="utf-8"), published_at=datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
    )


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop, elidable=False)]
