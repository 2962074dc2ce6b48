"""The pages on which agents make one case out of two, or say that two have to do with each other."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases import services
from cases.agent_forms import SeenField
from cases.case_page import CasePage, find_case
from cases.models import Case, CaseEvent, Message, case_number
from cases.tidy_forms import OtherCaseForm

OFFERED = 10


def agents_case(request: HttpRequest, number: int) -> Case:
    """Return the case of this number, or the one that it was merged into, for somebody who works cases.

    Raises:
        Http404: no such case, or not for this person.
    """
    if not request.user.is_agent:
        raise Http404
    return find_case(request.user, number)


def page(request: HttpRequest, name: str, case: Case, **context) -> HttpResponse:
    context |= admin.site.each_context(request) | {"opts": Case._meta, "case": case}
    return TemplateResponse(request, f"admin/cases/case/{name}.html", context)


# --- merge -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def merge_case_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the other case, show both side by side, and merge once that is confirmed."""
    case = agents_case(request, pk)
    if case.pk != pk:
        messages.info(request, str(services.NowPartOf(Case(pk=pk), case)))
        return redirect("admin:cases_case_change", case.pk)
    asked = request.POST if request.method == "POST" else request.GET
    if "other" not in asked:
        return _ask(request, case, OtherCaseForm(user=request.user, case=case))
    form = OtherCaseForm(asked, user=request.user, case=case)
    if not form.is_valid():
        return _ask(request, case, form)
    into = form.cleaned_data["other"]
    try:
        services.refuse_unmergeable(case, into)
        if request.method != "POST":
            return _compare(request, case, into)
        seen = SeenField(required=False, min_value=0, max_value=2**63 - 1).clean(request.POST.get("seen"))
        into = services.merge_case(by=request.user, case=case, into=into, seen=seen)
    except services.StaleCase as error:
        return _compare(request, agents_case(request, pk), into, refused=str(error))
    except services.CaseError as error:
        form.add_error("other", str(error))
        return _ask(request, case, form)
    messages.success(request, _("%(case_id)s is now part of %(into)s.") % {"case_id": case, "into": into})
    return redirect("admin:cases_case_change", into.pk)


def _ask(request: HttpRequest, case: Case, form: OtherCaseForm) -> HttpResponse:
    others = Case.objects.visible_to(request.user).unmerged().filter(provider=case.provider).exclude(pk=case.pk)
    offered = others.select_related("request_type").order_by("-filed_at", "-pk")[:OFFERED]
    title = _("Merge %s into another case") % case.case_id
    return page(request, "merge", case, form=form, offered=offered, title=title)


def _compare(request: HttpRequest, case: Case, into: Case, *, refused: str = "") -> HttpResponse:
    pair = (case.pk, into.pk)
    counts = Message.objects.filter(case__in=pair).values("case").annotate(number=Count("pk"))
    said = {row["case"]: row["number"] for row in counts}
    newest = CaseEvent.objects.filter(case__in=pair).aggregate(newest=Max("pk"))["newest"]
    return page(
        request,
        "merge_confirm",
        case,
        into=into,
        sides=[
            (_("Becomes part of the other one: %s") % case.case_id, case, said.get(case.pk, 0)),
            (_("Stays: %s") % into.case_id, into, said.get(into.pk, 0)),
        ],
        seen=newest or 0,
        refused=refused,
        widens=into.organization_id != case.organization_id and not into.organization.is_placeholder,
        title=_("Merge %(case_id)s into %(into)s?") % {"case_id": case.case_id, "into": into.case_id},
    )


# --- link ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def link_case_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Link a case to another one, or take such a link back."""
    case = agents_case(request, pk)
    if request.method != "POST":
        return _ask_link(request, case, OtherCaseForm(user=request.user, case=case))
    if "unlink" in request.POST:
        return _unlink(request, case)
    form = OtherCaseForm(request.POST, user=request.user, case=case)
    if not form.is_valid():
        return _ask_link(request, case, form)
    other = form.cleaned_data["other"]
    try:
        services.link_cases(by=request.user, case=case, other=other)
    except services.CaseError as error:
        form.add_error("other", str(error))
        return _ask_link(request, case, form)
    messages.success(request, _("%(case_id)s and %(other)s are linked.") % {"case_id": case, "other": other})
    return redirect("admin:cases_case_change", case.pk)


def _unlink(request: HttpRequest, case: Case) -> HttpResponse:
    if "body" in request.POST:
        # The button belongs to the form of the case page: what was typed there stays.
        CasePage(request, case, {}).keep_typed()
    number = case_number(request.POST["unlink"])
    other = Case.objects.visible_to(request.user).filter(Q(pk=number)).first() if number else None
    if other is None:
        raise Http404
    try:
        services.unlink_cases(by=request.user, case=case, other=other)
    except services.CaseError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The link to %s is removed.") % other.case_id)
    return redirect(reverse("admin:cases_case_change", args=[case.pk]))


def _ask_link(request: HttpRequest, case: Case, form: OtherCaseForm) -> HttpResponse:
    return page(request, "link", case, form=form, title=_("Link %s to another case") % case.case_id)
