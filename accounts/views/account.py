"""The account page and what can be changed on it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services, throttles
from accounts.forms import DetailsForm, EmailChangeForm, EmailCodeForm, NotificationsForm, OrganizationForm
from accounts.people_forms import AwayForm
from accounts.views.posting import posted, refuse_for_now, show

EMAIL_CODE_ERRORS = {
    services.EmailCodeWrong: _("This is not the code from the email. Check it and try again."),
    services.EmailCodeExpired: _("This code holds no more. Ask for a new one."),
    services.EmailTaken: _("This address belongs to another account. Use a different one."),
}


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    primary, secondary = services.organizations_of(request.user)
    context = {
        "primary_organization": primary,
        "secondary_organizations": secondary,
        "pending_email": services.pending_email_change(request.user),
        "failed_mail": services.lost_mail(request.user),
        "language_name": dict(settings.LANGUAGES)[get_language()],
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    user = request.user
    initial = {"first_name": user.first_name, "last_name": user.last_name, "phone": user.phone}
    form = DetailsForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_details(user=user, **form.cleaned_data)
        messages.success(request, _("Your details are saved."))
        return redirect("accounts:account")
    return show(request, "accounts/details.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def organization(request: HttpRequest) -> HttpResponse:
    present = services.primary_organization(request.user)
    initial = {} if present.is_placeholder else {"name": present.name}
    form = OrganizationForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_primary_organization(user=request.user, name=form.cleaned_data["name"])
        messages.success(request, _("Your primary Provider Organization is saved."))
        return redirect("accounts:account")
    return show(request, "accounts/organization.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def notifications(request: HttpRequest) -> HttpResponse:
    form = NotificationsForm(request.user, posted(request))
    if request.method == "POST" and form.is_valid():
        services.choose_mail(user=request.user, choices=form.choices)
        messages.success(request, _("Your choice of emails is saved."))
        return redirect("accounts:account")
    return show(request, "accounts/notifications.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def away(request: HttpRequest) -> HttpResponse:
    """Let an agent say until when they are away, or that they are back; for all others there is no such page."""
    user = request.user
    if not user.is_agent:
        raise Http404
    if request.method == "POST" and "back" in request.POST:
        services.mark_away(account=user, until=None, by=user)
        messages.success(request, _("You are back at work."))
        return redirect("accounts:account")
    form = AwayForm(posted(request), initial={"until": user.away_until} if user.is_away else {})
    if request.method == "POST" and form.is_valid():
        try:
            services.mark_away(account=user, until=form.cleaned_data["until"], by=user)
        except services.DayIsPast:
            form.refuse_past_day()
        else:
            messages.success(request, _("You are marked as away."))
            return redirect("accounts:account")
    return show(request, "accounts/away.html", form)


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Log the person out everywhere but here."""
    services.end_sessions(account=request.user, by=request.user)
    update_session_auth_hash(request, request.user)
    messages.success(request, _("You are logged out everywhere else."))
    return redirect("accounts:account")


@sensitive_post_parameters("current_password")
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: HttpRequest) -> HttpResponse:
    form = EmailChangeForm(request.user, posted(request))
    if request.method == "POST" and form.is_valid():
        wait = throttles.retry_after((throttles.EMAIL_CHANGE_PER_ACCOUNT, str(request.user.pk)))
        if not wait:
            services.request_email_change(user=request.user, new_email=form.cleaned_data["new_email"])
            return redirect("accounts:email_confirm")
        refuse_for_now(form, wait)
    return show(request, "accounts/email.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def email_confirm(request: HttpRequest) -> HttpResponse:
    """Take the code that was mailed to the new address: no secret stands in a link."""
    form = EmailCodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            services.confirm_email_change(user=request.user, code=form.cleaned_data["code"])
        except services.EmailChangeError as error:
            form.add_error("code", ValidationError(EMAIL_CODE_ERRORS[type(error)]))
        else:
            messages.success(request, _("Your new email address is confirmed."))
            return redirect("accounts:account")
    pending = services.pending_email_change(request.user)
    return show(request, "accounts/email_confirm.html", form, pending_email=pending)
