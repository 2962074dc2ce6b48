"""One table, one index that matches the list."""

from django.conf import settings
from django.db import models


class Entry(models.Model):
    """What somebody filed."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False)
    subject = models.CharField(max_length=80)
    organization = models.CharField(max_length=200)
    text = models.TextField()
    status = models.CharField(max_length=10)
    filed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["owner", "filed_at", "id"], name="entry_owner_filed")]

    def __str__(self):
        return self.subject
