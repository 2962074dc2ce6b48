"""Accounts, organizations and memberships for agents and supervisors; every write is a service's."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import services
from accounts.forms import BusinessEmailField, FirstNameField, LastNameField
from accounts.models import Membership, Organization, User
from accounts.text import SingleLineField, clean_query, fold_name


class StaffCreationForm(forms.ModelForm):
    """A new staff account: no password is typed, the temporary one goes by mail."""

    first_name = FirstNameField()
    last_name = LastNameField()
    email = BusinessEmailField()
    role = forms.ChoiceField(label=_("Role"))
    # Who fills it in; set by UserAdmin.get_form().
    by: User

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role, _(role)) for role in services.roles_given_by(self.by)]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if User.objects.filter(email=email).exists():
            raise ValidationError(_("An account with this email address exists already."))
        return email


class MembershipInline(admin.TabularInline):
    model = Membership
    fk_name = "user"
    fields = readonly_fields = ["organization", "kind", "created_at", "verified_at", "verified_by"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("organization", "verified_by")


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ["username", "display_name", "email", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "must_change_password"]
    search_fields = ["username", "email", "first_name", "last_name"]
    search_help_text = _("Help Desk User ID, email or name")
    ordering = ["username"]
    show_full_result_count = False
    inlines = [MembershipInline]
    change_form_template = "admin/accounts/user/change_form.html"
    fields = [
        "username",
        "first_name",
        "last_name",
        "email",
        "phone",
        "roles",
        "is_active",
        "must_change_password",
        "temporary_expires_at",
        "last_login",
        "date_joined",
    ]

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        if user.is_superuser:
            return str(_("Administrator"))
        return ", ".join(user.groups.values_list("name", flat=True)) or str(_("Provider"))

    def get_readonly_fields(self, request, obj=None):
        return self.fields if obj else []

    def get_fields(self, request, obj=None):
        return self.fields if obj else ["first_name", "last_name", "email", "role"]

    def get_inlines(self, request, obj):
        return self.inlines if obj and obj.is_provider else []

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj:
            return super().get_form(request, obj, change, **kwargs)
        return type("StaffCreationForm", (StaffCreationForm,), {"by": request.user})

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, clean_query(search_term))

    def save_model(self, request, obj: User, form: StaffCreationForm, change: bool) -> None:
        made = services.create_staff(**form.cleaned_data, by=request.user)
        obj.pk = made.pk
        obj.__dict__.update(made.__dict__)

    def save_related(self, request, form, formsets, change) -> None:
        """The service has saved all there is."""

    def get_urls(self):
        def at(name: str, view):
            return path(
                f"<int:user_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"accounts_user_{name.replace('-', '_')}",
            )

        return [
            at("send-temporary-password", self.send_temporary_password),
            at("block", self.block),
            at("unblock", self.unblock),
            at("verify", self.verify),
            at("withdraw-verification", self.withdraw_verification),
            *super().get_urls(),
        ]

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context |= {
                "may_manage": self._may_manage(request.user, obj),
                "unverified": obj.memberships.filter(verified_at=None).select_related("organization"),
                "verified": obj.memberships.exclude(verified_at=None).select_related("organization"),
                "failed_mail": services.failed_mail(obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @staticmethod
    def _may_manage(by: User, account: User) -> bool:
        try:
            services.check_may_manage(by, account)
        except PermissionDenied:
            return False
        return True

    def _account(self, user_id: int) -> User:
        account = User.objects.filter(pk=user_id).first()
        if account is None:
            raise Http404
        return account

    def _done(self, request: HttpRequest, account: User, sentence) -> HttpResponse:
        """Say what was done, keep in admin's history by whom, and show the account again."""
        self.log_change(request, account, str(sentence))
        messages.success(request, sentence)
        return redirect(reverse("admin:accounts_user_change", args=[account.pk]))

    def send_temporary_password(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = self._account(user_id)
        services.send_temporary_password(account=account, by=request.user)
        return self._done(request, account, _("A new temporary password is on its way by email."))

    def block(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = self._account(user_id)
        services.block_account(account=account, by=request.user)
        return self._done(request, account, _("The account is blocked. Its open cases are back in their queues."))

    def unblock(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = self._account(user_id)
        services.unblock_account(account=account, by=request.user)
        return self._done(request, account, _("The account is open again."))

    def _membership(self, request: HttpRequest, user_id: int) -> Membership:
        raw = request.POST.get("membership", "")
        membership = (
            Membership.objects.filter(pk=int(raw[:18]), user_id=user_id).select_related("organization", "user").first()
            if raw.isascii() and raw.isdigit()
            else None
        )
        if membership is None:
            raise Http404
        return membership

    def verify(self, request: HttpRequest, user_id: int) -> HttpResponse:
        membership = self._membership(request, user_id)
        services.verify_membership(membership=membership, by=request.user)
        return self._done(request, membership.user, _("The membership is verified."))

    def withdraw_verification(self, request: HttpRequest, user_id: int) -> HttpResponse:
        membership = self._membership(request, user_id)
        services.withdraw_verification(membership=membership, by=request.user)
        return self._done(request, membership.user, _("The membership is no longer verified."))


class OrganizationForm(forms.ModelForm):
    name = SingleLineField(label=_("Name"), max_length=200)

    class Meta:
        model = Organization
        fields = ["name"]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if Organization.objects.filter(name_key=fold_name(name)).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is an organization of this name already."))
        return name


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    form = OrganizationForm
    list_display = ["name", "created_at"]
    search_fields = ["name"]
    ordering = ["name"]
    show_full_result_count = False
    fields = ["name"]

    def has_add_permission(self, request) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and not (obj and obj.is_placeholder)

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, clean_query(search_term))
