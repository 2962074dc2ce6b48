"""The hourly digest: news that waited goes out in one mail to each agent."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from cases.models import DigestItem
from mail.services import owe

TOLD_KEPT = timedelta(days=30)


@transaction.atomic
def _send_digest(agent_id: int) -> bool:
    waiting = DigestItem.objects.filter(agent=agent_id, digest=None)
    ids = list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True))
    if not ids:
        return False
    event = owe("digest_due", about=("account", agent_id))
    DigestItem.objects.filter(pk__in=ids).update(digest=event)
    return True


def send_digests() -> int:
    """Owe a digest to each agent for whom news waits; return how many.

    One transaction an agent, which stamps the news that its digest tells. News for somebody who works
    no cases any more is dropped, and so is what was told long ago.
    """
    agents = set(User.objects.agents().values_list("pk", flat=True))
    waiting = DigestItem.objects.filter(digest=None)
    waiting.exclude(agent__in=agents).delete()
    DigestItem.objects.filter(digest__isnull=False, at__lt=timezone.now() - TOLD_KEPT).delete()
    return sum(map(_send_digest, sorted(set(waiting.values_list("agent_id", flat=True)))))
