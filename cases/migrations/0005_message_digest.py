"""Keep with a form's text how to know the same text again once a passage of it was removed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_workspace_rights")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="form_digest",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="submission",
            name="text_digest",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
    ]
