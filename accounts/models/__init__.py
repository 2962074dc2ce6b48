"""People, what they belong to, and what they have asked for."""

from accounts.models.drafts import Draft
from accounts.models.organizations import Membership, Organization
from accounts.models.requests import EmailChange, Registration, ThrottleCounter
from accounts.models.users import ROLES, SUPERVISORS, NotificationPreference, TermsAcceptance, User, name_of

__all__ = [
    "ROLES",
    "SUPERVISORS",
    "Draft",
    "EmailChange",
    "Membership",
    "NotificationPreference",
    "Organization",
    "Registration",
    "TermsAcceptance",
    "ThrottleCounter",
    "User",
    "name_of",
]
