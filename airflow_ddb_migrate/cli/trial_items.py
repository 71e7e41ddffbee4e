"""Read a few items from several places of a table."""

import itertools
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.services.tables import Table
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.limits import SAMPLE_PAGE_ITEMS, SAMPLE_SECONDS, TOTAL_SEGMENTS

_PLACES = 10
_SMALLER = 16  # each lap has this many times fewer segments: five laps to the whole table
_ITEMS_OF_A_SEGMENT = 4  # times the items wanted from it, so that few segments are empty
_MOST_SCANNED = 10_000

_Key = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedItems:
    """Items that were read. ``scanned`` is the number that DynamoDB read, before a FILTER.

    ``is_whole``: the table has no other item that could have been picked.
    """

    items: Sequence[TypedItem]
    scanned: int
    is_whole: bool


@dataclass(slots=True)
class ItemPicker:
    """Reads ``wanted`` items from up to ten segments, which ``seed`` chooses.

    The first segments are small and spread over the table. They may hold too few items, because the
    table's item count is outdated or because few partition keys hold all items. Then larger and
    larger segments follow, and finally the whole table, page by page. The search ends after 10,000
    items or 20 seconds, as may happen with a FILTER that hardly any item passes.
    """

    dynamodb: Any
    table: Table
    wanted: int
    seed: str
    filter_arguments: Mapping[str, Any] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _random: random.Random = field(init=False)
    _places: list[list[TypedItem]] = field(default_factory=list, init=False)
    _known: set[_Key] = field(default_factory=set, init=False)
    _scanned: int = field(default=0, init=False)
    _ends_at: float = field(default=0.0, init=False)

    def pick(self) -> PickedItems:
        """Return items from all places in turn.

        :raises AwsRequestError: DynamoDB refused a request or could not be reached.
        """
        self._random = random.Random(self.seed)  # noqa: S311  # no secret
        self._ends_at = self.clock() + SAMPLE_SECONDS
        number = min(self.wanted, _PLACES)
        total = min(self.table.item_count // (_ITEMS_OF_A_SEGMENT * self._limit), TOTAL_SEGMENTS)
        while total > number and not self._is_enough:
            self._lap(self._segments(total, number), total)
            total //= _SMALLER
        left = {} if self._is_enough else self._segments(number, number)
        is_whole = bool(left)
        while left and not self._is_enough:
            left = self._lap(left, number)
        items = [item for item in self._in_turn() if item is not None][: self.wanted]
        is_whole = is_whole and not left and len(self._known) == len(items)
        return PickedItems(items=items, scanned=self._scanned, is_whole=is_whole)

    @property
    def _limit(self) -> int:
        """The items of one page; more with a FILTER, because most of them may not pass it."""
        share = math.ceil(self.wanted / min(self.wanted, _PLACES))
        return max(share, SAMPLE_PAGE_ITEMS) if self.filter_arguments else share

    @property
    def _is_spent(self) -> bool:
        return self._scanned >= _MOST_SCANNED or self.clock() > self._ends_at

    @property
    def _is_enough(self) -> bool:
        return len(self._known) >= self.wanted or self._is_spent

    def _segments(self, total: int, number: int) -> dict[int, Mapping[str, Any]]:
        """Choose segments. Return where the next page of each starts."""
        return {segment: {} for segment in self._random.sample(range(total), number)}

    def _lap(
        self, segments: Mapping[int, Mapping[str, Any]], total: int
    ) -> dict[int, Mapping[str, Any]]:
        """Read a page of each segment. Return where the next page starts, if there is one."""
        left = {}
        for segment, start in segments.items():
            if self._is_spent:
                left[segment] = start
                continue
            page = self._page(Segment=segment, TotalSegments=total, **start)
            if "LastEvaluatedKey" in page:
                left[segment] = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return left

    def _page(self, **arguments: Any) -> Mapping[str, Any]:
        with aws_call("dynamodb:Scan", f"table {self.table.name}"):
            page: Mapping[str, Any] = self.dynamodb.scan(
                TableName=self.table.name, Limit=self._limit, **arguments, **self.filter_arguments
            )
        self._scanned += page["ScannedCount"]
        new = {self._key(item): item for item in page["Items"]}
        self._places.append([item for key, item in new.items() if key not in self._known])
        self._known.update(new)
        return page

    def _key(self, item: TypedItem) -> _Key:
        return tuple(next(iter(item[name].items())) for name in self.table.key_names)

    def _in_turn(self) -> Iterator[TypedItem | None]:
        """Yield the first item of each place, then the second, and so on."""
        return itertools.chain.from_iterable(itertools.zip_longest(*self._places))
