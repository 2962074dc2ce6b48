"""What is measured: each kind of request of the portal, and which of the reference's it is held against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from bench.load import Request
from bench.plan import COMMON_WORD, RARE_WORD

PAGE = 25
DEEP_PAGE = 200
CSRF = "b" * 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LIST, SUBMIT = "reference list", "reference submit"
# How much more a large portal may take than a small one, of pages that are full in both.
GROWTH = {"MY LISTS": 1.1, "case page": 1.1, "submit": 1.1, "agents' list, all open": 1.15, "agents' case page": 1.15}


@dataclass(frozen=True)
class Scene:
    """One kind of request.

    Arguments:
        name: as the table calls it.
        against: name of the reference's scene; the reference's own have none.
        goal: the most that p50 and processor time may be, as a multiple of the reference's; 0 where none is set.
        connections: how many at once, in turn.
        statements: the most that a steady request may send to the database; 0 where nothing is said.
        logs: whether to read what a form leaves in the write-ahead log, which takes 20 seconds.
    """

    name: str
    request: Request
    against: str = ""
    goal: float = 0.0
    connections: tuple[int, ...] = (1, 8)
    statements: int = 0
    logs: bool = True


def cookie(session: str) -> str:
    return f"helpdesk_session={session}; helpdesk_csrf={CSRF}"


def reference_scenes(session: str) -> list[Scene]:
    cookies = f"sessionid={session}; csrftoken={CSRF}"
    form = {"csrfmiddlewaretoken": CSRF, "subject": "Vaccine inventory", "organization": "Clinic", "text": "x" * 600}
    return [
        Scene(LIST, Request("/entries/", cookies, "<td>Vaccine inventory</td>"), connections=(1, 8, 32)),
        Scene(SUBMIT, Request("/submit/", cookies, "/done/", status=302, body=urlencode(form))),
    ]


def provider_scenes(sessions: dict[str, str], facts: dict) -> list[Scene]:
    usual, busy, member = (cookie(sessions[who]) for who in ("usual", "busy", "member"))
    row = "data-label="
    case = facts["usual_case"]
    deep = f"/my-lists/?tab=all&after={cursor_of(*facts['busy_deep'])}"
    return [
        Scene("MY LISTS", Request("/my-lists/?tab=all", usual, row), LIST, 1.6, (1, 8, 32), statements=4),
        Scene("MY LISTS, 10,000 cases", Request("/my-lists/?tab=all", busy, row), LIST, statements=4),
        Scene("MY LISTS, page 200", Request(deep, busy, row), LIST, statements=4),
        Scene("MY LISTS, a member's colleagues' 10,000", Request("/my-lists/?tab=all", member, row), LIST),
        Scene("case page", Request(f"/cases/{case}/", usual, case), LIST, statements=6),
        submit_scenes(sessions, facts)[0],
        Scene("provider searches a case ID", Request(f"/my-lists/?tab=all&q={case}", usual, row), LIST, 5),
        Scene(
            "provider searches the commonest word", Request(f"/my-lists/?tab=all&q={COMMON_WORD}", busy, row), LIST, 10
        ),
        Scene(
            "provider searches a rare word", Request(f"/my-lists/?tab=all&q={RARE_WORD}", busy, "</html>"), LIST, 10
        ),
    ]


def submit_scenes(sessions: dict[str, str], facts: dict) -> list[Scene]:
    """Return the intake form, sent by each of several people."""
    form = {
        "csrfmiddlewaretoken": CSRF,
        "key": "",
        "organization_kind": "primary",
        "request_type": facts["request_type"],
        "description": "We count 40 doses. " * 30,
        "contact_phone": "",
    }
    body = urlencode(form).replace("key=&", "key=@KEY@&")
    filers = [cookie(key) for who, key in sessions.items() if who.startswith("filer")]
    return [
        Scene("submit", Request("/cases/new/", filer, "/filed/", 302, body), SUBMIT, 2.2, statements=12)
        for filer in filers
    ]


def export_scene(sessions: dict[str, str]) -> Scene:
    return Scene("export", Request("/my-lists/export.csv?tab=all", cookie(sessions["agent"]), "CS0"))


def agent_scenes(sessions: dict[str, str], facts: dict) -> list[Scene]:
    agent, found = cookie(sessions["agent"]), "data-label"
    number = facts["usual_number"]
    searches = (
        ("a case ID", facts["usual_case"], 5),
        ("a User ID", "provider.number0", 5),
        ("an email address", "provider.number0@example.org", 5),
        ("a rare word", RARE_WORD, 10),
        ("the commonest word", COMMON_WORD, 10),
    )
    return [
        Scene("agents' start page", Request("/admin/", agent, "</html>"), LIST, 6),
        Scene("agents' list", Request("/admin/cases/case/", agent, found), LIST, 6, statements=14),
        Scene("agents' list, all open", Request("/admin/cases/case/?list=open", agent, found), LIST, 6, statements=14),
        Scene(
            "agents' case page",
            Request(f"/admin/cases/case/{number}/change/", agent, facts["usual_case"]),
            LIST,
            statements=22,
        ),
        *(
            Scene(
                f"agent searches {what}",
                Request(f"/admin/cases/case/?{urlencode({'list': 'all', 'q': text})}", agent, "</html>"),
                LIST,
                goal,
            )
            for what, text, goal in searches
        ),
    ]


def growth_scenes(sessions: dict[str, str], facts: dict, size: int) -> list[Scene]:
    """Return the requests that are sent to a small portal too, named after its size."""
    scenes = [*provider_scenes(sessions, facts), *agent_scenes(sessions, facts)]
    return [
        replace(scene, name=at_size(scene.name, size), goal=0, connections=(1, 8), logs=False)
        for scene in scenes
        if scene.name in GROWTH
    ]


def at_size(name: str, size: int) -> str:
    return f"{name} at {size:,}"


def cursor_of(at: str, number: int) -> str:
    """Return the position of a case in a list by `filed_at`, as addresses write it."""
    return f"{(datetime.fromisoformat(at) - _EPOCH) // timedelta(microseconds=1)}-{number}"
