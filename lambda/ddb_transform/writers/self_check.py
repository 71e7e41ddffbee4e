"""The self-check: whether this engine treats statements like the reference writer's requests.

Each writer writes every case to a scratch record of its own, with the same content. Both must
return the same verdict and current item, and leave the same item behind. If they differ, or there
is no verdict, the features that the case is about are unproven.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.core.items.sizes import item_bytes
from airflow_ddb_migrate.core.ledger.records import TypedItem
from ddb_transform.contract.codec import same
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.failures import FatalError
from ddb_transform.writers.interface import Writer, WriteVerdict, Written
from ddb_transform.writers.partiql import PartiqlWriter
from ddb_transform.writers.proof import Proof
from ddb_transform.writers.read_item import read_item
from ddb_transform.writers.reference import ReferenceWriter
from ddb_transform.writers.self_check_cases import Case, cases, setting

KEY_NAMES = ("pk", "sk")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a writer did to its record."""

    verdict: WriteVerdict | str
    current: TypedItem | None
    after: TypedItem | None


def self_check(dynamodb: Any, table_name: str, now: float) -> Proof:
    """Compare the writers on scratch records of a table with the keys pk and sk (both S).

    The records are deleted afterwards. For an engine without such batches, nothing is proven.
    """
    return _Check(dynamodb, table_name).run(now)


@dataclass(slots=True)
class _Check:
    dynamodb: Any
    table_name: str
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def run(self, now: float) -> Proof:
        all_cases = list(cases())
        reference = ReferenceWriter(self.dynamodb, self.table_name)
        fast = PartiqlWriter(self.dynamodb, self.table_name, KEY_NAMES)
        try:
            wanted = self._try(reference, "reference", all_cases)
            found = self._try(fast, "fast", all_cases)
            repeated = self._repeats(fast)
        finally:
            self._clean(all_cases)
        differs = [_difference(*row) for row in zip(all_cases, wanted, found, strict=True)]
        return _proof(all_cases, differs, now, repeated)

    def _try(self, writer: Writer, who: str, all_cases: list[Case]) -> list[CaseResult]:
        """Write all cases, in batches as large as the writer allows."""
        keys = [self._key(who, place) for place in range(len(all_cases))]
        for key, case in zip(keys, all_cases, strict=True):
            if case.before is not None:
                self.dynamodb.put_item(TableName=self.table_name, Item={**key, **case.before})
        intents = [_intent(*pair) for pair in zip(keys, all_cases, strict=True)]
        written: list[Written | str] = []
        for start in range(0, len(intents), writer.batch):
            written += self._write(writer, intents[start : start + writer.batch])
        return [
            _seen(one, read_item(self.dynamodb, self.table_name, key)[0])
            for one, key in zip(written, keys, strict=True)
        ]

    def _write(self, writer: Writer, intents: list[Intent]) -> list[Written | str]:
        try:
            return list(writer.write(intents).written)
        except (ClientError, BotoCoreError, FatalError) as exc:
            return [f"{type(exc).__name__}: {exc}"] * len(intents)

    def _repeats(self, fast: PartiqlWriter) -> str:
        """Return the verdicts on a batch with one key twice, which a migration never sends."""
        key = self._key("repeat", 0)
        self.dynamodb.put_item(TableName=self.table_name, Item=key)
        change = setting("x", {"N": "1"}, {"x": None})
        first = self._write(fast, [Intent(key, change, {})] * 2)
        verdicts = (one if isinstance(one, str) else one.verdict.name for one in first)
        return ", ".join(verdicts)

    def _clean(self, all_cases: list[Case]) -> None:
        for who in ("reference", "fast"):
            for place in range(len(all_cases)):
                self._delete(self._key(who, place))
        self._delete(self._key("repeat", 0))

    def _delete(self, key: TypedItem) -> None:
        self.dynamodb.delete_item(TableName=self.table_name, Key=key)

    def _key(self, who: str, place: int) -> TypedItem:
        return {"pk": {"S": f"self-check#{self.run_id}"}, "sk": {"S": f"{who}#{place:04d}"}}


def _intent(key: TypedItem, case: Case) -> Intent:
    before = {**key, **(case.before or {})}
    change = Change(
        case.change.outcome, case.change.assigned, case.change.expected, item_bytes(before), 1_000
    )
    return Intent(key, change, before)


def _seen(one: Written | str, after: TypedItem | None) -> CaseResult:
    if isinstance(one, str):
        return CaseResult(one, None, _plain(after))
    return CaseResult(one.verdict, _plain(one.current), _plain(after))


def _plain(item: TypedItem | None) -> TypedItem | None:
    """Return the record without its key, which differs between the writers."""
    return {n: v for n, v in item.items() if n not in KEY_NAMES} if item is not None else None


def _difference(case: Case, wanted: CaseResult, found: CaseResult) -> str:
    """Return how the fast writer differs; empty if it does not."""
    if found.verdict is WriteVerdict.AGAIN:
        return f"{case.name}: no verdict, the engine was busy"
    if wanted.verdict != found.verdict:
        return f"{case.name}: {_word(found.verdict)} instead of {_word(wanted.verdict)}"
    if not _alike(wanted.after, found.after):
        return f"{case.name}: it leaves a different item behind"
    if not _alike(wanted.current, found.current):
        return f"{case.name}: it returns a different current item"
    return ""


def _word(verdict: WriteVerdict | str) -> str:
    return verdict if isinstance(verdict, str) else verdict.name


def _alike(left: TypedItem | None, right: TypedItem | None) -> bool:
    if left is None or right is None:
        return left is right
    names = left.keys() | right.keys()
    return all(same(left.get(name), right.get(name)) for name in names)


def _proof(all_cases: list[Case], differs: list[str], now: float, repeated: str) -> Proof:
    unproven = {
        feature
        for case, difference in zip(all_cases, differs, strict=True)
        if difference
        for feature in case.about
    }
    return Proof(
        fast="update" not in unproven,
        unproven=tuple(sorted(unproven)),
        differences=tuple(filter(None, differs)),
        repeated_key=repeated,
        checked_at=now,
    )
