"""A table on the embedded emulator whose items can be migrated again and again."""

import itertools
from datetime import UTC, datetime, timedelta

from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from tests.campaigns.benchmarks.items import ATTRIBUTE, KEY_NAMES, OLD, typed_item
from tests.support.factories import ledger_table

_BATCH = 25  # BatchWriteItem takes so many
_START = datetime(2023, 1, 1, tzinfo=UTC)


class LiveTable:
    """Items of items.py, and a ledger beside them."""

    name = "orders"

    def __init__(self, emulator: Emulator, count: int) -> None:
        self._dynamodb = emulator.clients().dynamodb
        self._count = count
        self._seconds = itertools.count()
        self._stamp = OLD
        ledger_table(self._dynamodb)
        emulator.clients().s3.create_bucket(Bucket="bucket")
        self._create()
        self._load()

    def next_stamp(self) -> str:
        """Return a time after all before, so that a run finds every item older than itself."""
        time = _START + timedelta(seconds=next(self._seconds))
        self._stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self._stamp

    def check(self, written: int) -> None:
        """Hold the last run to having written every item once, with the latest stamp."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self.name)
        found = [item[ATTRIBUTE]["S"] for page in pages for item in page["Items"]]
        assert (self._count, [self._stamp] * self._count) == (written, found)

    def _create(self) -> None:
        self._dynamodb.create_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in KEY_NAMES],
            KeySchema=[
                {"AttributeName": name, "KeyType": kind}
                for name, kind in zip(KEY_NAMES, ("HASH", "RANGE"), strict=True)
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def _load(self) -> None:
        numbers = iter(range(self._count))
        while batch := list(itertools.islice(numbers, _BATCH)):
            puts = [{"PutRequest": {"Item": typed_item(number)}} for number in batch]
            answer = self._dynamodb.batch_write_item(RequestItems={self.name: puts})
            assert not answer["UnprocessedItems"]
