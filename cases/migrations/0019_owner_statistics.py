from django.db import migrations


def add(apps, schema_editor) -> None:
    """Let PostgreSQL know that who files decides for which organization: it else takes what one filed for one for few."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE STATISTICS case_owner (dependencies) ON provider_id, organization_id FROM cases_case"
        )


def drop(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP STATISTICS case_owner")


class Migration(migrations.Migration):
    dependencies = [("cases", "0018_few_have_these")]

    operations = [migrations.RunPython(add, drop, elidable=False)]
