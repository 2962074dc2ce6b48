"""The agents' lists and case pages."""

from __future__ import annotations

from django.contrib import admin
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext_lazy as _

from cases import (
    call_page,
    keeping_admin,  # noqa: F401  It registers what supervisors keep.
    saved_views,
    unmatched_admin,  # noqa: F401  It registers the mail that came in.
)
from cases.agents_pages import frame
from cases.bulk_actions import BulkActions
from cases.case_page import CasePage, open_case
from cases.changelist import AgentChangeList
from cases.counts import COUNT_CAP
from cases.file_page import remove_file_view
from cases.held_mail_page import release_mail_view
from cases.link_page import link_case_view
from cases.merge_page import merge_case_view
from cases.models import Case
from cases.presence import case_presence
from cases.print_page import print_case
from cases.redact_page import redact_view
from desk.model_admin import KeptAdmin
from desk.text import whole_number
from mail.paging import CappedPaginator

ROWS_PER_PAGE = 50


@admin.register(Case)
class CaseAdmin(BulkActions, KeptAdmin):
    # What its columns are, and how it is filtered and sorted: see cases.changelist and its template.
    list_display = ("case_id",)
    search_fields = ("description",)
    list_per_page = ROWS_PER_PAGE
    list_max_show_all = 0
    paginator = CappedPaginator

    def get_queryset(self, request):
        return Case.objects.visible_to(request.user).defer("description")

    def get_paginator(self, request, queryset, per_page, *args, **kwargs):
        paginator = super().get_paginator(request, queryset, per_page, *args, **kwargs)
        page = whole_number(request.GET.get("p", ""), most_digits=4) or 1
        paginator.count_for(page, least=COUNT_CAP + 1)
        return paginator

    def get_changelist(self, request, **kwargs):
        return AgentChangeList

    def get_urls(self):
        def at(route: str, view, name: str):
            return path(route, self.admin_site.admin_view(view), name=f"cases_case_{name}")

        return [
            at("log-call/", call_page.log_call_view, "log_call"),
            at("<int:pk>/logged/", call_page.call_logged_view, "call_logged"),
            at("save-view/", self.save_view, "save_view"),
            at("saved-views/<int:pk>/delete/", saved_views.delete_view, "delete_view"),
            at("<int:pk>/merge/", merge_case_view, "merge"),
            at("<int:pk>/link/", link_case_view, "link"),
            at("<int:pk>/redact/", redact_view, "redact"),
            at("<int:pk>/files/<int:file_pk>/remove/", remove_file_view, "remove_file"),
            at("<int:pk>/release-mail/", release_mail_view, "release_mail"),
            at("<int:pk>/presence/", case_presence, "presence"),
            at("<int:pk>/print/", print_case, "print"),
            *super().get_urls(),
        ]

    def save_view(self, request):
        return saved_views.save_view(request, context=frame(request))

    def has_add_permission(self, request) -> bool:
        return False

    def changelist_view(self, request, extra_context=None):
        view_form = saved_views.SavedViewForm(agent=request.user)
        return super().changelist_view(request, {"title": _("Cases"), "view_form": view_form} | (extra_context or {}))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not self.has_change_permission(request):
            raise Http404
        case, merged = open_case(request.user, object_id)
        return CasePage(request, case, frame(request), merged=merged).answer()

    def history_view(self, request, object_id, extra_context=None):
        """The history is on the page itself, complete; Django's log would be an empty one."""
        return self.change_view(request, object_id)
