"""Let agents see the mail that comes in and decide about what nobody could file; supervisors unblock senders."""

from importlib import import_module

from django.db import migrations

_seed = import_module("cases.migrations.0002_seed")

AGENTS = ("mail.view_inboundmail", "mail.change_inboundmail", "mail.view_blockedsender")
GROUPS = {"Agents": AGENTS, "Supervisors": (*AGENTS, "mail.delete_blockedsender")}


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    _seed.make_permissions(apps, using)
    for name, permissions in GROUPS.items():
        group = apps.get_model("auth", "Group").objects.using(using).get(name=name)
        group.permissions.add(*(_seed.find_permission(apps, using, each) for each in permissions))


class Migration(migrations.Migration):
    dependencies = [("cases", "0009_by_mail"), ("mail", "0002_inbound")]

    operations = [migrations.RunPython(allow, migrations.RunPython.noop, elidable=False)]
