"""Set up cases: the mails that they send, the forms whose text is kept, what follows a block."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = _("Help Desk cases")

    def ready(self) -> None:
        from accounts.drafts import register_form
        from accounts.preferences import register_optional_mail
        from accounts.signals import account_blocked, staff_created
        from cases import agent_forms, emails, forms
        from mail.registry import register_event, register_kind

        for code, expand in emails.EVENTS.items():
            register_event(code, expand=expand)
        for code, label, build in (
            ("case_filed", _("Case filed"), emails.build_about_case),
            ("case_reply", _("Reply to the provider"), emails.build_case_reply),
            ("case_status_changed", _("Status changed"), emails.build_case_status_changed),
            ("agent_new_case", _("New case, to agents"), emails.build_for_agent),
            ("agent_provider_replied", _("Provider replied, to agents"), emails.build_for_agent),
            ("agent_assigned", _("Case assigned, to its agent"), emails.build_agent_assigned),
        ):
            register_kind(code, label=label, build=build)

        for event, label, for_staff in (
            ("case_filed", _("I have filed a case"), False),
            ("case_status_changed", _("the status of a case of mine changes"), False),
            ("agent_new_case", _("a case arrives in a queue of mine"), True),
            ("agent_provider_replied", _("a provider adds information to a case that I work"), True),
            ("agent_assigned", _("a case is assigned to me"), True),
        ):
            register_optional_mail(event, label=label, for_staff=for_staff)

        register_form(forms.INTAKE_DRAFT, fields=forms.INTAKE_DRAFT_FIELDS)
        register_form(
            forms.INFORMATION_DRAFT,
            fields=forms.INFORMATION_DRAFT_FIELDS,
            resume=lambda path: path.removesuffix("add-information/"),
        )
        register_form(agent_forms.REPLY_DRAFT, fields=agent_forms.REPLY_DRAFT_FIELDS)
        account_blocked.connect(hand_back, dispatch_uid="cases.hand_back")
        staff_created.connect(join_default_queue, dispatch_uid="cases.join_default_queue")


def hand_back(*, account, by, **kwargs) -> None:
    """Give the cases of a blocked agent back to their queues, in the same transaction."""
    from cases.services import hand_back_cases

    hand_back_cases(agent=account, by=by)


def join_default_queue(*, account, **kwargs) -> None:
    """Put a staff account that works cases into the default queue, in the same transaction."""
    from cases import services

    services.join_default_queue(agent=account)
