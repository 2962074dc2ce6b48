"""Everything that changes a case. Each function is atomic, leaves its events and owes its mail."""

from cases.services.assignment import hand_back_cases, join_default_queue, leave_queues, may_hand_over, take_case
from cases.services.bulk import TooManyCases, change_in_bulk
from cases.services.calls import CALL_DRAFT, NewProvider, case_logged_from, log_call
from cases.services.digests import send_digests
from cases.services.errors import (
    AccountBlocked,
    AlreadyFiled,
    AlreadySent,
    AlreadyTaken,
    CaseError,
    CaseIsFinal,
    IntoFinished,
    MergedAlready,
    NotAllowed,
    NothingToRemove,
    NowPartOf,
    OtherProvider,
    PassageNotFound,
    ReasonNeeded,
    ReasonQuotes,
    SameCase,
    StaleCase,
    WrongTransition,
)
from cases.services.filing import INTAKE_DRAFT, Filing, case_filed_from, file_case, text_filed_from
from cases.services.looks import note_look, others_at, still_open
from cases.services.merging import link_cases, merge_case, refuse_unmergeable, unlink_cases
from cases.services.messages import (
    Origin,
    add_information,
    add_note,
    add_reply,
    message_sent_from,
)
from cases.services.organizations import move_to_organization
from cases.services.progress import close_resolved, withdraw_case
from cases.services.properties import Changes, change_case
from cases.services.queues import make_default_queue
from cases.services.redaction import MARKER, Removal, check_reason, plan_removal, redact, screen_draft
from cases.services.saved_views import ViewNameTaken, ViewTooLong, delete_view, save_view

__all__ = [
    "AccountBlocked",
    "AlreadyFiled",
    "AlreadySent",
    "AlreadyTaken",
    "CALL_DRAFT",
    "CaseError",
    "CaseIsFinal",
    "Changes",
    "Filing",
    "INTAKE_DRAFT",
    "IntoFinished",
    "MARKER",
    "MergedAlready",
    "NewProvider",
    "NotAllowed",
    "NothingToRemove",
    "NowPartOf",
    "Origin",
    "OtherProvider",
    "PassageNotFound",
    "ReasonNeeded",
    "ReasonQuotes",
    "Removal",
    "SameCase",
    "StaleCase",
    "TooManyCases",
    "ViewNameTaken",
    "ViewTooLong",
    "WrongTransition",
    "add_information",
    "add_note",
    "add_reply",
    "case_filed_from",
    "case_logged_from",
    "change_case",
    "change_in_bulk",
    "check_reason",
    "close_resolved",
    "delete_view",
    "file_case",
    "hand_back_cases",
    "join_default_queue",
    "leave_queues",
    "link_cases",
    "log_call",
    "make_default_queue",
    "may_hand_over",
    "merge_case",
    "message_sent_from",
    "move_to_organization",
    "note_look",
    "others_at",
    "plan_removal",
    "redact",
    "refuse_unmergeable",
    "save_view",
    "screen_draft",
    "send_digests",
    "still_open",
    "take_case",
    "text_filed_from",
    "unlink_cases",
    "withdraw_case",
]
