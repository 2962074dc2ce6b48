"""Who may do what in the admin: every address that it has, for everybody, looked at and posted to.

A new address without a line here fails `test_every_address_has_its_line`. The pages that Django
makes for a model follow from the rights in MODELS; all others stand in PAGES with what they answer.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.urls import reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone

from accounts import services as account_services
from accounts.models import Membership, User
from cases import services
from cases.models import Attachment, CannedReply, Case, CaseEvent, Channel, Message, Queue, RequestType, SavedView
from desk.models import Announcement, Holiday, OpeningHours, PhoneLine, Resource, TermsVersion
from mail.inbox import take_in
from mail.models import BlockedSender, OutboxEvent, OutboxMessage, SuspendedAddress
from tests.conftest import make_person

# v: look, a: add, c: change, d: delete. Of agents, supervisors, administrators.
MODELS = {
    "cases_case": ("vc", "vc", "vc"),
    "cases_queue": ("v", "vac", "vac"),
    "cases_requesttype": ("v", "vac", "vac"),
    "cases_cannedreply": ("v", "vac", "vac"),
    "accounts_user": ("v", "va", "va"),
    "accounts_organization": ("v", "vc", "vc"),
    "desk_phoneline": ("", "vc", "vc"),
    "desk_openinghours": ("", "vacd", "vacd"),
    "desk_holiday": ("", "vacd", "vacd"),
    "desk_announcement": ("", "vacd", "vacd"),
    "desk_resource": ("", "vacd", "vacd"),
    "desk_termsversion": ("", "vac", "vacd"),
    "mail_outboxmessage": ("v", "v", "v"),
    "mail_outboxevent": ("v", "v", "v"),
    "mail_inboundmail": ("v", "v", "v"),
    "mail_blockedsender": ("v", "vd", "vd"),
    "mail_suspendedaddress": ("v", "vd", "vd"),
}
# The page that Django makes: the right that opens it with GET, and with an empty POST.
STOCK = {"changelist": "vv", "add": "aa", "history": "vv", "delete": "dd", "change": "vc"}

ALL_LOOK = ("200 405",) * 3
ALL_FORM = ("200 200",) * 3
ALL_ACT = ("405 302",) * 3
SUPERVISORS_FORM = ("403 403", "200 200", "200 200")
SUPERVISORS_ACT = ("405 403", "405 302", "405 302")
# What agents, supervisors and administrators get for GET and for an empty POST.
PAGES = {
    "index": ALL_FORM,
    "app_list": ALL_FORM,
    "login": ("302 302",) * 3,
    "logout": ALL_ACT,
    "password_change": ("302 302",) * 3,
    "password_change_done": ("302 302",) * 3,
    "autocomplete": ("403 405",) * 3,
    "jsi18n": ALL_LOOK,
    "view_on_site": ("404 404",) * 3,
    "(?P<url>.*)$": ("404 404",) * 3,
    "accounts_user_send_temporary_password": SUPERVISORS_ACT,
    "accounts_user_block": SUPERVISORS_ACT,
    "accounts_user_unblock": SUPERVISORS_ACT,
    "accounts_user_end_sessions": SUPERVISORS_ACT,
    "accounts_user_back_at_work": SUPERVISORS_ACT,
    "accounts_user_role": SUPERVISORS_FORM,
    "accounts_user_name": SUPERVISORS_FORM,
    "accounts_user_away_until": SUPERVISORS_FORM,
    "accounts_user_verify": ALL_ACT,
    "accounts_user_withdraw_verification": ALL_ACT,
    "accounts_organization_merge": SUPERVISORS_FORM,
    "cases_case_log_call": ALL_FORM,
    "cases_case_call_logged": ALL_LOOK,
    "cases_case_save_view": ("405 200",) * 3,
    "cases_case_delete_view": ALL_ACT,
    "cases_case_presence": ("405 200",) * 3,
    "cases_case_print": ALL_LOOK,
    "cases_case_merge": ALL_FORM,
    "cases_case_link": ALL_FORM,
    "cases_case_redact": ALL_FORM,
    "cases_case_remove_file": ALL_FORM,
    "cases_case_release_mail": ALL_ACT,
    "mail_outboxmessage_send_again": ("403 302",) * 3,
    "mail_outboxmessage_release": ("403 302",) * 3,
    "mail_inboundmail_attach": ("405 200",) * 3,
    "mail_inboundmail_reject": ALL_ACT,
    "mail_inboundmail_block": ALL_ACT,
    "mail_inboundmail_retry": ALL_ACT,
}
# Open to whoever comes: the ways in and out, and the words of the calendar's script.
DOORS = {"login", "logout", "jsi18n"}
KEPT = sorted(name for name, rights in MODELS.items() if "d" not in "".join(rights))
JUNK = ("abc", "%00", "9" * 30, "-1", "_5F", "%ED%A0%80")


def walk(patterns, prefix: str = ""):
    """Yield the name and the route of every address under the admin."""
    for each in patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns, route)
        elif each.name is None and route.endswith("<path:object_id>/"):
            continue  # Django's way from an old address to the change page: it shows nothing.
        else:
            yield each.name or route, route


ADDRESSES = dict(walk(admin.site.get_urls()))


def of_model(name: str) -> tuple[str, str]:
    model, _, page = name.rpartition("_")
    return (model, page) if model in MODELS and page in STOCK else ("", "")


def expected(name: str) -> tuple[str, str, str]:
    """Return what agents, supervisors and administrators get."""
    if name in PAGES:
        return PAGES[name]
    model, page = of_model(name)
    return tuple(" ".join("200" if right in rights else "403" for right in STOCK[page]) for rights in MODELS[model])


@pytest.fixture
def ada(db) -> User:
    """The administrator."""
    user = make_person("ada.admin", group="Supervisors")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def rows(db, paula, organization, agnes) -> dict:
    """One row of everything, by model."""
    filing = services.Filing(
        request_type=RequestType.objects.first(),
        description="Two vials.",
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
    )
    case = services.file_case(by=paula, filing=filing, key="k" * 20)
    Case.objects.filter(pk=case.pk).update(channel=Channel.PHONE)
    tomorrow = timezone.now() + timedelta(days=1)
    account_services.send_temporary_password(
        account=make_person("peter.pane"), by=make_person("s.s", group="Supervisors")
    )
    event = OutboxEvent.objects.latest("pk")
    message = OutboxMessage.objects.create(
        event=event, kind="case_filed", recipient=paula, recipient_key="user:1", about_kind="case", about_id=case.pk
    )
    refused = Attachment.objects.create(case=case, name="setup.exe", refusal="kind", by=paula, at=case.filed_at)
    return {
        "file": refused,
        "cases_case": case,
        "cases_queue": Queue.objects.first(),
        "cases_requesttype": RequestType.objects.first(),
        "cases_cannedreply": CannedReply.objects.first(),
        "accounts_user": paula,
        "accounts_organization": organization,
        "desk_phoneline": PhoneLine.objects.first(),
        "desk_openinghours": OpeningHours.objects.first(),
        "desk_holiday": Holiday.objects.first() or Holiday.objects.create(date="2030-01-01", name="New Year"),
        "desk_announcement": Announcement.objects.create(text="CVMS is down."),
        "desk_resource": Resource.objects.first() or Resource.objects.create(title="Guide"),
        "desk_termsversion": TermsVersion.objects.create(version="9.0", text="Later.", published_at=tomorrow),
        "mail_outboxmessage": message,
        "mail_outboxevent": event,
        "mail_inboundmail": take_in(b"From: somebody@example.org\nSubject: Hello\n\nIs this the help desk?"),
        "mail_suspendedaddress": SuspendedAddress.objects.create(address="gone@example.org"),
        "mail_blockedsender": BlockedSender.objects.create(address="stranger@example.org", by=agnes),
    }


@pytest.fixture
def address(rows):
    """Return a function that fills out an address with rows that there are."""
    agent = make_person("arthur.ash", group="Agents")

    def fill(name: str, by: User | None = None) -> str:
        match name:
            case "(?P<url>.*)$":
                return "/admin/nothing-here/"
            case "app_list":
                return "/admin/cases/"
            case "view_on_site":
                return "/admin/r/1/1/"
            case "accounts_user_role" | "accounts_user_away_until" | "accounts_user_back_at_work":
                args = [agent.pk]
            case "accounts_user_verify" | "accounts_user_withdraw_verification":
                args = [rows["accounts_user"].pk, Membership.objects.get(user=rows["accounts_user"]).pk]
            case "cases_case_remove_file":
                args = [rows["cases_case"].pk, rows["file"].pk]
            case "cases_case_delete_view":
                owner = by or rows["accounts_user"]
                args = [SavedView.objects.get_or_create(owner=owner, name="Mine", query="q=x")[0].pk]
            case _:
                model = next((model for model in sorted(rows, key=len, reverse=True) if name.startswith(model)), None)
                args = [rows[model].pk] if model and "<" in ADDRESSES[name] else []
        return reverse(f"admin:{name}", args=args)

    return fill


def test_every_address_has_its_line():
    without = [name for name in ADDRESSES if name not in PAGES and not of_model(name)[0]]
    assert without == [], "Say in tests/test_rights.py who may use these: in PAGES, or in MODELS for a new model"
    gone = [name for name in PAGES if name not in ADDRESSES]
    assert gone == [], "These addresses are no more"


@pytest.mark.parametrize(
    ("person", "way"),
    [("", "/login/"), ("paula", "/admin/login/"), ("nadia", "/set-password/"), ("vera", "/admin/login/")],
)
def test_door_is_shut_for_who_works_no_cases(person, way, address, request, client_for):
    browser = client_for(request.getfixturevalue(person) if person else None)
    shut = {}
    for name in set(ADDRESSES) - DOORS:
        for method in (browser.get, browser.post):
            answer = method(address(name))
            if answer.status_code not in {302, 303} or not answer["Location"].startswith((way, "/admin/login/")):
                shut[name] = answer.status_code
            assert not answer.content
    assert shut == {}


def test_behind_the_door_everybody_is_led_where_they_belong(paula, vera, client_for):
    assert client_for(vera).get("/admin/", follow=True).redirect_chain[-1][0] == "/my-lists/"
    assert client_for(paula).get("/admin/", follow=True).status_code == 404
    assert client_for().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/login/")


@pytest.mark.parametrize(("person", "column"), [("agnes", 0), ("sven", 1), ("ada", 2)])
def test_staff_get_what_their_role_says(person, column, address, paula, request, client_for):
    person = request.getfixturevalue(person)
    browser = client_for(person)
    other = {}
    for name in sorted(ADDRESSES, key=lambda name: name == "logout"):
        got = []
        for method in ("get", "post"):
            savepoint = transaction.savepoint()
            answer = getattr(browser, method)(address(name, person))
            shown = b"".join(answer) if answer.streaming else answer.content
            transaction.savepoint_rollback(savepoint)
            got.append(str(answer.status_code))
            assert paula.password.encode() not in shown
            assert b'type="password"' not in shown
        if " ".join(got) != expected(name)[column]:
            other[name] = f"{' '.join(got)}, not {expected(name)[column]}"
    assert other == {}


def test_viewers_have_no_right_of_the_admin(vera):
    assert vera.get_all_permissions() == set()


def test_nobody_is_given_rights_by_a_form(address, rows, agnes, sven, vera, client_for):
    gifts = {
        "is_superuser": "1",
        "is_staff": "1",
        "is_active": "1",
        "groups": [str(pk) for pk in Group.objects.values_list("pk", flat=True)],
        "user_permissions": [str(pk) for pk in Permission.objects.values_list("pk", flat=True)[:20]],
        "password": "x",
    }

    def rights() -> list:
        held = [
            (user.pk, user.is_superuser, user.is_staff, sorted(user.groups.all().values_list("name", flat=True)))
            for user in User.objects.order_by("pk")
        ]
        return [held, User.user_permissions.through.objects.count(), Group.permissions.through.objects.count()]

    before = rights()
    for person in (agnes, sven):
        for name in ADDRESSES:
            if name.startswith("accounts_"):
                client_for(person).post(address(name), gifts)
    for person in (agnes, vera):
        client_for(person).post(f"/admin/accounts/user/{person.pk}/change/", gifts)
        client_for(person).post("/account/details/", gifts | {"first_name": "A", "last_name": "B"})
    assert rights() == before


# --- What nobody deletes ----------------------------------------------------------------------


def test_messages_and_events_have_no_admin_at_all():
    assert {Message, CaseEvent}.isdisjoint(admin.site._registry)
    assert {Case, User, Queue}.issubset(admin.site._registry)


@pytest.mark.parametrize("person", ["agnes", "sven", "ada"])
def test_nobody_deletes_what_is_kept(person, rows, request, client_for):
    browser = client_for(request.getfixturevalue(person))
    before = (Message.objects.count(), CaseEvent.objects.count())
    for name in KEPT:
        row, path = rows[name], reverse(f"admin:{name}_changelist")
        assert browser.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403, name
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes", "index": "0"}
        browser.post(path, chosen)
        browser.post(path, chosen | {"select_across": "1"})
        assert type(row)._base_manager.filter(pk=row.pk).exists(), name
    assert (Message.objects.count(), CaseEvent.objects.count()) == before


def test_what_may_be_deleted_is_by_supervisors_alone(rows, agnes, sven, client_for):
    path = reverse("admin:desk_holiday_delete", args=[rows["desk_holiday"].pk])
    assert client_for(agnes).post(path, {"post": "yes"}).status_code == 403
    assert client_for(sven).post(path, {"post": "yes"}).status_code == 302


# --- Junk ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(MODELS))
def test_junk_is_no_fault(name, rows, ada, client_for):
    browser = client_for(ada)
    fields = [field.name for field in apps.get_model(name.replace("_", "."))._meta.get_fields()]
    path = reverse(f"admin:{name}_changelist")
    typed = ["q=%00", "o=9.x", "p=x", f"p={'9' * 30}", "all=", "e=1", "_popup=%00", "%00=%00", "list=%00", "at=%00"]
    typed += [f"{field}__startswith=a" for field in fields]
    typed += [f"{field}__exact={value}" for field in fields for value in ("%00", "9" * 30)]
    for query in typed:
        assert browser.get(f"{path}?{query}").status_code in {200, 302, 400}, query
    for key in JUNK:
        for page in ("change", "history", "delete"):
            assert browser.get(f"{path}{key}/{page}/").status_code in {302, 403, 404}, (key, page)
        for action in ("delete_selected", "\x00"):
            chosen = {"action": action, "_selected_action": [key, "\x00"], "index": "9" * 30}
            assert browser.post(path, chosen).status_code in {200, 302, 403}, key


def test_autocomplete_is_no_way_round(rows, agnes, client_for):
    browser = client_for(agnes)
    for field in ("provider", "assigned_agent", "queue", "request_type", "x", "%00"):
        for term in ("%00", "a", "9" * 3000, ""):
            asked = f"?term={term}&app_label=cases&model_name=case&field_name={field}"
            assert browser.get(f"/admin/autocomplete/{asked}").status_code in {200, 403}, asked


def test_numbers_that_nobody_has_are_unknown(rows, ada, client_for):
    browser = client_for(ada)
    routes = [route for route in ADDRESSES.values() if "<int:" in route]
    assert len(routes) > 10
    for route in routes:
        for number in ("0", "9" * 18, "9" * 40):
            path = "/admin/" + re.sub("<int:[a-z_]+>", number, route)
            assert {browser.get(path).status_code, browser.post(path).status_code} <= {403, 404, 405}, path
