"""Who works the cases."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet


def agents() -> QuerySet:
    """Return the active staff who may work cases, supervisors and administrators among them."""
    works = Permission.objects.filter(content_type__app_label="cases", codename="change_case").values("pk")
    return (
        get_user_model()
        .objects.filter(is_staff=True, is_active=True)
        .filter(Q(is_superuser=True) | Q(groups__permissions__in=works) | Q(user_permissions__in=works))
        .distinct()
        .order_by("first_name", "last_name", "pk")
    )
