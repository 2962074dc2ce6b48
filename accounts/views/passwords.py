"""Set a permanent password, forget it, change it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import services, throttles
from accounts.backends import PortalBackend
from accounts.forms import TEMPORARY_PASSWORD_EXPIRED, ForgotForm, NewPasswordForm, PasswordChangeForm
from accounts.network import client_network
from accounts.views.posting import posted, refuse_for_now, show


def _saved(request: HttpRequest, form: NewPasswordForm) -> bool:
    """Save the new password; say so when another one was set meanwhile, which has ended this session."""
    try:
        form.save()
    except services.PasswordChanged:
        messages.warning(request, _("Another password was set in the meantime. Log in with that one."))
        return False
    return True


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest) -> HttpResponse:
    """The one door that a temporary password opens."""
    if not request.user.must_change_password:
        return redirect("accounts:password_change")
    if request.user.temporary_password_expired(timezone.now()):
        # Logged in with it in time, and stayed past its time: the door shuts for sessions too.
        services.renew_expired_temporary_password(request.user)
        logout(request)
        messages.warning(request, TEMPORARY_PASSWORD_EXPIRED)
        return redirect("accounts:login")
    form = NewPasswordForm(request.user, posted(request))
    if request.method == "POST" and form.is_valid():
        if not _saved(request, form):
            return redirect(request.path)
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your permanent password is set. Use it with your User ID from now on."))
        response = redirect("cases:home")
        throttles.set_device_cookie(request, response, request.user)
        return response
    return show(request, "accounts/set_password.html", form)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    form = ForgotForm(posted(request))
    if request.method == "POST" and form.is_valid():
        identifier = form.cleaned_data["identifier"]
        wait = throttles.retry_after(
            (throttles.FORGOT_PER_IDENTIFIER, throttles.fold_identifier(identifier)),
            (throttles.FORGOT_PER_NETWORK, client_network(request)),
        )
        if not wait:
            services.request_password_reset(identifier=identifier)
            return redirect("accounts:forgot_done")
        refuse_for_now(form, wait)
    return show(request, "accounts/forgot.html", form)


@login_not_required
@require_safe
def forgot_done(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/forgot_done.html")


@method_decorator(login_not_required, name="dispatch")
class ResetView(auth_views.PasswordResetConfirmView):
    """The mailed link. A GET consumes nothing, so that mail scanners may follow it."""

    form_class = NewPasswordForm
    template_name = "accounts/reset.html"
    success_url = reverse_lazy("cases:home")
    post_reset_login = True
    post_reset_login_backend = "accounts.backends.PortalBackend"

    def get_user(self, uidb64: str):
        user = super().get_user(uidb64)
        return user if user is not None and PortalBackend().user_can_authenticate(user) else None

    def get_form(self, form_class=None) -> NewPasswordForm | None:
        # Django asks for a form on the page of a dead link too, where there is nobody to set a password for.
        return super().get_form(form_class) if self.validlink else None

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        try:
            response = super().form_valid(form)
        except services.PasswordChanged:
            return redirect(self.request.path)  # The page now says that the link is spent.
        messages.success(self.request, _("Your permanent password is set and you are logged in."))
        throttles.set_device_cookie(self.request, response, self.user)
        services.remember_language(user=self.user, language=get_language())
        return response


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    form = PasswordChangeForm(request.user, posted(request))
    if request.method == "POST" and form.is_valid():
        if not _saved(request, form):
            return redirect(request.path)
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. Other sessions have ended."))
        return redirect("accounts:account")
    return show(request, "accounts/password_change.html", form)
