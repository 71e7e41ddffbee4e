"""Names of tables, migrations and executions."""

import re

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import EXECUTION_NAME_CHARS
from airflow_ddb_migrate.core.names import (
    execution_arn,
    execution_name,
    migration_id,
    slug,
    validate_migration_id,
    validate_table_name,
)
from hypothesis import given
from hypothesis import strategies as st
from tests.support.factories import STATE_MACHINE, TABLE_KEY


def named(**facts: object) -> str:
    known = {"table_arn": TABLE_KEY.arn, "dag_id": "dag", "run_id": "run", "map_index": -1}
    return migration_id(**{**known, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["abc", "a.b-c_D9", "x" * 255])
def test_names_that_dynamodb_allows_are_taken(name: str) -> None:
    """Three to 255 characters of DynamoDB's set."""
    assert name == validate_table_name(name)


@pytest.mark.parametrize("value", ["", None, 5, ["orders"]])
def test_a_missing_table_is_refused_with_an_example(value: object) -> None:
    """No name at all: the message shows the right conf."""
    with pytest.raises(InvalidInputError) as refused:
        validate_table_name(value)

    assert (
        f"table is {value!r}; it must be the name of a DynamoDB table, "
        'as in {"table": "orders", "segments": 100}.' == str(refused.value)
    )


@pytest.mark.parametrize("value", ["ab", "x" * 256, "a b c", "tïsch", "abc\n", TABLE_KEY.arn])
def test_a_name_that_cannot_be_is_refused_with_the_rule(value: str) -> None:
    """Wrong length or characters, an ARN among them."""
    with pytest.raises(InvalidInputError) as refused:
        validate_table_name(value)

    assert (
        f"table is {value!r}; a DynamoDB table name has 3 to 255 characters "
        "of a-z, A-Z, 0-9, '_', '-' and '.'. Give the name, not an ARN." == str(refused.value)
    )


def test_every_fact_of_a_run_is_in_the_migrations_name() -> None:
    """The same facts give the same name; another run, DAG, map index or table another one."""
    others = {
        named(run_id="run2"),
        named(dag_id="dag2"),
        named(map_index=0),
        named(table_arn=TABLE_KEY.arn.replace("us-east-1", "eu-west-1")),
    }

    assert named() == named()
    assert 4 == len(others - {named()})
    assert re.fullmatch(r"orders-[0-9a-f]{12}", named())


@given(st.text(min_size=1), st.text(), st.text(), st.integers(-1, 10_000), st.integers(1, 999))
def test_every_migration_can_name_its_executions(
    table: str, dag_id: str, run_id: str, map_index: int, attempt: int
) -> None:
    """Whatever Airflow's ids are, the name is one that Step Functions takes."""
    name = named(table_arn=f"a:table/{table}", dag_id=dag_id, run_id=run_id, map_index=map_index)

    assert name == validate_migration_id(name)
    assert len(execution_name(name, attempt)) <= EXECUTION_NAME_CHARS
    assert re.fullmatch(r"[0-9A-Za-z_-]+", execution_name(name, attempt))


@pytest.mark.parametrize("value", ["", "a b", "a.b", "x" * 76, None, 7, "a\n"])
def test_an_id_that_can_name_no_execution_is_refused(value: object) -> None:
    """The message says what to give instead."""
    with pytest.raises(InvalidInputError) as refused:
        validate_migration_id(value)

    assert (
        f"migration_id is {value!r}; it must be 1 to 75 characters of 0-9, a-z, A-Z, "
        "'-' and '_'. Leave it out for a new migration, or give the id that an earlier run logged."
        == str(refused.value)
    )


def test_an_execution_is_named_for_its_attempt() -> None:
    """Two digits at least, in the name and in the ARN made from the state machine's."""
    assert "m-a01" == execution_name("m", 1)
    assert "m-a120" == execution_name("m", 120)
    assert STATE_MACHINE.replace("stateMachine", "execution") + ":m-a01" == execution_arn(
        STATE_MACHINE, "m-a01"
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("my.table", "my-table"), ("...", "table"), ("abcdef", "abc")]
)
def test_a_slug_holds_only_what_an_execution_name_may(text: str, expected: str) -> None:
    """Other characters become '-'; nothing left becomes a word; too long is cut."""
    assert expected == slug(text, 3 if text == "abcdef" else 20)
