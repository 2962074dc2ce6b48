"""Pages that tell about the help desk; everybody may read them."""

from email.utils import parseaddr

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.accessibility import report
from desk.models import Resource, TermsVersion


@login_not_required
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/terms.html", {"terms": TermsVersion.objects.current()})


@login_not_required
@require_safe
def resources(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/resources.html", {"sections": Resource.objects.active().by_section()})


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    _name, email = parseaddr(settings.REPLY_TO_EMAIL)
    return render(request, "desk/accessibility.html", {"report": report(), "email": email})
