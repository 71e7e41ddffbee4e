"""Set a time to live, in epoch seconds, from a date attribute plus some days.

Parameters (conf ``params``): ``days``, required, an integer; ``date``, the attribute to count
from, by default ``createdAt`` (ISO 8601, UTC if it has no offset); ``ttl``, the attribute to set,
by default ``expiresAt``. DynamoDB soon deletes expired items: check how many before you run it.
"""

from datetime import UTC, datetime, timedelta

from airflow_ddb_migrate.core.errors import ItemError
from transforms import SKIP


def transform(item, context):
    """Return the item with a TTL; skip items that have a TTL, or have no date."""
    date, ttl = context.params.get("date", "createdAt"), context.params.get("ttl", "expiresAt")
    days = context.params.get("days")
    if type(days) is not int:
        raise ItemError('backfill_ttl needs params {"days": an integer}.', "BadParams")
    if ttl in item or date not in item:
        return SKIP
    item[ttl] = int((_time(item[date]) + timedelta(days=days)).timestamp())
    return item


def _time(value):
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as exc:
        raise type(exc)("the attribute is not an ISO 8601 date: copy and adapt this file") from exc
    return time if time.tzinfo else time.replace(tzinfo=UTC)
