"""Where files of cases are given out, and where agents remove one."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from cases import services
from cases.agents_pages import agents_case, page
from cases.files import KINDS, size_words
from cases.models import Attachment, Case, case_id_of
from cases.thread_files import address_name
from cases.tidy_forms import RemoveFileForm

logger = logging.getLogger(__name__)


@require_safe
def case_file(request: HttpRequest, number: int, pk: int, name: str) -> HttpResponse:
    """Give out a file to whoever may see its message, as something to save and never as a page.

    Raises:
        Http404: no such file, not for this person, not found clean yet, or not of this case: all alike.
    """
    files = Attachment.objects.visible_to(request.user).servable().select_related("stored")
    attachment = files.filter(pk=pk).first()
    if attachment is None or name != address_name(attachment.stored):
        raise Http404
    if attachment.case_id != number:
        if not Case.objects.filter(pk=number, merged_into=attachment.case_id).exists():
            raise Http404
        return redirect("cases:case_file", number=case_id_of(attachment.case_id), pk=pk, name=name)
    try:
        content = services.open_file(attachment.stored)
    except FileNotFoundError:
        logger.error("Stored file %s is missing from the storage.", attachment.stored_id)
        raise Http404 from None
    except services.FilesAway as error:
        messages.error(request, str(error))
        return redirect("cases:case_detail", number=case_id_of(number))
    return _response(attachment, content)


def _response(attachment: Attachment, content: File) -> FileResponse:
    content_type = KINDS[attachment.stored.kind].content_type
    response = FileResponse(content, as_attachment=True, filename=attachment.name, content_type=content_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def remove_file_view(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    """Remove a file from a case for good, in one step: the page says what goes.

    Raises:
        Http404: no such case or file, or not for this person.
    """
    case = agents_case(request, pk)
    attachment = Attachment.objects.filter(case=case, pk=file_pk).select_related("stored").first()
    if attachment is None:
        raise Http404
    form = RemoveFileForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            places = services.remove_file(
                by=request.user, case=case, attachment=attachment, reason=form.cleaned_data["reason"]
            )
        except services.CaseError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, _said(places))
            anchor = f"#message-{attachment.message_id}" if attachment.message_id else ""
            return redirect(reverse("admin:cases_case_change", args=[case.pk]) + anchor)
    stored = attachment.stored
    return page(
        request,
        "remove_file",
        case=case,
        form=form,
        file=attachment,
        words=f"{KINDS[stored.kind].label}, {size_words(stored.size)}" if stored else "",
        places=Attachment.objects.filter(case=case, stored__sha256=stored.sha256).count() if stored else 1,
        title=_("Remove a file from %s") % case.case_id,
    )


def _said(places: int) -> str:
    if places == 1:
        return _("The file was removed.")
    return ngettext("The file was removed from %s text.", "The file was removed from %s texts.", places) % places
