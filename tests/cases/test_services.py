"""The rules of a case, without any door."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import User
from accounts.services import block_account, remember_organization
from cases import services
from cases.models import Case, CaseEvent, Message, NeverChanged, NeverDeleted
from cases.services import Origin, properties
from cases.statuses import ALL, BY_CODE, OPEN_CODES
from mail.models import OutboxEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring_to(agnes, paula):
    """Return a function that brings a new case to a status through the services."""

    def bring(case: Case, status: str) -> Case:
        if status == "cancelled":
            services.withdraw_case(by=paula, case=case)
        elif status != "new":
            services.take_case(by=agnes, case=case)
            if status == "awaiting":
                services.change_case(by=agnes, case=case, changes=services.Changes(status="awaiting"))
            elif status in ("resolved", "closed"):
                services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
            if status == "closed":
                services.change_case(by=agnes, case=case, changes=services.Changes(status="closed"))
        case.refresh_from_db()
        assert case.status == status
        return case

    return bring


def kinds(case: Case) -> list[str]:
    return [event.kind for event in case.events.order_by("pk")]


def owed() -> list[str]:
    return list(OutboxEvent.objects.order_by("pk").values_list("code", flat=True))


# --- the table of statuses -------------------------------------------------------------------

TABLE = {
    "new": {"open", "cancelled"},
    "open": {"awaiting", "resolved", "cancelled"},
    "awaiting": {"open", "resolved", "cancelled"},
    "resolved": {"open", "closed"},
    "closed": set(),
    "cancelled": set(),
}


def test_table_is_the_one_of_the_design():
    assert {status.code: set(status.next) for status in ALL} == TABLE
    assert OPEN_CODES == ("new", "open", "awaiting")


def test_what_agents_choose_is_part_of_the_table():
    for status in ALL:
        assert set(status.agent_next) <= TABLE[status.code]
        assert "cancelled" not in status.agent_next


@pytest.mark.parametrize("start", TABLE)
@pytest.mark.parametrize("to", TABLE)
def test_agents_move_a_case_along_the_table_only(start, to, case, agnes, bring_to):
    bring_to(case, start)
    if to == start or to in BY_CODE[start].agent_next:
        assert services.change_case(by=agnes, case=case, changes=services.Changes(status=to)).status == to
    else:
        with pytest.raises((services.WrongTransition, services.CaseIsFinal)):
            services.change_case(by=agnes, case=case, changes=services.Changes(status=to))
        case.refresh_from_db()
        assert case.status == start


def test_change_of_status_leaves_an_event_and_owes_a_mail(case, agnes):
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(status="awaiting"))
    event = case.events.latest("pk")
    assert (event.kind, event.by) == (CaseEvent.Kind.STATUS_CHANGED, agnes)
    assert (event.from_value, event.to_value) == ("open", "awaiting")
    assert owed() == ["case_filed", "case_status_changed"]


@pytest.mark.parametrize("who", ["paula", "rosa", "vera"])
def test_only_agents_change_the_status(who, request, case, bring_to):
    bring_to(case, "open")
    with pytest.raises(services.NotAllowed):
        services.change_case(by=request.getfixturevalue(who), case=case, changes=services.Changes(status="resolved"))


def test_lost_race_is_told(case, agnes, bring_to, monkeypatch):
    """The UPDATE looks at the old status: a lock that fails to hold overwrites nothing."""
    bring_to(case, "open")

    def racing(case, *, was, **kwargs):
        Case.objects.filter(pk=case.pk).update(status="resolved")
        return store(case, was=was, **kwargs)

    store = properties.store
    monkeypatch.setattr(properties, "store", racing)
    with pytest.raises(services.StaleCase):
        services.change_case(by=agnes, case=case, changes=services.Changes(status="awaiting"))


# --- take and hand over ----------------------------------------------------------------------


def test_taking_opens_a_new_case(case, agnes):
    services.take_case(by=agnes, case=case)
    case.refresh_from_db()
    assert (case.assigned_agent, case.status) == (agnes, "open")
    assert kinds(case) == ["case_filed", "agent_assigned", "status_changed"]


def test_second_agent_is_told_who_was_faster(case, agnes, second_agent):
    services.take_case(by=agnes, case=case)
    with pytest.raises(services.AlreadyTaken, match=agnes.display_name):
        services.take_case(by=second_agent, case=case)
    case.refresh_from_db()
    assert case.assigned_agent == agnes


def test_taking_twice_changes_nothing(case, agnes):
    services.take_case(by=agnes, case=case)
    services.take_case(by=agnes, case=case)
    assert kinds(case) == ["case_filed", "agent_assigned", "status_changed"]


@pytest.mark.parametrize("who", ["paula", "vera"])
def test_only_agents_take(who, request, case):
    with pytest.raises(services.NotAllowed):
        services.take_case(by=request.getfixturevalue(who), case=case)


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_final_case_is_not_assigned(status, case, sven, agnes, second_agent, bring_to):
    bring_to(case, status)
    with pytest.raises(services.CaseIsFinal):
        services.change_case(by=sven, case=case, changes=services.Changes(agent=second_agent))
    with pytest.raises(services.CaseIsFinal):
        services.take_case(by=second_agent, case=case)


def test_agent_hands_over_own_and_unassigned_cases(case, agnes, second_agent):
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent))
    case.refresh_from_db()
    assert (case.assigned_agent, case.status) == (second_agent, "new")
    services.change_case(by=second_agent, case=case, changes=services.Changes(agent=agnes))
    services.change_case(by=agnes, case=case, changes=services.Changes(unassign=True))
    case.refresh_from_db()
    assert case.assigned_agent is None
    assert kinds(case) == ["case_filed", *["agent_assigned"] * 3]


def test_agent_leaves_others_cases_alone(case, agnes, second_agent):
    services.take_case(by=second_agent, case=case)
    for changes in (services.Changes(agent=agnes), services.Changes(unassign=True)):
        with pytest.raises(services.NotAllowed):
            services.change_case(by=agnes, case=case, changes=changes)


def test_supervisor_takes_cases_away(case, agnes, sven):
    services.take_case(by=agnes, case=case)
    services.change_case(by=sven, case=case, changes=services.Changes(agent=sven))
    case.refresh_from_db()
    assert case.assigned_agent == sven


@pytest.mark.parametrize("who", ["paula", "vera"])
def test_case_is_handed_to_agents_only(who, request, case, agnes):
    with pytest.raises(services.NotAllowed):
        services.change_case(by=agnes, case=case, changes=services.Changes(agent=request.getfixturevalue(who)))


@pytest.mark.parametrize("shut", [{"is_active": False}, {"is_demo": True}])
def test_case_is_not_handed_to_an_agent_who_cannot_log_in(shut, case, agnes, second_agent):
    User.objects.filter(pk=second_agent.pk).update(**shut)
    with pytest.raises(services.NotAllowed):
        services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent))


def test_hand_over_stays_out_of_the_providers_list(case, agnes, second_agent):
    before = case.public_updated_at
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent))
    case.refresh_from_db()
    assert case.public_updated_at == before
    assert case.updated_at > before


def test_blocked_agent_takes_nothing_on_a_page_loaded_before(case, agnes, sven):
    loaded = User.objects.get(pk=agnes.pk)
    assert loaded.is_agent
    block_account(account=agnes, by=sven)
    for take in (services.take_case, lambda by, case: services.add_reply(by=by, case=case, body="Mine.")):
        with pytest.raises(services.NotAllowed):
            take(by=loaded, case=case)
    case.refresh_from_db()
    assert (case.assigned_agent, case.status, case.messages.count()) == (None, "new", 0)


def test_opening_by_assigning_to_oneself_is_news_and_no_mail(case, agnes, pass_time):
    before = case.public_updated_at
    pass_time(minutes=1)
    case = services.change_case(by=agnes, case=case, changes=services.Changes(agent=agnes))
    assert case.status == "open"
    assert Case.objects.get(pk=case.pk).public_updated_at > before
    assert "case_status_changed" not in owed()


def test_status_chosen_with_the_agent_is_mailed(case, agnes):
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=agnes, status="open"))
    assert owed().count("case_status_changed") == 1


def test_blocking_an_agent_hands_the_open_cases_back(paula, file, agnes, sven, bring_to):
    held, resolved, closed = file(paula), file(paula), file(paula)
    bring_to(held, "open")
    bring_to(resolved, "resolved")
    bring_to(closed, "closed")
    block_account(account=agnes, by=sven)
    for case in (held, resolved, closed):
        case.refresh_from_db()
    assert (held.assigned_agent, resolved.assigned_agent) == (None, None)
    assert closed.assigned_agent == agnes
    event = held.events.latest("pk")
    assert (event.by, event.from_value, event.to_value) == (sven, str(agnes.pk), "")


# --- messages --------------------------------------------------------------------------------


def test_first_reply_opens_and_takes_a_new_case(case, agnes):
    services.add_reply(by=agnes, case=case, body="Look again.")
    case.refresh_from_db()
    assert (case.status, case.assigned_agent) == ("open", agnes)
    assert case.last_message_by == "help_desk"
    assert kinds(case) == ["case_filed", "message_added", "agent_assigned", "status_changed"]
    assert owed() == ["case_filed", "case_message_added"]


def test_reply_leaves_a_case_with_its_agent(case, agnes, sven):
    services.take_case(by=agnes, case=case)
    services.add_reply(by=sven, case=case, body="Look again.")
    case.refresh_from_db()
    assert case.assigned_agent == agnes


def test_reply_sets_the_status(case, agnes):
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=services.Changes(status="awaiting"))
    case.refresh_from_db()
    assert case.status == "awaiting"
    assert owed() == ["case_filed", "case_message_added"]


def test_reply_with_an_impossible_status_stores_nothing(case, agnes):
    with pytest.raises(services.WrongTransition):
        services.add_reply(by=agnes, case=case, body="Done.", changes=services.Changes(status="closed"))
    case.refresh_from_db()
    assert (case.status, case.messages.count()) == ("new", 0)
    assert owed() == ["case_filed"]


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_final_case_takes_no_messages(status, case, agnes, paula, bring_to):
    bring_to(case, status)
    with pytest.raises(services.CaseIsFinal, match=case.case_id):
        services.add_reply(by=agnes, case=case, body="One more thing.")
    with pytest.raises(services.CaseIsFinal):
        services.add_information(by=paula, case=case, body="One more thing.")
    assert not case.messages.exists()


@pytest.mark.parametrize("status", ["awaiting", "resolved"])
def test_providers_message_opens_the_case_again(status, case, paula, bring_to):
    bring_to(case, status)
    services.add_information(by=paula, case=case, body="Lot 42.")
    case.refresh_from_db()
    assert case.status == "open"
    assert kinds(case)[-2:] == ["message_added", "status_changed"]
    assert owed()[-1] == "case_message_added"


@pytest.mark.parametrize("status", ["new", "open"])
def test_providers_message_leaves_an_open_case_open(status, case, paula, bring_to):
    bring_to(case, status)
    services.add_information(by=paula, case=case, body="Lot 42.")
    case.refresh_from_db()
    assert case.status == status


@pytest.mark.parametrize("who", ["rosa", "quinn", "agnes", "vera"])
def test_nobody_else_speaks_for_the_provider(who, request, case):
    with pytest.raises(services.NotAllowed):
        services.add_information(by=request.getfixturevalue(who), case=case, body="I am Paula.")


@pytest.mark.parametrize("who", ["paula", "quinn", "vera"])
@pytest.mark.parametrize("write", [services.add_reply, services.add_note])
def test_only_agents_reply_and_note(write, who, request, case):
    with pytest.raises(services.NotAllowed):
        write(by=request.getfixturevalue(who), case=case, body="I am the Help Desk.")


def test_internal_note_betrays_nothing(case, agnes):
    before = Case.objects.get(pk=case.pk)
    services.add_note(by=agnes, case=case, body="Calls often.")
    case.refresh_from_db()
    assert case.updated_at > before.updated_at
    for name in ("public_updated_at", "status", "waiting_since", "last_message_by"):
        assert getattr(case, name) == getattr(before, name)
    assert owed() == ["case_filed", "case_note_added"]


def test_note_may_set_the_status_and_tells_the_provider_of_that_alone(case, agnes, bring_to):
    bring_to(case, "open")
    services.add_note(by=agnes, case=case, body="Solved by phone.", changes=services.Changes(status="resolved"))
    case.refresh_from_db()
    assert case.status == "resolved"
    assert owed()[-1] == "case_status_changed"


def test_same_form_is_one_message(case, agnes):
    origin = Origin(key="k" * 22)
    first = services.add_reply(by=agnes, case=case, body="Once.", origin=origin)
    assert services.add_reply(by=agnes, case=case, body="Once.", origin=origin) == first
    assert case.messages.count() == 1
    with pytest.raises(services.AlreadySent):
        services.add_reply(by=agnes, case=case, body="Another.", origin=origin)
    with pytest.raises(services.AlreadySent):
        services.add_note(by=agnes, case=case, body="Once.", origin=origin)


def test_who_has_not_seen_the_latest_event_changes_nothing(case, agnes, sven):
    seen = case.events.latest("pk").pk
    services.add_note(by=sven, case=case, body="Mine.")
    with pytest.raises(services.StaleCase):
        services.add_reply(by=agnes, case=case, body="Hello.", origin=Origin(seen=seen))
    assert case.messages.count() == 1
    with pytest.raises(services.StaleCase):
        services.change_case(by=agnes, case=case, changes=services.Changes(agent=agnes), seen=seen)


def test_waiting_since_moves_with_the_ball_only(case, agnes, paula):
    filed = case.waiting_since
    services.add_information(by=paula, case=case, body="More.")
    case.refresh_from_db()
    assert case.waiting_since == filed
    services.add_reply(by=agnes, case=case, body="Which lot?")
    case.refresh_from_db()
    answered = case.waiting_since
    assert answered > filed
    services.add_reply(by=agnes, case=case, body="And which box?")
    case.refresh_from_db()
    assert case.waiting_since == answered


# --- withdraw and close ----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["new", "open", "awaiting"])
def test_provider_withdraws_an_open_case(status, case, paula, bring_to):
    bring_to(case, status)
    services.withdraw_case(by=paula, case=case)
    services.withdraw_case(by=paula, case=case)
    case.refresh_from_db()
    assert case.status == "cancelled"
    assert case.events.filter(to_value="cancelled").count() == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [("resolved", services.WrongTransition), ("closed", services.CaseIsFinal)],
)
def test_answered_case_is_not_withdrawn(status, error, case, paula, bring_to):
    bring_to(case, status)
    with pytest.raises(error):
        services.withdraw_case(by=paula, case=case)


@pytest.mark.parametrize("who", ["rosa", "quinn", "agnes", "vera"])
def test_only_who_filed_withdraws(who, request, case):
    with pytest.raises(services.NotAllowed):
        services.withdraw_case(by=request.getfixturevalue(who), case=case)


def test_resolved_closes_after_14_days(paula, file, agnes, bring_to):
    old, young = file(paula), file(paula)
    bring_to(old, "resolved")
    bring_to(young, "resolved")
    now = timezone.now()
    for case, days in ((old, 14), (young, 13)):
        Case.objects.filter(pk=case.pk).update(status_changed_at=now - timedelta(days=days))
    assert services.close_resolved() == 1
    assert services.close_resolved() == 0
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.status, young.status) == ("closed", "resolved")
    assert old.events.latest("pk").by is None


# --- filing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["agnes", "vera"])
def test_staff_do_not_file(who, request, file):
    with pytest.raises(services.NotAllowed):
        file(request.getfixturevalue(who))


def test_same_key_and_text_is_the_same_case(paula, file):
    assert file(paula, key="k" * 22) == file(paula, key="k" * 22)
    assert Case.objects.count() == 1


def test_same_key_with_another_text_names_the_first_case(paula, file):
    first = file(paula, key="k" * 22)
    with pytest.raises(services.AlreadyFiled) as error:
        file(paula, key="k" * 22, description="Something else.")
    assert error.value.case == first
    assert Case.objects.count() == 1


def test_follow_up_to_an_open_or_foreign_case_is_refused(paula, rosa, file, case):
    with pytest.raises(services.NotAllowed):
        file(paula, follow_up_to=case)
    services.withdraw_case(by=paula, case=case)
    case.refresh_from_db()
    assert file(paula, follow_up_to=case).follow_up_to == case
    with pytest.raises(services.NotAllowed):
        file(rosa, follow_up_to=case)


def test_case_lands_in_the_queue_of_its_request_type(case, queue):
    assert case.queue == queue
    assert case.case_id == f"CS{case.pk:07d}"


# --- nothing is deleted ----------------------------------------------------------------------


@pytest.mark.parametrize("model", [Case, Message, CaseEvent])
def test_nothing_is_deleted(model, case, agnes):
    services.add_reply(by=agnes, case=case, body="Kept.")
    row = model.objects.first()
    with pytest.raises(NeverDeleted):
        row.delete()
    with pytest.raises(NeverDeleted):
        model.objects.all().delete()
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", [Message, CaseEvent])
def test_messages_and_events_are_written_once(model, case, agnes):
    services.add_reply(by=agnes, case=case, body="Kept.")
    row = model.objects.first()
    with pytest.raises(NeverChanged):
        row.save()
    with pytest.raises(NeverChanged):
        model.objects.update(case=case)


def test_there_is_no_permission_to_delete_or_add_by_hand():
    codenames = Permission.objects.filter(content_type__app_label="cases").values_list("codename", flat=True)
    for model in ("case", "message", "caseevent", "submission"):
        assert f"delete_{model}" not in codenames
        assert f"add_{model}" not in codenames
    assert "change_case" in codenames


# --- who sees --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("paula", True),
        ("quinn", True),
        ("rosa", False),
        ("agnes", True),
        ("sven", True),
        ("vera", True),
    ],
)
def test_who_sees_paulas_case(who, sees, request, organization, case):
    person = request.getfixturevalue(who)
    assert Case.objects.visible_to(person).filter(pk=case.pk).exists() is sees


def test_typing_the_same_name_shares_nothing(rosa, case):
    remember_organization(user=rosa, name="Riverside Clinic", kind="primary")
    assert not Case.objects.visible_to(rosa).exists()


@pytest.mark.parametrize("unverified", ["paula", "quinn"])
def test_both_sides_must_be_verified(unverified, paula, quinn, case):
    {"paula": paula, "quinn": quinn}[unverified].memberships.update(verified_at=None, verified_by=None)
    assert not Case.objects.visible_to(quinn).exists()


def test_colleague_sees_no_case_of_another_organization(paula, quinn, file):
    file(paula, organization_kind="secondary", organization_name="Hill", primary_name="")
    assert not Case.objects.visible_to(quinn).exists()


def test_blocked_person_sees_nothing(paula, case):
    paula.is_active = False
    assert not Case.objects.visible_to(paula).exists()
