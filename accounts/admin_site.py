"""The admin site: behind the portal's own login, and only for those who work cases."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _


class PortalAdminSite(admin.AdminSite):
    site_title = _("Provider Help Desk Portal")
    site_header = _("Provider Help Desk Portal")
    index_title = _("Agent workspace")
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict:
        """Return what every page shows; Django's own looks up all permissions for the sidebar, which is off."""
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": self.site_url,
            "has_permission": self.has_permission(request),
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
        }

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_agent

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Send people where they belong: to the one login page, or to their own lists.

        Raises:
            Http404: a provider asked; for providers there is no admin.
        """
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next", reverse("admin:index")))
        if request.user.is_agent:
            return redirect("admin:index")
        if request.user.is_viewer:
            return redirect("cases:my_lists")
        raise Http404

    @method_decorator(login_not_required)
    def logout(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return LogoutView.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Lead to the one page that changes passwords: its service ends sessions and owes the mail."""
        return redirect("accounts:password_change")

    def password_change_done(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect("accounts:account")
