"""Which tables a stack may migrate with which transforms. They are dropped only by name."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.function import asked_bindings
from airflow_ddb_migrate.core.bindings import EVERY, Bindings, bindings_of, in_words
from airflow_ddb_migrate.core.errors import DeployError, InvalidInputError, MigrationError

_SHOWN = 8
_ANY_NAME = "TRANSFORM"  # not a transform: a deployment refuses it

Say = Callable[[str], None]


_UNKNOWN = (
    ". For TRANSFORM, give the names of the transforms that may work on the table, as in "
    "orders:full_name,other: the deployed Lambda does not say which. A table without names gets "
    "every transform that does not delete"
)


def bindings_before(
    bindings: Bindings | None,
    tables: Sequence[str],
    asked: Sequence[str],
    drop: Sequence[str],
    options: Callable[[], str],
) -> Bindings:
    """Return the bindings of the existing stack, in the order of its tables.

    :param bindings: None if they cannot be read: then each table has to be given again.
    :param options: returns the options for that, see ``deployed_options``.
    :raises DeployError: one is not.
    """
    if bindings is None:
        unknown = [name for name in tables if name not in {*bindings_of(asked).rows, *drop}]
        if unknown:
            raise DeployError(
                f"The deployed zip does not say which transforms may work on {_some(tables)}. "
                f"Nothing was changed. Give every table again: {options()}"
            )
        return Bindings()
    known = {table: bindings.rows[table] for table in tables if table in bindings.rows}
    return Bindings({**known, **bindings.rows})


def deployed_options(
    clients: Clients, outputs: Mapping[str, str], drop: Collection[str] = ()
) -> str:
    """Return the options that repeat the bindings of the deployed Lambda, and no others.

    If it does not have them, the options have a placeholder for transforms, and an explanation.

    :param outputs: the stack's outputs.
    :param drop: tables to leave out.
    """
    known = None
    with suppress(MigrationError, KeyError):
        known = asked_bindings(clients.lambda_, outputs["FunctionArn"])
    tables = filter(None, outputs.get("Tables", "").split(","))
    found = known or Bindings(dict.fromkeys(tables, (_ANY_NAME,)))
    return options_of(found.without({}, drop)) + ("" if known else _UNKNOWN)


def options_of(bindings: Bindings) -> str:
    """Return the ``--table`` options for these bindings."""
    texts = (
        table if names == (EVERY,) else f"{table}:{','.join(sorted(names))}"
        for table, names in bindings.rows.items()
    )
    return " ".join(f"--table {_quoted(text)}" for text in texts)


def bindings_after(
    before: Bindings,
    add: Sequence[str],
    drop: Sequence[str],
    say: Say,
    gone: Collection[str] = (),
) -> Bindings:
    """Return a stack's new bindings.

    :param add: the values of ``--table``: ``TABLE`` or ``TABLE:TRANSFORM,TRANSFORM``.
    :param drop: the values of ``--drop-table``, in the same form; a table alone is dropped
        completely.
    :param gone: transforms that are dropped, and so lose their bindings.
    :raises InvalidInputError: a table is both added and dropped, or a table or the stack would have
        nothing left.
    """
    whole = [text for text in drop if ":" not in text]
    bindings_of(whole, "--drop-table")
    parts = bindings_of((text for text in drop if ":" in text), "--drop-table")
    added = bindings_of(add)
    _require_not_both(added, parts, whole)
    for text in _absent(before, parts, whole):
        say(f"--drop-table {text}: the stack does not have this, so nothing is dropped.")
    left = before.without(parts.rows, whole).without(dict.fromkeys(before.rows, tuple(gone)))
    after = left.with_rows(added.rows)
    _require_something(before, after)
    _tell(before, added, after, say)
    return after


def _require_not_both(added: Bindings, parts: Bindings, whole: Sequence[str]) -> None:
    both = [table for table in added.rows if table in whole]
    both += [
        f"{table}:{name}"
        for table, names in parts.rows.items()
        for name in names
        if name in added.rows.get(table, ())
    ]
    if both:
        raise InvalidInputError(
            f"--table and --drop-table both name {', '.join(sorted(both))}. Give one of them."
        )


def _absent(before: Bindings, parts: Bindings, whole: Sequence[str]) -> Iterator[str]:
    yield from (table for table in whole if table not in before.rows)
    for table, names in parts.rows.items():
        has = before.rows.get(table, ())
        yield from (f"{table}:{name}" for name in names if name not in has)


def _require_something(before: Bindings, after: Bindings) -> None:
    if not after.rows:
        raise InvalidInputError(_no_table(before.tables))
    for table, names in after.rows.items():
        if not names:
            raise InvalidInputError(
                f"Table {table} would have no transform left: it was bound to "
                f"{in_words(before.rows[table])}. Nothing was changed. Bind another one with "
                f"--table {_quoted(f'{table}:TRANSFORM')}, or drop the table: --drop-table "
                f"{_quoted(table)}"
            )


def _tell(before: Bindings, added: Bindings, after: Bindings, say: Say) -> None:
    """Print what changes, and which options have no effect."""
    every = before.rows.get(EVERY, ())
    if EVERY in after.rows and any(
        set(names) <= set(every) for table, names in added.rows.items() if table != EVERY
    ):
        say(
            "Every table is already allowed. To allow only named tables, add --drop-table "
            f"'{EVERY}'."
        )
    if before.rows and set(after.tables) != set(before.tables):
        say(f"Tables: {_some(before.tables)} -> {_some(after.tables)}")
    for table, names in after.rows.items():
        then = before.rows.get(table)
        if then is not None and set(then) != set(names):
            say(f"Table {table}: {in_words(then)} -> {in_words(names)}")


def _quoted(text: str) -> str:
    return f"'{text}'" if EVERY in text else text


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _no_table(before: Sequence[str]) -> str:
    if before:
        return (
            f"--drop-table would leave no tables: the stack has {', '.join(before)}. Name another "
            "one with --table, or delete the stack: ddb-migrate destroy"
        )
    return (
        "Which tables may be migrated? Name each with --table TABLE, or allow every table of the "
        "account with --all-tables."
    )
