"""Which transforms may work on which tables: set by deploy, kept in the Lambda's zip.

No transform's hash covers the file, so binding a table changes no transform.
"""

import difflib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from airflow_ddb_migrate.core.errors import DeployError, InvalidInputError, NotBoundError
from airflow_ddb_migrate.core.names import is_table_name, validate_table_name

BINDINGS_FILE: Final = "bindings.json"  # beside the Lambda's engine
EVERY: Final = "*"  # as a table: every table; as a transform: every transform that does not delete

Rows = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bindings:
    """Names of transforms by table. ``*`` can stand for a table, and for a transform.

    What is bound to the table ``*`` is bound to every table, beside the table's own transforms. A
    transform that deletes items has to be bound by its name.
    """

    rows: Rows = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: bytes | str) -> "Bindings":
        """Read the file; raises DeployError if its content is not valid."""
        try:
            return cls({table: tuple(map(str, names)) for table, names in _rows(content)})
        except (ValueError, TypeError, AttributeError) as exc:
            raise DeployError(
                f"{BINDINGS_FILE} of the deployed zip cannot be read ({type(exc).__name__}). Run: "
                "ddb-migrate deploy, with --table for every table"
            ) from exc

    def to_json(self) -> bytes:
        """Return the file's content. Equal bindings give equal bytes, whatever their order."""
        rows = {table: sorted(names) for table, names in self.rows.items()}
        return json.dumps(rows, sort_keys=True, indent=1).encode()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables; ``*`` alone if something is bound to every table."""
        return (EVERY,) if EVERY in self.rows else tuple(self.rows)

    def of(self, table: str) -> tuple[str, ...]:
        """Return the transforms bound to a table, which is given by its name; none for an ARN."""
        rows = (self.rows.get(table, ()), self.rows.get(EVERY, ()))
        return tuple(dict.fromkeys(chain(*rows))) if is_table_name(table) else ()

    def names(self, table: str, transform: str) -> bool:
        """Return whether a transform is bound to a table by its name, and so may delete items."""
        return transform in self.of(table)

    def lines(self) -> Iterator[str]:
        """Yield a line for each table, with the transforms that are bound to it."""
        yield from (f"{table}: {in_words(names)}" for table, names in self.rows.items())

    def require(self, table: str, transform: str, stack: str, *, deletes: bool) -> None:
        """Raise NotBoundError if a transform may not work on a table.

        :param transform: empty for an undo, which needs a table with any transform bound to it.
        """
        bound = self.of(table)
        if not bound:
            example = table if is_table_name(table) else "TABLE"
            more = f":{transform}" if transform and deletes else ""
            raise NotBoundError(
                f"Table {table} is not bound to any transform of stack {stack!r}. {_ADVICE} "
                f"ddb-migrate deploy --stack-name {stack} --table {example}{more}"
            )
        if not transform or transform in bound or (EVERY in bound and not deletes):
            return
        how = (
            "deletes items, so it has to be bound to a table by its name. It is"
            if deletes
            else "is"
        )
        raise NotBoundError(
            f"Transform {transform!r} {how} not bound to table {table} in stack {stack!r}. Bound "
            f"to this table: {in_words(bound)}. {_ADVICE} ddb-migrate deploy --stack-name {stack} "
            f"--table {table}:{transform}"
        )

    def require_known(self, transforms: Collection[str]) -> None:
        """Raise InvalidInputError for a name that none of the transforms has."""
        for table, names in self.rows.items():
            for name in names:
                if name != EVERY and name not in transforms:
                    close = difflib.get_close_matches(name, transforms, n=1)
                    raise InvalidInputError(
                        f"--table {table}:{name}: there is no transform {name!r}. "
                        + (f"Did you mean {close[0]}? " if close else "")
                        + f"Deployed transforms: {', '.join(transforms)}. Nothing was changed. "
                        "Add your own with --transforms DIR."
                    )

    def with_rows(self, more: Rows) -> "Bindings":
        """Return these bindings and ``more`` together."""
        rows = {
            table: (*self.rows.get(table, ()), *more.get(table, ()))
            for table in {**self.rows, **more}
        }
        return Bindings({table: tuple(dict.fromkeys(names)) for table, names in rows.items()})

    def without(self, rows: Rows, whole: Collection[str] = ()) -> "Bindings":
        """Return the bindings without ``rows``, and without the tables of ``whole``."""
        return Bindings(
            {
                table: tuple(name for name in names if name not in rows.get(table, ()))
                for table, names in self.rows.items()
                if table not in whole
            }
        )


_ADVICE: Final = "To bind it, deploy the stack with:"
_PLAIN: Final = "every transform that does not delete"


def in_words(names: Iterable[str]) -> str:
    """Return the names of a table's transforms as text for a person."""
    found = list(names)
    named = sorted(name for name in found if name != EVERY)
    return ", ".join(([_PLAIN] if EVERY in found else []) + named) or "nothing"


def bindings_of(texts: Iterable[str], option: str = "--table") -> Bindings:
    """Read ``TABLE`` or ``TABLE:TRANSFORM,TRANSFORM``, as ``deploy`` takes them.

    A table alone is bound to every transform that does not delete.

    :raises InvalidInputError: the name of a table or a transform is not valid.
    """
    made = Bindings()
    for text in texts:
        table, has_names, names = text.partition(":")
        if table != EVERY:
            validate_table_name(table)
        made = made.with_rows({table: _names(option, text, names) if has_names else (EVERY,)})
    return made


def _names(option: str, text: str, names: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in names.split(","))
    for name in found:
        if name != EVERY and not name.isidentifier():
            raise InvalidInputError(
                f"{option} is {text!r:.300}; {name!r:.100} is not the name of a transform. Give "
                f"the table and transforms, as {option} orders:full_name,add_updated_at, or the "
                f"table alone for {_PLAIN}."
            )
    return found


def _rows(content: bytes | str) -> Iterable[tuple[str, list[str]]]:
    rows: dict[str, list[str]] = json.loads(content)
    if not all(isinstance(names, list) for names in rows.values()):
        raise ValueError
    return rows.items()
