"""Accounts, organizations and memberships for agents and supervisors; every write is a service's."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import services
from accounts.forms import BusinessEmailField, FirstNameField, LastNameField
from accounts.models import Membership, Organization, User
from accounts.text import SingleLineField, clean_query, fold_name


class StaffForm(forms.Form):
    """A new staff account: no password is typed, the temporary one goes by mail."""

    first_name = FirstNameField()
    last_name = LastNameField()
    email = BusinessEmailField()
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role, _(role)) for role in services.roles_given_by(by)]


class KeptAdmin(admin.ModelAdmin):
    """Rows that nobody deletes, and lists that obey no look-up but their own filters."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request=None) -> bool:
        """Refuse look-ups typed into the address: they would tell any column letter by letter."""
        return lookup in {f"{field}__exact" for field in self.list_filter}

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, clean_query(search_term))


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
class UserAdmin(KeptAdmin):
    list_display = ["username", "display_name", "email", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "must_change_password"]
    search_fields = ["username", "email", "first_name", "last_name"]
    search_help_text = _("Help Desk User ID, email or name")
    ordering = ["username"]
    inlines = [MembershipInline]
    change_form_template = "admin/accounts/user/change_form.html"
    fields = readonly_fields = [
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

    def get_inlines(self, request, obj):
        return self.inlines if obj and obj.is_provider else []

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def add_view(self, request, form_url="", extra_context=None) -> HttpResponse:
        """Make a staff account; providers register themselves."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = StaffForm(request.POST if request.method == "POST" else None, by=request.user)
        account = self._make_staff(request, form) if request.method == "POST" and form.is_valid() else None
        if account:
            self.log_addition(request, account, str(_("Staff account made.")))
            messages.success(request, _("%s is made. The temporary password is on its way by email.") % account)
            return redirect(reverse("admin:accounts_user_change", args=[account.pk]))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Add a staff account"),
            "form": form,
        }
        return TemplateResponse(request, "admin/accounts/user/add_form.html", context)

    @staticmethod
    def _make_staff(request: HttpRequest, form: StaffForm) -> User | None:
        try:
            return services.create_staff(**form.cleaned_data, by=request.user)
        except services.AddressInUse:
            form.add_error("email", _("An account with this email address exists already."))
            return None

    def get_urls(self):
        def at(way: str, view):
            return path(
                f"<int:user_id>/{way}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"accounts_user_{view.__name__}",
            )

        return [
            at("send-temporary-password", self.send_temporary_password),
            at("block", self.block),
            at("unblock", self.unblock),
            at("memberships/<int:membership_id>/verify", self.verify),
            at("memberships/<int:membership_id>/withdraw-verification", self.withdraw_verification),
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

    def _done(self, request: HttpRequest, account: User, sentence) -> HttpResponse:
        """Say what was done, keep in admin's history by whom, and show the account again."""
        self.log_change(request, account, str(sentence))
        messages.success(request, sentence)
        return redirect(reverse("admin:accounts_user_change", args=[account.pk]))

    def send_temporary_password(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.send_temporary_password(account=account, by=request.user)
        return self._done(request, account, _("A new temporary password is on its way by email."))

    def block(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.block_account(account=account, by=request.user)
        return self._done(request, account, _("The account is blocked, and what it held is handed back."))

    def unblock(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.unblock_account(account=account, by=request.user)
        return self._done(request, account, _("The account is open again."))

    def _membership(self, user_id: int, membership_id: int) -> Membership:
        memberships = Membership.objects.select_related("organization", "user")
        return get_object_or_404(memberships, pk=membership_id, user_id=user_id)

    def verify(self, request: HttpRequest, user_id: int, membership_id: int) -> HttpResponse:
        membership = self._membership(user_id, membership_id)
        services.verify_membership(membership=membership, by=request.user)
        return self._done(request, membership.user, _("The membership is verified."))

    def withdraw_verification(self, request: HttpRequest, user_id: int, membership_id: int) -> HttpResponse:
        membership = self._membership(user_id, membership_id)
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
class OrganizationAdmin(KeptAdmin):
    form = OrganizationForm
    list_display = ["name", "created_at"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name"]

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and not (obj and obj.is_placeholder)
