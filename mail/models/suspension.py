"""Addresses that take no mail any more."""

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SuspendedAddressManager(models.Manager):
    def exists_for(self, address: str) -> Exists:
        """Tell, of the rows of another query, whether the address in one of their fields is suspended."""
        return Exists(self.filter(address=OuterRef(address)))


class SuspendedAddress(models.Model):
    """An address, in lower case, from which mail came back because there is no such mailbox.

    Nothing is sent there until somebody proves to read its mail, corrects it, or a supervisor deletes the row.
    """

    address = models.CharField(_("address"), max_length=254, unique=True)
    said = models.CharField(_("what the mail server said"), max_length=300, blank=True)
    at = models.DateTimeField(_("suspended"), default=timezone.now)

    objects = SuspendedAddressManager()

    class Meta:
        verbose_name = _("suspended address")
        verbose_name_plural = _("suspended addresses")
        default_permissions = ("view", "delete")

    def __str__(self):
        return self.address
