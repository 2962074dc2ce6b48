"""The page on which agents remove a passage from a text: look, preview, confirm."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from cases import services
from cases.agents_pages import agents_case, page
from cases.models import Case, Message, case_number
from cases.tidy_forms import RedactForm


@require_http_methods(["GET", "HEAD", "POST"])
def redact_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a passage from a message (`?message=<id>`) or from the description, in two steps."""
    case = agents_case(request, pk)
    message = _message(case, request.GET.get("message", ""))
    if request.method != "POST":
        return _show(request, case, message, RedactForm())
    if request.POST.get("step") == "edit":
        return _show(request, case, message, RedactForm(initial=request.POST.dict()))
    form = RedactForm(request.POST)
    if not form.is_valid():
        return _show(request, case, message, form)
    data = form.cleaned_data
    try:
        removal = services.plan_removal(case, message, data["passage"])
        services.check_reason(data["reason"], removal.passage)
        if request.POST.get("step") != "confirm":
            return _preview(request, case, message, form, removal)
        services.redact(by=request.user, case=case, message=message, **data)
    except (services.ReasonNeeded, services.ReasonQuotes) as error:
        form.add_error("reason", str(error))
    except services.CaseError as error:
        form.add_error("passage", str(error))
    else:
        messages.success(request, _said(removal, everywhere=data["everywhere"]))
        anchor = f"#message-{message.pk}" if message else ""
        return redirect(reverse("admin:cases_case_change", args=[case.pk]) + anchor)
    return _show(request, case, message, form)


def _message(case: Case, raw: str) -> Message | None:
    """Return the message of the case that an address names; without one the description is meant.

    Raises:
        Http404: it names no message of this case.
    """
    if not raw:
        return None
    found = Message.objects.filter(case__in=case.family_ids, pk=case_number(raw) or 0).select_related("author").first()
    if found is None:
        raise Http404
    return found


def _said(removal: services.Removal, *, everywhere: bool) -> str:
    others = len(removal.others) if everywhere else 0
    if not others:
        return _("The passage was removed.")
    return ngettext(
        "The passage was removed, also from %s other text of the case.",
        "The passage was removed, also from %s other texts of the case.",
        others,
    ) % (others,)


def _show(request: HttpRequest, case: Case, message: Message | None, form: RedactForm) -> HttpResponse:
    return page(
        request,
        "redact",
        case=case,
        form=form,
        message=message,
        text=message.body if message else case.description,
        title=_("Remove a passage from %s") % case.case_id,
    )


def _preview(
    request: HttpRequest, case: Case, message: Message | None, form: RedactForm, removal: services.Removal
) -> HttpResponse:
    return page(
        request,
        "redact_confirm",
        case=case,
        form=form,
        message=message,
        removal=removal,
        pieces=removal.rest.split(services.MARKER),
        others=len(removal.others),
        title=_("Remove this passage for good?"),
    )
