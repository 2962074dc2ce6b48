from django.db import migrations

PLACEHOLDER_NAME = "Generic Vaccine Provider"


def make_placeholder(apps, schema_editor):
    apps.get_model("accounts", "Organization").objects.get_or_create(
        is_placeholder=True,
        defaults={"name": PLACEHOLDER_NAME, "name_key": PLACEHOLDER_NAME.casefold()},
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(make_placeholder, migrations.RunPython.noop)]
