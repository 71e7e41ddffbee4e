"""Migrations as they must not be: each does one thing wrong, and the checker has to see it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from airflow_ddb_migrate.core.ledger.records import LaneRow
from botocore.exceptions import ClientError
from ddb_transform.contract.item import item_of
from ddb_transform.contract.transform import Context
from tests.live.workers import TransformFunction
from tests.support.factories import MIGRATION, STARTED_AT
from transforms import DELETE

_CONTEXT = Context(MIGRATION, STARTED_AT, key_names=("id",))

TypedItem: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """One table."""

    dynamodb: Any
    table_name: str

    def put(self, item: TypedItem) -> None:
        self.dynamodb.put_item(TableName=self.table_name, Item=item)

    def set_total(self, item: TypedItem, total: TypedItem, **condition: str) -> None:
        values = {name: item[name[1:]] for name in (":a", ":b") if condition}
        self.dynamodb.update_item(
            TableName=self.table_name,
            Key={"id": item["id"]},
            UpdateExpression="SET #total = :total",
            ExpressionAttributeNames={"#total": "total"},
            ExpressionAttributeValues={":total": total, **values},
            **condition,
        )

    def delete(self, item: TypedItem, **condition: str) -> None:
        self.dynamodb.delete_item(TableName=self.table_name, Key={"id": item["id"]}, **condition)


# Gets an item as it was scanned, and the total that it has to get.
Write: TypeAlias = Callable[[Target, TypedItem, TypedItem], None]
Delete: TypeAlias = Callable[[Target, TypedItem], None]


def put_back(target: Target, item: TypedItem, total: TypedItem) -> None:
    """Put the whole item back as it was scanned: loses updates, and deleted items return."""
    target.put({**item, "total": total})


def set_blindly(target: Target, item: TypedItem, total: TypedItem) -> None:
    """Set only what changed, under no condition: sums of old values, and ghosts of items."""
    target.set_total(item, total)


def give_up(target: Target, item: TypedItem, total: TypedItem) -> None:
    """Take every failed condition for a deleted item: what lost a race is never migrated."""
    with suppress(ClientError):
        target.set_total(item, total, ConditionExpression="a = :a AND b = :b")


def delete_rightly(target: Target, item: TypedItem) -> None:
    """Delete what is still expired. Nothing is wrong with this one."""
    with suppress(ClientError):
        target.delete(item, ConditionExpression="attribute_exists(expired)")


def delete_blindly(target: Target, item: TypedItem) -> None:
    """Delete what was expired when it was scanned: what live traffic renewed is lost."""
    target.delete(item)


def run(
    dynamodb: Any,
    table_name: str,
    transform: TransformFunction,
    *,
    lanes: int,
    write: Write = give_up,
    delete: Delete = delete_rightly,
) -> Sequence[LaneRow]:
    """Migrate the table in such a way, one thread for every lane. There is no ledger."""
    target = Target(dynamodb, table_name)

    def work(lane: int) -> None:
        for item in _scan(target, Segment=lane, TotalSegments=lanes):
            seen = item_of(item)
            if transform(seen, _CONTEXT) is DELETE:
                delete(target, item)
            else:
                write(target, item, {"N": str(seen["total"])})

    with ThreadPoolExecutor(lanes) as threads:
        list(threads.map(work, range(lanes)))
    return []


def _scan(target: Target, **start: Any) -> Iterator[TypedItem]:
    while True:
        page = target.dynamodb.scan(TableName=target.table_name, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start["ExclusiveStartKey"] = page["LastEvaluatedKey"]
