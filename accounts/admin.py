"""Accounts, organizations and memberships for agents and supervisors; every write is a service's."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.models import Membership, Organization, User
from accounts.people_forms import AwayForm, NameForm, OrganizationForm, RoleForm, StaffForm
from accounts.people_search import find_organizations, find_people
from accounts.text import clean_query
from desk.model_admin import CarefulAdmin, KeptAdmin
from desk.text import whole_number
from mail.paging import CappedPaginator

MOST_CANDIDATES = 20


@admin.register(User)
class UserAdmin(KeptAdmin):
    list_display = ["username", "display_name", "email", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "must_change_password"]
    search_fields = ["username"]  # only opens the search box: get_search_results decides
    search_help_text = _("Help Desk User ID, email or name")
    ordering = ["username"]
    sortable_by = ["username", "email"]  # the columns with an index
    paginator = CappedPaginator
    change_form_template = "admin/accounts/user/change_form.html"
    readonly_fields = [
        "username",
        "first_name",
        "last_name",
        "email",
        "phone",
        "language",
        "roles",
        "away",
        "cases",
        "is_active",
        "must_change_password",
        "temporary_expires_at",
        "last_login",
        "date_joined",
    ]

    def get_search_results(self, request, queryset, search_term):
        return find_people(queryset, search_term), False

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        if user.is_superuser:
            return str(_("Administrator"))
        if user.is_provider:
            return str(_("Provider"))
        role = services.role_of(user)
        return gettext(role) if role else gettext("None")

    @admin.display(description=_("away"))
    def away(self, user: User) -> str:
        if not user.is_away:
            return str(_("At work"))
        return gettext("Until and including %(day)s") % {"day": date_format(user.away_until, "DATE_FORMAT")}

    @admin.display(description=_("cases"))
    def cases(self, user: User) -> str:
        """Lead to the agents' list, searched for the User ID: it counts and shows only what the reader may see."""
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:cases_case_changelist", query={"q": user.username}),
            _("Show the cases of this provider"),
        )

    def get_fields(self, request, obj=None):
        left_out = {"away"} if obj and obj.is_provider else {"cases"}
        return [name for name in self.readonly_fields if name not in left_out]

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def add_view(self, request, form_url="", extra_context=None) -> HttpResponse:
        """Make a staff account; providers register themselves."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = StaffForm(_posted(request), by=request.user)
        account = self._make_staff(request, form) if request.method == "POST" and form.is_valid() else None
        if account:
            self.log_addition(request, account, str(_("Staff account made.")))
            messages.success(request, _("%s is made. The temporary password is on its way by email.") % account)
            return redirect(reverse("admin:accounts_user_change", args=[account.pk]))
        lead = _("The portal makes the Help Desk User ID and emails it with a temporary password.")
        return self._form_page(request, form, title=_("Add a staff account"), lead=lead)

    @staticmethod
    def _make_staff(request: HttpRequest, form: StaffForm) -> User | None:
        try:
            return services.create_staff(**form.cleaned_data, by=request.user)
        except services.AddressInUse:
            form.add_error("email", _("An account with this email address exists already."))
            return None

    def get_urls(self):
        def at(way: str, view: Callable, methods: Callable):
            name = f"accounts_user_{view.__name__}"
            return path(f"<int:user_id>/{way}/", self.admin_site.admin_view(methods(view)), name=name)

        page = require_http_methods(["GET", "HEAD", "POST"])
        return [
            at("send-temporary-password", self.send_temporary_password, require_POST),
            at("block", self.block, require_POST),
            at("unblock", self.unblock, require_POST),
            at("end-sessions", self.end_sessions, require_POST),
            at("back-at-work", self.back_at_work, require_POST),
            at("role", self.role, page),
            at("name", self.name, page),
            at("away", self.away_until, page),
            at("memberships/<int:membership_id>/verify", self.verify, require_POST),
            at("memberships/<int:membership_id>/withdraw-verification", self.withdraw_verification, require_POST),
            *super().get_urls(),
        ]

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            memberships = obj.memberships.select_related("organization", "verified_by")
            context |= {
                "may_manage": _is_allowed(services.check_may_manage, request.user, obj),
                "may_change_role": _is_allowed(services.check_may_change_role, request.user, obj),
                "may_mark_away": _is_allowed(services.check_may_mark_away, request.user, obj),
                "memberships": list(memberships.order_by("kind", "organization__name")) if obj.is_provider else [],
                "failed_mail": services.failed_mail(obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _done(self, request: HttpRequest, account: User, sentence) -> HttpResponse:
        """Say what was done, keep in admin's history by whom, and show the account again."""
        self.log_change(request, account, str(sentence))
        messages.success(request, sentence)
        return redirect(reverse("admin:accounts_user_change", args=[account.pk]))

    def _form_page(self, request: HttpRequest, form: forms.Form, *, title, lead, account: User | None = None):
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": title,
            "subtitle": account,
            "lead": lead,
            "form": form,
            "account": account,
        }
        return TemplateResponse(request, "admin/accounts/user/act_form.html", context)

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

    def end_sessions(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.check_may_manage(request.user, account)
        services.end_sessions(account=account, by=request.user)
        return self._done(request, account, _("All sessions of the account have ended."))

    def role(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.check_may_change_role(request.user, account)
        form = RoleForm(_posted(request), by=request.user, initial={"role": services.role_of(account)})
        if request.method == "POST" and form.is_valid():
            role = form.cleaned_data["role"]
            if services.change_role(account=account, role=role, by=request.user):
                return self._done(request, account, _("The role is now: %s. Sessions have ended.") % _(role))
            messages.info(request, _("The role is %s already.") % _(role))
            return redirect("admin:accounts_user_change", user_id)
        lead = _("Who works cases no more gives the unfinished ones back to their queues. Sessions end.")
        return self._form_page(request, form, title=_("Change the role"), lead=lead, account=account)

    def name(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.check_may_manage(request.user, account)
        initial = {"first_name": account.first_name, "last_name": account.last_name}
        form = NameForm(_posted(request), initial=initial)
        if request.method == "POST" and form.is_valid():
            services.correct_name(account=account, **form.cleaned_data, by=request.user)
            return self._done(request, account, _("The name is corrected."))
        lead = _("For a name that was mistyped. The Help Desk User ID stays.")
        return self._form_page(request, form, title=_("Correct the name"), lead=lead, account=account)

    def away_until(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.check_may_mark_away(request.user, account)
        initial = {"until": account.away_until} if account.is_away else {}
        form = AwayForm(_posted(request), initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                services.mark_away(account=account, until=form.cleaned_data["until"], by=request.user)
            except services.DayIsPast:
                form.refuse_past_day()
            else:
                return self._done(request, account, _("The account is marked as away."))
        lead = _("Colleagues see it where they choose an agent. Assigned cases stay where they are.")
        return self._form_page(request, form, title=_("Mark as away"), lead=lead, account=account)

    def back_at_work(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = get_object_or_404(User, pk=user_id)
        services.mark_away(account=account, until=None, by=request.user)
        return self._done(request, account, _("The account is back at work."))

    def _membership(self, user_id: int, membership_id: int) -> Membership:
        memberships = Membership.objects.select_related("organization", "user")
        return get_object_or_404(memberships, pk=membership_id, user_id=user_id)

    def verify(self, request: HttpRequest, user_id: int, membership_id: int) -> HttpResponse:
        membership = self._membership(user_id, membership_id)
        if request.POST.get("organization") != str(membership.organization_id):
            # A merge moves memberships: what the button of an older page said is no longer what it would confirm.
            messages.error(request, _("The organization of this membership has changed. Look again, then verify."))
            return redirect("admin:accounts_user_change", user_id)
        services.verify_membership(membership=membership, by=request.user)
        return self._done(request, membership.user, _("The membership is verified."))

    def withdraw_verification(self, request: HttpRequest, user_id: int, membership_id: int) -> HttpResponse:
        membership = self._membership(user_id, membership_id)
        services.withdraw_verification(membership=membership, by=request.user)
        return self._done(request, membership.user, _("The membership is no longer verified."))


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _is_allowed(check: Callable[[User, User], None], by: User, account: User) -> bool:
    try:
        check(by, account)
    except PermissionDenied:
        return False
    return True


@admin.register(Organization)
class OrganizationAdmin(CarefulAdmin, KeptAdmin):
    form = OrganizationForm
    list_display = ["name", "created_at"]
    search_fields = ["name"]  # only opens the search box: get_search_results decides
    ordering = ["name_key"]
    sortable_by = ()
    paginator = CappedPaginator
    fields = ["name"]
    change_form_template = "admin/accounts/organization/change_form.html"

    def get_queryset(self, request):
        return super().get_queryset(request).unmerged()

    def get_search_results(self, request, queryset, search_term):
        return find_organizations(queryset, search_term), False

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and not (obj and obj.is_placeholder)

    def get_urls(self):
        merge = require_http_methods(["GET", "HEAD", "POST"])(self.merge)
        return [
            path("<int:pk>/merge/", self.admin_site.admin_view(merge), name="accounts_organization_merge"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show an organization; another spelling of one leads to that one."""
        other = _chosen(Organization.objects, object_id)
        if other is not None and other.merged_into_id:
            messages.info(request, _("%s is another spelling of this organization.") % other)
            return redirect("admin:accounts_organization_change", other.merged_into_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except services.OrganizationNameTaken:
            # A provider typed the name while this was saved: asked again, the form sees that and says so.
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        services.rename_organization(organization=obj, name=form.cleaned_data["name"], by=request.user)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context |= {
                "may_merge": self._may_merge(request, obj),
                "spellings": list(obj.merged.order_by("name").values_list("name", flat=True)),
                "members": _members(obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _may_merge(self, request: HttpRequest, organization: Organization) -> bool:
        return request.user.is_supervisor and self.has_change_permission(request, organization)

    def merge(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose the organization that stays, read what that means, and merge."""
        organization = get_object_or_404(Organization.objects.unmerged(), pk=pk)
        if not self._may_merge(request, organization):
            raise PermissionDenied
        others = Organization.objects.unmerged().filter(is_placeholder=False).exclude(pk=pk)
        asked = request.POST if request.method == "POST" else request.GET
        into = _chosen(others, asked.get("into", ""))
        if request.method == "POST" and into is not None:
            try:
                services.merge_organizations(organization=organization, into=into, by=request.user)
            except services.CannotMerge:  # Somebody else has merged one of them since.
                into = None
            else:
                self.log_change(request, into, f"{organization} merged into this one.")
                messages.success(request, _("%(old)s is now %(new)s.") % {"old": organization, "new": into})
                return redirect("admin:accounts_organization_change", into.pk)
        words = clean_query(request.GET.get("q", ""))
        found = find_organizations(others, words).order_by("name_key")[:MOST_CANDIDATES] if words else []
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Merge into another organization"),
            "subtitle": organization,
            "organization": organization,
            "members": _members(organization),
            "into": into,
            "into_members": _members(into) if into else None,
            "is_gone": into is None and bool(asked.get("into")),
            "words": words,
            "found": list(found),
        }
        return TemplateResponse(request, "admin/accounts/organization/merge.html", context)


def _members(organization: Organization) -> dict[str, int]:
    verified = organization.memberships.exclude(verified_at=None).count()
    return {"all": organization.memberships.count(), "verified": verified}


def _chosen(others, text: str) -> Organization | None:
    return others.filter(pk=whole_number(text)).first()
