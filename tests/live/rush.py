"""One seed of the live test: load a table, migrate it under live traffic, and check."""

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Protocol

from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LaneRow
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from tests.live.application import MANNERS, Application, Manner
from tests.live.checker import Violation, check
from tests.live.endpoints import Endpoint, make_table
from tests.live.history import Kind
from tests.live.traffic import LiveTraffic, LossyClient, Strikes, StruckClient
from tests.live.workers import TransformFunction
from transforms import DELETE

_ITEMS = 150
_PAGE_ITEMS = 12
_names = itertools.count(1)


class Migrate(Protocol):
    """Changes every item of a table, several lanes at once."""

    def __call__(
        self, dynamodb: Any, table_name: str, transform: TransformFunction, *, lanes: int
    ) -> Sequence[LaneRow]: ...


@dataclass(frozen=True, slots=True)
class Rush:
    """What came of one seed.

    ``steady_keys`` are those that were there from the first to the last page's read.
    """

    rows: Sequence[LaneRow]
    violations: Sequence[Violation]
    struck: Counter[str]
    steady_keys: int
    all_keys: int

    @property
    def counts(self) -> Counts:
        return reduce(add, (row.counts for row in self.rows), Counts())


def manner_of(seed: int) -> Manner:
    return MANNERS[seed % len(MANNERS)]


def rush(endpoint: Endpoint, seed: int, migrate: Migrate) -> Rush:
    """Run one seed: it decides the manner of the traffic, its writes, and the number of lanes."""
    application = _application(endpoint, seed)
    strikes = Strikes(application, seed)
    client = StruckClient(endpoint.client(), strikes, page_items=_PAGE_ITEMS)
    with LiveTraffic(application, seed):
        rows = migrate(client, application.table_name, _transform(strikes), lanes=2 + seed % 3)
    return Rush(
        rows=rows,
        violations=check(
            application.history,
            application.read_all(),
            has_totals=application.manner.has_totals,
        ),
        struck=strikes.struck,
        steady_keys=_steady_keys(application),
        all_keys=len(application.keys),
    )


def _application(endpoint: Endpoint, seed: int) -> Application:
    """Return the application, its table made and loaded."""
    name = f"live-{seed}-{next(_names)}"
    dynamodb = endpoint.client()
    make_table(dynamodb, name)
    application = Application(LossyClient(dynamodb, seed), name, manner_of(seed))
    application.while_due.load(_ITEMS, random.Random(f"{seed}-load"))
    return application


def _transform(strikes: Strikes) -> TransformFunction:
    def transform(item: Item, context: Context) -> object:
        strikes.within_transform(item["id"], is_due="total" not in item)
        if item.get("expired"):
            return DELETE
        item["total"] = item["a"] + item["b"]
        return item

    return transform


def _steady_keys(application: Application) -> int:
    history = application.history
    deleted = {o.key for o in history if o.kind is Kind.DELETE and o.may_have_happened}
    return len({*application.keys[:_ITEMS]} - deleted)
