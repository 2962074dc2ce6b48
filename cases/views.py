"""The pages of providers, and MY LISTS for everybody. Thin: fetch, validate, call, say, redirect."""

from __future__ import annotations

import logging
from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts import drafts
from accounts.models import User
from cases import services
from cases.export import export_cases
from cases.forms import INFORMATION_DRAFT, InformationForm, IntakeForm, OneTimeForm, unsent_draft
from cases.history import tell_story
from cases.intake import keep_as_draft, open_intake
from cases.lists import cases_for_home, counts_for_home, list_cases, read_query, tabs_of
from cases.models import Case, case_id_of, case_number

logger = logging.getLogger(__name__)


def _visible_case(user: User, number: int, **only) -> Case:
    """Return a case that this person may see, or the one that it was merged into.

    Raises:
        Http404: a stranger's case and no case alike.
    """
    related = ("provider", "request_type", "assigned_agent", "follow_up_to")
    try:
        return Case.objects.visible_to(user).filter(**only).with_parts().select_related(*related).look_up(number)
    except Case.DoesNotExist:
        raise Http404 from None


def _own_case(user: User, number: int) -> Case:
    """Return a case that this provider filed; seeing a colleague's is not answering it.

    Raises:
        Http404: anybody else's case, or none.
    """
    return _visible_case(user, number, provider=user)


def _lead_on(request: HttpRequest, number: int, case: Case, page: str = "cases:case_detail") -> HttpResponse:
    """Lead from the address of a merged case to that of the case it is part of."""
    told = {"case_id": case_id_of(number), "into": case.case_id}
    messages.info(request, _("%(case_id)s is now part of %(into)s.") % told)
    return redirect(page, number=case.case_id)


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {}
    if request.user.is_authenticated and request.user.is_provider:
        context["cases"] = cases_for_home(request.user)
    elif request.user.is_authenticated:
        context["counts"] = counts_for_home(request.user)
    return render(request, "cases/home.html", context)


@require_safe
def my_lists(request: HttpRequest) -> HttpResponse:
    case_list = list_cases(request.user, request.GET, draft_kind=services.INTAKE_DRAFT)
    context = {
        "list": case_list,
        "export_address": f"{reverse('cases:export')}{case_list.query.address()}" if request.user.is_agent else "",
    }
    return render(request, "cases/my_lists.html", context)


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Send the list of an address as a file.

    Raises:
        Http404: whoever asks may not take cases out of the portal.
    """
    if not request.user.is_agent:
        raise Http404
    query = read_query(request.user, request.GET, tabs_of(request.user))
    logger.info("A list of cases was exported, with %d filters.", len(query.said), extra={"user": request.user.pk})
    response = StreamingHttpResponse(export_cases(request.user, query), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="cases-{timezone.localdate().isoformat()}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    if not request.user.is_provider:
        messages.info(request, _("Staff do not file cases here."))
        return redirect("cases:my_lists")
    if request.method != "POST" or "carry" in request.POST:
        return _show_intake(request)
    if "discard" in request.POST:
        _discard(request, services.INTAKE_DRAFT)
        return redirect("cases:case_new")
    form = IntakeForm(request.POST, request.FILES, user=request.user)
    if "save_draft" in request.POST:
        return _save_draft(request, form, reverse("cases:case_new"))
    if not form.is_valid():
        return _show_intake_again(request, form)
    if "add_to" in request.POST:
        return _add_to_filed_case(request, form)
    origin = form.origin
    try:
        with services.staged(form.cleaned_data["files"]) as files:
            case = services.file_case(
                by=request.user,
                filing=form.filing(files),
                key=origin.key,
                draft_keys=origin.draft_keys,
            )
    except services.AlreadyFiled as error:
        form.offer_adding_to(error.case)
        return _show_intake_again(request, form, filed=error.case)
    except services.FilesNotStored as error:
        form.add_error("files", str(error))
        return _show_intake_again(request, form)
    return redirect("cases:case_filed", number=case.case_id)


def _save_draft(request: HttpRequest, form: OneTimeForm, page: str) -> HttpResponse:
    """Keep a form as it is and show it again; the page says until when it is kept."""
    if keep_as_draft(form):
        messages.success(request, _("Your draft is saved. It has not been sent."))
        return redirect(f"{page}#draft")
    messages.info(request, _("There is nothing to save yet."))
    return redirect(page)


def _discard(request: HttpRequest, kind: str) -> None:
    drafts.delete_drafts(request.user, kind, request.POST["discard"].split()[:10])
    messages.success(request, _("Your draft was thrown away."))


def _show_intake(request: HttpRequest) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    carried = request.POST.get("description", "") if "carry" in request.POST else ""
    intake = open_intake(request.user, follow_up=asked.get("follow_up", ""), carried=carried)
    return render(request, "cases/case_new.html", intake._asdict())


def _show_intake_again(request: HttpRequest, form: IntakeForm, **context) -> HttpResponse:
    form.ask_for_files_again()
    return render(request, "cases/case_new.html", {"form": form, **context})


def _add_to_filed_case(request: HttpRequest, form: IntakeForm) -> HttpResponse:
    case = _own_case(request.user, case_number(request.POST["add_to"]))
    try:
        with services.staged(form.cleaned_data["files"]) as files:
            services.add_information(
                by=request.user,
                case=case,
                body=form.cleaned_data["description"],
                origin=replace(form.origin, files=files),
            )
    except services.CaseError as error:
        form.add_error(None, str(error))
        form.renew_key()
        return _show_intake_again(request, form)
    messages.success(request, _("Your text was added to %s. An agent reads it and answers by email.") % case.case_id)
    return redirect("cases:case_detail", number=case.case_id)


@require_safe
def case_filed(request: HttpRequest, number: int) -> HttpResponse:
    case = _own_case(request.user, number)
    if case.pk != number:
        return _lead_on(request, number, case)
    return render(request, "cases/case_filed.html", {"case": case})


def _show_case(request: HttpRequest, case: Case, form=None, **context) -> HttpResponse:
    user = request.user
    is_own = case.provider_id == user.pk
    if form is None and is_own:
        draft = unsent_draft(user, INFORMATION_DRAFT, case)
        options = {"user": user, "case": case}
        context["draft"] = draft
        if not case.state.is_final:
            form = InformationForm.from_draft(draft, **options) if draft else InformationForm(**options)
        elif draft:
            context["carried"] = draft.data["body"]
    if form is not None:
        form.ask_for_files_again()
    context |= {
        "case": case,
        # Also where the answer to a form shows the page.
        "page_address": reverse("cases:case_detail", args=[case.case_id]),
        "form": form,
        "is_own": is_own,
        "story": tell_story(case, internal=False),
        "leads_to_admin": user.is_agent,
    }
    return render(request, "cases/case_detail.html", context)


@require_safe
def case_detail(request: HttpRequest, number: int) -> HttpResponse:
    case = _visible_case(request.user, number)
    return _show_case(request, case) if case.pk == number else _lead_on(request, number, case)


@require_http_methods(["GET", "HEAD", "POST"])
def case_add_information(request: HttpRequest, number: int) -> HttpResponse:
    if request.method != "POST":
        # A login, the language switch and "Try again" lead on to where a button led.
        return redirect("cases:case_detail", number=number)
    case = _own_case(request.user, number)
    if "discard" in request.POST:
        _discard(request, INFORMATION_DRAFT)
        return redirect("cases:case_detail", number=case.case_id)
    form = InformationForm(request.POST, request.FILES, user=request.user, case=case)
    if "save_draft" in request.POST:
        return _save_draft(request, form, reverse("cases:case_detail", args=[case.case_id]))
    if not form.is_valid():
        return _show_case(request, case, form)
    try:
        with services.staged(form.cleaned_data["files"]) as files:
            services.add_information(
                by=request.user,
                case=case,
                body=form.cleaned_data["body"],
                origin=replace(form.origin, files=files),
            )
    except services.CaseError as error:
        form.add_error(None, str(error))
        form.renew_key()
        case, body = _own_case(request.user, number), form.cleaned_data["body"]
        return _show_case(request, case, form, carried=body if case.state.is_final else "")
    messages.success(request, _("Your information was sent to the Help Desk. An agent reads it and answers by email."))
    return redirect("cases:case_detail", number=case.case_id)


@require_http_methods(["GET", "HEAD", "POST"])
def case_withdraw(request: HttpRequest, number: int) -> HttpResponse:
    case = _own_case(request.user, number)
    if case.pk != number:
        # Who meant the smaller case is asked again.
        return _lead_on(request, number, case, "cases:case_withdraw")
    if request.method != "POST":
        return render(request, "cases/case_withdraw.html", {"case": case})
    try:
        services.withdraw_case(by=request.user, case=case)
    except services.CaseError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You withdrew %s. The Help Desk stops working on it.") % case.case_id)
    return redirect("cases:case_detail", number=case.case_id)
