"""Which tables a stack may migrate: they are added, and dropped only by name."""

from collections.abc import Callable, Iterable, Sequence

from airflow_ddb_migrate.aws.services.stack import ALL_TABLES
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.names import validate_table_name

_SHOWN = 8


def validate_tables(names: Iterable[str]) -> None:
    """Raise InvalidInputError for what can be no table; every one, ``*``, can be named, too."""
    for name in names:
        if name != ALL_TABLES:
            validate_table_name(name)


def tables_after(
    before: Sequence[str], add: Sequence[str], drop: Sequence[str], say: Callable[[str], None]
) -> tuple[str, ...]:
    """Return the tables that a stack will have.

    :param before: those that it has; ``*`` is every table of the account and region.
    :raises InvalidInputError: one is added and dropped, or no table would be left.
    """
    if both := sorted(set(add) & set(drop)):
        raise InvalidInputError(
            f"--table and --drop-table both name {', '.join(both)}. Give one of them."
        )
    for name in drop:
        if name not in before:
            say(f"--drop-table {name}: the stack does not have it, so there is nothing to drop.")
    after = tuple(dict.fromkeys((*(name for name in before if name not in drop), *add)))
    if not after:
        raise InvalidInputError(_no_table(before))
    if ALL_TABLES in after:
        if ALL_TABLES in before and add and ALL_TABLES not in add:
            say(
                "Every table is allowed already. To allow named ones alone, give --drop-table "
                f"'{ALL_TABLES}', too."
            )
        after = (ALL_TABLES,)
    if before and set(after) != set(before):
        say(f"Tables: {_some(before)} -> {_some(after)}")
    return after


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _no_table(before: Sequence[str]) -> str:
    if before:
        return (
            f"--drop-table would leave no table: the stack has {', '.join(before)}. Name another "
            "with --table, or delete the stack: ddb-migrate destroy"
        )
    return (
        "Which tables may be migrated? Name each with --table TABLE, or allow every table of the "
        "account with --all-tables."
    )
