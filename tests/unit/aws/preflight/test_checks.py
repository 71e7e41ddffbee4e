"""What must be true before anything is touched, in the words a person sees."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.preflight import checks
from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.services.tables import describe_table, table_from
from airflow_ddb_migrate.aws.site import Identity, open_site
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    AwsRequestError,
    CredentialsError,
    InvalidInputError,
    LeaseHeldError,
    MigrationError,
    StackNotFoundError,
    TableNotFoundError,
    TableNotReadyError,
    TransformError,
)
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)
from tests.support.factories import MIGRATION, NOW, TABLE, at, client_error, data_table, stack
from tests.support.worlds.site_world import OTHER, SiteWorld

TRANSFORM = "add_updated_at"


def message_of(error: type[MigrationError], call: Callable[[], object]) -> str:
    with pytest.raises(error) as refused:
        call()
    return str(refused.value)


def untouched(world: SiteWorld) -> bool:
    """Nothing is in the ledger, and nothing was started."""
    rows = world.service.scan(TableName="ledger")["Items"]
    return rows == [] and world.stepfunctions.executions == {}


def test_everything_in_order_is_the_transforms_hash(world: SiteWorld) -> None:
    """Asked of the deployed Lambda; the check itself writes nothing."""
    assert "hash-1" == checks.check(at(world.site, NOW), TRANSFORM)
    assert [
        {"action": "describe", "transform": TRANSFORM, "table_name": TABLE}
    ] == world.lambda_.invoked
    assert untouched(world)


# The table


def test_a_misspelt_table_is_answered_with_similar_names(world: SiteWorld) -> None:
    """And with the region it was looked for in."""
    message = message_of(TableNotFoundError, lambda: describe_table(world.dynamodb, "ordres"))

    assert (
        "Table 'ordres' does not exist in us-east-1. Did you mean orders? "
        "Check the name, and the region of the Airflow connection." == message
    )


def test_a_missing_table_is_told_without_the_right_to_list(world: SiteWorld) -> None:
    """No suggestion, the same error."""

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "list_tables":
            raise client_error("AccessDeniedException", "ListTables")

    world.dynamodb.before = refuse

    message = message_of(TableNotFoundError, lambda: describe_table(world.dynamodb, "ordres"))
    assert "does not exist in us-east-1. Check the name" in message


@pytest.mark.parametrize("status", ["CREATING", "UPDATING", "ARCHIVED", "DELETING"])
@pytest.mark.parametrize(
    ("resource", "shown"), [("", "table orders"), ("by_origin", "index by_origin")]
)
def test_a_table_or_index_that_is_not_active_is_named(
    world: SiteWorld, status: str, resource: str, shown: str
) -> None:
    """With its status and what to do; nothing is touched."""
    table = replace(world.site.table, statuses={"": "ACTIVE", resource: status})
    site = replace(world.site, table=table)

    message = message_of(TableNotReadyError, lambda: checks.check(at(site, NOW), TRANSFORM))

    assert message.startswith(
        f"{shown} is {status}; table orders and all its indexes must be ACTIVE before"
    )
    assert untouched(world)


def test_a_table_without_a_billing_mode_is_provisioned(world: SiteWorld) -> None:
    """AWS leaves the summary out of tables that never changed their mode."""
    description = world.service.describe_table(TableName=TABLE)["Table"]
    del description["BillingModeSummary"]

    assert BillingMode.PROVISIONED is table_from(description).snapshot.billing_mode


def test_the_partition_key_comes_first(world: SiteWorld) -> None:
    """Whatever the order in the schema."""
    description = world.service.describe_table(TableName=TABLE)["Table"]
    description["KeySchema"] = [
        {"AttributeName": "s", "KeyType": "RANGE"},
        {"AttributeName": "p", "KeyType": "HASH"},
    ]

    assert ("p", "s") == table_from(description).key_names


def test_a_table_the_stack_may_not_touch_is_refused_with_the_command(world: SiteWorld) -> None:
    """The command that allows it, beside the tables that are allowed already."""
    site = world.site_for(MIGRATION, tables=("customers",))

    message = message_of(InvalidInputError, lambda: checks.check(at(site, NOW), TRANSFORM))

    assert (
        "Stack 'ddb-migrate' may migrate customers, not orders. Run: ddb-migrate deploy "
        "--stack-name ddb-migrate --table orders (the other tables stay)" == message
    )
    assert untouched(world)


# The transform


def test_an_unknown_transform_is_refused_with_what_there_is(world: SiteWorld) -> None:
    """And with the one that was probably meant; the Lambda is not asked."""
    message = message_of(TransformError, lambda: checks.check(at(world.site, NOW), "add_update_at"))

    assert (
        "Transform 'add_update_at' is not deployed in stack 'ddb-migrate'. Did you mean "
        "add_updated_at? Deployed transforms: add_updated_at. Add your own with ddb-migrate deploy "
        "--transforms DIR." == message
    )
    assert ([], True) == (world.lambda_.invoked, untouched(world))


def test_a_transform_that_raises_at_import_is_refused_in_the_lambdas_words(
    world: SiteWorld,
) -> None:
    """Before anything is started."""
    world.lambda_.answer = {"ok": False, "error": "Transform 'x' cannot be imported", "hash": ""}

    message = message_of(TransformError, world.start)
    assert ("Transform 'x' cannot be imported", True) == (message, untouched(world))


def test_a_lambda_that_fails_is_told(world: SiteWorld) -> None:
    """Out of memory at import, say."""
    world.lambda_.function_error = "Unhandled"
    world.lambda_.answer = {"errorMessage": "out of memory"}

    message = message_of(TransformError, lambda: checks.check(at(world.site, NOW), TRANSFORM))
    assert message.startswith(f"The Lambda gave no valid response about transform '{TRANSFORM}'")
    assert "out of memory" in message


# The lease


def test_a_held_table_is_refused_before_anything_is_written(world: SiteWorld) -> None:
    """By the check, and by taking the lease."""
    world.start()
    world.end()
    before = world.lease

    for step in (
        lambda site: checks.check(at(site, NOW), TRANSFORM),
        lambda site: take_lease(at(site, NOW)),
    ):
        with pytest.raises(LeaseHeldError):
            step(world.site_for(OTHER))
    assert before == world.lease


def test_a_holder_that_came_while_we_looked_is_taken_for_alive(world: SiteWorld) -> None:
    """Nobody asked yet whether its execution runs."""

    def come_between(name: str, arguments: dict[str, Any]) -> None:
        if name == "put_item":
            world.dynamodb.before = lambda name, arguments: None
            take_lease(at(world.site, NOW - 10 * LEASE_SECONDS))

    world.dynamodb.before = come_between

    message = message_of(LeaseHeldError, lambda: take_lease(at(world.site_for(OTHER), NOW)))
    assert "One migration of a table runs at a time" in message
    assert MIGRATION == world.lease.migration_id


# The stack


def outputs() -> dict[str, str]:
    """The outputs of the stack that the factory makes."""
    names = {f.name: "".join(w.title() for w in f.name.split("_")) for f in fields(Stack)}
    names["version"] = "PackageVersion"
    made = stack(tables=("orders", "customers"))
    values = {name: getattr(made, name) for name in names if name not in {"name", "region"}}
    return {
        names[name]: ",".join(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def opened(world: SiteWorld, **facts: Any) -> Any:
    identity = Identity(dag_id="dag", run_id="run", **facts.pop("identity", {}))
    known = {"table_name": TABLE, "stack_name": "ddb-migrate", "identity": identity}
    return open_site(world.site.clients, **{**known, **facts})


def test_a_site_is_found_by_table_and_stack(world: SiteWorld) -> None:
    """And named for the DAG run."""
    world.cloudformation.add("ddb-migrate", outputs())

    site = opened(world)

    assert stack(tables=("orders", "customers")) == site.stack
    assert world.site.table == site.table
    assert site.migration_id == opened(world).migration_id
    assert "mine" == opened(world, identity={"migration_id": "mine"}).migration_id


def test_a_stack_that_is_not_there_is_told_with_the_region(world: SiteWorld) -> None:
    """Not deployed, or elsewhere: the message has the command."""
    message = message_of(StackNotFoundError, lambda: opened(world))

    assert message.startswith("Stack 'ddb-migrate' is not deployed in us-east-1. Check stack name")
    assert "ddb-migrate deploy --stack-name ddb-migrate --region us-east-1" in message


@pytest.mark.parametrize(
    ("status", "left_out"), [("CREATE_IN_PROGRESS", "LedgerTable"), ("DELETE_FAILED", "")]
)
def test_a_stack_that_is_not_complete_is_not_used(
    world: SiteWorld, status: str, left_out: str
) -> None:
    """Its status and what is missing are told."""
    complete = outputs()
    complete.pop(left_out, None)
    world.cloudformation.add("ddb-migrate", complete, status)

    message = message_of(StackNotFoundError, lambda: opened(world))
    expected = f"its status is {status} and it lacks {left_out or 'nothing yet'}"
    assert expected in message


def test_a_bad_name_is_refused_before_any_call(world: SiteWorld) -> None:
    """Of the table or of the migration."""
    assert message_of(InvalidInputError, lambda: opened(world, table_name="")).startswith("table")
    assert [] == world.dynamodb.calls
    world.cloudformation.add("ddb-migrate", outputs())
    message = message_of(InvalidInputError, lambda: opened(world, identity={"migration_id": "a b"}))
    assert message.startswith("migration_id is 'a b'")


def test_a_client_is_made_when_it_is_first_used() -> None:
    """Once each, under boto3's name."""
    made: list[str] = []

    def make(service: str) -> str:
        made.append(service)
        return service

    clients = Clients(make)
    assert [] == made
    assert ("lambda", "lambda") == (clients.lambda_, clients.lambda_)
    assert ["lambda"] == made


# AWS's errors


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (client_error("AccessDeniedException"), AccessDeniedError, "Access denied: a:B on c."),
        (client_error("AccessDenied"), AccessDeniedError, "Access denied: a:B on c."),
        (client_error("ExpiredToken"), CredentialsError, "AWS does not accept the credentials"),
        (client_error("UnrecognizedClientException"), CredentialsError, "for a:B on c"),
        (NoCredentialsError(), CredentialsError, "a:B on c needs AWS credentials and a region"),
        (NoRegionError(), CredentialsError, "Set them in the Airflow connection"),
        (client_error("ThrottlingException"), AwsRequestError, "a:B on c failed with Throttling"),
        (EndpointConnectionError(endpoint_url="http://x"), AwsRequestError, "could not be reached"),
        (ReadTimeoutError(endpoint_url="http://x"), AwsRequestError, "a:B on c failed: Read"),
    ],
)
def test_whatever_aws_says_is_said_with_action_and_resource(
    raised: Exception, error: type[MigrationError], words: str
) -> None:
    """In words a person can act on; the code is kept."""

    def call() -> None:
        with aws_call("a:B", "c"):
            raise raised

    with pytest.raises(error) as refused:
        call()

    assert words in str(refused.value)
    code = raised.response["Error"]["Code"] if isinstance(raised, ClientError) else None
    assert code == refused.value.aws_code


def test_other_errors_pass_through() -> None:
    """Only AWS's are translated."""
    with pytest.raises(KeyError), aws_call("a:B", "c"):
        raise KeyError


def test_an_empty_table_is_no_bad_input(world: SiteWorld) -> None:
    """It passes every check like any other one."""
    data_table(world.service, "empty-table")
    site = replace(world.site, table=describe_table(world.service, "empty-table"))

    assert "hash-1" == checks.check(at(site, NOW), TRANSFORM)
