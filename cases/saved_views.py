"""The doors through which agents save views of their list and remove them."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.text import SingleLineField
from cases import services
from cases.agent_query import read_address
from cases.models import SavedView


class SavedViewForm(forms.Form):
    """A name for the list as it is shown."""

    name = SingleLineField(
        label=gettext_lazy("Name of the view"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Enter a name for the view."),
            "max_length": gettext_lazy("Shorten the name to 60 characters."),
        },
    )
    is_shared = forms.BooleanField(label=gettext_lazy("Share with all agents"), required=False)

    def __init__(self, *args, agent, **kwargs):
        super().__init__(*args, auto_id="id_view_%s", label_suffix="", **kwargs)
        if not agent.is_supervisor:
            del self.fields["is_shared"]


def _posted_list(request: HttpRequest) -> str:
    """Return the query string of the list that a form was posted from; junk has become the default list."""
    return read_address(request.POST.get("query", "")).address()


def _list_address(query: str) -> str:
    return f"{reverse('admin:cases_case_changelist')}?{query}"


@require_POST
def save_view(request: HttpRequest, *, context: dict) -> HttpResponse:
    """Save the list under a name; what is wrong with the name stands beside it, with what was typed."""
    if not request.user.is_agent:
        raise Http404
    form, query = SavedViewForm(request.POST, agent=request.user), _posted_list(request)
    name_taken = False
    if form.is_valid():
        wish = form.cleaned_data | {"query": query, "replace": "replace" in request.POST}
        try:
            view = services.save_view(by=request.user, **wish)
        except services.CaseError as error:
            name_taken = isinstance(error, services.ViewNameTaken)
            form.add_error("name", str(error))
        else:
            messages.success(request, _("The view “%s” is saved.") % view.name)
            return redirect(_list_address(view.query))
    context = context | {
        "title": _("Save this view"),
        "form": form,
        "name_taken": name_taken,
        "query": query,
        "back": _list_address(query),
    }
    return TemplateResponse(request, "admin/cases/case/save_view.html", context)


@require_POST
def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
    if not request.user.is_agent:
        raise Http404
    view = get_object_or_404(SavedView.objects.usable_by(request.user), pk=pk)
    try:
        services.delete_view(by=request.user, view=view)
    except services.NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The view “%s” is removed.") % view.name)
    return redirect(_list_address(_posted_list(request)))
