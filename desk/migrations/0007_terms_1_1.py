"""Publish terms that name the cookie of the language switch: those in force never change."""

from datetime import UTC, datetime

from django.db import migrations

# What 1.0 says of cookies, and what 1.1 says in its place.
SENTENCES = {
    "text": (
        "The portal sets only the cookies that it needs to keep you logged in and your forms safe. There are\n"
        "no tracking cookies",
        "The portal sets only the cookies that it needs to keep you logged in, your forms safe and your\n"
        "language in mind. There are no tracking cookies",
    ),
    "text_es": (
        "para mantener su sesión iniciada y proteger sus formularios.",
        "para mantener su sesión iniciada, proteger sus formularios y recordar su idioma.",
    ),
}


def publish(apps, schema_editor):
    """Publish 1.1, unless a supervisor has written terms since."""
    versions = apps.get_model("desk", "TermsVersion").objects.using(schema_editor.connection.alias)
    newest = versions.order_by("-published_at", "-pk").first()
    if newest is None or newest.version != "1.0" or SENTENCES["text"][0] not in newest.text:
        return
    texts = {column: getattr(newest, column).replace(*sentences) for column, sentences in SENTENCES.items()}
    versions.create(version="1.1", published_at=datetime(2026, 11, 27, 5, 0, tzinfo=UTC), **texts)


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0006_resource_purpose"),
    ]

    operations = [migrations.RunPython(publish, migrations.RunPython.noop, elidable=False)]
