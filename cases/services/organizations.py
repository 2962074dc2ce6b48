"""What follows in cases when supervisors tidy up provider organizations."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Organization
from cases.models import Case


@transaction.atomic
def move_to_organization(*, organization: Organization, into: Organization) -> int:
    """Let the cases of a merged organization belong to the one that it became; the name as filed stays."""
    return Case.objects.filter(organization=organization).update(organization=into)
