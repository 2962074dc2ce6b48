"""Everything that changes a case. Each function is atomic, leaves its events and owes its mail."""

from cases.services.assignment import hand_back_cases, join_default_queue, may_hand_over, take_case
from cases.services.errors import (
    AlreadyFiled,
    AlreadySent,
    AlreadyTaken,
    CaseError,
    CaseIsFinal,
    NotAllowed,
    StaleCase,
    WrongTransition,
)
from cases.services.filing import INTAKE_DRAFT, Filing, case_filed_from, file_case
from cases.services.messages import (
    Origin,
    add_information,
    add_note,
    add_reply,
    message_sent_from,
)
from cases.services.progress import close_resolved, withdraw_case
from cases.services.properties import Changes, change_case

__all__ = [
    "AlreadyFiled",
    "AlreadySent",
    "AlreadyTaken",
    "CaseError",
    "CaseIsFinal",
    "Changes",
    "Filing",
    "INTAKE_DRAFT",
    "NotAllowed",
    "Origin",
    "StaleCase",
    "WrongTransition",
    "add_information",
    "add_note",
    "add_reply",
    "case_filed_from",
    "change_case",
    "close_resolved",
    "file_case",
    "hand_back_cases",
    "join_default_queue",
    "may_hand_over",
    "message_sent_from",
    "take_case",
    "withdraw_case",
]
