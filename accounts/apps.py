"""Set up accounts: the mails that it sends, and the admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from accounts.services import mailing
        from accounts.sessions import start_clock
        from desk.services import help_desk_facts
        from mail.registry import register_about, register_event, register_kind
        from mail.render import add_facts

        user_logged_in.connect(start_clock)
        add_facts(lambda: {"help_desk": help_desk_facts()})

        register_event("registration_received", expand=mailing.expand_registration)
        for event, kind in (
            ("temporary_password_owed", "temporary_password"),
            ("password_reset_requested", "password_reset"),
            ("password_changed", "password_changed"),
        ):
            register_event(event, expand=mailing.expand_to_owner(kind))
        register_event("email_change_requested", expand=mailing.expand_email_change)
        register_event("email_changed", expand=mailing.expand_email_changed)

        # None is capped: who waits for a password must not wait for a storm to end, the throttles of the forms bound
        # these mails, and a warning that is held back is none.
        register_about("account", label=account_label, url=account_address)
        register_kind(
            "temporary_password",
            label=_("Temporary password"),
            build=mailing.build_temporary_password,
            sent=mailing.start_temporary_password,
            failed=mailing.end_temporary_password,
            uses_nonce=True,
            is_capped=False,
        )
        for kind, label, build in (
            ("account_exists", _("Account exists"), mailing.build_account_exists),
            ("password_reset", _("Set-password link"), mailing.build_password_reset),
            ("password_changed", _("Password changed"), mailing.build_password_changed),
            ("email_changed", _("Email address changed"), mailing.build_email_changed),
        ):
            register_kind(kind, label=label, build=build, is_capped=False)
        register_kind(
            "email_change_confirm",
            label=_("Code for a new email address"),
            build=mailing.build_email_change_confirm,
            uses_nonce=True,
            is_capped=False,
            proves_address=True,
        )


def account_label(number: int) -> str:
    return gettext("Account %(number)d") % {"number": number}


def account_address(number: int) -> str:
    return reverse("admin:accounts_user_change", args=[number])


class PortalAdminConfig(AdminConfig):
    default_site = "accounts.admin_site.PortalAdminSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin
        from django.contrib.auth.models import Group

        # The roles are set by migrations: a group that somebody renames or empties breaks rules elsewhere.
        admin.site.unregister(Group)
