"""The ledger's table: gets, puts and updates records with conditions. See migrations.py."""

from collections.abc import Iterator
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call, is_failed_condition
from airflow_ddb_migrate.aws.ledger.typed_values import Plain, encode_all
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.ledger.records import TypedItem

_CLOCK = Clock()


class LedgerTable:
    """The base of ledger, leases, lanes, history and events. ``dynamodb`` is a boto3 client."""

    def __init__(self, dynamodb: Any, table_name: str, clock: Clock = _CLOCK) -> None:
        self._dynamodb = dynamodb
        self.table_name = table_name
        self.clock = clock

    def get(self, key: TypedItem, *, consistent: bool = True) -> TypedItem | None:
        with aws_call("dynamodb:GetItem", f"table {self.table_name}"):
            answer = self._dynamodb.get_item(
                TableName=self.table_name, Key=key, ConsistentRead=consistent
            )
        return answer.get("Item")  # type: ignore[no-any-return]

    def put_new(self, item: TypedItem) -> bool:
        """Write a new record; False if it exists already."""
        return self._put(item, {"ConditionExpression": "attribute_not_exists(pk)"})

    def put(self, item: TypedItem) -> None:
        """Write a record, replacing any other."""
        self._put(item, {})

    def replace(self, item: TypedItem, *, seen_version: int) -> bool:
        """Replace the version of a record that was read; False if it changed since."""
        return self._put(
            item,
            {
                "ConditionExpression": "#version = :seen",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": encode_all({":seen": seen_version}),
            },
        )

    def _put(self, item: TypedItem, condition: dict[str, Any]) -> bool:
        with aws_call("dynamodb:PutItem", f"table {self.table_name}"):
            try:
                self._dynamodb.put_item(TableName=self.table_name, Item=item, **condition)
            except self._dynamodb.exceptions.ClientError as exc:
                if is_failed_condition(exc):
                    return False
                raise
        return True

    def update(
        self,
        key: TypedItem,
        values: dict[str, Plain],
        *,
        condition: str = "",
        extra: dict[str, Plain] | None = None,
        names: dict[str, str] | None = None,
    ) -> bool:
        """Set attributes of a record; False if the condition is not met.

        The condition can use every value as ``:name``, and its attribute as ``#name``; ``extra``
        and ``names`` add more.
        """
        typed_values = encode_all({f":{name}": value for name, value in values.items()})
        answer = self.update_typed(
            key,
            assignments=", ".join(f"#{name} = :{name}" for name in values),
            names={**{f"#{name}": name for name in values}, **(names or {})},
            values={**typed_values, **encode_all(extra or {})},
            condition=condition,
        )
        return answer is not None

    def change_sets(
        self,
        key: TypedItem,
        *,
        add: dict[str, str],
        remove: dict[str, str],
        condition: str = "",
        extra: dict[str, Plain] | None = None,
    ) -> TypedItem | None:
        """Add one text to sets of a record and remove one from others, by attribute.

        Returns the new record; None if the condition is not met. The condition can use the
        attributes as ``#name``.
        """
        parts = [("ADD", add), ("DELETE", remove)]
        return self._update(
            key,
            expression=" ".join(
                f"{verb} {', '.join(f'#{name} :{name}' for name in texts)}"
                for verb, texts in parts
                if texts
            ),
            names={f"#{name}": name for name in {**add, **remove}},
            values={
                **{f":{name}": {"SS": [text]} for name, text in {**add, **remove}.items()},
                **encode_all(extra or {}),
            },
            condition=condition,
        )

    def update_typed(
        self,
        key: TypedItem,
        *,
        assignments: str,
        names: dict[str, str],
        values: TypedItem,
        condition: str,
    ) -> TypedItem | None:
        """Set attributes of a record; returns the new record, or None if the condition fails."""
        return self._update(
            key,
            expression=f"SET {assignments}",
            names=names,
            values=values,
            condition=condition,
        )

    def _update(
        self,
        key: TypedItem,
        *,
        expression: str,
        names: dict[str, str],
        values: TypedItem,
        condition: str,
    ) -> TypedItem | None:
        with aws_call("dynamodb:UpdateItem", f"table {self.table_name}"):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self.table_name,
                    Key=key,
                    UpdateExpression=expression,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    **({"ConditionExpression": condition} if condition else {}),
                )
            except self._dynamodb.exceptions.ClientError as exc:
                if is_failed_condition(exc):
                    return None
                raise
        return answer["Attributes"]  # type: ignore[no-any-return]

    def query_newest(self, pk: str, *, before: str = "", limit: int) -> list[TypedItem]:
        """Return the last records of one partition key, at most 1 MB, the last one first.

        It may miss the writes of the last second.

        :param before: only records whose ``sk`` is less than this.
        """
        bound = {":sk": {"S": before}} if before else {}
        with aws_call("dynamodb:Query", f"table {self.table_name}"):
            answer = self._dynamodb.query(
                TableName=self.table_name,
                KeyConditionExpression="pk = :pk" + (" AND sk < :sk" if before else ""),
                ExpressionAttributeValues={":pk": {"S": pk}, **bound},
                ScanIndexForward=False,
                Limit=limit,
            )
        return list(answer["Items"])

    def query_all(
        self, pk: str, *, prefix: str = "", newest_first: bool = False
    ) -> Iterator[TypedItem]:
        """Yield every record of one partition key whose ``sk`` has a prefix, consistently."""
        beginning = {":sk": {"S": prefix}} if prefix else {}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self.table_name,
            KeyConditionExpression="pk = :pk" + (" AND begins_with(sk, :sk)" if prefix else ""),
            ExpressionAttributeValues={":pk": {"S": pk}, **beginning},
            ScanIndexForward=not newest_first,
            ConsistentRead=True,
        )
        with aws_call("dynamodb:Query", f"table {self.table_name}"):
            for page in pages:
                yield from page["Items"]
