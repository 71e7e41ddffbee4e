"""Bad input: what a person reads, and that nothing was touched by then."""

import pytest
from airflow_ddb_migrate import PrewarmTableOperator, StartDistributedMapMigrationOperator
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.aws import site
from airflow_ddb_migrate.aws.services import stack
from airflow_ddb_migrate.operators.base.task import MigrationTaskError
from tests.support.factories import LEDGER, TABLE, client_error
from tests.support.worlds.airflow_world import REFUSED, make_context, make_stack, table_world


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


@pytest.fixture(params=[PrewarmTableOperator, StartDistributedMapMigrationOperator])
def refused(request, world):
    """Run the operator, see it refuse and touch nothing; returns its error and message."""

    def run(expected=REFUSED, *, untouched=True, **arguments) -> str:
        known = {"table_name": TABLE, "total_segments": 4}
        before = world.dynamodb.scan(TableName=LEDGER)["Items"] if untouched else None
        with pytest.raises(expected) as caught:
            request.param(task_id="t", **{**known, **arguments}).execute(make_context())
        if untouched:
            assert before == world.dynamodb.scan(TableName=LEDGER)["Items"]
            assert [] == world.updates
        return str(caught.value)

    return run


class TestTable:
    def test_misspelt(self, refused):
        """A misspelt table is named, with the region that was looked in and a similar name."""
        assert (
            "Table 'order' does not exist in us-east-1. Did you mean orders? "
            "Check the name, and the region of the Airflow connection."
        ) == refused(table_name="order")

    def test_missing(self, refused):
        """A missing table that resembles none is only named."""
        assert refused(table_name="zzz").startswith(
            "Table 'zzz' does not exist in us-east-1. Check"
        )

    @pytest.mark.parametrize("name", [None, "", 5])
    def test_none(self, refused, name):
        """No table at all: the message shows how to give one."""
        message = refused(table_name=name)
        assert f"table is {name!r}; it must be the name of a DynamoDB table" in message

    def test_arn(self, refused):
        """An ARN is not taken for a name."""
        assert "Give the name, not an ARN." in refused(
            table_name="arn:aws:dynamodb:us-east-1:123456789012:table/orders"
        )

    def test_not_active(self, world, refused, monkeypatch):
        """What is not ACTIVE is named; a retry may help."""
        answer = world.dynamodb.describe_table(TableName=TABLE)
        answer["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] = "CREATING"
        monkeypatch.setattr(world.dynamodb, "describe_table", lambda **_: answer)
        assert (
            "index by_pk is CREATING; table orders and all its indexes must be ACTIVE before a "
            "migration starts. Wait for the change in progress, and try again."
        ) == refused(MigrationTaskError)

    def test_not_allowed_in_the_stack(self, world, refused):
        """A table that the stack may not touch: the command that allows it."""
        world.stack = make_stack(tables=("customers",))
        assert (
            "Stack 'ddb-migrate' may migrate customers, not orders. Run: ddb-migrate deploy "
            "--stack-name ddb-migrate --table orders (the other tables stay)"
        ) == refused()


class TestRequest:
    @pytest.mark.parametrize("segments", [1.5, "many", "100", True, 100.0])
    def test_segments_of_another_kind(self, refused, segments):
        """Segments must be a whole number, and the message shows what was given."""
        assert (
            f"segments is {segments!r} ({type(segments).__name__}); it must be a whole number from "
            '1 to 1,000,000, without quotes, as in {"table": "orders", "segments": 100}.'
        ) == refused(total_segments=segments)

    @pytest.mark.parametrize(
        ("segments", "shown"), [(0, "0"), (-1, "-1"), (1_000_001, "1,000,001")]
    )
    def test_segments_out_of_range(self, refused, segments, shown):
        """Segments must be from 1 to 1,000,000."""
        assert refused(total_segments=segments).startswith(
            f"segments is {shown}; DynamoDB scans a table in 1 to 1,000,000 segments."
        )

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"max_concurrency": 0}, "max_concurrency is 0; it must be a whole number from 1 to"),
            ({"max_concurrency": "5"}, "max_concurrency is '5'; it must be a whole number"),
            ({"tolerated_failure_percentage": 101}, "tolerated_failure_percentage is 101; it must"),
            ({"transform_params": "a=b"}, "params is 'a=b'; it must be a JSON object"),
            ({"migration_id": "a b"}, "migration_id is 'a b'; it must be 1 to 75 characters"),
        ],
        ids=str,
    )
    def test_others(self, refused, wrong, message):
        """Every other parameter is checked, too."""
        assert message in refused(**wrong)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"enabled": "yes"}, "prewarm is 'yes' (str); it must be true or false"),
            ({"read_units": 0}, "prewarm_rcu is 0; it must be a whole number of capacity units"),
            ({"write_units": "9"}, "prewarm_wcu is '9'; it must be a whole number of capacity"),
        ],
        ids=str,
    )
    def test_prewarm(self, world, wrong, message):
        """Prewarm's own parameters are checked before anything is touched."""
        with pytest.raises(REFUSED) as caught:
            PrewarmTableOperator(task_id="t", table_name=TABLE, **wrong).execute(make_context())
        assert str(caught.value).startswith(message)
        assert [] == world.updates


class TestTransform:
    def test_unknown(self, refused):
        """An unknown transform: a similar name, those that are there, and how to add one."""
        assert (
            "Transform 'add_update_at' is not deployed in stack 'ddb-migrate'. Did you mean "
            "add_updated_at? Deployed transforms: add_updated_at. Add your own with ddb-migrate "
            "deploy --transforms DIR."
        ) == refused(transform="add_update_at")

    def test_raises_at_import(self, world, refused, monkeypatch, tmp_path):
        """A transform that cannot be imported: its error, told by the Lambda's own code."""
        import transforms
        from ddb_transform.handler import answer_describe

        (tmp_path / "broken_for_test.py").write_text("import pandas_is_not_here\n")
        monkeypatch.setattr(transforms, "__path__", [*transforms.__path__, str(tmp_path)])
        world.stack = make_stack(transforms=("broken_for_test",))
        world.lambda_.answer = answer_describe({"transform": "broken_for_test"})
        message = refused(transform="broken_for_test")
        assert "broken_for_test" in message
        assert "pandas_is_not_here" in message


class TestStack:
    def test_not_deployed(self, refused, monkeypatch):
        """A stack that is not there, or elsewhere: where it was looked for, and what to do."""
        monkeypatch.setattr(site, "find_stack", stack.find_stack)
        assert (
            "Stack 'mine' is not deployed in us-east-1. Check stack name and region, or run: "
            "ddb-migrate deploy --stack-name mine --region us-east-1 --table TABLE"
        ) == refused(stack_name="mine")


class TestAccess:
    @pytest.mark.parametrize(
        ("operation", "action"),
        [("describe_table", "dynamodb:DescribeTable on table orders")],
    )
    def test_denied(self, world, refused, monkeypatch, operation, action):
        """Access denied names the action and on what, as in a policy."""

        def deny(**_):
            raise client_error("AccessDeniedException", message="User: me is not authorized")

        monkeypatch.setattr(world.dynamodb, operation, deny)
        assert (
            f"Access denied: {action}. Allow it for the credentials in use. "
            "AWS says: User: me is not authorized"
        ) == refused()

    def test_lambda_denied(self, world, refused, monkeypatch):
        """Also for what only the preflight calls."""

        def deny(**_):
            raise client_error("AccessDeniedException", message="no")

        monkeypatch.setattr(world.lambda_, "invoke", deny)
        assert refused().startswith(
            f"Access denied: lambda:InvokeFunction on {world.stack.function_arn}."
        )

    def test_start_denied(self, world, monkeypatch):
        """The execution that may not be started is the state machine's."""

        def deny(**_):
            raise client_error("AccessDeniedException", message="no")

        monkeypatch.setattr(world.stepfunctions, "start_execution", deny)
        operator = StartDistributedMapMigrationOperator(task_id="t", table_name=TABLE)
        with pytest.raises(AirflowFailException) as caught:
            operator.execute(make_context())
        assert str(caught.value).startswith(
            f"Access denied: states:StartExecution on {world.stack.state_machine_arn}."
        )


class TestCredentials:
    @pytest.fixture(autouse=True)
    def _nobody(self, monkeypatch, tmp_path):
        """A machine without any credentials, and a connection that has none either."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    def run(self, error=MigrationTaskError) -> str:
        operator = StartDistributedMapMigrationOperator(task_id="t", table_name=TABLE)
        with pytest.raises(error) as caught:
            operator.execute(make_context())
        return str(caught.value)

    def test_no_credentials(self):
        """Without credentials: what needed them, and where to set them. They may come back."""
        assert (
            "dynamodb:DescribeTable on table orders needs AWS credentials and a region: "
            "Unable to locate credentials. Set them in the Airflow connection (aws_default), "
            "or in the environment for the command line."
        ) == self.run()

    def test_no_region(self, monkeypatch):
        """Without a region the client cannot even be made."""
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        assert self.run(AirflowFailException).startswith(
            "Signing in for dynamodb on Airflow connection aws_default needs AWS credentials and "
            "a region: You must specify a region."
        )

    def test_expired(self, world, refused, monkeypatch):
        """Credentials that AWS does not accept are named as the cause."""

        def expired(**_):
            raise client_error("ExpiredTokenException", message="expired")

        monkeypatch.setattr(world.dynamodb, "describe_table", expired)
        assert "AWS does not accept the credentials for dynamodb:DescribeTable" in refused(
            MigrationTaskError
        )


def test_second_migration(world, refused):
    """While one migration of a table runs, another is refused, and the message names the first."""
    first = StartDistributedMapMigrationOperator(task_id="s", table_name=TABLE, total_segments=4)
    started = first.execute(make_context(run_id="first"))
    message = refused(MigrationTaskError)
    assert message.startswith(
        f"Table orders is held by migration {started['migration_id']}, whose execution "
        f"{started['execution_arn']} is running. One migration of a table runs at a time: wait "
        "for it, or stop it first. It was started by DAG d, run first at 2"
    )
