"""Pages of tables that only grow."""

from django.core.paginator import Paginator
from django.utils.functional import cached_property


class CappedPaginator(Paginator):
    """Count no further than a person would page: a big table is never counted whole."""

    limit = 5000

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[: self.limit].count()
