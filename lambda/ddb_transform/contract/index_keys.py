"""What DynamoDB asks of the attributes that are keys of an index: type and size.

A value that does not fit refuses the whole write. An item without the attribute is fine: it is not
in the index.
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
    """An attribute that is a key of an index: its type (S, N or B) and its most bytes."""

    type: str
    most_bytes: int
    role: str

    def problem_of(self, value: TypedValue) -> str:
        """Return what is wrong with a value; empty when it fits."""
        ((kind, content),) = value.items()
        if kind != self.type:
            return f"must be {_WORDS[self.type]} ({self.type}); the transform made it {kind}"
        if kind != "N" and not content:
            return "must not be empty; the transform made it so"
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
    """Ask for a table's indexes; what cannot be asked is left to DynamoDB's own refusal."""
    try:
        return index_keys(dynamodb.describe_table(TableName=table_name)["Table"])
    except (ClientError, BotoCoreError):
        return {}


def refuse_bad_index_key(name: str, value: TypedValue, keys: IndexKeys) -> None:
    """Refuse a value that an index cannot have as its key.

    :raises ItemError: attribute, index and limit are named.
    """
    for key in keys.get(name, ()):
        problem = key.problem_of(value)
        if problem:
            raise ItemError(
                f"Attribute {name!r} is {key.role} and {problem}. Give it a value that fits, or "
                "remove it (del item[name]): then the item is not in the index.",
                "BadIndexKey",
            )
