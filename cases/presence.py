"""Who else has a case open: said on its page, and asked again while the page is looked at."""

from __future__ import annotations

from django.http import Http404, HttpRequest, JsonResponse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.sessions import in_background
from cases import services
from cases.models import Case, CaseEvent
from desk.text import whole_number


def who_else(case: Case, *, reader: User) -> str:
    """Say who else has the case open; an empty text says nobody."""
    return _sentence(services.others_at(case, but=reader))


def _sentence(others: list[User]) -> str:
    if not others:
        return ""
    names = get_text_list([person.display_name for person in others], _("and"))
    return ngettext("%s has this case open too.", "%s have this case open too.", len(others)) % names


@in_background
@require_POST
def case_presence(request: HttpRequest, pk: int) -> JsonResponse:
    """Note that the page is still open, and answer who else is there and whether something happened since.

    Raises:
        Http404: no such case for this person.
    """
    user = request.user
    try:
        case = Case.objects.visible_to(user).look_up(pk)
    except (Case.DoesNotExist, OverflowError):
        raise Http404 from None
    if not user.is_agent:
        raise Http404
    services.still_open(by=user, case=case)
    others = services.others_at(case, but=user)
    seen = whole_number(request.POST.get("seen", "")) or 0
    return JsonResponse(
        {
            "others": [person.display_name for person in others],
            "text": _sentence(others),
            "changed": case.pk != pk or CaseEvent.objects.filter(case__in=case.family_ids, pk__gt=seen).exists(),
        }
    )
