"""Seed the request types, the queue where they land, and the groups with what they may do."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

REQUEST_TYPES = (
    "Account or login help",
    "Provider enrollment",
    "Vaccine inventory",
    "Vaccine shipment or transfer",
    "Storage or temperature excursion",
    "Vaccine wastage or expiry",
    "Recipient record correction",
    "Dose administration record",
    "Scheduling or location listing",
    "Reports and data",
    "Training",
    "Other",
)

# Nobody may add or delete a case, a message or an event by hand: there is no such permission.
AGENTS = (
    "cases.view_case",
    "cases.change_case",
    "cases.view_queue",
    "cases.view_requesttype",
    "accounts.view_user",
    "accounts.view_organization",
    "accounts.view_membership",
    "mail.view_outboxevent",
    "mail.view_outboxmessage",
    "mail.change_outboxmessage",
)
SUPERVISORS = AGENTS + (
    "cases.reassign_case",
    "cases.add_queue",
    "cases.change_queue",
    "cases.add_requesttype",
    "cases.change_requesttype",
    "accounts.add_user",
    "accounts.change_organization",
    "desk.view_phoneline",
    "desk.change_phoneline",
    *(
        f"desk.{action}_{model}"
        for model in ("openinghours", "holiday", "resource")
        for action in ("view", "add", "change", "delete")
    ),
    *(f"desk.{action}_termsversion" for action in ("view", "add", "change")),
)
GROUPS = {"Viewers": (), "Agents": AGENTS, "Supervisors": SUPERVISORS}


def make_permissions(apps, using):
    """Make the permissions now: Django does so only after the last migration."""
    for label in ("accounts", "cases", "desk", "mail"):
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0, using=using)
        config.models_module = None


def find_permission(apps, using, name):
    label, codename = name.split(".")
    return (
        apps.get_model("auth", "Permission").objects.using(using).get(content_type__app_label=label, codename=codename)
    )


def seed(apps, schema_editor):
    using = schema_editor.connection.alias
    queue = apps.get_model("cases", "Queue").objects.using(using).create(name="Provider Help Desk", is_default=True)
    apps.get_model("cases", "RequestType").objects.using(using).bulk_create(
        apps.get_model("cases", "RequestType")(name=name, queue=queue, position=position * 10)
        for position, name in enumerate(REQUEST_TYPES, start=1)
    )
    make_permissions(apps, using)
    for name, permissions in GROUPS.items():
        group, _created = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        group.permissions.set(find_permission(apps, using, each) for each in permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
        ("accounts", "0001_initial"),
        ("desk", "0001_initial"),
        ("mail", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop, elidable=False)]
