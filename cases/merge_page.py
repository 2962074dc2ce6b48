"""The pages on which agents make one case out of two."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases import services
from cases.agent_forms import SeenField
from cases.agents_pages import agents_case, page
from cases.models import Case, CaseEvent, Message
from cases.tidy_forms import OtherCaseForm

OFFERED = 10


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
        services.refuse_unmergeable(case, into, by=request.user)
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
    return page(request, "merge", case=case, form=form, offered=offered, title=title)


def _compare(request: HttpRequest, case: Case, into: Case, *, refused: str = "") -> HttpResponse:
    pair = (case.pk, into.pk)
    counts = Message.objects.filter(case__in=pair).values("case").annotate(number=Count("pk"))
    said = {row["case"]: row["number"] for row in counts}
    newest = CaseEvent.objects.filter(case__in=pair).aggregate(newest=Max("pk"))["newest"]
    return page(
        request,
        "merge_confirm",
        case=case,
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
