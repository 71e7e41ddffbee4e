"""What is created for the questions: found by its name, recognised by its tag, and removed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError
from airflow_ddb_migrate.core.prove.price import SLOW_READ_UNITS, SLOW_WRITE_UNITS
from airflow_ddb_migrate.core.prove.scratch_names import TAG, ScratchNames

PATIENCE_SECONDS: Final = 300.0
POLICY_NAME: Final = "prove"
INDEX: Final = "by-group"

_POLL_SECONDS: Final = 2.0
_MISSING: Final = {
    "404",
    "NoSuchBucket",
    "NoSuchEntity",
    "NoSuchTagSet",
    "NotFound",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
}


@dataclass(slots=True)
class Scratch:
    """One prefix in one account. ``single`` are clients that never retry."""

    clients: Clients
    single: Clients
    names: ScratchNames
    clock: Clock = Clock()
    _account: str = field(default="", init=False)
    _made: set[str] = field(default_factory=set, init=False)

    @property
    def account(self) -> str:
        if not self._account:
            with aws_call("sts:GetCallerIdentity", "the caller"):
                self._account = str(self.clients.sts.get_caller_identity()["Account"])
        return self._account

    @property
    def region(self) -> str:
        return str(self.clients.dynamodb.meta.region_name)

    @property
    def bucket(self) -> str:
        return self.names.bucket(self.account)

    def arn(self, service: str, resource: str) -> str:
        partition = self.clients.dynamodb.meta.partition
        region = "" if service == "iam" else self.region
        return f"arn:{partition}:{service}:{region}:{self.account}:{resource}"

    @property
    def state_machine_arn(self) -> str:
        return self.arn("states", f"stateMachine:{self.names.others}")

    def require_ours(self) -> bool:
        """Return whether an earlier run has left anything with this prefix.

        :raises InvalidInputError: something has one of our names, but not our tag.
        """
        found = False
        for what, _, tags in self._parts():
            there = tags()
            if there is None:
                continue
            found = True
            if not self._is_ours(there):
                raise InvalidInputError(
                    f"{what} exists without the tag {TAG}={self.names.prefix}, so it was not "
                    "created by this command. Nothing was created. Use another --table-prefix."
                )
        return found

    def note_made(self, what: str) -> None:
        """Note that this run has created it: its tag may not be visible for some seconds."""
        self._made.add(what)

    def make_tables(self) -> None:
        """Create the three tables and wait until they are ACTIVE."""
        self._make_table(self.names.table, index=True)
        self._make_table(self.names.scan_table)
        self._make_table(self.names.slow_table, is_slow=True)
        for name in self.names.tables:
            self.await_active(name)

    def remove(self) -> tuple[str, ...]:
        """Remove everything with this prefix and our tag; return sentences on what could not be."""
        left = []
        for what, delete, tags in self._parts():
            try:
                found = tags()
                if found is not None and (self._is_ours(found) or what in self._made):
                    delete()
            except (MigrationError, ClientError, BotoCoreError) as exc:
                if _code(exc) not in _MISSING:
                    left.append(f"{what}: {exc}")
        return (*left, *self._not_gone())

    def await_active(self, table: str) -> None:
        """Wait until a table and its indexes are ACTIVE."""
        deadline = self.clock.now() + PATIENCE_SECONDS
        while not self._is_active(table):
            if self.clock.now() > deadline:
                raise MigrationError(f"Table {table} is not ACTIVE after {PATIENCE_SECONDS:.0f} s.")
            self.clock.sleep(_POLL_SECONDS)

    def _is_ours(self, tags: Mapping[str, str]) -> bool:
        return tags.get(TAG) == self.names.prefix

    def _is_active(self, table: str) -> bool:
        with aws_call("dynamodb:DescribeTable", f"table {table}"):
            answer = self.clients.dynamodb.describe_table(TableName=table)["Table"]
        rows = answer.get("GlobalSecondaryIndexes") or ()
        states = {answer["TableStatus"], *(row["IndexStatus"] for row in rows)}
        return states == {"ACTIVE"}

    def _make_table(self, name: str, *, index: bool = False, is_slow: bool = False) -> None:
        attributes = ["id", "group"] if index else ["id"]
        units = {"ReadCapacityUnits": SLOW_READ_UNITS, "WriteCapacityUnits": SLOW_WRITE_UNITS}
        own = {
            "IndexName": INDEX,
            "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        with aws_call("dynamodb:CreateTable", f"table {name}"):
            self.clients.dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[
                    {"AttributeName": each, "AttributeType": "S"} for each in attributes
                ],
                Tags=self.tag_rows("Key", "Value"),
                **({"GlobalSecondaryIndexes": [own]} if index else {}),
                **(
                    {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
                    if is_slow
                    else {"BillingMode": "PAY_PER_REQUEST"}
                ),
            )
        self.note_made(f"Table {name}")

    def tag_rows(self, key: str, value: str) -> list[dict[str, str]]:
        """Return our tag in the form that a service expects."""
        return [{key: TAG, value: self.names.prefix}]

    def _parts(
        self,
    ) -> Iterator[tuple[str, Callable[[], None], Callable[[], Mapping[str, str] | None]]]:
        """Yield what may exist, in the order in which it can be removed, with its tags."""
        name = self.names.others
        yield f"State machine {name}", self._delete_machine, self._machine_tags
        yield f"Lambda function {name}", self._delete_function, self._function_tags
        yield f"Role {name}", self._delete_role, self._role_tags
        yield f"Bucket {self.bucket}", self._delete_bucket, self._bucket_tags
        for table in self.names.tables:
            yield f"Table {table}", self._deleting(table), self._tags_of_table(table)

    def _not_gone(self) -> Iterator[str]:
        """Wait until the tables are deleted; yield those that are not."""
        deadline = self.clock.now() + PATIENCE_SECONDS
        for table in self.names.tables:
            while self._is_there(table):
                if self.clock.now() > deadline:
                    yield f"Table {table}: it is still being deleted."
                    break
                self.clock.sleep(_POLL_SECONDS)

    def _is_there(self, table: str) -> bool:
        """Return whether a table of ours still exists; False if that may not be asked."""
        try:
            found = self._tags_of_table(table)()
        except (MigrationError, BotoCoreError):
            return False
        return found is not None and (self._is_ours(found) or f"Table {table}" in self._made)

    def _tags_of_table(self, table: str) -> Callable[[], Mapping[str, str] | None]:
        arn = self.arn("dynamodb", f"table/{table}")

        def tags() -> Mapping[str, str] | None:
            def ask() -> Mapping[str, str]:
                self.clients.dynamodb.describe_table(TableName=table)
                answer = self.clients.dynamodb.list_tags_of_resource(ResourceArn=arn)
                return {row["Key"]: row["Value"] for row in answer.get("Tags") or ()}

            return _unless_missing("dynamodb:ListTagsOfResource", f"table {table}", ask)

        return tags

    def _deleting(self, table: str) -> Callable[[], None]:
        def delete() -> None:
            self.await_active(table)  # a table that is being created cannot be deleted
            self.clients.dynamodb.delete_table(TableName=table)

        return delete

    def _machine_tags(self) -> Mapping[str, str] | None:
        arn, client = self.state_machine_arn, self.clients.stepfunctions

        def ask() -> Mapping[str, str]:
            client.describe_state_machine(stateMachineArn=arn)
            rows = client.list_tags_for_resource(resourceArn=arn)["tags"]
            return {row["key"]: row["value"] for row in rows}

        return _unless_missing("states:DescribeStateMachine", arn, ask)

    def _delete_machine(self) -> None:
        self.clients.stepfunctions.delete_state_machine(stateMachineArn=self.state_machine_arn)

    def _function_tags(self) -> Mapping[str, str] | None:
        name, client = self.names.others, self.clients.lambda_

        def ask() -> Mapping[str, str]:
            return dict(client.get_function(FunctionName=name).get("Tags") or {})

        return _unless_missing("lambda:GetFunction", name, ask)

    def _delete_function(self) -> None:
        self.clients.lambda_.delete_function(FunctionName=self.names.others)

    def _role_tags(self) -> Mapping[str, str] | None:
        name, client = self.names.others, self.clients.iam

        def ask() -> Mapping[str, str]:
            rows = client.get_role(RoleName=name)["Role"].get("Tags") or ()
            return {row["Key"]: row["Value"] for row in rows}

        return _unless_missing("iam:GetRole", name, ask)

    def _delete_role(self) -> None:
        iam, name = self.clients.iam, self.names.others
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)

    def _bucket_tags(self) -> Mapping[str, str] | None:
        s3, bucket = self.clients.s3, self.bucket

        def is_there() -> Mapping[str, str]:
            s3.head_bucket(Bucket=bucket)
            return {}

        def ask() -> Mapping[str, str]:
            rows = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
            return {row["Key"]: row["Value"] for row in rows}

        found = _unless_missing("s3:ListBucket", bucket, is_there)
        return found if found is None else _unless_missing("s3:GetBucketTagging", bucket, ask) or {}

    def _delete_bucket(self) -> None:
        s3, bucket = self.clients.s3, self.bucket
        for row in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            s3.delete_object(Bucket=bucket, Key=row["Key"])
        s3.delete_bucket(Bucket=bucket)


def _unless_missing(
    action: str, resource: str, ask: Callable[[], Mapping[str, str]]
) -> Mapping[str, str] | None:
    """Return what ``ask`` finds; None if it does not exist."""
    with aws_call(action, resource):
        try:
            return ask()
        except ClientError as exc:
            if error_code(exc) in _MISSING:
                return None
            raise


def _code(exc: Exception) -> str:
    return error_code(exc) if isinstance(exc, ClientError) else str(getattr(exc, "aws_code", ""))
