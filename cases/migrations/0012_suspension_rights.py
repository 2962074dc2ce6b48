"""Let agents see which addresses take no mail; supervisors lift a suspension."""

from importlib import import_module

from django.db import migrations

_seed = import_module("cases.migrations.0002_seed")

AGENTS = ("mail.view_suspendedaddress",)
GROUPS = {"Agents": AGENTS, "Supervisors": (*AGENTS, "mail.delete_suspendedaddress")}


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    _seed.make_permissions(apps, using)
    for name, permissions in GROUPS.items():
        group = apps.get_model("auth", "Group").objects.using(using).get(name=name)
        group.permissions.add(*(_seed.find_permission(apps, using, each) for each in permissions))


class Migration(migrations.Migration):
    dependencies = [("cases", "0011_answers_in_mail"), ("mail", "0003_brakes")]

    operations = [migrations.RunPython(allow, migrations.RunPython.noop, elidable=False)]
