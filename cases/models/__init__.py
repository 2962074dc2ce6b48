"""Cases, what was said on them and what was done to them; queues; what agents keep for themselves.

Nothing of a case is ever deleted; messages and events are not even changed, but for two named verbs.
"""

from cases.models.cases import (
    TEXT_LIMIT,
    Case,
    CaseLink,
    CaseQuerySet,
    Channel,
    Side,
    Submission,
    case_id_of,
    case_number,
)
from cases.models.kept import Kept, NeverChanged, NeverDeleted
from cases.models.queues import CannedReply, Priority, Queue, RequestType
from cases.models.threads import Batch, CaseEvent, Message, Redaction
from cases.models.workspace import CaseLook, DigestItem, SavedView

__all__ = [
    "TEXT_LIMIT",
    "Batch",
    "CannedReply",
    "Case",
    "CaseEvent",
    "CaseLink",
    "CaseLook",
    "CaseQuerySet",
    "Channel",
    "DigestItem",
    "Kept",
    "Message",
    "NeverChanged",
    "NeverDeleted",
    "Priority",
    "Queue",
    "Redaction",
    "RequestType",
    "SavedView",
    "Side",
    "Submission",
    "case_id_of",
    "case_number",
]
