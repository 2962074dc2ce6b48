"""Rows that stay, and rows that are written once."""

from __future__ import annotations

from django.db import models


class NeverDeleted(Exception):
    """Cases, messages and events stay, whoever asks."""


class NeverChanged(Exception):
    """A message or an event is written once."""


class KeptQuerySet(models.QuerySet):
    def delete(self):
        raise NeverDeleted(self.model.__name__)


class WrittenOnceQuerySet(KeptQuerySet):
    def update(self, **kwargs):
        raise NeverChanged(self.model.__name__)


class Kept(models.Model):
    """A row that nobody deletes, superusers included."""

    objects = KeptQuerySet.as_manager()

    class Meta:
        abstract = True

    def delete(self, *args, **kwargs):
        raise NeverDeleted(str(self))


class AppendOnly(Kept):
    """A row that is written once."""

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise NeverChanged(str(self))
        super().save(*args, **kwargs)
