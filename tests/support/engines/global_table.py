"""Two regions of one table, in memory: what one writes reaches the other later, as whole items.

Eventually consistent (MREC): a condition sees its own region alone, and of two writes of an item
the later one stays, in both regions. Source: AWS, "How DynamoDB global tables work".
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.worlds.migration_world import Proxy

_WRITES = frozenset({"update_item", "delete_item", "put_item"})


@dataclass(slots=True)
class Region:
    """``stamps`` are the times of each item's last write, whichever region it came from."""

    dynamodb: Any
    stamps: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class GlobalTable:
    """``here`` is where a migration works; its writes are seen by a hook of ``proxy``."""

    proxy: Proxy
    here: Region
    there: Region
    table_name: str
    _time: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _on_the_way: list[tuple[Region, str, int, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.proxy.after = self._after

    def write(self, region: Region, key: str, **values: Any) -> None:
        """Let an application write in a region: only these attributes of an item."""
        names = {f"#{name}": name for name in values}
        region.dynamodb.update_item(
            TableName=self.table_name,
            Key={"id": {"S": key}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )
        self._note(region, key)

    def replicate(self) -> None:
        """Bring what is on the way where it goes; what is older than what is there is dropped."""
        for region, key, stamp, item in self._on_the_way:
            if stamp < region.stamps.get(key, 0):
                continue
            region.stamps[key] = stamp
            if item is None:
                region.dynamodb.delete_item(TableName=self.table_name, Key={"id": {"S": key}})
            else:
                region.dynamodb.put_item(TableName=self.table_name, Item=item)
        self._on_the_way.clear()

    def read(self, region: Region, key: str) -> Any:
        """Return an item as a region has it; None: it is gone there."""
        answer = region.dynamodb.get_item(
            TableName=self.table_name, Key={"id": {"S": key}}, ConsistentRead=True
        )
        return answer.get("Item")

    def _after(self, name: str, arguments: dict[str, Any]) -> None:
        if name in _WRITES and arguments["TableName"] == self.table_name:
            key = arguments.get("Key") or arguments["Item"]
            self._note(self.here, key["id"]["S"])

    def _note(self, region: Region, key: str) -> None:
        stamp = next(self._time)
        region.stamps[key] = stamp
        other = self.there if region is self.here else self.here
        self._on_the_way.append((other, key, stamp, self.read(region, key)))
