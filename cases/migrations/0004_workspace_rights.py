"""Let agents use canned replies and supervisors keep them; begin with a few, and with the urgent request type."""

from importlib import import_module

from django.db import migrations

_seed = import_module("cases.migrations.0002_seed")

AGENTS = ("cases.view_cannedreply",)
SUPERVISORS = (*AGENTS, "cases.add_cannedreply", "cases.change_cannedreply")
HIGH = 2
CANNED_REPLIES = (
    (
        "Ask for more information",
        "Hello {provider_first_name},\n\nthank you for {case_id}. To go on we need from you:\n\n- \n\n"
        "Please add it to the case in the portal. Do not send patients' names or dates of birth.\n\n{agent_name}",
    ),
    (
        "Answered: please check",
        "Hello {provider_first_name},\n\nwe have finished our work on {case_id} ({request_type}). Please check that"
        " everything is right. If something is still wrong, add information to the case: that opens it again."
        "\n\n{agent_name}",
    ),
    (
        "Please call us",
        "Hello {provider_first_name},\n\n{case_id} is easier to solve by phone. Please call {help_desk_phone}"
        " ({help_desk_hours}) and say your case ID.\n\n{agent_name}",
    ),
)


def seed(apps, schema_editor):
    using = schema_editor.connection.alias
    _seed.make_permissions(apps, using)
    groups = apps.get_model("auth", "Group").objects.using(using)
    for name, permissions in (("Agents", AGENTS), ("Supervisors", SUPERVISORS)):
        groups.get(name=name).permissions.add(*(_seed.find_permission(apps, using, each) for each in permissions))
    replies = apps.get_model("cases", "CannedReply")
    replies.objects.using(using).bulk_create(replies(name=name, body=body) for name, body in CANNED_REPLIES)
    types = apps.get_model("cases", "RequestType").objects.using(using)
    types.filter(name="Storage or temperature excursion").update(default_priority=HIGH)


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_agents_workspace")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop, elidable=False)]
