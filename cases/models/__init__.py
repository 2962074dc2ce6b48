"""Cases, what was said on them and what was done to them; queues; what agents keep for themselves.

Nothing of a case is ever deleted, but for a file that an agent removes; messages and events are not even
changed, but for two named verbs.
"""

from cases.models.cases import (
    TEXT_LIMIT,
    Case,
    CaseLink,
    CaseQuerySet,
    Channel,
    ProviderRow,
    Side,
    Submission,
    case_id_of,
    case_number,
    sees_own_alone,
)
from cases.models.files import TO_SCAN, Attachment, LooseFile, ScanState, StoredFile, new_storage_key, served_states
from cases.models.kept import Kept, NeverChanged, NeverDeleted
from cases.models.queues import CannedReply, Priority, Queue, RequestType
from cases.models.threads import Batch, CaseEvent, Message, Redaction
from cases.models.workspace import CaseLook, DigestItem, SavedView

__all__ = [
    "TEXT_LIMIT",
    "TO_SCAN",
    "Attachment",
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
    "LooseFile",
    "Message",
    "NeverChanged",
    "NeverDeleted",
    "Priority",
    "ProviderRow",
    "Queue",
    "Redaction",
    "RequestType",
    "SavedView",
    "ScanState",
    "Side",
    "StoredFile",
    "Submission",
    "case_id_of",
    "case_number",
    "new_storage_key",
    "sees_own_alone",
    "served_states",
]
