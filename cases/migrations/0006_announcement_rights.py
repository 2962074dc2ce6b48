"""Let supervisors keep announcements."""

from importlib import import_module

from django.db import migrations

_seed = import_module("cases.migrations.0002_seed")

SUPERVISORS = tuple(f"desk.{action}_announcement" for action in ("view", "add", "change", "delete"))


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    _seed.make_permissions(apps, using)
    group = apps.get_model("auth", "Group").objects.using(using).get(name="Supervisors")
    group.permissions.add(*(_seed.find_permission(apps, using, each) for each in SUPERVISORS))


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_message_digest"), ("desk", "0003_announcement")]

    operations = [migrations.RunPython(allow, migrations.RunPython.noop, elidable=False)]
