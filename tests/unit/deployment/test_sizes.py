"""How many tables one stack takes: to the character, as AWS counts them."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import ROLE_POLICIES_CHARS, STACK_PARAMETER_BYTES
from airflow_ddb_migrate.deployment.rendering import StackPlace
from airflow_ddb_migrate.deployment.sizes import require_fitting, role_policy_chars
from airflow_ddb_migrate.deployment.template import stack_template

PLACE = StackPlace("aws", "us-east-1", "123456789012", "ddb-migrate")
TEMPLATE = stack_template("0123456789abcdef")
ROLES = {"FunctionRole", "RestoreRole", "StateMachineRole"}


def given(tables: list[str]) -> dict[str, str]:
    return {
        "CodeKey": "code/1.zip",
        "Tables": ",".join(tables),
        "TableArns": ",".join(map(PLACE.table_arn, tables)),
    }


def named(count: int, chars: int) -> list[str]:
    """Return tables whose names have so many characters each."""
    return [f"{number:0{chars}}" for number in range(count)]


def test_every_role_is_counted() -> None:
    """A new one of the template would be, too."""
    assert role_policy_chars(TEMPLATE, given(["orders"]), PLACE).keys() == ROLES


def test_the_first_step_makes_no_roles() -> None:
    """It makes the bucket alone."""
    assert {} == role_policy_chars(TEMPLATE, {**given(["orders"]), "CodeKey": ""}, PLACE)


def test_a_table_costs_its_arn_once_to_migrate_and_twice_to_restore() -> None:
    """With quotes and a comma; the second is that of its indexes."""
    one, two = (role_policy_chars(TEMPLATE, given(named(n, 6)), PLACE) for n in (1, 2))
    arn = len(PLACE.table_arn("000000"))

    assert arn + 3 == two["FunctionRole"] - one["FunctionRole"]
    assert 2 * arn + 6 + len("/index/*") == two["RestoreRole"] - one["RestoreRole"]
    assert one["StateMachineRole"] == two["StateMachineRole"]


def test_policies_of_exactly_the_limit_are_taken_and_one_more_is_not() -> None:
    """Many tables with short names, so that the parameters are within theirs."""
    tables = named(80, 3)
    place = PLACE if _room(tables, PLACE) % 2 == 0 else replace(PLACE, stack_name="ddb-migrate2")
    for number in range(_room(tables, place) // 2):  # each name is there twice
        tables[number % 80] += "x"

    assert 0 == _room(tables, place)
    require_fitting(TEMPLATE, given(tables), place)
    tables[-1] += "x"
    with pytest.raises(InvalidInputError) as refused:
        require_fitting(TEMPLATE, given(tables), place)
    assert (
        "80 tables do not fit into one stack: the policies of its role RestoreRole would have "
        "10,242 characters; IAM allows 10,240. Name fewer tables (--drop-table removes one), "
        "allow every table of the account with --all-tables, or create a second stack for the "
        "others with another --stack-name. Nothing was changed."
    ) == str(refused.value)


def _room(tables: list[str], place: StackPlace) -> int:
    return ROLE_POLICIES_CHARS - role_policy_chars(TEMPLATE, given(tables), place)["RestoreRole"]


def test_a_parameter_of_exactly_the_limit_is_taken_and_one_more_is_not() -> None:
    """Short names, so that the policies are far from theirs."""
    tables = named(30, 60)
    room = STACK_PARAMETER_BYTES - len(given(tables)["TableArns"])
    tables[0] += "x" * room

    require_fitting(TEMPLATE, given(tables), PLACE)
    tables[0] += "x"
    with pytest.raises(
        InvalidInputError,
        match=r"^30 tables do not fit into one stack: the parameter TableArns would have 4,097 "
        r"bytes; CloudFormation allows 4,096\. Name fewer",
    ):
        require_fitting(TEMPLATE, given(tables), PLACE)


def test_another_parameter_is_named_too() -> None:
    """As of a folder with hundreds of transforms."""
    with pytest.raises(InvalidInputError, match=r"The parameter Transforms of the stack would"):
        require_fitting(TEMPLATE, {**given(["orders"]), "Transforms": "x" * 4_097}, PLACE)
