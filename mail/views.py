"""The development mailbox, which exists only where MAILBOX_DIR does; elsewhere these addresses are 404."""

from functools import wraps
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from mail import mailbox as box

TABS = ("html", "text", "raw")
PER_PAGE = 50
# Inline styles are what mail is made of; nothing else is allowed, and the frame is a stranger to the portal.
HTML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


def mailbox_view(view):
    """Give the view the mailbox's directory, or answer 404 where there is none or the mail is gone."""

    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs) -> HttpResponse:
        if settings.MAILBOX_DIR is None:
            raise Http404
        try:
            return view(request, Path(settings.MAILBOX_DIR), **kwargs)
        except FileNotFoundError as error:
            raise Http404 from error

    return login_not_required(require_safe(wrapper))


@mailbox_view
def mailbox(request: HttpRequest, directory: Path) -> HttpResponse:
    page = Paginator(box.names(directory), PER_PAGE).get_page(request.GET.get("page"))
    mails = [box.read(directory, name) for name in page]
    return render(request, "mail/mailbox.html", {"page": page, "mails": mails, "kept": box.KEPT})


@mailbox_view
def mailbox_mail(request: HttpRequest, directory: Path, name: str) -> HttpResponse:
    mail = box.read(directory, name)
    tab = request.GET.get("tab")
    if tab not in TABS:
        tab = "html" if mail.html else "text"
    return render(request, "mail/mailbox_mail.html", {"mail": mail, "tab": tab})


@mailbox_view
@xframe_options_sameorigin
def mailbox_html(request: HttpRequest, directory: Path, name: str) -> HttpResponse:
    return HttpResponse(box.read(directory, name).html, headers={"Content-Security-Policy": HTML_POLICY})


@mailbox_view
def mailbox_raw(request: HttpRequest, directory: Path, name: str) -> HttpResponse:
    return HttpResponse(box.read(directory, name).raw, content_type="text/plain; charset=utf-8")
