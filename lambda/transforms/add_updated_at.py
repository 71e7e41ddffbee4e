"""Set ``updatedAt`` to the migration's start where it is absent or older.

Parameters (conf ``params``): ``attribute``, the attribute's name, by default ``updatedAt``. The
value is ISO 8601 in UTC with milliseconds, as JavaScript's ``toISOString`` writes it.
"""

from datetime import UTC, datetime


def transform(item, context):
    """Return the item with ``updatedAt`` at least as new as the migration."""
    name = context.params.get("attribute", "updatedAt")
    if name not in item or _time(item[name]) < _time(context.started_at):
        item[name] = context.started_at
    return item


def _time(value):
    """Read an ISO 8601 time; without an offset it is UTC."""
    if not isinstance(value, str):
        raise TypeError("the attribute is not ISO 8601 text: copy and adapt this file")
    try:
        time = datetime.fromisoformat(value)
    except ValueError as exc:
        raise ValueError("the attribute's text is not ISO 8601: copy and adapt this file") from exc
    return time if time.tzinfo else time.replace(tzinfo=UTC)
