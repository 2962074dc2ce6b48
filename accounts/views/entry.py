"""Register, log in, log out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import services, throttles
from accounts.forms import LoginForm, RegistrationForm
from accounts.models.drafts import DRAFT_RETENTION
from accounts.network import client_network
from accounts.views.language import opens_page
from accounts.views.posting import mark_refused, posted, refuse_for_now, show
from desk.models import TermsVersion


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("cases:home")
    form = RegistrationForm(posted(request))
    if request.method == "POST" and form.is_valid():
        if form.filled_by_a_program:
            return redirect("accounts:register_done")
        wait = throttles.retry_after(
            (throttles.REGISTER_PER_ADDRESS, throttles.fold_address(form.cleaned_data["email"])),
            (throttles.REGISTER_PER_NETWORK, client_network(request)),
        )
        if not wait:
            services.register(
                first_name=form.cleaned_data["first_name"],
                last_name=form.cleaned_data["last_name"],
                email=form.cleaned_data["email"],
                terms=TermsVersion.objects.current(),
                language=get_language(),
            )
            return redirect("accounts:register_done")
        refuse_for_now(form, wait)
    return show(request, "accounts/register.html", form)


@login_not_required
@require_safe
def register_done(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/register_done.html")


@method_decorator([login_not_required, sensitive_post_parameters("password")], name="dispatch")
class LoginView(auth_views.LoginView):
    """LOGIN. While the password is temporary, the middleware leads on to the set-password page."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs) -> dict:
        """Say beside the form why somebody is here who did not ask to be."""
        ended = self.request.GET.get("ended", "")
        limits = {
            "idle_minutes": int(settings.PROVIDER_IDLE.total_seconds() // 60),
            "login_hours": settings.SESSION_COOKIE_AGE // 3600,
            "draft_days": DRAFT_RETENTION.days,
        }
        return super().get_context_data(ended=ended, text_is_kept=ended == "kept", **limits, **kwargs)

    def get_redirect_url(self) -> str:
        """Return where `next` leads, and nothing when that is no page, or this one: Django would raise on the loop."""
        target = super().get_redirect_url()
        return "" if target.partition("?")[0] == self.request.path or not opens_page(target) else target

    def form_valid(self, form: LoginForm) -> HttpResponse:
        user = form.get_user()
        response = super().form_valid(form)
        throttles.login_succeeded(self.request, user)
        services.remember_language(user=user, language=get_language())
        if not user.must_change_password:
            throttles.set_device_cookie(self.request, response, user)
        return response

    def form_invalid(self, form: LoginForm) -> HttpResponse:
        if form.has_error(NON_FIELD_ERRORS, LoginForm.EXPIRED):
            services.renew_expired_temporary_password(form.get_user())
        return mark_refused(super().form_invalid(form), form)


logout = login_not_required(auth_views.LogoutView.as_view())


@login_not_required
@require_safe
def logout_done(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("cases:home")
    return render(request, "accounts/logout_done.html", {"draft_days": DRAFT_RETENTION.days})
