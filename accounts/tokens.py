"""The token of a mailed set-password link."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils import timezone

from accounts.models import User


class TokenOfMoment(PasswordResetTokenGenerator):
    """Django's token, made as of a given moment, so that each try of one mail carries the same."""

    def __init__(self, moment: datetime):
        super().__init__()
        self.moment = timezone.make_naive(moment, timezone.get_default_timezone())

    def _now(self) -> datetime:
        return self.moment


def token_as_of(user: User, moment: datetime) -> str:
    """Return the user's set-password token as if made at `moment`."""
    return TokenOfMoment(moment).make_token(user)
