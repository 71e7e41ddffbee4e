"""The configuration of a DAG run. A field that nothing reads is a mistake, so it is refused."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.validation import shown

_OF_AIRFLOW = frozenset({"openlineage"})  # TriggerDagRunOperator adds this


_SHOWN = 5  # the most unknown fields that a message names
_NAME_CHARS = 80  # the most characters of a name that are compared with known names


def require_known_fields(
    conf: Mapping[str, object], *, declared: Collection[str], ours: Collection[str]
) -> None:
    """Raise InvalidInputError for a field that the DAG does not take; suggests a similar one.

    :param declared: the names of the DAG's Params.
    :param ours: the names of all our fields. A DAG that declares any of them takes only those that
        it declares. A DAG that declares none may read any of them.
    """
    known = {*declared} if {*declared} & {*ours} else {*declared, *ours}
    unknown = sorted(conf.keys() - known - _OF_AIRFLOW)
    if unknown:
        raise InvalidInputError(
            "The configuration has fields that this DAG does not take: "
            f"{'; '.join(_words(name, known) for name in unknown[:_SHOWN])}{_more(unknown)}. It "
            f"takes: {', '.join(sorted(known))}. Correct the names, or leave those fields out. To "
            "add a field of your own, declare it as a Param of the DAG. Nothing was touched."
        )


def _words(name: str, known: Iterable[str]) -> str:
    plain = {_plain(one): one for one in known}
    close = difflib.get_close_matches(_plain(name[:_NAME_CHARS]), plain, n=1)
    return f"{shown(name)} (did you mean {plain[close[0]]}?)" if close else shown(name)


def _more(names: Sequence[str]) -> str:
    return f"; and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""


def _plain(name: str) -> str:
    """Return a name without what people spell in different ways: case, and marks between words."""
    return "".join(filter(str.isalnum, name.casefold()))
