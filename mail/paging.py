"""Pages of tables that only grow."""

from django.core.paginator import Paginator
from django.utils.functional import cached_property

PAGES_AHEAD = 5


class CappedPaginator(Paginator):
    """Count no further than a person would page: a big table is never counted whole."""

    limit = 5000
    counted = limit

    def count_for(self, page: int, *, least: int) -> None:
        """Count no further than to a few pages after this one.

        Arguments:
            least: count so far in any case.
        """
        self.counted = min(self.limit, max(least, (page + PAGES_AHEAD) * self.per_page))

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[: self.counted].count()
