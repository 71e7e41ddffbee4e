"""The self-check against engines of every kind: what is found, and what is blamed for it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.writers.proof import Proof
from ddb_transform.writers.self_check import self_check
from tests.support.engines.statements import StatementEngine
from tests.support.factories import NOW, client_error, ledger_table
from tests.unit.lambda_.writers.writing import CHANGED, DELETED, KEY

SCRATCH = "scratch"
TYPES = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M")


@pytest.fixture(scope="module")
def scratch(dynamodb: Any) -> Any:
    ledger_table(dynamodb, SCRATCH)
    return dynamodb


@dataclass
class Engine:
    """moto with batches of a kind: ``statements`` executes them."""

    client: Any
    statements: StatementEngine

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self.client, name)  # type: ignore[no-any-return]

    def batch_execute_statement(self, **arguments: Any) -> dict[str, Any]:
        return self.statements.batch_execute_statement(**arguments)


def checked(client: Any, kind: type[StatementEngine] = StatementEngine, **options: Any) -> Proof:
    """The proof of an engine of a kind; its scratch records are gone afterwards."""
    proof = self_check(Engine(client, kind(client, **options)), SCRATCH, NOW)
    assert [] == client.scan(TableName=SCRATCH)["Items"]
    return proof


@pytest.mark.parametrize("returns_items", [True, False])
def test_either_known_behaviour_of_aws_is_proven(scratch: Any, returns_items: bool) -> None:
    """Whether a failed condition brings the item or not: every shape goes in batches."""
    proof = checked(scratch, returns_items=returns_items)

    assert (True, (), (), NOW) == (
        proof.fast,
        proof.unproven,
        proof.differences,
        proof.checked_at,
    )
    assert proof.covers(Intent(KEY, CHANGED, {}))


class IgnoresConditions(StatementEngine):
    """Writes whatever the item is."""

    def _write(self, table: str, sets: Any, removes: Any, terms: Any, *, is_update: bool) -> Any:
        keys = {name: value for name, value in terms.items() if name in {"pk", "sk"}}
        return StatementEngine._write(self, table, sets, removes, keys, is_update=is_update)


class Upserts(StatementEngine):
    """Makes an item that an update does not find."""

    def _write(self, table: str, sets: Any, removes: Any, terms: Any, *, is_update: bool) -> Any:
        key = {name: terms[name] for name in ("pk", "sk")}
        wanted = terms.keys() - key.keys()
        if is_update and all(terms[name] is None for name in wanted):
            there = self.client.get_item(TableName=table, Key=key)
            if "Item" not in there:
                self.client.put_item(TableName=table, Item={**key, **sets})
                return {"TableName": table}
        return StatementEngine._write(self, table, sets, removes, terms, is_update=is_update)


class ComparesNotation(StatementEngine):
    """Compares numbers as they are written; ours are always written one way by it."""

    def _write(self, table: str, sets: Any, removes: Any, terms: Any, *, is_update: bool) -> Any:
        for name, value in terms.items():
            if value and "N" in value and str(Decimal(value["N"])) != value["N"].lower():
                terms[name] = {"S": "is no number of mine"}
            if value and "N" in value and "E" in value["N"]:
                terms[name] = {"S": "is no number of mine"}
        return StatementEngine._write(self, table, sets, removes, terms, is_update=is_update)


class DeletesWithoutCondition(StatementEngine):
    """Deletes by the key alone."""

    def _write(self, table: str, sets: Any, removes: Any, terms: Any, *, is_update: bool) -> Any:
        if not is_update:
            terms = {name: value for name, value in terms.items() if name in {"pk", "sk"}}
        return StatementEngine._write(self, table, sets, removes, terms, is_update=is_update)


class ForgetsWhatItDeleted(StatementEngine):
    """Deletes, and tells no item."""

    def _delete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"TableName": StatementEngine._delete(self, arguments)["TableName"]}


class BreaksDots(StatementEngine):
    """Takes a name with a dot for a path."""

    def _write(self, table: str, sets: Any, removes: Any, terms: Any, *, is_update: bool) -> Any:
        if any("." in name for name in (*sets, *removes, *terms)):
            raise client_error("ValidationException")
        return StatementEngine._write(self, table, sets, removes, terms, is_update=is_update)


class IgnoresText(StatementEngine):
    """Takes any text for equal."""

    def _write(self, table: str, sets: Any, removes: Any, terms: Any, *, is_update: bool) -> Any:
        kept = {
            name: value
            for name, value in terms.items()
            if name in {"pk", "sk"} or not value or "S" not in value
        }
        return StatementEngine._write(self, table, sets, removes, kept, is_update=is_update)


class BreaksSelect(StatementEngine):
    """Takes a quoted name for a word of its language."""

    def _write(self, table: str, sets: Any, removes: Any, terms: Any, *, is_update: bool) -> Any:
        if "select" in {*sets, *removes, *terms}:
            raise client_error("ValidationException")
        return StatementEngine._write(self, table, sets, removes, terms, is_update=is_update)


class LosesResponses(StatementEngine):
    """Answers with fewer responses than it was given statements."""

    def batch_execute_statement(self, **arguments: Any) -> dict[str, Any]:
        answer = StatementEngine.batch_execute_statement(self, **arguments)
        return {**answer, "Responses": answer["Responses"][:-1]}


def no_batches(client: Any) -> Any:
    """An engine that knows no PartiQL."""

    class Nothing(StatementEngine):
        def batch_execute_statement(self, **arguments: Any) -> dict[str, Any]:
            raise client_error("UnknownOperationException")

    return checked(client, Nothing)


def test_an_engine_that_ignores_conditions_gets_no_batches(scratch: Any) -> None:
    """All that it could overwrite is found."""
    proof = checked(scratch, IgnoresConditions)

    assert not proof.fast
    assert {"if missing", "delete", *(f"if {kind}" for kind in TYPES)} <= set(proof.unproven)
    assert "if S, false: APPLIED instead of LOST" in proof.differences


def test_an_engine_that_makes_missing_items_gets_no_batches(scratch: Any) -> None:
    """It would bring back what live traffic deleted."""
    proof = checked(scratch, Upserts)

    assert (False, ("update",)) == (proof.fast, proof.unproven)
    assert ("item missing: APPLIED instead of LOST",) == proof.differences


def test_an_engine_that_compares_notation_is_blamed_for_numbers(scratch: Any) -> None:
    """Conditions on numbers go to the reference writer, all else in batches."""
    proof = checked(scratch, ComparesNotation)

    assert (True, ("if N",)) == (proof.fast, proof.unproven)
    assert not proof.covers(Intent(KEY, CHANGED, {}))
    assert proof.covers(Intent(KEY, Change("changed", {"n": {"N": "1"}}, {"n": None}), {}))


@pytest.mark.parametrize("kind", [DeletesWithoutCondition, ForgetsWhatItDeleted])
def test_an_engine_with_other_deletes_is_blamed_for_them(
    scratch: Any, kind: type[StatementEngine]
) -> None:
    """It would delete what live traffic changed, or not say what it deleted."""
    proof = checked(scratch, kind)

    assert (True, ("delete",)) == (proof.fast, proof.unproven)
    assert not proof.covers(Intent(KEY, DELETED, {}))
    assert proof.covers(Intent(KEY, CHANGED, {}))


def test_an_engine_that_breaks_dots_is_blamed_for_them(scratch: Any) -> None:
    """Other names go in batches."""
    proof = checked(scratch, BreaksDots)

    assert (True, ("name with a dot",)) == (proof.fast, proof.unproven)
    assert not proof.covers(Intent(KEY, Change("changed", {"a.b": None}), {}))


def test_an_engine_that_takes_all_text_for_equal_is_blamed_for_text(scratch: Any) -> None:
    """Not for what its cases happen to set: it would overwrite live changes of text."""
    proof = checked(scratch, IgnoresText)

    assert "if S" in proof.unproven
    assert not proof.covers(
        Intent(KEY, Change("changed", {"b": {"S": "x"}}, {"b": {"S": "y"}}), {})
    )


def test_an_engine_that_breaks_a_plain_name_gets_no_batches(scratch: Any) -> None:
    """Which names it breaks, nobody can tell from their looks."""
    assert not checked(scratch, BreaksSelect).fast


@pytest.mark.parametrize("proof_of", [no_batches, lambda client: checked(client, LosesResponses)])
def test_an_engine_without_such_batches_proves_nothing(
    scratch: Any, proof_of: Callable[[Any], Proof]
) -> None:
    """It is not there, or its answers do not fit: no error, no batches."""
    proof = proof_of(scratch)

    assert not proof.fast
    assert proof.differences


def test_a_busy_engine_proves_nothing(scratch: Any) -> None:
    """Two writers that both came to nothing are not alike: neither was seen to be right."""

    class Busy(Engine):
        def update_item(self, **arguments: Any) -> Any:
            raise client_error("ThrottlingException")

    engine = Busy(scratch, StatementEngine(scratch, errors=lambda statement: "ThrottlingError"))
    proof = self_check(engine, SCRATCH, NOW)

    assert not proof.fast
    assert "if S, true: no verdict, the engine was busy" in proof.differences


@pytest.mark.parametrize(
    ("operation", "number"), [("put_item", 60), ("get_item", 1), ("batch_execute_statement", 5)]
)
def test_scratch_records_are_removed_also_on_errors(
    scratch: Any, operation: str, number: int
) -> None:
    """Whatever raises, and whenever: nothing is left."""

    class Breaks(Engine):
        calls = 0

        def __getattribute__(self, name: str) -> Any:
            if name == operation:
                Breaks.calls += 1
                if Breaks.calls >= number:
                    raise ZeroDivisionError
            return Engine.__getattribute__(self, name)

    engine = Breaks(scratch, StatementEngine(scratch))
    with pytest.raises(ZeroDivisionError):
        self_check(engine, SCRATCH, NOW)

    assert [] == scratch.scan(TableName=SCRATCH)["Items"]


def test_one_key_twice_is_told_and_blames_nothing(scratch: Any) -> None:
    """Ours never has one: it is worth knowing, no more."""
    proof = checked(scratch)

    assert "APPLIED, LOST" == proof.repeated_key
