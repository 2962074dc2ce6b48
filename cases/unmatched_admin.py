"""Mail that came in, as agents see it: the list opens with what nobody could file."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases import services
from cases.mail_forms import AttachForm
from cases.models import case_id_of
from desk.model_admin import ClosedAdmin, KeptAdmin
from desk.text import clean_query, whole_number
from mail.inbox import Letter, NotNow, content_of
from mail.models import BlockedSender, InboundMail, InboundRaw, InboundState, Reason
from mail.paging import CappedPaginator

DECIDE = "mail.change_inboundmail"
SHOWN_SOURCE = 100_000
_ALL = "all"


class StateFilter(admin.SimpleListFilter):
    """The state of a mail; without a choice, what waits for an agent."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [*InboundState.choices, (_ALL, _("All"))]

    def choices(self, changelist):
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("Waiting for an agent"),
        }
        for code, label in self.lookup_choices:
            yield {
                "selected": self.value() == code,
                "query_string": changelist.get_query_string({self.parameter_name: code}),
                "display": label,
            }

    def queryset(self, request, queryset):
        chosen = self.value()
        if chosen is None:
            return queryset.waiting()
        return queryset if chosen == _ALL else queryset.filter(state=chosen)


@dataclass(frozen=True)
class MailPage:
    """What the page of one mail shows. Its text and its source are shown as text, whatever they are."""

    mail: InboundMail
    letter: Letter | None
    source: str
    sender: User | None

    @property
    def is_waiting(self) -> bool:
        return self.mail.state in services.UNDECIDED

    @property
    def caller(self) -> str:
        """Return for whom the form of a call opens; staff have no cases of their own."""
        return str(self.sender.pk) if self.sender and self.sender.is_provider else "new"

    @property
    def can_be_retried(self) -> bool:
        return self.mail.state == InboundState.FAILED and bool(self.source) and self.mail.reason != Reason.TOO_LARGE

    @property
    def about(self) -> str:
        return case_id_of(self.mail.about_id) if self.mail.about_kind == "case" else ""

    @property
    def suggested(self) -> str:
        return case_id_of(self.mail.suggested_id) if self.mail.suggested_kind == "case" else ""


@admin.register(InboundMail)
class InboundMailAdmin(KeptAdmin):
    paginator = CappedPaginator
    list_per_page = 50
    list_display = ("received_at", "sender", "subject_", "state", "reason", "case")
    list_display_links = ("received_at", "subject_")
    list_filter = (StateFilter,)
    ordering = ("-pk",)
    sortable_by = ()  # any other order would read the whole of a table that only grows
    search_fields = ("from_address",)  # only opens the search box: get_search_results decides
    search_help_text = _("Exact email address or case ID")
    actions = ("reject_selected",)

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_decide_permission(self, request) -> bool:
        return request.user.has_perm(DECIDE)

    def get_search_results(self, request, queryset, search_term):
        """Find by a whole address or case ID, each of which has an index; never by a part of one."""
        term = clean_query(search_term).lower()
        if not term:
            return queryset, False
        found = Q(from_address=term)
        if number := whole_number(term.removeprefix("cs")):
            found |= Q(about_kind="case", about_id=number) | Q(suggested_kind="case", suggested_id=number)
        return queryset.filter(found), False

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("Mail that came in")} | (extra_context or {}))

    @admin.display(description=_("from"), ordering="from_address")
    def sender(self, mail: InboundMail) -> str:
        return mail.from_address or mail.from_shown or gettext("unclear")

    @admin.display(description=_("subject"))
    def subject_(self, mail: InboundMail) -> str:
        return Truncator(mail.subject).chars(80) or gettext("(no subject)")

    @admin.display(description=_("case"))
    def case(self, mail: InboundMail) -> str:
        if mail.about_kind == "case":
            return _case_link(mail.about_id)
        if mail.suggested_kind == "case":
            return format_html("{} {}", gettext("perhaps"), _case_link(mail.suggested_id))
        return ""

    def get_urls(self):
        def at(name: str, act):
            view = self.admin_site.admin_view(self._posted(act))
            return path(f"<int:pk>/{name}/", view, name=f"mail_inboundmail_{name}")

        return [
            at("attach", self.attach),
            at("reject", self.reject),
            at("block", self.block),
            at("retry", self.retry),
            *super().get_urls(),
        ]

    def history_view(self, request, object_id, extra_context=None):
        """What became of a mail stands on its page; Django's log would be an empty one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._show(request, self._mail(whole_number(object_id)))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._show(request, self._mail(whole_number(object_id)))

    # --- several mails ---------------------------------------------------------------------

    @admin.action(description=_("Reject selected mails"), permissions=["decide"])
    def reject_selected(self, request, queryset):
        # Not the rows of the list as it is filtered: what was decided meanwhile has dropped out of it.
        chosen = {int(text) for text in request.POST.getlist(ACTION_CHECKBOX_NAME)}
        mails = list(InboundMail.objects.filter(pk__in=chosen))
        if not mails:
            messages.error(request, gettext("None of the chosen mails is there."))
            return
        try:
            done = services.reject_mails(by=request.user, mails=mails)
        except services.CaseError as error:
            messages.error(request, str(error))
            return
        if done:
            said = ngettext(
                "%(number)s mail was rejected. Its sender is not told.",
                "%(number)s mails were rejected. Their senders are not told.",
                done,
            )
            messages.success(request, said % {"number": done})
        if left := len(mails) - done:
            said = ngettext(
                "%(number)s mail was not waiting for an agent any more and stays as it is.",
                "%(number)s mails were not waiting for an agent any more and stay as they are.",
                left,
            )
            messages.warning(request, said % {"number": left})

    # --- one mail --------------------------------------------------------------------------

    def _mail(self, pk: int | None) -> InboundMail:
        found = InboundMail.objects.filter(pk=pk).select_related("handled_by").first() if pk else None
        if found is None:
            raise Http404
        return found

    def _show(self, request: HttpRequest, mail: InboundMail, form: AttachForm | None = None) -> HttpResponse:
        raw = InboundRaw.objects.filter(mail=mail).first()
        source = bytes(raw.data[:SHOWN_SOURCE]).decode("utf-8", "replace").replace("\x00", "\ufffd") if raw else ""
        page = MailPage(
            mail=mail,
            letter=content_of(mail) if raw else None,
            source=source,
            sender=User.objects.filter(email=mail.from_address).first() if mail.from_address else None,
        )
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": mail.subject or gettext("(no subject)"),
            "mail": mail,
            "page": page,
            "form": form or AttachForm(user=request.user, initial={"case": page.suggested}),
            "may_decide": self.has_decide_permission(request),
        }
        return TemplateResponse(request, "admin/mail/inboundmail/change_form.html", context)

    def _posted(self, act):
        """Return the view of one decision: posted by somebody who may, about a mail that is there."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if not self.has_decide_permission(request):
                raise PermissionDenied
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            mail = self._mail(pk if pk < 10**18 else None)
            try:
                return act(request, mail)
            except (services.CaseError, NotNow) as error:
                messages.error(request, str(error))
                return self._back(mail)

        return view

    def _back(self, mail: InboundMail) -> HttpResponse:
        return redirect("admin:mail_inboundmail_change", mail.pk)

    def attach(self, request: HttpRequest, mail: InboundMail) -> HttpResponse:
        form = AttachForm(request.POST, user=request.user)
        if not form.is_valid():
            return self._show(request, mail, form)
        letter = content_of(mail)
        if letter is None:
            raise services.MailGone
        case = form.cleaned_data["case"]
        with services.parcel_of(letter) as files:
            services.attach_mail(by=request.user, mail=mail, case=case, letter=letter, files=files)
        messages.success(request, gettext("The mail was added to %s.") % case.case_id)
        return redirect("admin:cases_case_change", case.pk)

    def reject(self, request: HttpRequest, mail: InboundMail) -> HttpResponse:
        services.reject_mail(by=request.user, mail=mail)
        messages.success(request, gettext("The mail was rejected. Its sender is not told."))
        return redirect("admin:mail_inboundmail_changelist")

    def block(self, request: HttpRequest, mail: InboundMail) -> HttpResponse:
        services.block_sender(by=request.user, mail=mail)
        said = gettext("The mail was rejected, and so is what %s sends from now on.")
        messages.success(request, said % (mail.from_address or gettext("this sender")))
        return redirect("admin:mail_inboundmail_changelist")

    def retry(self, request: HttpRequest, mail: InboundMail) -> HttpResponse:
        again = services.retry_mail(by=request.user, mail=mail)
        if again.state == InboundState.FAILED:
            messages.error(request, gettext("It failed again: %s") % again.get_reason_display())
        else:
            messages.success(request, gettext("It could be read this time."))
        return self._back(mail)


def _case_link(number: int) -> str:
    return format_html('<a href="{}">{}</a>', reverse("admin:cases_case_change", args=[number]), case_id_of(number))


@admin.register(BlockedSender)
class BlockedSenderAdmin(ClosedAdmin):
    """Deleting a row unblocks its address."""

    list_display = ("address", "by", "at")
    list_select_related = ("by",)
    search_fields = ("address",)
    ordering = ("address",)

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def delete_model(self, request, obj):
        services.unblock_senders(by=request.user, senders=[obj])

    def delete_queryset(self, request, queryset):
        services.unblock_senders(by=request.user, senders=list(queryset))
