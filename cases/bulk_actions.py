"""What agents do to several cases at once: an action of the list, a page that asks, one with the results.

A door of the admin: every change goes through `cases.services`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from cases import bulk_forms
from cases.agents_pages import page
from cases.models import Case
from cases.services import MOST_CASES, BulkAction, CaseError, Take, TooManyCases, change_in_bulk

# Buttons of the pages in between; the list itself posts none of them.
STEP, CHANGE, PREVIEW = "step", "change", "preview"
# Of each case, "number:id of the newest event that the page in between has shown".
SEEN = "seen"
_SEEN = re.compile(r"(\d{1,18}):(\d{1,18})", re.ASCII)
_RELATED = ("provider", "request_type", "queue", "assigned_agent")


@dataclass(frozen=True)
class Asking:
    """A page that asks for a value: its title and its button say how many cases it is about."""

    form_class: type[bulk_forms.BulkForm]
    title: str | Promise
    button: str | Promise


ASSIGN = Asking(
    bulk_forms.AssignForm,
    ngettext_lazy("Assign %(number)s case", "Assign %(number)s cases", "number"),
    _("Assign"),
)
STATUS = Asking(
    bulk_forms.StatusForm,
    ngettext_lazy("Change the status of %(number)s case", "Change the status of %(number)s cases", "number"),
    _("Change status"),
)
PRIORITY = Asking(
    bulk_forms.PriorityForm,
    ngettext_lazy("Change the priority of %(number)s case", "Change the priority of %(number)s cases", "number"),
    _("Change priority"),
)
REQUEST_TYPE = Asking(
    bulk_forms.RequestTypeForm,
    ngettext_lazy(
        "Change request type or queue of %(number)s case", "Change request type or queue of %(number)s cases", "number"
    ),
    _("Change request type or queue"),
)
ANSWER = Asking(
    bulk_forms.AnswerForm,
    ngettext_lazy(
        "Answer %(number)s case with a canned reply", "Answer %(number)s cases with a canned reply", "number"
    ),
    _("See the texts"),
)


TAKE_TITLE = ngettext_lazy("Take %(number)s case", "Take %(number)s cases", "number")


class BulkPage:
    """One request about several cases by one agent."""

    def __init__(self, request: HttpRequest):
        self.request = request
        self.step = request.POST.get(STEP, "")
        # Not the rows of the list as it is filtered: on the way through the pages a case may drop out of it.
        self.ids = {int(text) for text in request.POST.getlist(ACTION_CHECKBOX_NAME)}
        chosen = Case.objects.visible_to(request.user).filter(pk__in=list(self.ids)[: MOST_CASES + 1])
        # In one statement with the cases: what happens after it has not been seen.
        shown = chosen.annotate(newest_event=Max("events"))
        self.cases = list(shown.select_related(*_RELATED).order_by("pk"))

    @property
    def seen(self) -> dict[int, int]:
        """Return the newest event of each case that the page in between has shown."""
        pairs = (_SEEN.fullmatch(text) for text in self.request.POST.getlist(SEEN))
        return {int(pair[1]): int(pair[2]) for pair in pairs if pair}

    def refusal(self) -> str:
        """Say why there is nothing to ask or to do; empty when there is."""
        if len(self.ids) > MOST_CASES:
            return str(TooManyCases(MOST_CASES))
        return "" if self.cases else str(_("None of the chosen cases is there any more."))

    def ask(self, asking: Asking) -> HttpResponse:
        """Ask for the value, or change the cases when it is there."""
        bound = {"data": self.request.POST} if self.step else {}
        form = asking.form_class(user=self.request.user, cases=self.cases, **bound)
        if not self.step or not form.is_valid():
            return self._form(asking, form)
        if asking is ANSWER and (self.step == PREVIEW or not form.is_looked_at):
            return self._texts(asking, form)
        return self._change(form.action, asking.title)

    def take(self) -> HttpResponse:
        return self._change(Take(), TAKE_TITLE)

    def _title(self, title: str | Promise) -> str:
        return title % {"number": len(self.cases)}

    def _form(self, asking: Asking, form: bulk_forms.BulkForm, **context) -> HttpResponse:
        context = {
            "title": self._title(asking.title),
            "form": form,
            "cases": self.cases,
            "action": self.request.POST["action"],
            "button": asking.button,
            "next_step": PREVIEW if asking is ANSWER else CHANGE,
        } | context
        return self._show("bulk_form", context)

    def _texts(self, asking: Asking, form: bulk_forms.AnswerForm) -> HttpResponse:
        overtaken = self.step == CHANGE
        form.show_texts()
        texts = [(case, text, form.refusal(case)) for case, text in form.texts]
        answerable = sum(not refusal for _case, _text, refusal in texts)
        shown = {"texts": texts, "answerable": answerable, "overtaken": overtaken, "final_step": CHANGE}
        return self._form(asking, form, **shown)

    def _change(self, action: BulkAction, title: str | Promise) -> HttpResponse:
        results = change_in_bulk(by=self.request.user, case_ids=self.ids, action=action, seen=self.seen)
        done = [result for result in results if result.done]
        refused = [result for result in results if not result.done]
        return self._show("bulk_done", {"title": self._title(title), "done": done, "refused": refused})

    def _show(self, name: str, context: dict) -> HttpResponse:
        return page(self.request, name, list_url=self.request.get_full_path(), **context)


class BulkActions(admin.ModelAdmin):
    """The actions of the agents' list."""

    actions = ("bulk_take", "bulk_assign", "bulk_status", "bulk_priority", "bulk_request_type", "bulk_reply")

    def _in_bulk(self, request: HttpRequest, asking: Asking | None) -> HttpResponse | None:
        chosen = BulkPage(request)
        if refusal := chosen.refusal():
            self.message_user(request, refusal, messages.ERROR)
            return None
        try:
            return chosen.ask(asking) if asking else chosen.take()
        except CaseError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None

    @admin.action(description=_("Take"), permissions=["change"])
    def bulk_take(self, request, queryset):
        return self._in_bulk(request, None)

    @admin.action(description=_("Assign …"), permissions=["change"])
    def bulk_assign(self, request, queryset):
        return self._in_bulk(request, ASSIGN)

    @admin.action(description=_("Change status …"), permissions=["change"])
    def bulk_status(self, request, queryset):
        return self._in_bulk(request, STATUS)

    @admin.action(description=_("Change priority …"), permissions=["change"])
    def bulk_priority(self, request, queryset):
        return self._in_bulk(request, PRIORITY)

    @admin.action(description=_("Change request type or queue …"), permissions=["change"])
    def bulk_request_type(self, request, queryset):
        return self._in_bulk(request, REQUEST_TYPE)

    @admin.action(description=_("Reply with a canned text …"), permissions=["change"])
    def bulk_reply(self, request, queryset):
        return self._in_bulk(request, ANSWER)
