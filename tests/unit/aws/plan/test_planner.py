"""The plan against a table with all that can be around it: what is asked, refused, warned of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.notes import known_plan
from airflow_ddb_migrate.aws.plan.planner import PlanOptions, make_plan
from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.errors import (
    InvalidInputError,
    LeaseHeldError,
    MigrationError,
    StackOutdatedError,
    TableNotReadyError,
    TableUnusableError,
    TransformError,
)
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.lease import release
from airflow_ddb_migrate.core.limits import LAMBDA_MEMORY_MB
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.table_facts import IndexFacts
from airflow_ddb_migrate.core.version import __version__
from tests.support.factories import MIGRATION, NOW, REGION, STARTED_AT, TABLE, at, client_error
from tests.support.plans import GIB, KIB, sampled
from tests.support.worlds.airflow_world import finish_lanes
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of, start_request

OPEN = {"total_segments": None, "max_concurrency": None}
QUOTA = {
    f"{scope}Max{dimension}CapacityUnits": 40_000
    for scope in ("Account", "Table")
    for dimension in ("Read", "Write")
}


class Around:
    """moto's DynamoDB with some answers of a test's own: a value, or an exception."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.table: dict[str, Any] = {}
        self.answers: dict[str, Any] = {
            "describe_kinesis_streaming_destination": {},
            "describe_limits": QUOTA,
        }

    def __getattr__(self, name: str) -> Any:
        if name == "describe_table":
            return self._describe_table
        if name not in self.answers:
            return getattr(self.service, name)
        return lambda **_: self._answer(self.answers[name])

    def _answer(self, answer: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _describe_table(self, **arguments: Any) -> Any:
        answer = self.service.describe_table(**arguments)
        return {"Table": {**answer["Table"], **self.table}}


class PlanWorld:
    """A table of 1 GiB, of which the Lambda's sample changes everything."""

    def __init__(self, world: SiteWorld) -> None:
        self.world = world
        self.around = Around(world.service)
        world.dynamodb = self.around
        world.lambda_.sampled = {"ok": True, "error": "", **sampled().to_dict()}
        self.around.table = {"ItemCount": GIB // KIB, "TableSizeBytes": GIB}

    def plan(self, migration_id: str = MIGRATION, **fields: Any) -> MigrationPlan:
        options = PlanOptions(**{k: fields.pop(k) for k in _OPTIONS & fields.keys()})
        stack = fields.pop("stack", {})
        site = self.world.site_for(migration_id, **stack)
        site = replace(site, table=describe_table(self.around, TABLE))
        return make_plan(at(site, NOW), start_request(**{**OPEN, **fields}), options)

    def note(self) -> MigrationPlan | None:
        return known_plan(self.world.site.ledger, MIGRATION)

    def deny(self) -> None:
        """Nothing may be asked that is not needed."""
        names = (
            "describe_time_to_live",
            "describe_continuous_backups",
            "describe_kinesis_streaming_destination",
            "describe_limits",
        )
        refused = client_error("AccessDeniedException", message="no")
        self.around.answers |= dict.fromkeys(names, refused)

        def refuse(name: str) -> None:
            raise refused

        self.world.lambda_.before = refuse
        self.world.cloudwatch.before = refuse


_OPTIONS = {"prewarm", "warm_throughput", "budget_share", "max_cost_usd", "prices"}


@pytest.fixture
def place(world: SiteWorld) -> PlanWorld:
    return PlanWorld(world)


def refusal(error: type[MigrationError], call: Callable[[], object]) -> str:
    with pytest.raises(error) as refused:
        call()
    return str(refused.value)


def has(plan: MigrationPlan, words: str) -> bool:
    return any(words in warning for warning in plan.warnings)


# The plan


def test_a_plan_of_a_table_of_1_gib(place: PlanWorld) -> None:
    """On demand, idle: figures by the formulas, and everything known."""
    plan = place.plan()

    assert (8 + 8, 4, 9_600, 3_200) == (
        plan.total_segments,
        plan.max_concurrency,
        plan.read_units_per_second,
        plan.write_units_per_second,
    )
    assert (GIB // KIB, GIB, 1.0, 1) == (
        plan.load.items,
        plan.load.bytes,
        plan.load.changed_share,
        plan.load.writes_per_change,
    )
    assert (0.66, 1_024) == (round(plan.cost_usd["writes"], 2), plan.tariff.lambda_memory_mb)
    assert () == plan.unknown


def test_the_plan_is_in_the_ledger_and_nothing_else_is_touched(place: PlanWorld) -> None:
    """Where the start and everybody else finds it; without a plan there is none."""
    assert place.note() is None
    plan = place.plan()

    assert plan == place.note()
    assert ("tests", STARTED_AT) == (plan.planned_by, plan.planned_at_iso)
    assert "hash-1" == plan.transform_hash
    assert 1 == place.world.service.scan(TableName="ledger")["Count"]
    assert {} == place.world.stepfunctions.executions


def test_the_start_takes_what_it_left_open_from_the_plan(place: PlanWorld) -> None:
    """Segments, concurrency and budgets."""
    plan = place.plan()
    started = place.world.start(**OPEN)

    control = place.world.site.ledger.control(MIGRATION)
    assert control is not None
    assert plan.total_segments == started.lanes
    assert (plan.read_units_per_second, plan.write_units_per_second, plan.max_concurrency) == (
        control.read_units_per_second,
        control.write_units_per_second,
        control.sharers,
    )


def test_a_migration_that_was_started_keeps_its_segments_and_transform(place: PlanWorld) -> None:
    """A second plan before it goes on is about what is in the ledger."""
    place.world.start(total_segments=5, params={"a": 1})
    plan = place.plan(total_segments=9)

    assert 5 == plan.total_segments
    event = place.world.lambda_.invoked[-1]
    assert ({"a": 1}, STARTED_AT) == (event["params"], event["started_at"])


def test_the_lambda_looks_at_the_items(place: PlanWorld) -> None:
    """With the transform's parameters, the table's keys and segments of its size."""
    place.plan(params={"a": 1})

    assert {
        "action": "sample",
        "migration_id": MIGRATION,
        "transform": "add_updated_at",
        "params": {"a": 1},
        "started_at": STARTED_AT,
        "table_name": TABLE,
        "key_names": ["id"],
        "total_segments": 8,
    } == place.world.lambda_.invoked[-1]


def test_prewarm_is_part_of_the_plan(make_world: Callable[..., SiteWorld]) -> None:
    """The budget allows for it, and the difference is paid by the hour."""
    units = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 100}
    place = PlanWorld(make_world(BillingMode="PROVISIONED", ProvisionedThroughput=units))
    plan = place.plan(prewarm=CapacityUnits(100, 5_100), prices={"write_unit_hour": 0.001})

    assert 4_080 == plan.write_units_per_second
    assert 5 == pytest.approx(plan.tariff.hourly_difference)
    assert "write_unit_hour" in plan.tariff.prices.words


# Live traffic


def test_the_peak_of_a_day_lowers_the_budget(place: PlanWorld) -> None:
    """60,000 units in one minute are 1,000 a second."""
    place.world.cloudwatch.sums = {
        ("ConsumedWriteCapacityUnits", ""): [6_000, 60_000, 0],
        ("ConsumedReadCapacityUnits", ""): [120_001],
    }
    plan = place.plan()

    assert (8_000 - 0.8, 2_400) == (plan.read_units_per_second, plan.write_units_per_second)
    assert has(plan, "Live traffic peaked at 1,000 write units per second")
    asked = place.world.cloudwatch.asked[0]
    assert datetime.fromtimestamp(NOW, UTC) == asked["EndTime"]
    assert 24 * 3_600 == (asked["EndTime"] - asked["StartTime"]).total_seconds()
    assert {"Period": 60, "Stat": "Sum"}.items() <= asked["MetricDataQueries"][0][
        "MetricStat"
    ].items()


def test_a_table_that_is_used_up_gets_one_unit_and_a_loud_warning(place: PlanWorld) -> None:
    """It would take over a year at that: the plan of 1 GiB does not."""
    place.world.cloudwatch.sums = {("ConsumedWriteCapacityUnits", ""): [600_000]}
    plan = place.plan()

    assert 1 == plan.write_units_per_second
    assert plan.warnings[0].startswith("LIVE TRAFFIC USES EVERYTHING: table has 4,000 write")


def test_an_index_has_traffic_of_its_own(make_world: Callable[..., SiteWorld]) -> None:
    """It is asked for by name, and bounds the table's writes."""
    keys = [{"AttributeName": "day", "KeyType": "HASH"}]
    place = PlanWorld(
        make_world(
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("id", "day")
            ],
            GlobalSecondaryIndexes=[
                {"IndexName": "by_day", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
            ],
        )
    )
    place.world.cloudwatch.sums = {("ConsumedWriteCapacityUnits", "by_day"): [60_000]}
    plan = place.plan()

    assert (2_400, "index by_day", 2) == (
        plan.write_units_per_second,
        plan.seconds.bound_by,
        plan.load.writes_per_change,
    )
    assert has(plan, "Index by_day is written once per changed item: the transform changes ")


@pytest.mark.parametrize(
    ("row", "index"),
    [
        (
            {
                "IndexName": "near",
                "IndexStatus": "ACTIVE",
                "VectorAttribute": {"AttributeName": "embedding"},
                "SearchSchema": [
                    {"AttributeName": "tenant", "SearchSchemaElementType": "PARTITION_KEY"}
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]},
                "Dimensions": 256,
            },
            IndexFacts(
                name="near",
                key_names=("embedding", "tenant"),
                projected=("title",),
                is_vector=True,
            ),
        ),
        ({"IndexName": "bare"}, IndexFacts(name="bare", key_names=(), is_vector=True)),
    ],
)
def test_a_vector_index_is_known(place: PlanWorld, row: dict[str, Any], index: IndexFacts) -> None:
    """As far as DescribeTable tells of it; a field that is not there makes no trouble."""
    place.around.table |= {"VectorIndexes": [row]}

    assert index in place.plan().indexes


# What may not be asked


def test_what_is_denied_is_unknown_and_the_plan_goes_on(place: PlanWorld) -> None:
    """Each in words, with the permission to add."""
    place.around.table |= {
        "StreamSpecification": {"StreamEnabled": True},
        "LatestStreamArn": "arn:stream",
    }
    place.deny()
    plan = place.plan()

    text = "\n".join(plan.unknown)
    for action in (
        "dynamodb:DescribeTimeToLive",
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeKinesisStreamingDestination",
        "dynamodb:DescribeLimits",
        "lambda:ListEventSourceMappings",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionConfiguration",
        "cloudwatch:GetMetricData",
    ):
        assert action in text
    assert (8, LAMBDA_MEMORY_MB) == (len(plan.unknown), plan.tariff.lambda_memory_mb)
    assert all(row.startswith("unknown: ") for row in plan.unknown)


def test_a_sample_that_failed_for_aws_s_reasons_is_unknown(place: PlanWorld) -> None:
    """The plan then takes every item for changed."""
    place.world.lambda_.sampled = {"errorMessage": "throttled"}
    plan = place.plan()

    assert "unknown: what the transform does to the items (no sample)" in plan.unknown[0]
    assert 1.0 == plan.load.changed_share


def test_a_key_that_the_stack_does_not_know_is_warned_of(place: PlanWorld) -> None:
    """The worker would be refused at its first scan; one that was named is no news."""
    key = "arn:aws:kms:eu-central-1:111122223333:key/1"
    place.around.table |= {"SSEDescription": {"SSEType": "KMS", "KMSMasterKeyArn": key}}
    words = f"ddb-migrate deploy --table-kms-key {key}"

    assert any(warning.endswith(words) for warning in place.plan().warnings)
    known = place.plan(stack={"table_kms_keys": f"arn:another,{key}"})
    assert not any(words in warning for warning in known.warnings)


# What is refused


def test_a_key_that_cannot_be_used_is_refused(place: PlanWorld) -> None:
    """Also while DynamoDB still calls the table ACTIVE."""
    place.around.table |= {
        "SSEDescription": {
            "KMSMasterKeyArn": "arn:aws:kms:key/1",
            "InaccessibleEncryptionDateTime": "2023-11-14",
        },
    }
    assert (
        "Table orders is encrypted by arn:aws:kms:key/1, which DynamoDB cannot use since "
        "2023-11-14 (table status ACTIVE). "
    ) in refusal(TableUnusableError, place.plan)

    place.around.table = {"TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"}
    assert "a KMS key, which DynamoDB cannot use (" in refusal(TableUnusableError, place.plan)
    assert place.note() is None


def test_a_table_in_change_is_refused(place: PlanWorld) -> None:
    """As start does."""
    place.around.table |= {"TableStatus": "UPDATING"}

    assert "table orders is UPDATING" in refusal(TableNotReadyError, place.plan)


@pytest.mark.parametrize("version", ["0.1.0", "0.1.10", "", "0"])
def test_an_older_stack_is_refused(place: PlanWorld, version: str) -> None:
    """With the command that fixes it."""
    message = refusal(StackOutdatedError, lambda: place.plan(stack={"version": version}))

    assert f"was deployed by version {version}, which is older than this version" in message
    assert message.endswith(
        "Run: ddb-migrate deploy --stack-name ddb-migrate (its tables and transforms stay)"
    )
    assert [] == place.world.lambda_.invoked


@pytest.mark.parametrize("version", [__version__, f"{__version__}.dev1", "99.0"])
def test_a_stack_of_this_version_or_newer_will_do(place: PlanWorld, version: str) -> None:
    """What is newer knows all that this asks for."""
    assert place.plan(stack={"version": version})


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": False, "error": "Transform 'x' cannot be imported"},
        {"ok": True, **sampled(changed=0, errors={"Odd": 1_000}).to_dict()},
    ],
)
def test_a_transform_that_fails_is_refused(place: PlanWorld, answer: dict[str, Any]) -> None:
    """Not to be loaded, or good for no item that was looked at."""
    place.world.lambda_.sampled = answer

    message = refusal(TransformError, place.plan)
    assert "cannot be imported" in message or "fails for all of the 1,000 sampled items" in message
    assert place.note() is None


def test_a_held_table_is_refused_with_who_and_since_when(place: PlanWorld) -> None:
    """By the plan, and by everything else that wants the table."""
    place.world.start(place.world.site_for(OTHER), started_by="DAG nightly, run 7")
    message = refusal(LeaseHeldError, place.plan)

    assert f"Table orders is held by migration {OTHER}, whose execution" in message
    assert message.endswith(f"It was started by DAG nightly, run 7 at {STARTED_AT}.")
    assert message == refusal(
        LeaseHeldError, lambda: take_lease(at(place.world.site_for(MIGRATION), NOW))
    )


def test_a_holder_that_only_planned_is_known_by_its_plan(place: PlanWorld) -> None:
    """Between prewarm and start there is no record of it yet."""
    place.plan(OTHER, started_by="DAG nightly, run 7")
    take_lease(at(place.world.site_for(OTHER), NOW))

    assert f"It was planned by DAG nightly, run 7 at {STARTED_AT}." in refusal(
        LeaseHeldError, place.plan
    )


def test_a_plan_that_costs_too_much_is_refused(place: PlanWorld) -> None:
    """With the largest parts, and nothing in the ledger."""
    assert (
        "Table orders: the migration would cost $0.70 (writes $0.66, Lambda $0.02, reads $0.02; "
        "prices: us-east-1, November 2024); max_cost_usd is $0.50. Give a higher max_cost_usd, or "
        "let the transform change fewer items."
    ) == refusal(InvalidInputError, lambda: place.plan(max_cost_usd=0.5))
    rules = AuthorRules.of({"max_cost_usd": 0.5})
    assert (
        "is $0.50. Ask the DAG's author for a higher max_cost_usd (migration_params(max_cost_usd="
        "...)), or let the transform change fewer items."
    ) in refusal(InvalidInputError, lambda: place.plan(max_cost_usd=0.5, limits=rules))
    assert place.note() is None
    assert place.plan(max_cost_usd=0.8)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"budget_share": 0}, "budget_share is 0; it must be a number above 0 and at most 1"),
        ({"budget_share": True}, "budget_share is True"),
        ({"max_cost_usd": -1}, "max_cost_usd is -1; it must be a number of at least 0"),
        ({"prices": {"x": 1}}, "prices has 'x'"),
        ({"total_segments": 0}, "segments is 0"),
        ({"transform": ""}, "transform is ''"),
    ],
)
def test_bad_input_is_refused_before_anything_is_asked(
    place: PlanWorld, fields: dict[str, Any], words: str
) -> None:
    """Nothing was touched."""
    assert words in refusal(InvalidInputError, lambda: place.plan(**fields))
    assert ([], []) == (place.world.lambda_.invoked, place.world.cloudwatch.asked)


# What is warned of


def test_who_reads_the_changes_is_told(place: PlanWorld) -> None:
    """Functions of all pages, streams, and how many records each will get."""
    place.around.table |= {
        "StreamSpecification": {"StreamEnabled": True},
        "LatestStreamArn": "arn:stream",
    }
    place.world.lambda_.mappings = [
        {"FunctionArn": "arn:f1", "State": "Enabled"},
        {"FunctionArn": "arn:f2", "State": "Disabled"},
        {"FunctionArn": "arn:f3", "State": "Enabled"},
    ]
    place.around.answers["describe_kinesis_streaming_destination"] = {
        "KinesisDataStreamDestinations": [
            {"StreamArn": "arn:k1", "DestinationStatus": "ACTIVE"},
            {"StreamArn": "arn:k2", "DestinationStatus": "DISABLED"},
        ]
    }

    assert has(
        place.plan(), "each of its consumers (arn:f1, arn:f3, arn:k1) gets about 1,048,576 records"
    )


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"done": 1}, "TTL is on (attribute 'ttl')"),
        ({"ttl": 1}, "transform changes 'ttl', the"),
    ],
)
def test_a_ttl_is_told_and_whether_it_changes(
    place: PlanWorld, attributes: dict[str, int], words: str
) -> None:
    """A wrong one deletes items for good."""
    place.around.answers["describe_time_to_live"] = {
        "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    }
    place.world.lambda_.sampled = {"ok": True, **sampled(attributes=attributes).to_dict()}

    assert has(place.plan(), words)


def test_replicas_are_told_and_billed(place: PlanWorld) -> None:
    """The own region is none of them."""
    place.around.table |= {"Replicas": [{"RegionName": "eu-west-1"}, {"RegionName": REGION}]}
    plan = place.plan(single_writer_region=True)

    assert 2 == plan.load.regions
    assert has(plan, "The table has replicas in eu-west-1: each write is billed in 2 regions")


def test_what_protects_the_table_is_told_when_it_is_off(place: PlanWorld) -> None:
    """As it is in moto; nothing is said when it is on."""
    plan = place.plan()
    assert has(plan, "Point-in-time recovery is off")
    assert has(plan, "Deletion protection of the table is off")

    place.around.table |= {"DeletionProtectionEnabled": True}
    place.world.service.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    assert () == place.plan().warnings


# Behind a migration


def finish(world: SiteWorld) -> None:
    """Two hours of work on the table, at 2,000 write units per second."""
    world.clock.now = NOW - 3 * 3_600
    site = world.site_for(OTHER)
    world.start(site, total_segments=1)
    finish_lanes(site, range(1), now=world.clock())
    world.stepfunctions.end(arn_of(1, OTHER), ExecutionStatus.SUCCEEDED)
    world.clock.advance(2 * 3_600)
    tend(site)
    world.site.leases.change(site.table.key, lambda lease: release(lease, OTHER))
    world.clock.now = NOW


def test_a_migration_is_no_live_traffic(place: PlanWorld) -> None:
    """What an earlier one took in these hours does not lower the budget, and the plan says so."""
    finish(place.world)
    quiet, busy = [6_000.0] * 59, [120_000.0] * 122  # newest first
    place.world.cloudwatch.sums = {
        ("ConsumedWriteCapacityUnits", ""): [*quiet, *busy, *([12_000.0] * 60)]
    }
    plan = place.plan()

    assert 0.8 * (4_000 - 200) == plan.write_units_per_second
    assert has(
        plan, "Live traffic was measured without the 2.0 hours of the last 24 hours in which"
    )


def test_a_second_run_of_the_same_is_told(place: PlanWorld) -> None:
    """Or refused, where it is to be run once."""
    finish(place.world)

    assert has(place.plan(), "This was done before: the same transform with the same params")
    assert "once is true, and the same" in refusal(InvalidInputError, lambda: place.plan(once=True))


def test_a_plan_behind_its_own_prewarm_is_about_the_capacity_before(
    make_world: Callable[..., SiteWorld],
) -> None:
    """A cleared task comes to the same plan."""
    units = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 100}
    place = PlanWorld(make_world(BillingMode="PROVISIONED", ProvisionedThroughput=units))
    wanted = CapacityUnits(100, 5_100)
    first = place.plan(prewarm=wanted)
    prewarm(at(place.world.site, NOW), wanted, warm=False)

    assert first == place.plan(prewarm=wanted)


def test_a_table_that_was_just_loaded_is_measured(place: PlanWorld) -> None:
    """AWS counts nothing yet: a million items are found by looking at smaller segments."""
    place.around.table = {"ItemCount": 0, "TableSizeBytes": 0}
    place.world.lambda_.sampled = million
    plan = place.plan()

    assert [8, 128, 2_048, 32_768] == [
        event["total_segments"]
        for event in place.world.lambda_.invoked
        if event["action"] == "sample"
    ]
    assert 0.9e6 < plan.load.items < 1.1e6
    assert has(plan, "AWS counted 0 items, up to six hours ago; the sample found about 9")


def million(event: dict[str, Any]) -> dict[str, Any]:
    """What the Lambda finds in a table of a million items of 1 KiB."""
    each = 1_000_000 // event["total_segments"]
    shown = min(each, 100)
    pages = 8 if shown == 100 else 20
    fields = {"seen": pages * shown, "changed": 0, "bytes": pages * shown * KIB, "pages": pages}
    cut = {"cut_pages": pages if each > shown else 0, "total_segments": event["total_segments"]}
    return {"ok": True, "error": "", **sampled(**fields, **cut).to_dict()}
