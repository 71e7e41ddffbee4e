"""The configuration of a DAG run: a field that nothing reads is a mistake, so it is refused."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.validation import shown

_OF_AIRFLOW = frozenset({"openlineage"})  # what TriggerDagRunOperator adds by itself


_SHOWN = 5  # unknown fields that a message names
_NAME_CHARS = 80  # of a name that is compared with the known ones


def require_known_fields(
    conf: Mapping[str, object], *, declared: Collection[str], ours: Collection[str]
) -> None:
    """Raise InvalidInputError for a field that the DAG does not take; names the nearest it does.

    :param declared: the names of the DAG's Params.
    :param ours: the names of all our fields. A DAG that declares one of them takes those that it
        declares; one that declares none may read any from the configuration.
    """
    known = {*declared} if {*declared} & {*ours} else {*declared, *ours}
    unknown = sorted(conf.keys() - known - _OF_AIRFLOW)
    if unknown:
        raise InvalidInputError(
            f"The configuration has fields that this DAG does not take: "
            f"{'; '.join(_words(name, known) for name in unknown[:_SHOWN])}{_more(unknown)}. "
            f"It takes: {', '.join(sorted(known))}. Correct the names, or leave those fields out; "
            "declare a field of your own as a Param of the DAG. Nothing was touched."
        )


def _words(name: str, known: Iterable[str]) -> str:
    plain = {_plain(one): one for one in known}
    close = difflib.get_close_matches(_plain(name[:_NAME_CHARS]), plain, n=1)
    return f"{shown(name)} (did you mean {plain[close[0]]}?)" if close else shown(name)


def _more(names: Sequence[str]) -> str:
    return f"; and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""


def _plain(name: str) -> str:
    """Leave out what people spell in different ways: case, and marks between words."""
    return "".join(filter(str.isalnum, name.casefold()))
