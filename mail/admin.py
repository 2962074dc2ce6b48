"""The outbox as people see it: read, never edited. *Send again* goes through the service."""

import re

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mail import services
from mail.models import Hold, OutboxEvent, OutboxMessage, SuspendedAddress
from mail.paging import CappedPaginator
from mail.registry import get_about, kind_labels
from mail.render import one_line

SEND_AGAIN = "mail.change_outboxmessage"


class ReadOnlyChangeList(ChangeList):
    """Newest first, as rows come to be: any other order would read the whole of a table that only grows."""

    def get_ordering_field(self, field_name):
        return None


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows to look at. The address of a list asks what its filters offer and nothing else."""

    paginator = CappedPaginator
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ["-pk"]
    sortable_by = ()

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def lookup_allowed(self, lookup, value, request) -> bool:
        """Django would allow every local field with every comparison, and so a nonce to be guessed piece by piece."""
        return lookup in self._offered_lookups()

    def _offered_lookups(self) -> set[str]:
        offered = set()
        for choice in self.list_filter:
            if isinstance(choice, str):
                offered |= {f"{choice}__exact", f"{choice}__isnull"}
            else:
                offered.add(choice.parameter_name)
        return offered

    def get_changelist(self, request, **kwargs):
        return ReadOnlyChangeList

    def get_changelist_instance(self, request):
        # PostgreSQL takes no NUL, and says so only when the rows are fetched.
        asked = [(name, *values) for name, values in request.GET.lists() if name != SEARCH_VAR]
        if any("\x00" in text for texts in asked for text in texts):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def response_action(self, request, queryset):
        posted = request.POST.copy()
        chosen = posted.getlist(ACTION_CHECKBOX_NAME)
        posted.setlist(ACTION_CHECKBOX_NAME, [key for key in chosen if re.fullmatch(r"[0-9]{1,18}", key)])
        request.POST = posted
        return super().response_action(request, queryset)

    @admin.display(description=_("about"))
    def about(self, row) -> str:
        known = get_about(row.about_kind)
        if known is None or not row.about_id:
            return f"{row.about_kind} {row.about_id}"
        return format_html('<a href="{}">{}</a>', known.url(row.about_id), known.label(row.about_id))


class HoldFilter(admin.SimpleListFilter):
    """Why messages are held: of all messages only those that are need to be looked at."""

    title = _("held because")
    parameter_name = "hold_reason__exact"

    def lookups(self, request, model_admin):
        return Hold.choices

    def queryset(self, request, queryset):
        return queryset.held().filter(hold_reason=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """The kinds that the apps registered: the outbox is not scanned for them."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        return kind_labels()

    def queryset(self, request, queryset):
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = [
        "kind_label",
        "state",
        "why",
        "recipient",
        "to_address",
        "about",
        "attempts",
        "created_at",
        "sent_at",
    ]
    list_filter = ["state", HoldFilter, KindFilter]
    list_select_related = ["recipient"]
    search_fields = ["to_address"]  # only opens the search box: get_search_results decides
    search_help_text = _("Exact email address, Help Desk User ID or case number")
    fields = [
        "kind_label",
        "state",
        "hold_reason",
        "recipient",
        "fixed_address",
        "to_address",
        "about",
        "event",
        "attempts",
        "next_attempt_at",
        "last_error",
        "message_id",
        "created_at",
        "sent_at",
    ]
    actions = ["send_selected_again", "release_selected"]

    @admin.display(description=_("why"))
    def why(self, message: OutboxMessage) -> str:
        return f"{message.get_hold_reason_display()} {message.last_error}".strip()

    @admin.display(description=_("kind"), ordering="kind")
    def kind_label(self, message: OutboxMessage) -> str:
        return dict(kind_labels()).get(message.kind, message.kind)

    def get_search_results(self, request, queryset, search_term):
        """Find by a whole address, User ID or number, each of which has an index; never by a part of one."""
        term = one_line(search_term).casefold()
        if not term:
            return queryset, False
        people = get_user_model().objects.filter(Q(email=term) | Q(username=term)).values_list("pk", flat=True)
        found = Q(to_address=term) | Q(fixed_address=term) | Q(recipient_id__in=list(people))
        if number := re.fullmatch(r"(?:[a-z]+[\s-]?)?0*(\d{1,18})", term):
            found |= Q(about_id=int(number[1]))
        return queryset.filter(found), False

    def get_urls(self):
        send_again = self.admin_site.admin_view(self.send_again_view)
        release = self.admin_site.admin_view(self.release_view)
        return [
            path("<int:pk>/send-again/", send_again, name="mail_outboxmessage_send_again"),
            path("<int:pk>/release/", release, name="mail_outboxmessage_release"),
            *super().get_urls(),
        ]

    def has_send_again_permission(self, request) -> bool:
        return request.user.has_perm(SEND_AGAIN)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        extra_context = {"may_send_again": self.has_send_again_permission(request), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra_context)

    def release_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not self.has_send_again_permission(request):
            raise PermissionDenied
        message = get_object_or_404(self.get_queryset(request), pk=pk)
        self._release(request, [message])
        return redirect("admin:mail_outboxmessage_change", pk)

    @admin.action(description=_("Release what is held"), permissions=["send_again"])
    def release_selected(self, request, queryset):
        self._release(request, queryset)

    def _release(self, request, selected) -> None:
        count = 0
        for message in selected:
            try:
                services.release(message, by=request.user)
            except services.NotSendable as reason:
                messages.warning(request, str(reason))
            else:
                self.log_change(request, message, "Released.")
                count += 1
        if count:
            text = ngettext("%(count)s mail is released.", "%(count)s mails are released.", count)
            messages.success(request, text % {"count": count})

    def send_again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not self.has_send_again_permission(request):
            raise PermissionDenied
        message = get_object_or_404(self.get_queryset(request), pk=pk)
        self._send_again(request, [message])
        return redirect("admin:mail_outboxmessage_change", pk)

    @admin.action(description=_("Send again"), permissions=["send_again"])
    def send_selected_again(self, request, queryset):
        self._send_again(request, queryset)

    def _send_again(self, request, selected) -> None:
        count = 0
        for message in selected:
            try:
                services.send_again(message, by=request.user)
            except services.NotSendable as reason:
                messages.warning(request, str(reason))
            else:
                self.log_change(request, message, "Sent again.")
                count += 1
        if count:
            text = ngettext("%(count)s mail is sent again.", "%(count)s mails are sent again.", count)
            messages.success(request, text % {"count": count})


class MessageInline(admin.TabularInline):
    model = OutboxMessage
    fields = ["kind", "state", "recipient", "to_address", "attempts", "last_error", "sent_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("recipient")


class ExpandedFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("waiting", _("Waiting")), ("expanded", _("Expanded"))]

    def queryset(self, request, queryset):
        match self.value():
            case "waiting":
                return queryset.filter(next_attempt_at__isnull=False)
            case "expanded":
                return queryset.filter(next_attempt_at__isnull=True)
        return queryset


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    list_display = ["code", "about", "created_at", "expanded_at", "attempts", "last_error"]
    list_filter = [ExpandedFilter]
    fields = [
        "code",
        "about",
        "refs",
        "created_at",
        "expanded_at",
        "attempts",
        "next_attempt_at",
        "last_error",
    ]
    inlines = [MessageInline]


@admin.register(SuspendedAddress)
class SuspendedAddressAdmin(ReadOnlyAdmin):
    """Deleting a row lifts the suspension of its address."""

    list_display = ["address", "said", "at"]
    fields = ["address", "said", "at"]
    list_filter = []
    search_fields = ["address"]  # only opens the search box: get_search_results decides
    search_help_text = _("Exact email address")

    def get_search_results(self, request, queryset, search_term):
        term = one_line(search_term).casefold()
        return (queryset.filter(address=term) if term else queryset), False

    def has_delete_permission(self, request, obj=None) -> bool:
        return request.user.has_perm(services.LIFTS)

    def delete_model(self, request, obj):
        services.lift_suspension(obj, by=request.user)

    def delete_queryset(self, request, queryset):
        for suspended in queryset:
            services.lift_suspension(suspended, by=request.user)
