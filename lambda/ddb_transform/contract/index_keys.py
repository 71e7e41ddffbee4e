"""DynamoDB's rules for attributes that are keys of an index: type and size.

If a value does not fit, DynamoDB refuses the whole write. An item without the attribute is fine: it
is not in the index.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.items.sizes import value_bytes
from airflow_ddb_migrate.core.ledger.records import TypedValue
from airflow_ddb_migrate.core.limits import INDEX_KEY_BYTES

_WORDS = {"S": "text", "N": "a number", "B": "binary"}


class IndexKey(NamedTuple):
    """An attribute that is a key of an index: its type (S, N or B), size limit and role."""

    type: str
    most_bytes: int
    role: str

    def problem_of(self, value: TypedValue) -> str:
        """Return what is wrong with a value; empty if it fits."""
        ((kind, content),) = value.items()
        if kind != self.type:
            return f"must be {_WORDS[self.type]} ({self.type}); the transform made it {kind}"
        if kind != "N" and not content:
            return "must not be empty; the transform made it empty"
        size = value_bytes(value)
        if size > self.most_bytes:
            return f"has {size:,} bytes; DynamoDB allows {self.most_bytes:,}"
        return ""


IndexKeys = Mapping[str, tuple[IndexKey, ...]]


def index_keys(table: Mapping[str, Any]) -> IndexKeys:
    """Return the keys of a table's indexes by attribute, from the Table of a DescribeTable."""
    definitions = table.get("AttributeDefinitions", ())
    types = {one["AttributeName"]: one["AttributeType"] for one in definitions}
    found: dict[str, tuple[IndexKey, ...]] = {}
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in table.get(kind) or ():
            for key in index["KeySchema"]:
                name, is_partition = key["AttributeName"], key["KeyType"] == "HASH"
                role = f"the {'partition' if is_partition else 'sort'} key of index "
                role += repr(index["IndexName"])
                one = IndexKey(types[name], INDEX_KEY_BYTES[not is_partition], role)
                found[name] = (*found.get(name, ()), one)
    return found


def index_keys_of(dynamodb: Any, table_name: str) -> IndexKeys:
    """Read a table's index keys. If they cannot be read, DynamoDB itself refuses bad values."""
    try:
        return index_keys(dynamodb.describe_table(TableName=table_name)["Table"])
    except (ClientError, BotoCoreError):
        return {}


def refuse_bad_index_key(name: str, value: TypedValue, keys: IndexKeys) -> None:
    """Refuse a value that does not fit as an index key.

    :raises ItemError: the message names attribute, index and limit.
    """
    for key in keys.get(name, ()):
        problem = key.problem_of(value)
        if problem:
            raise ItemError(
                f"Attribute {name!r} is {key.role} and {problem}. Give it a value that fits, or "
                "remove it (del item[name]) to keep the item out of the index.",
                "BadIndexKey",
            )
