"""Delete the items whose attribute has a value, or is older than a date.

Parameters (conf ``params``): ``attribute``, and either ``equals`` (text, an integer, true or
false) or ``older_than`` (ISO 8601, like the attribute; UTC without an offset). Without them
nothing is deleted: every item is refused. Items without the attribute stay.
"""

from datetime import UTC, datetime

from airflow_ddb_migrate.core.errors import ItemError
from transforms import DELETE, SKIP

DELETES = True


def transform(item, context):
    """Return DELETE for a match; it is deleted only if the attribute still has that value."""
    matches = _predicate(context.params)
    name = context.params["attribute"]
    return DELETE if name in item and matches(item[name]) else SKIP


def _predicate(params):
    equals, older_than = params.get("equals"), params.get("older_than")
    if isinstance(params.get("attribute"), str) and (equals is None) != (older_than is None):
        if isinstance(older_than, str):
            return lambda value: _time(value) < _time(older_than)
        if isinstance(equals, str | int):
            return lambda value: _is(value, equals)
    raise ItemError(
        "delete_by_predicate needs params attribute and either equals (text, an integer, true or "
        "false) or older_than (a date in ISO 8601). Nothing was deleted.",
        "BadParams",
    )


def _is(value, wanted):
    """Compare two values; in DynamoDB, unlike Python, True is not 1."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _time(value):
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as exc:
        raise type(exc)("the attribute is not an ISO 8601 date: copy and adapt this file") from exc
    return time if time.tzinfo else time.replace(tzinfo=UTC)
