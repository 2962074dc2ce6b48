"""The page on which agents work a case. A door of the admin: every change goes through services."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from cases import services
from cases.agent_forms import REPLY_DRAFT, AssignForm, ReplyForm, StatusForm
from cases.forms import unsent_draft
from cases.history import tell_story
from cases.models import Case, Message
from mail.services import last_failure


class CasePage:
    """One request for the page of one case by one agent."""

    def __init__(self, request: HttpRequest, case: Case, context: dict):
        self.request, self.case, self.context = request, case, context

    def answer(self) -> HttpResponse:
        if self.request.method != "POST":
            return self.show()
        action = self.request.POST.get("action", "")
        act = {
            "reply": self.reply,
            "status": self.change_status,
            "assign": self.assign,
            "take": self.take,
        }.get(action, self.show)
        return act()

    def reply(self) -> HttpResponse:
        form = ReplyForm(self.request.POST, user=self.request.user, case=self.case)
        if not form.is_valid():
            return self.show(reply_form=form)
        is_note = form.cleaned_data["kind"] == Message.Kind.INTERNAL
        write = services.add_note if is_note else services.add_reply
        return self._do(
            lambda: write(
                by=self.request.user,
                case=self.case,
                body=form.cleaned_data["body"],
                changes=services.Changes(status=form.cleaned_data["set_status"]),
                origin=form.origin,
            ),
            _("Your note was added.") if is_note else _("Your reply was sent."),
            reply_form=form,
        )

    def change_status(self) -> HttpResponse:
        form = StatusForm(self.request.POST, case=self.case)
        if not form.is_valid():
            return self.show(status_form=form)
        return self._do(
            lambda: services.change_case(
                by=self.request.user,
                case=self.case,
                changes=services.Changes(status=form.cleaned_data["status"]),
                seen=form.cleaned_data["seen"],
            ),
            _("The status was changed."),
            status_form=form,
        )

    def assign(self) -> HttpResponse:
        form = AssignForm(self.request.POST, case=self.case)
        if not form.is_valid():
            return self.show(assign_form=form)
        agent = form.cleaned_data["agent"]
        return self._do(
            lambda: services.change_case(
                by=self.request.user,
                case=self.case,
                changes=services.Changes(agent=agent, unassign=agent is None),
                seen=form.cleaned_data["seen"],
            ),
            _("%s has the case.") % agent.display_name if agent else _("The case is back in its queue."),
            assign_form=form,
        )

    def take(self) -> HttpResponse:
        try:
            services.take_case(by=self.request.user, case=self.case)
        except services.CaseError as error:
            messages.error(self.request, str(error))
        else:
            messages.success(self.request, _("The case is yours."))
        return redirect("admin:cases_case_change", self.case.pk)

    def _do(self, change, done: str, **posted) -> HttpResponse:
        """Call a service; what it refuses comes back beside everything that was typed."""
        (form,) = posted.values()
        try:
            change()
        except services.CaseError as error:
            form.add_error(None, str(error))
            if isinstance(error, services.AlreadySent):
                form.renew_key()
            return self.show(**posted)
        messages.success(self.request, done)
        return redirect("admin:cases_case_change", self.case.pk)

    def _fresh_reply_form(self, seen: int) -> tuple[ReplyForm, object]:
        user, case = self.request.user, self.case
        draft = unsent_draft(user, REPLY_DRAFT, case)
        form = ReplyForm.from_draft(draft, user=user, case=case) if draft else ReplyForm(user=user, case=case)
        form.initial["seen"] = seen
        return form, draft

    def show(self, *, reply_form=None, status_form=None, assign_form=None) -> HttpResponse:
        case, user, draft = self._latest(), self.request.user, None
        story = tell_story(case, internal=True)
        missed = []
        if posted := reply_form or status_form or assign_form:
            missed = story.since(posted.last_seen)
            posted.catch_up(story.seen)
        if reply_form is None:
            reply_form, draft = self._fresh_reply_form(story.seen)
        seen = {"initial": {"seen": story.seen}}
        may_assign = case.assigned_agent_id in (None, user.pk) or user.is_supervisor
        self.context |= {
            "case": case,
            "original": case,
            "title": f"{case.case_id}: {case.request_type}",
            "story": story,
            "missed": missed,
            "draft": draft,
            "reply_form": reply_form,
            "status_form": status_form or StatusForm(case=case, **seen),
            "assign_form": assign_form or AssignForm(case=case, **seen),
            "may_take": case.assigned_agent_id is None and not case.state.is_final,
            "may_assign": may_assign and not case.state.is_final,
            "failed_mail": last_failure(about=("case", case.pk)),
        }
        return TemplateResponse(self.request, "admin/cases/case/change_form.html", self.context)

    def _latest(self) -> Case:
        """Read the case again: a refused change means that somebody else has changed it."""
        related = ("provider", "organization", "request_type", "queue", "assigned_agent")
        return Case.objects.visible_to(self.request.user).select_related(*related, "follow_up_to").get(pk=self.case.pk)
