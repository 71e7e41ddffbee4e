"""Tables: their descriptions, changes of capacity, and what AWS refuses of them."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.case import (
    ABSENT,
    ACCEPTED,
    INDEXED,
    PROVISIONED,
    REFUSED,
    WAIT,
    Answer,
    Case,
    about_table,
)
from tests.conformance.values import named

_SUITE = "paritysuite/dynamodb-conformance tests/tier1"
_UPDATES = f"{_SUITE}/updateTable/basic"
_CONFIG = f"{_SUITE}/updateTable/config"
_DESCRIBED = f"{_SUITE}/describeTable/basic"
_MODEL = "botocore model of DynamoDB: UpdateTable"
_DYNOXIDE = "nubo-db/dynoxide tests/update_table"
_WARM = "AWS page warm-throughput.html"
_QUOTAS = "DynamoDB developer guide: quotas, decreases of provisioned throughput"

_IN_USE = Answer(error="ResourceInUseException")
_GONE = Answer(error="ResourceNotFoundException")


def _units(read: int, write: int | None = None) -> dict[str, Any]:
    units = {"ReadCapacityUnits": read, "WriteCapacityUnits": read if write is None else write}
    return {"ProvisionedThroughput": units}


def _index(**setting: Any) -> dict[str, Any]:
    return {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by-of", **setting}}]}


def _raise(**more: Any) -> Any:
    return about_table("UpdateTable", **more)


_DESCRIBE = about_table("DescribeTable")


def cases() -> Iterator[Case]:
    yield from _described()
    yield from _raised()
    yield from _refused()
    yield from _switched()
    yield from _on_demand()


def _of(area: str, source: str, schema: str = PROVISIONED) -> Any:
    made = named(area, source)
    return lambda *a, **more: made(*a, **{"schema": schema, "own": True, **more})


def _table(**fields: Any) -> Answer:
    return Answer(has={"Table": fields})


def _described() -> Iterator[Case]:
    case = _of("tables", _DESCRIBED)
    fields = {"TableStatus": "ACTIVE", "TableId": bool, "TableArn": bool}
    fields |= {"ItemCount": 0, "TableSizeBytes": 0}
    yield case("a table has an id, an ARN and counts", _DESCRIBE, _table(**fields))
    yield case("a provisioned table tells no mode", _DESCRIBE, _table(BillingModeSummary=ABSENT))
    answer = _table(BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"})
    yield case("an on-demand table tells its mode", _DESCRIBE, answer, schema=INDEXED)
    index = [{"IndexName": "by-of", "IndexStatus": "ACTIVE", "KeySchema": bool}]
    yield case("an index has a status", _DESCRIBE, _table(GlobalSecondaryIndexes=index))
    warm = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}
    answer = _table(WarmThroughput=warm)
    name = "a new on-demand table is warm for 12,000 and 4,000"
    yield case(name, _DESCRIBE, answer, schema=INDEXED, source=_WARM)
    other = about_table("DescribeTable", TableName="no-table-of-ours")
    yield case("a table that is missing", other, _GONE)


def _raised() -> Iterator[Case]:
    case = _of("capacity", _UPDATES)
    up = _raise(**_units(10))
    updating = Answer(has={"TableDescription": {"TableStatus": "UPDATING"}})
    yield case("a table is UPDATING after a change", up, updating, source=_MODEL)
    old = _table(TableStatus="UPDATING", **_units(5))
    name = "its old figures are shown meanwhile"
    yield case(name, _DESCRIBE, old, before=[up], source=_MODEL)
    name = "another change meanwhile is refused"
    yield case(name, _raise(**_units(20)), _IN_USE, before=[up], source=_MODEL)
    new = _table(TableStatus="ACTIVE", **_units(10))
    yield case("its new figures are shown afterwards", _DESCRIBE, new, before=[up, WAIT])
    both = _raise(**_units(10), **_index(**_units(20)))
    index = [{"IndexName": "by-of", **_units(20)}]
    name = "table and index are changed by one request"
    answer = _table(GlobalSecondaryIndexes=index, **_units(10))
    yield case(name, _DESCRIBE, answer, before=[both, WAIT], source=_MODEL)


def _refused() -> Iterator[Case]:
    case = _of("capacity", _UPDATES)
    yield case("the same figures", _raise(**_units(5)), REFUSED)
    yield case("the same mode and figures", _raise(BillingMode="PROVISIONED", **_units(5)), REFUSED)
    yield case("no units", _raise(**_units(0, 5)), REFUSED)
    yield case("nothing to change", _raise(), REFUSED, source=_MODEL)
    unknown = {"IndexName": "unknown", **_units(10)}
    updates = [{"Update": unknown}]
    request = _raise(GlobalSecondaryIndexUpdates=updates)
    yield case("an index that is missing", request, _GONE, source=_MODEL)
    request = about_table("UpdateTable", **_units(10), TableName="no-table-of-ours")
    yield case("a table that is not there", request, _GONE)
    downs = [one for read in (4, 3, 2, 1) for one in (_raise(**_units(read, 5)), WAIT)]
    request = _raise(**_units(1, 4))
    answer = Answer(error="LimitExceededException")
    yield case("a fifth decrease at once", request, answer, before=downs, source=_QUOTAS)


def _switched() -> Iterator[Case]:
    case = _of("capacity", _UPDATES)
    mixed = _raise(BillingMode="PAY_PER_REQUEST", **_units(10))
    yield case("on-demand with units", mixed, REFUSED)
    switch = _raise(BillingMode="PAY_PER_REQUEST")
    answer = _table(BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"})
    yield case("a switch to on-demand", _DESCRIBE, answer, before=[switch, WAIT])
    case = _of("capacity", _DYNOXIDE, INDEXED)
    yield case("provisioned without units", _raise(BillingMode="PROVISIONED"), REFUSED)
    yield case("units for an on-demand table", _raise(**_units(5)), REFUSED)
    request = _raise(BillingMode="PROVISIONED", **_units(5))
    yield case("provisioned without an index's units", request, REFUSED, source=_MODEL)
    whole = _raise(BillingMode="PROVISIONED", **_units(5), **_index(**_units(6)))
    index = [{"IndexName": "by-of", **_units(6)}]
    answer = _table(GlobalSecondaryIndexes=index, **_units(5))
    yield case("a switch to provisioned", _DESCRIBE, answer, before=[whole, WAIT], source=_UPDATES)


def _on_demand() -> Iterator[Case]:
    case = _of("capacity", _CONFIG, INDEXED)
    maxima = {"MaxReadRequestUnits": 20, "MaxWriteRequestUnits": 15}
    limit = _raise(OnDemandThroughput=maxima)
    answer = _table(OnDemandThroughput=maxima)
    yield case("a maximum reads back", _DESCRIBE, answer, before=[limit, WAIT])
    warm = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}
    warmed = _raise(WarmThroughput=warm)
    answer = _table(WarmThroughput={**warm, "Status": "ACTIVE"})
    name = "warm throughput reads back"
    yield case(name, _DESCRIBE, answer, before=[warmed, WAIT], source=_WARM)
    lower = {"ReadUnitsPerSecond": 12_500, "WriteUnitsPerSecond": 4_500}
    name = "warm throughput cannot be lowered"
    request = _raise(WarmThroughput=lower)
    yield case(name, request, REFUSED, before=[warmed, WAIT], source=_WARM)
    keep = _raise(DeletionProtectionEnabled=True)
    request = about_table("DeleteTable")
    yield case("a protected table is not deleted", request, REFUSED, before=[keep, WAIT])
    request = _raise(BillingMode="PAY_PER_REQUEST")
    yield case("the same mode on demand", request, ACCEPTED, source=_UPDATES)
