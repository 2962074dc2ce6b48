"""Check a Help Desk User ID or email address with a password."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import throttles
from accounts.models import User
from desk.prepared import Prepared, Slot


class PortalBackend(ModelBackend):
    """Authenticate by User ID or email, case-insensitively, behind the account-wide cap."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs,
    ) -> User | None:
        """Return the account when the password is right and the attempt was admitted.

        Raises:
            PermissionDenied: too many failures; `request.login_throttled` is set.
        """
        if request is None or not username or password is None:
            return None
        if not throttles.admit_login(request, username):
            request.login_throttled = True
            raise PermissionDenied
        user = User.objects.named(username).first()
        if user is None:
            # Hash all the same: an unknown User ID must take as long as a known one.
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None

    def user_can_authenticate(self, user: User) -> bool:
        return user.is_active and (settings.DEMO or not user.is_demo)

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.who_asks(user_id)
        return user if user and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj, obj=None) -> set[str]:
        """Return what somebody may, by groups and by themselves, in one statement; superusers as Django does."""
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            rows = _permissions.rows(user=user_obj.pk)
            user_obj._perm_cache = {f"{app_label}.{codename}" for app_label, codename in rows}
        return user_obj._perm_cache


def _query_permissions() -> QuerySet[Permission]:
    user = Slot("user", User._meta.pk)
    by_group, by_themselves = Permission.objects.filter(group__user=user), Permission.objects.filter(user=user)
    names = ("content_type__app_label", "codename")
    return by_group.order_by().values_list(*names).union(by_themselves.order_by().values_list(*names), all=True)


_permissions = Prepared(_query_permissions)
