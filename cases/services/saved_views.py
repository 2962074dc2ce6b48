"""Names that agents give to what they ask of their list."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cases.agent_lists import read_address
from cases.models import SavedView
from cases.services.change import require_agent
from cases.services.errors import CaseError, NotAllowed

LONGEST_QUERY = SavedView._meta.get_field("query").max_length


class ViewNameTaken(CaseError):
    def __init__(self, name: str) -> None:
        super().__init__(_("You have a view named “%s” already. Replace it, or choose another name.") % name)


class ViewTooLong(CaseError):
    def __init__(self) -> None:
        super().__init__(_("These words are too many to be kept in a view. Shorten the search first."))


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
    query = read_address(by, query).address()
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
