"""Names that agents give to what they ask of their list."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction

from accounts.models import User
from cases.agent_query import read_address
from cases.models import SavedView
from cases.services.change import require_agent
from cases.services.errors import NotAllowed, ViewNameTaken, ViewTooLong

LONGEST_QUERY = SavedView._meta.get_field("query").max_length
LONGEST_NAME = SavedView._meta.get_field("name").max_length


@transaction.atomic
def save_view(*, by: User, name: str, query: str, is_shared: bool = False, replace: bool = False) -> SavedView:
    """Keep what the agents' list was asked for under a name.

    Arguments:
        query: query string of the list; of it, only what the list knows is kept.
        is_shared: whether all agents see it.
        replace: whether it takes the place of the view that has the name.

    Raises:
        NotAllowed: no agent, or a view shared by somebody who is no supervisor.
        ViewNameTaken, ViewTooLong.
    """
    require_agent(by)
    if is_shared and not by.is_supervisor:
        raise NotAllowed
    query = read_address(query).address()
    if len(query) > LONGEST_QUERY:
        raise ViewTooLong
    values = {"query": query, "is_shared": is_shared}
    if replace:
        return SavedView.objects.update_or_create(owner=by, name=name, defaults=values)[0]
    try:
        with transaction.atomic():
            return SavedView.objects.create(owner=by, name=name, **values)
    except IntegrityError:
        raise ViewNameTaken(name) from None


@transaction.atomic
def delete_view(*, by: User, view: SavedView) -> None:
    """Remove a view: one's own, or as a supervisor one that is shared.

    Raises:
        NotAllowed: anybody else's.
    """
    require_agent(by)
    if view.owner_id != by.pk and not (view.is_shared and by.is_supervisor):
        raise NotAllowed
    view.delete()


@transaction.atomic
def forget_in_views(passage: str, *, marker: str) -> int:
    """Take a passage out of all views, in whatever letter case: out of what they search, and out of their names.

    A view that searched for nothing else searches no more. Returns how many views it changed.
    """
    looks_like = re.compile(r"\s+".join(map(re.escape, passage.split())), re.IGNORECASE)
    changed = 0
    for view in SavedView.objects.select_for_update().order_by("pk"):
        query = _query_without(looks_like, view.query)
        name = looks_like.sub(marker, view.name)[:LONGEST_NAME]
        if (query, name) != (view.query, view.name):
            name = name if name == view.name else _free_name(view, name)
            changed += SavedView.objects.filter(pk=view.pk).update(query=query, name=name)
    return changed


def _query_without(looks_like: re.Pattern, query: str) -> str:
    params = dict(parse_qsl(query))
    if not looks_like.search(params.get("q", "")):
        return query
    params["q"] = " ".join(looks_like.sub(" ", params["q"]).split())
    return urlencode({name: value for name, value in params.items() if value})


def _free_name(view: SavedView, name: str) -> str:
    """Return the name, with a number where its owner has it already."""
    taken = set(SavedView.objects.filter(owner=view.owner_id).exclude(pk=view.pk).values_list("name", flat=True))
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - 4]} {number}"
    return free
