"""The agents' lists, and what supervisors keep: queues and request types."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import Http404
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.text import clean_query
from cases import statuses
from cases.case_page import CasePage
from cases.models import Case, Queue, RequestType
from cases.search import search_for_agents
from cases.templatetags.cases import status_badge
from mail.paging import CappedPaginator

ROWS_PER_PAGE = 50


class ChosenFilter(admin.SimpleListFilter):
    """A filter over fixed choices: it scans no values, and junk filters nothing."""

    choices_: tuple = ()

    def lookups(self, request, model_admin):
        return self.choices_

    def queryset(self, request, queryset):
        if self.value() not in {code for code, _label in self.choices_}:
            return queryset
        return self.keep(request, queryset)


class AssignmentFilter(ChosenFilter):
    title = _("assigned agent")
    parameter_name = "assigned"
    choices_ = (("me", _("Assigned to me")), ("nobody", _("Unassigned")))

    def keep(self, request, queryset):
        if self.value() == "me":
            return queryset.assigned_to(request.user)
        return queryset.unassigned()


class StatusFilter(ChosenFilter):
    title = _("status")
    parameter_name = "status"
    choices_ = (("open_group", _("Not finished")), *statuses.CHOICES)

    def keep(self, request, queryset):
        if self.value() == "open_group":
            return queryset.open()
        return queryset.filter(status=self.value())


@admin.register(Case)
class CaseAdmin(admin.ModelAdmin):
    list_display = (
        "case_id_",
        "request_type",
        "provider_name",
        "organization_",
        "badge",
        "agent_name",
        "age",
        "last_message_by",
        "waiting_since",
    )
    # Only orders that an index serves.
    sortable_by = ("case_id_", "age", "waiting_since")
    list_filter = (AssignmentFilter, StatusFilter, "queue", "request_type")
    list_select_related = ("provider", "request_type", "assigned_agent")
    search_fields = ("description",)
    search_help_text = _("Case ID, User ID, email, name, organization or words")
    ordering = ("-filed_at",)
    actions = None
    list_per_page = ROWS_PER_PAGE
    list_max_show_all = 0
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request):
        return Case.objects.visible_to(request.user).defer("description")

    def get_search_results(self, request, queryset, search_term):
        return search_for_agents(queryset, search_term), False

    def lookup_allowed(self, lookup, value, request=None) -> bool:
        """Allow the filters of the page and no look-up typed into the address."""
        return lookup in {"assigned", "status", "queue__id__exact", "request_type__id__exact"}

    def has_add_permission(self, request) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("Cases")} | (extra_context or {}))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        case = self.get_object(request, object_id)
        if case is None or not self.has_change_permission(request, case):
            raise Http404
        context = self.admin_site.each_context(request) | {"opts": self.opts}
        return CasePage(request, case, context).answer()

    def history_view(self, request, object_id, extra_context=None):
        """The history is on the page itself, complete; Django's log would be an empty one."""
        return self.change_view(request, object_id)

    @admin.display(description=_("case ID"), ordering="pk")
    def case_id_(self, case: Case) -> str:
        return case.case_id

    @admin.display(description=_("provider"))
    def provider_name(self, case: Case) -> str:
        return case.provider.display_name

    @admin.display(description=_("organization"))
    def organization_(self, case: Case) -> str:
        return case.organization_name

    @admin.display(description=_("status"))
    def badge(self, case: Case) -> str:
        return status_badge(case.status)

    @admin.display(description=_("assigned agent"), empty_value=_("nobody"))
    def agent_name(self, case: Case) -> str | None:
        return case.assigned_agent.display_name if case.assigned_agent else None

    @admin.display(description=_("age"), ordering="-filed_at")
    def age(self, case: Case) -> str:
        return timesince(case.filed_at, depth=1)


class KeptAdmin(admin.ModelAdmin):
    """Rows that cases refer to: edited, switched off, never deleted."""

    show_full_result_count = False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Queue)
class QueueAdmin(KeptAdmin):
    list_display = ("name", "is_default")

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """Offer as members those who may work its cases: nobody else can be mailed about them."""
        if db_field.name == "members":
            kwargs |= {"queryset": User.objects.agents(), "widget": forms.CheckboxSelectMultiple}
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(RequestType)
class RequestTypeAdmin(KeptAdmin):
    list_display = ("name", "queue", "is_active", "position")
    list_select_related = ("queue",)
    list_filter = ("is_active", "queue")
    search_fields = ("name",)

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, clean_query(search_term))
