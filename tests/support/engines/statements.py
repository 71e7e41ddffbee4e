"""An engine for our PartiQL statements, on a client that has conditional writes but no PartiQL.

It reads exactly the statements that ddb_transform.writers.partiql writes, and treats each as AWS
does. What AWS is told to do either way is a setting: whether a failed condition brings the item.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

NAME = r'"((?:[^"]|"")+)"'
_UPDATE = re.compile(rf"UPDATE {NAME} (.*) WHERE (.*)", re.DOTALL)
_DELETE = re.compile(rf"DELETE FROM {NAME} WHERE (.*) RETURNING ALL OLD \*", re.DOTALL)
_ACTION = re.compile(rf"(SET|REMOVE) {NAME}(=\?)?")
_TERM = re.compile(rf"{NAME}(=\?| IS MISSING)")


@dataclass(slots=True)
class StatementEngine:
    """Executes batches on ``client``, one write after the other.

    ``errors`` may answer a statement in the engine's place with an error code.
    """

    client: Any
    returns_items: bool = True
    errors: Callable[[dict[str, Any]], str] = lambda statement: ""
    batches: list[list[dict[str, Any]]] = field(default_factory=list)

    def batch_execute_statement(self, **arguments: Any) -> dict[str, Any]:
        statements = arguments["Statements"]
        self.batches.append(statements)
        assert 1 <= len(statements) <= 25
        responses = [self.respond(statement) for statement in statements]
        ran = sum("Error" not in response for response in responses)
        units = [{"TableName": "t", "CapacityUnits": float(len(responses))}] if ran else []
        return {"Responses": responses, "ConsumedCapacity": units}

    def respond(self, statement: dict[str, Any]) -> dict[str, Any]:
        code = self.errors(statement)
        if code:
            return {"Error": {"Code": code, "Message": "as the test says"}}
        try:
            return self._execute(statement)
        except ClientError as exc:
            error = exc.response["Error"]
            code = error["Code"].removesuffix("Exception")
            if code == "Validation":
                code = "ValidationError"
            found = {"Item": exc.response["Item"]} if exc.response.get("Item") else {}
            kept = found if self.returns_items else {}
            return {"Error": {"Code": code, "Message": error["Message"], **kept}}

    def _execute(self, statement: dict[str, Any]) -> dict[str, Any]:
        text, values = statement["Statement"], list(statement["Parameters"])
        update, delete = _UPDATE.fullmatch(text), _DELETE.fullmatch(text)
        match = update or delete
        assert match, text
        table = _name(match[1])
        actions = _ACTION.findall(match[2]) if update else []
        sets = {_name(n): values.pop(0) for word, n, _ in actions if word == "SET"}
        removes = [_name(name) for word, name, _ in actions if word == "REMOVE"]
        terms = {
            _name(n): None if "MISSING" in sign else values.pop(0)
            for n, sign in _TERM.findall(match[match.lastindex or 1])
        }
        assert not values
        return self._write(table, sets, removes, terms, is_update=bool(update))

    def _write(
        self,
        table: str,
        sets: dict[str, Any],
        removes: list[str],
        terms: dict[str, Any],
        *,
        is_update: bool,
    ) -> dict[str, Any]:
        schema = self.client.describe_table(TableName=table)["Table"]["KeySchema"]
        key = {row["AttributeName"]: terms.pop(row["AttributeName"]) for row in schema}
        names = {f"#{i}": name for i, name in enumerate((*key, *terms, *sets, *removes))}
        of = {name: sign for sign, name in names.items()}
        values = {f":{of[n][1:]}c": v for n, v in terms.items() if v is not None}
        values |= {f":{of[n][1:]}s": v for n, v in sets.items()}
        condition = " AND ".join(
            [f"attribute_exists({of[name]})" for name in key]
            + [
                f"attribute_not_exists({of[n]})" if v is None else f"{of[n]} = :{of[n][1:]}c"
                for n, v in terms.items()
            ]
        )
        arguments = {
            "TableName": table,
            "Key": key,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {s: n for s, n in names.items() if s in of.values()},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **({"ExpressionAttributeValues": values} if values else {}),
        }
        if not is_update:
            return self._delete(arguments)
        parts = [
            ("SET ", [f"{of[n]} = :{of[n][1:]}s" for n in sets]),
            ("REMOVE ", [of[n] for n in removes]),
        ]
        update = " ".join(word + ", ".join(part) for word, part in parts if part)
        self.client.update_item(UpdateExpression=update, **arguments)
        return {"TableName": table}

    def _delete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """A delete of a missing item succeeds, and tells no item."""
        try:
            answer = self.client.delete_item(ReturnValues="ALL_OLD", **arguments)
        except ClientError as exc:
            is_missing = not exc.response.get("Item")
            if exc.response["Error"]["Code"] == "ConditionalCheckFailedException" and is_missing:
                return {"TableName": arguments["TableName"]}
            raise
        return {"TableName": arguments["TableName"], "Item": answer["Attributes"]}


def _name(text: str) -> str:
    return text.replace('""', '"')
