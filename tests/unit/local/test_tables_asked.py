"""Which tables the embedded stack may migrate."""

import pytest
from airflow_ddb_migrate.local.stack import tables_asked


@pytest.mark.parametrize(
    ("before", "given", "add", "drop"),
    [
        ("", "", "*", ""),
        ("", "orders", "orders", ""),
        ("*", "", "", ""),
        ("*", "orders:mine", "orders:mine", "*"),
        ("*", "*:mine orders", "*:mine orders", ""),
        ("orders", "", "", ""),
        ("orders", "orders:mine", "orders:mine", ""),
    ],
)
def test_who_names_tables_gets_those(before: str, given: str, add: str, drop: str) -> None:
    """A new stack has every table; one that runs keeps its own, but for every one."""
    assert (add.split(), drop.split()) == tuple(map(list, tables_asked(before, given.split())))
