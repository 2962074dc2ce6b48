"""Set up cases: the mails that they send, the forms whose text is kept, what follows a block."""

import re
from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db import connections, transaction
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

# Of the forms that stand on every case: one person may have begun to write on many.
DRAFTS_OF_CASES = 200


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = _("Help Desk cases")

    def ready(self) -> None:
        from accounts.drafts import register_form
        from accounts.preferences import register_optional_mail
        from accounts.signals import account_blocked, organization_merged, role_changed, staff_created
        from cases import agent_forms, call_forms, emails, forms, services
        from cases.checks import check_bucket
        from mail.inbox import register_receiver
        from mail.registry import register_about, register_event, register_kind

        register(check_bucket, Tags.files, deploy=True)
        pre_migrate.connect(let_tables_change, sender=self)
        post_migrate.connect(make_search_index, sender=self)
        for code, expand in emails.EVENTS.items():
            register_event(code, expand=expand)
        for code, label, build in (
            ("case_filed", _("Case filed"), emails.build_case_filed),
            ("case_reply", _("Reply to the provider"), emails.build_case_reply),
            ("case_status_changed", _("Status changed"), emails.build_case_status_changed),
            ("agent_new_case", _("New case, to agents"), emails.build_for_agent),
            ("agent_provider_replied", _("Provider replied, to agents"), emails.build_for_agent),
            ("agent_assigned", _("Case assigned, to its agent"), emails.build_for_agent),
            ("agent_unassigned", _("Case given away, to its former agent"), emails.build_for_agent),
            ("agent_note_added", _("Internal note, to the assigned agent"), emails.build_for_agent),
            ("agent_case_withdrawn", _("Case withdrawn, to its agent"), emails.build_for_agent),
            ("case_merged", _("Case merged, to its provider"), emails.build_case_merged),
            ("agent_case_merged", _("Case merged, to its agents"), emails.build_agent_case_merged),
            ("agent_digest", _("Hourly digest, to agents"), emails.build_agent_digest),
        ):
            register_kind(code, label=label, build=build)

        for event, label, for_staff in (
            ("case_filed", _("I have filed a case"), False),
            ("case_status_changed", _("the status of a case of mine changes"), False),
            ("agent_new_case", _("a case arrives in a queue of mine"), True),
            ("agent_provider_replied", _("a provider adds information to a case that I work"), True),
            ("agent_assigned", _("a case is assigned to me"), True),
            ("agent_unassigned", _("somebody gives a case of mine to another agent or back to its queue"), True),
            ("agent_note_added", _("a colleague adds an internal note to a case of mine"), True),
            ("agent_case_withdrawn", _("a provider withdraws a case of mine"), True),
            ("agent_case_merged", _("a colleague merges a case of mine with another"), True),
        ):
            register_optional_mail(event, label=label, for_staff=for_staff)

        register_form(
            forms.INTAKE_DRAFT,
            fields=forms.INTAKE_DRAFT_FIELDS,
            text=("description", "primary_name", "secondary_name"),
            sent=intake_sent,
            screen=services.screen_draft,
        )
        register_form(
            forms.INFORMATION_DRAFT,
            fields=forms.INFORMATION_DRAFT_FIELDS,
            text=("body",),
            resume=lambda path: path.removesuffix("add-information/"),
            sent=message_sent,
            screen=services.screen_draft,
            kept=DRAFTS_OF_CASES,
        )
        register_form(
            services.CALL_DRAFT,
            fields=call_forms.CALL_DRAFT_FIELDS,
            text=("description", "note", "first_name", "last_name", "email", "primary_name", "secondary_name"),
            sent=call_logged,
            screen=services.screen_draft,
        )
        register_form(
            agent_forms.REPLY_DRAFT,
            fields=agent_forms.REPLY_DRAFT_FIELDS,
            text=("body",),
            resume=page_of_reply,
            sent=message_sent,
            screen=services.screen_draft,
            kept=DRAFTS_OF_CASES,
        )
        account_blocked.connect(hand_back, dispatch_uid="cases.hand_back")
        staff_created.connect(join_default_queue, dispatch_uid="cases.join_default_queue")
        role_changed.connect(follow_role, dispatch_uid="cases.follow_role")
        for signal in (account_blocked, staff_created, role_changed):
            signal.connect(show_staff_at_once, dispatch_uid="cases.show_staff_at_once")
        organization_merged.connect(move_cases, dispatch_uid="cases.move_cases")
        register_about("case", label=case_id, url=case_address)
        register_receiver(
            "case",
            prepare=services.parcel_of,
            receive=services.receive_answer,
            note=services.note_machine,
            suggest=services.suggest_case,
        )


def page_of_reply(path: str) -> str:
    """Return where the agents' form of a case is shown; its button that removes a link posts elsewhere."""
    return re.sub(r"/link/$", "/change/", path)


def intake_sent(user, key: str) -> bool:
    """Tell whether a rendering of the intake form has become a case."""
    from cases.services import case_filed_from

    return case_filed_from(by=user, key=key) is not None


def call_logged(user, key: str) -> bool:
    """Tell whether a rendering of the call form has become a case."""
    from cases.services import case_logged_from

    return case_logged_from(key=key) is not None


def message_sent(user, key: str) -> bool:
    """Tell whether a rendering of a form of a case has become a message."""
    from cases.services import message_sent_from

    return message_sent_from(by=user, key=key) is not None


def let_tables_change(*, using: str, plan: Sequence = (), **kwargs) -> None:
    """Take the triggers of the search index out of the way of migrations."""
    from cases.search_index import drop_triggers

    if plan and connections[using].vendor == "sqlite":
        drop_triggers(connections[using])


def make_search_index(*, using: str, **kwargs) -> None:
    """Make the search index and its triggers; it is filled where something was changed without them."""
    from cases.models import Message
    from cases.search_index import make_index

    connection = connections[using]
    if Message._meta.db_table in connection.introspection.table_names():
        make_index(connection)


def hand_back(*, account, by, **kwargs) -> None:
    """Give the cases of a blocked agent back to their queues, in the same transaction."""
    from cases.services import hand_back_cases

    hand_back_cases(agent=account, by=by)


def show_staff_at_once(**kwargs) -> None:
    """Let the filters of this process offer who works cases by now, once that is stored."""
    from cases.list_filters import forget_offers

    transaction.on_commit(forget_offers, robust=True)


def join_default_queue(*, account, **kwargs) -> None:
    """Put a staff account that works cases into the default queue, in the same transaction."""
    from cases import services

    services.join_default_queue(agent=account)


def follow_role(*, account, by, was_agent, **kwargs) -> None:
    """Let a staff account begin or end to work cases with its role, in the same transaction."""
    from cases import services

    if account.is_agent and not was_agent:
        services.join_default_queue(agent=account)
    elif was_agent and not account.is_agent:
        services.hand_back_cases(agent=account, by=by)
        services.leave_queues(agent=account)


def move_cases(*, organization, into, **kwargs) -> None:
    """Let cases follow an organization that was merged into another, in the same transaction."""
    from cases import services

    services.move_to_organization(organization=organization, into=into)


def case_id(number: int) -> str:
    """Return the case ID of a number, without asking the database."""
    from cases.models import Case

    return Case(pk=number).case_id


def case_address(number: int) -> str:
    from django.urls import reverse

    return reverse("admin:cases_case_change", args=[number])
