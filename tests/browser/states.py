"""Every page of the portal in every state that somebody can meet: one line each.

All that is measured of a page (axe, HTML, focus, targets, reflow ...) is measured of each line, and
`/accessibility/` lists them. A new address without a line fails `test_every_address_has_its_line`.
What is done on a page goes by names of fields, so that it works in every language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PASSWORD

ANYBODY, NEWCOMER, PROVIDER, COLLEAGUE = "anybody", "newcomer", "provider", "colleague"
TEMPORARY, LONG_NAME, WRITER = "temporary password", "long name", "writer"
VIEWER, AGENT, UNREACHABLE = "viewer", "agent", "unreachable"


@dataclass(frozen=True)
class State:
    """A page as somebody meets it.

    Arguments:
        name: what the report calls it.
        address: where it begins; {numbers} are those that rows.py made.
        heading: proves that it is the page meant: a message id, so that other languages find theirs.
        who: a person of rows.py.
        do: what is done there first.
        status: that of the page in the end.
        lands: the name of the address where it ends, where that is another one.
        is_english: it is for staff, or for those who build the portal, and English whatever was chosen.
    """

    name: str
    address: str
    heading: str
    who: str = ANYBODY
    do: Callable[[Page], None] | None = None
    status: int = 200
    lands: str = ""
    is_english: bool = False


def form_with(page: Page, field: str):
    return page.locator("main form").filter(has=page.locator(f"[name={field}]")).first


def send(field: str, **values: str) -> Callable[[Page], None]:
    """Fill the form that has the field, by the names of its fields, and send it."""

    def go(page: Page) -> None:
        form = form_with(page, field)
        for name, value in values.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("[type=submit]").first.click()

    return go


def submit_intake(page: Page, *, to: str = "") -> None:
    form = form_with(page, "description")
    form.locator("[name=description]").fill("We count 40 doses.\nThe portal says 41.")
    if form.locator("[name=primary_name]").count():
        form.locator("[name=primary_name]").fill("Birch Clinic")
    form.locator("[name=request_type]").select_option(index=1)
    if to:
        form.evaluate("(form, to) => { form.action = to; }", to)
    form.locator("[name=submit]").click()


def file_twice_with_other_words(page: Page) -> None:
    form = form_with(page, "description")
    form.locator("[name=description]").fill("We count 40 doses.")
    form.locator("[name=request_type]").select_option(index=1)
    form.evaluate(
        """async (form) => {
            await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
            form.elements.description.value = "We count 41 doses.";
        }"""
    )
    form.locator("[name=submit]").click()
    expect(page.locator("main [role=alert]")).to_be_visible()


def without_token(page: Page) -> None:
    page.context.clear_cookies(name="helpdesk_csrf")
    send("username", username="nobody.here", password="wrong")(page)


def too_many_fields(page: Page) -> None:
    form_with(page, "username").evaluate(
        """(form) => {
            for (let number = 0; number < 600; number += 1) {
                const field = document.createElement("input");
                field.name = `field${number}`;
                form.append(field);
            }
        }"""
    )
    send("username")(page)


def too_much(page: Page) -> None:
    page.locator("[name=username]").evaluate("input => { input.value = 'x'.repeat(4_200_000); }")
    send("username")(page)


def guess_too_often(page: Page) -> None:
    form = form_with(page, "username")
    form.locator("[name=username]").fill("guessed.often")
    form.locator("[name=password]").fill("not the password")
    form.evaluate(
        """async (form) => {
            for (let number = 0; number < 12; number += 1) {
                await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
            }
        }"""
    )
    send("username")(page)


def leave_with_text(page: Page) -> None:
    """Lose the session in the middle of the intake form."""
    page.context.clear_cookies(name="helpdesk_session")
    submit_intake(page)


def show_password(page: Page) -> None:
    page.locator("[name=password]").fill("typed by hand")
    page.locator(".password-reveal button").click()


def be_warned(page: Page) -> None:
    """Meet the page a minute before the session ends, as its own clock and the server tell."""
    person = page.locator("#session-warning").get_attribute("data-person")
    told = {"left": 60, "final": False, "person": person}

    def with_a_minute_left(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r'data-left="\d+"', 'data-left="60"', answer.text()))

    page.route("**/session/", lambda route: route.fulfill(json=told))
    page.route(page.url, with_a_minute_left)
    page.reload()


def open_mail(page: Page) -> None:
    page.locator("main tbody a").first.click()
    page.wait_for_url("**/mailbox/*-*/")


HELP = "There is a problem"
CASE = "/cases/{%s}/"
STATES = (
    # Everybody.
    State("Home", "/", "How can the Help Desk help you?"),
    State("Terms & Conditions", "/terms/", "Terms & Conditions"),
    State("Resources", "/resources/", "Resources"),
    State("Register", "/register/", "Customer Registration"),
    State("Register: errors", "/register/", HELP, do=send("first_name")),
    State("Register: done", "/register/done/", "Check your email"),
    State("Login", "/login/", "Login"),
    State("Login: the password is shown", "/login/", "Login", do=show_password),
    State("Login: errors", "/login/", HELP, do=send("username")),
    State("Login: wrong password", "/login/", HELP, do=send("username", username="nobody.here", password="wrong")),
    State("Login: too many tries", "/login/", HELP, do=guess_too_often, status=429),
    State("Login: leads on to a page", "/login/?next=/my-lists/", "Login"),
    State("Login: the session ended", "/login/?next=/cases/new/&ended=kept", "Login"),
    State(
        "Login: the temporary password has expired",
        "/login/",
        HELP,
        do=send("username", username="eva.expired", password=PASSWORD),
    ),
    State("Logged out", "/logout/done/", "You are logged out"),
    State("Forgot", "/forgot/", "Forgot User ID or password?"),
    State("Forgot: errors", "/forgot/", HELP, do=send("identifier")),
    State("Forgot: done", "/forgot/done/", "Check your email"),
    State("Mailed link", "{link}", "Set a permanent password", lands="accounts:reset"),
    State("Mailed link: used or expired", "/set-password/MQ/no-such-token/", "This link works no more"),
    # What goes wrong.
    State("400: bad request", "/login/", "We could not read that request", do=too_many_fields, status=400),
    State(
        "403: not allowed",
        "/admin/desk/holiday/add/",
        "You may not open this page",
        AGENT,
        status=403,
        is_english=True,
    ),
    State("403: form without its token", "/login/", "Please send the form again", do=without_token, status=403),
    State("404: no such page", "/no/such/page", "Page not found", status=404),
    State(
        "405: the address of a button", "/account/sessions/end/", "This address opens no page", PROVIDER, status=405
    ),
    State("413: too much", "/login/", "That was too much to send at once", do=too_much, status=413),
    State("500: our fault", "/fail/500/", "Something went wrong on our side", status=500),
    State("503: no database", "/fail/503/", "The portal is not available right now", status=503),
    State(
        "503: what was sent comes back",
        "/cases/new/",
        "The portal is not available right now",
        PROVIDER,
        lambda page: submit_intake(page, to="/fail/503/"),
        status=503,
    ),
    State("Maintenance", "/show/maintenance/", "The portal is closed for maintenance", status=503),
    State("Announcements", "/show/announcements/", "Resources"),
    # The first days of an account.
    State("Temporary password", "/", "Set a permanent password", TEMPORARY, lands="accounts:set_password"),
    State("Temporary password: errors", "/", HELP, TEMPORARY, send("new_password1")),
    State("Home of a newcomer", "/", "How can the Help Desk help you?", NEWCOMER),
    State("MY LISTS: empty", "/my-lists/?tab=all", "My Lists", NEWCOMER),
    State("Intake: the first case", "/cases/new/", "Submit a Help Desk case", NEWCOMER),
    State("Intake: errors", "/cases/new/", HELP, NEWCOMER, send("description")),
    State("Intake: the session ended", "/cases/new/", "Login", COLLEAGUE, leave_with_text, lands="accounts:login"),
    State("The session is about to end", "/my-lists/", "Do you want to stay logged in?", COLLEAGUE, be_warned),
    # Cases.
    State("Intake: a kept draft", "/cases/new/", "Submit a Help Desk case", WRITER),
    State("MY LISTS: a kept draft", "/my-lists/?tab=all", "My Lists", WRITER),
    State("Home of a provider", "/", "How can the Help Desk help you?", PROVIDER),
    State("Intake", "/cases/new/", "Submit a Help Desk case", PROVIDER),
    State("Intake: filed already", "/cases/new/", "Submit a Help Desk case", PROVIDER, file_twice_with_other_words),
    State("Intake: a follow-up", "/cases/new/?follow_up={withdrawn}", "Submit a Help Desk case", PROVIDER),
    State("Case filed", CASE % "new" + "filed/", "Your case was filed", PROVIDER),
    State("MY LISTS: awaiting your reply", "/my-lists/?tab=awaiting", "My Lists", PROVIDER),
    State("MY LISTS: all", "/my-lists/?tab=all", "My Lists", PROVIDER),
    State("MY LISTS: nothing matches", "/my-lists/?tab=all&q=nothing+like+it", "My Lists", PROVIDER),
    State("Case: new", CASE % "new", "Vaccine inventory", PROVIDER),
    State("Case: awaiting your reply", CASE % "awaiting", "Vaccine inventory", PROVIDER),
    State("Case: errors", CASE % "new", HELP, PROVIDER, send("body"), lands="cases:case_add_information"),
    State("Case: resolved", CASE % "resolved", "Training", PROVIDER),
    State("Case: withdrawn", CASE % "withdrawn", "Reports and data", PROVIDER),
    State("Case: 200 messages", CASE % "crowded", "Storage or temperature excursion", PROVIDER),
    State("Case: files", CASE % "with_files", "Vaccine wastage or expiry", PROVIDER),
    State("Case of a colleague", CASE % "new", "Vaccine inventory", COLLEAGUE),
    State("Withdraw a case", CASE % "to_withdraw" + "withdraw/", "Withdraw", PROVIDER),
    State("Withdraw: too late", CASE % "withdrawn" + "withdraw/", "Withdraw", PROVIDER),
    State("Long names: MY LISTS", "/my-lists/?tab=all", "My Lists", LONG_NAME),
    State("Long names: case", CASE % "lengthy", "Vaccine inventory", LONG_NAME),
    State("Long names: account", "/account/", "Your account", LONG_NAME),
    # The account.
    State("Account", "/account/", "Your account", PROVIDER),
    State("Account: mail to it came back", "/account/", "Your account", UNREACHABLE),
    State("New email: mail to the old one came back", "/account/email/", "Change your business email", UNREACHABLE),
    State("Name and phone", "/account/details/", "Your name and phone", PROVIDER),
    State("Name and phone: errors", "/account/details/", HELP, PROVIDER, send("first_name", first_name="")),
    State("Organization", "/account/organization/", "Your primary Provider Organization", PROVIDER),
    State("Organization: errors", "/account/organization/", HELP, PROVIDER, send("name", name="")),
    State("Choose emails", "/account/notifications/", "Choose emails", PROVIDER),
    State("New email", "/account/email/", "Change your business email", PROVIDER),
    State("New email: errors", "/account/email/", HELP, PROVIDER, send("new_email")),
    State("New email: enter the code", "/account/email/confirm/", "Confirm your new email", PROVIDER),
    State("New email: wrong code", "/account/email/confirm/", HELP, PROVIDER, send("code", code="wrong")),
    State("New password", "/account/password/", "Change your password", PROVIDER),
    State("New password: errors", "/account/password/", HELP, PROVIDER, send("new_password1")),
    # Staff on the pages that everybody has.
    State("MY LISTS of a viewer", "/my-lists/?tab=all&organization=riverside", "My Lists", VIEWER),
    State("Case for a viewer", CASE % "awaiting", "Vaccine inventory", VIEWER),
    State("MY LISTS of an agent", "/my-lists/?tab=unassigned", "My Lists", AGENT),
    State("Choose emails, as an agent", "/account/notifications/", "Choose emails", AGENT),
    State("Away", "/account/away/", "Away", AGENT),
    State("Away: errors", "/account/away/", HELP, AGENT, send("until", until="2001-01-01")),
    # Only in demo mode.
    State("Style guide", "/styleguide/", "Style guide", is_english=True),
    State("Accessibility", "/accessibility/", "Accessibility"),
    State("Mailbox", "/mailbox/", "Development mailbox"),
    State("Mailbox: a mail", "/mailbox/", "", do=open_mail, lands="mail:mailbox_mail"),
)
# Addresses that show no page of their own: they redirect, answer a program, or give a file.
NO_PAGE = {
    "accounts:language",
    "accounts:logout",
    "accounts:keep_draft",
    "accounts:session",
    "accounts:end_other_sessions",
    "cases:export",
    "cases:case_file",
    "mail:mailbox_html",
    "mail:mailbox_raw",
    "health_live",
    "health_ready",
    "csm_vaccine",
}
