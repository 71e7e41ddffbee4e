"""Values of the ledger's own records, typed and back."""

from dataclasses import asdict, fields
from enum import StrEnum
from typing import Any, get_type_hints

import pytest
from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.core.erasure import ErasureRecord
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.events import Event
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.holds import HoldRecord
from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    Command,
    ControlRecord,
    LaneRow,
    LaneState,
    LeaseRecord,
    MigrationRecord,
    RaisedRow,
)
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from tests.support.factories import NOW, attempt, migration_record

NESTED = {"cursor", "throttles"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (1, {"N": "1"}),
        (0.1, {"N": "0.1"}),
        ("1", {"S": "1"}),
        (Command.HOLD, {"S": "HOLD"}),
        (("a", "b"), {"L": [{"S": "a"}, {"S": "b"}]}),
        ({"seen": 1}, {"M": {"seen": {"N": "1"}}}),
    ],
    ids=repr,
)
def test_a_value_gets_its_own_type(value: Any, expected: dict[str, Any]) -> None:
    """A flag is no number, though Python takes it for one."""
    assert expected == typed_values.encode_value(value)


def test_every_record_is_read_back_as_it_was_written() -> None:
    """By the names and types of its fields, whatever they are."""
    row = LaneRow(
        lane=3,
        state=LaneState.RUNNING,
        attempt=2,
        segment=3,
        cursor={"id": {"B": b"\x00"}},
        owner_until=NOW + 0.5,
        counts=Counts(seen=2, changed=2),
        units=Units(read=0.5, written=2.0, busiest=1.0),
        throttles=Throttles({"Write": 1}),
    )
    item = {
        **typed_values.encode_all({k: v for k, v in asdict(row).items() if k not in NESTED}),
        "cursor": {"M": row.cursor},
        "throttles": {"M": {"Write": {"N": "1"}}},
    }

    assert row == typed_values.decode(LaneRow, item)
    for record in (migration_record(scope=(1, 2), show_values=True), attempt()):
        read = typed_values.decode(type(record), typed_values.encode_all(asdict(record)))
        assert record == read


def test_what_an_older_version_did_not_write_has_its_default() -> None:
    """Or the type's empty value, where the field has none."""
    control = typed_values.decode(ControlRecord, {"command": {"S": "HOLD"}})

    assert ControlRecord(command=Command.HOLD, attempt=0) == control


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (cls, name)
        for cls in (
            AttemptRecord,
            ControlRecord,
            ErasureRecord,
            Event,
            HistoryRow,
            HoldRecord,
            LaneRow,
            LeaseRecord,
            MigrationRecord,
            RaisedRow,
        )
        for name, kind in get_type_hints(cls).items()
        if isinstance(kind, type) and issubclass(kind, str)
    ],
)
def test_a_word_of_a_later_version_is_read_as_it_is(cls: type[Any], name: str) -> None:
    """And goes back as it came; so do fields that this version does not know go unread."""
    item = {
        field.name: {"S": next(iter(kind))}
        for field in fields(cls)
        if isinstance(kind := get_type_hints(cls)[field.name], type) and issubclass(kind, StrEnum)
    }

    read = typed_values.decode(cls, {**item, name: {"S": "NEWER"}, "newer": {"S": "x"}})

    assert ("NEWER", {"S": "NEWER"}) == (
        getattr(read, name),
        typed_values.encode_value(getattr(read, name)),
    )


def test_a_record_without_its_word_is_an_error() -> None:
    """It is not taken for another one."""
    with pytest.raises(ValueError, match="'' is not a valid Command"):
        typed_values.decode(ControlRecord, {})
