"""Runs the cases on a DynamoDB, and says what it does otherwise than AWS."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from tests.conformance import batches, items, numbers, reads, tables, values, writes
from tests.conformance.case import SCHEMAS, Case, Request, differs, filled
from tests.support.waiting import HANG_SECONDS

CASES: tuple[Case, ...] = tuple(
    case
    for module in (numbers, values, items, writes, batches, reads, tables)
    for case in module.cases()
)
AREAS = tuple(dict.fromkeys(case.area for case in CASES))

_names = itertools.count(1)
_POLL_SECONDS = 0.02


class Unprepared(Exception):  # noqa: N818  # the engine differs before the case begins
    """What a case needs before its request was refused."""


@dataclass(slots=True)
class Bench:
    """One engine under test. ``dynamodb`` is a boto3 client without parameter validation.

    ``pass_time`` is called while the engine works on a change of a table.
    """

    dynamodb: Any
    pass_time: Callable[[], None] = lambda: time.sleep(_POLL_SECONDS)
    _shared: dict[str, str] = field(default_factory=dict, init=False)

    def difference(self, case: Case) -> str:
        """Say what the engine does otherwise than AWS; empty when nothing."""
        try:
            table = self._table(case)
            for item in case.given:
                self._call(Request("PutItem", {"TableName": table, "Item": item}), table)
            for request in case.before:
                self._call(request, table)
        except (Unprepared, ClientError, BotoCoreError) as exc:
            return f"before the request: {exc}"
        return self._judged(case, table) or self._left(case, table)

    def _judged(self, case: Case, table: str) -> str:
        answer = case.answer
        try:
            found = self._call(case.request, table)
            code, message = "", ""
        except ClientError as exc:
            found = exc.response
            code, message = found["Error"]["Code"], found["Error"].get("Message", "")
        except BotoCoreError as exc:
            return f"no answer: {exc}"
        if code != answer.error:
            return f"{code or 'accepted'} instead of {answer.error or 'accepted'}: {message}"
        if answer.says.lower() not in message.lower():
            return f"the message has no '{answer.says}': {message}"
        return differs(filled(answer.has, table), found)

    def _left(self, case: Case, table: str) -> str:
        if case.then is None:
            return ""
        key, wanted = case.then
        get = Request("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
        try:
            return differs(wanted, self._call(get, table).get("Item"), "the item")
        except (ClientError, BotoCoreError) as exc:
            return f"afterwards: {exc}"

    def _table(self, case: Case) -> str:
        name = None if case.own else self._shared.get(case.schema)
        if name is None:
            name = f"case-{next(_names)}"
            self.dynamodb.create_table(TableName=name, **SCHEMAS[case.schema])
            self._wait(name)
            if not case.own:
                self._shared[case.schema] = name
        return name

    def _call(self, request: Request, table: str) -> dict[str, Any]:
        if request.operation == "WaitUntilActive":
            self._wait(table)
            return {}
        arguments = filled(request.arguments, table)
        operation = getattr(self.dynamodb, xform_name(request.operation))
        return operation(**arguments)  # type: ignore[no-any-return]

    def _wait(self, table: str) -> None:
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            found = self.dynamodb.describe_table(TableName=table)["Table"]
            indexes = found.get("GlobalSecondaryIndexes") or ()
            warm = {one.get("WarmThroughput", {}).get("Status") for one in (found, *indexes)}
            statuses = {found["TableStatus"], *(one["IndexStatus"] for one in indexes)}
            if {"ACTIVE"} == statuses and "UPDATING" not in warm:  # warming shows nowhere else
                return
            self.pass_time()
        raise Unprepared(f"{table} does not become ACTIVE")


def differences(bench: Bench) -> dict[str, str]:
    """Return the names of the cases in which an engine differs from AWS, and how."""
    found = ((case.name, bench.difference(case)) for case in CASES)
    return {name: difference for name, difference in found if difference}


def score_table(failing: Mapping[str, Sequence[str]]) -> str:
    """Return areas by engines as Markdown: how many cases of how many are as on AWS."""
    return "\n".join(f"| {' | '.join(row)} |" for row in _rows(failing))


def _rows(failing: Mapping[str, Sequence[str]]) -> Iterator[Sequence[str]]:
    yield ("area", "cases", *failing)
    yield ("---",) * (2 + len(failing))
    every = Counter(case.area for case in CASES)
    area_of = {case.name: case.area for case in CASES}
    missed = {engine: Counter(area_of[name] for name in names) for engine, names in failing.items()}
    for area in AREAS:
        yield (area, str(every[area]), *(str(every[area] - missed[one][area]) for one in failing))
    total = len(CASES)
    yield (
        "**all**",
        str(total),
        *(f"{total - len(names)} ({_share(names)} %)" for names in failing.values()),
    )


def _share(names: Sequence[str]) -> str:
    return f"{100 * (1 - len(names) / len(CASES)):.0f}"
