"""The page on which agents say that two cases have to do with each other, or take that back."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases import services
from cases.agents_pages import agents_case, page
from cases.case_page import CasePage
from cases.models import Case, case_number
from cases.tidy_forms import OtherCaseForm


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
    return page(request, "link", case=case, form=form, title=_("Link %s to another case") % case.case_id)
