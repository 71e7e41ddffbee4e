"""Values of the ledger's own records, typed and back."""

from dataclasses import asdict
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord, LaneRow, LaneState
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


def test_a_word_that_no_version_knows_is_an_error() -> None:
    """It is not taken for another one."""
    with pytest.raises(ValueError, match="'GO' is not a valid Command"):
        typed_values.decode(ControlRecord, {"command": {"S": "GO"}})
