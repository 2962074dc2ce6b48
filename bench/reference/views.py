"""A list of 25 rows, and a form that stores one."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from bench.reference.models import Entry

ROWS = 25


@login_required
def entries(request: HttpRequest) -> HttpResponse:
    rows = Entry.objects.filter(owner=request.user).order_by("-filed_at", "-id")[:ROWS]
    return render(request, "reference/entries.html", {"entries": rows.defer("text"), "name": request.user.first_name})


@login_required
def submit(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "reference/submit.html")
    with transaction.atomic():
        entry = Entry.objects.create(
            owner=request.user,
            subject=request.POST["subject"][:80],
            organization=request.POST["organization"][:200],
            text=request.POST["text"],
            status="new",
            filed_at=timezone.now(),
        )
    return HttpResponseRedirect(f"/done/{entry.pk}/")
