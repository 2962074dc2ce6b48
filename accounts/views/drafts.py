"""Where a script sends what somebody is typing into a long form."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.drafts import STAMP_FIELD, keep_typed, read_stamp


@require_POST
def keep_draft(request: HttpRequest) -> HttpResponse:
    """Keep the text for its stamp's owner: 204; 409 once the form has been sent.

    Raises:
        Http404: no stamp of this person's; nothing is kept.
    """
    stamp = read_stamp(request.POST.get(STAMP_FIELD, ""))
    if stamp is None or stamp.owner_id != request.user.pk:
        raise Http404
    kept = keep_typed(by=request.user, stamp=stamp, data=request.POST)
    return HttpResponse(status=204 if kept else 409)
