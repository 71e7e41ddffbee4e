"""Configurations of the example DAGs that are wrong, each in its last field."""

import copy
from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError
from tests.support.factories import TABLE

HUGE = 10**30
BEYOND = 10**400  # no float is as large
NAN, INFINITY = float("nan"), float("inf")
NOT_TRUE = ("true", "yes", 1, 0, 1.0, None, [], {})
NOT_COUNT = (-1, 1.0, 0.5, "1", None, True, [], {}, NAN)
NOT_OPTIONAL_COUNT = (0, -3, 2.0, "2", True, [1], 10_001, HUGE)
NOT_AMOUNT = (-1, "10", True, [], INFINITY, NAN, HUGE, BEYOND, 1e300, 1e-300)


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


def each(field: str, *wrong: Any, **right: Any) -> list[dict[str, Any]]:
    """Return configurations in which only this field is wrong."""
    return [{**right, field: value} for value in wrong]


# How people write it, and what they mean.
MISSPELT = {
    "dryrun": "dry_run",
    "Dry_Run": "dry_run",
    "dry-run": "dry_run",
    "dry run": "dry_run",
    "Approve": "approve",
    "aprove": "approve",
    "prewarn": "prewarm",
    "segment": "segments",
    "max_cost": "max_cost_usd",
    "maxConcurrency": "max_concurrency",
    "canary_lane": "canary_lanes",
    "Table": "table",
    "tables": "table",
    "table\n": "table",
    "transfrom": "transform",
    "migrationId": "migration_id",
    "param": "params",
    "verify_segment": "verify_segments",
}
UNKNOWN = ("", "of", "\u0430\u0440\u0440\u0433\u043e\u0432\u0435", "force", "stack_name", "wait")

MIGRATION: list[dict[str, Any]] = [
    {},
    *each("table", None, "", " ", "ab", "a" * 256, "orders!", "or ders", 5, 1.5, True),
    *each("table", ["orders"], {"name": "orders"}, "ord\u0435rs", "orders\n", " orders", "a\0bc"),
    *each("table", "\uff4frders", "orders\u200b", "o" * 500_000, "../orders", "*", "'; --"),
    *each("table", "arn:aws:dynamodb:us-east-1:123456789012:table/orders", "table/orders"),
    *each("table", "None", "null"),  # tables may have these names, but there are none
    *({"table": TABLE, name: True} for name in MISSPELT),
    *({"table": TABLE, name: True} for name in UNKNOWN),
    *each("segments", 0, -1, 1.0, 100.0, 1.5, "100", True, [], {}, 1_000_001, HUGE, table=TABLE),
    *each("segments", NAN, INFINITY, "", "all", table=TABLE),
    *each("max_concurrency", 0, 10_001, 5.0, "5", False, HUGE, table=TABLE),
    *each("canary_lanes", *NOT_COUNT, 10_001, HUGE, table=TABLE),
    *each("sample_segments", *NOT_OPTIONAL_COUNT, table=TABLE),
    *each("verify_segments", *NOT_OPTIONAL_COUNT, table=TABLE),
    *each("max_left", *NOT_COUNT, 0.0, HUGE, BEYOND, table=TABLE),
    *each("max_quarantined", -1, 1.5, 100.0, "1", None, True, [], NAN, HUGE, BEYOND, table=TABLE),
    *each("prewarm_rcu", 0, 1.5, 1.0, HUGE, True, None, "12000", NAN, table=TABLE),
    *each("prewarm_wcu", 0, -5, 4_000.0, HUGE, "4000", None, [], table=TABLE),
    *each("max_quarantined_percentage", 101, -1, "5", None, True, NAN, 1e-300, table=TABLE),
    *each("tolerated_failure_percentage", 101, -0.1, "0", None, HUGE, NAN, table=TABLE),
    *each("max_cost_usd", *NOT_AMOUNT, table=TABLE),
    *each("write_units_per_second", *NOT_AMOUNT, "all", table=TABLE),
    *each("read_units_per_second", *NOT_AMOUNT, {}, table=TABLE),
    *(
        conf
        for name in ("dry_run", "approve", "prewarm", "verify", "once", "show_values")
        for conf in each(name, *NOT_TRUE, table=TABLE)
    ),
    *each("canary_approve", *NOT_TRUE, table=TABLE),
    *each("single_writer_region", *NOT_TRUE, table=TABLE),
    *each("hold_while", None, "latency", 5, {}, [5], [""], [["a"]], ["a"] * 11, table=TABLE),
    *each("hold_while", [" "], ["a\nb"], ["arn:aws:sqs:x"], ["x" * 2_000], table=TABLE),
    *each("windows", "22:00-06:00 UTC", 5, True, {}, [5], [""], [["a"]], table=TABLE),
    *each("windows", ["22:00-06:00"], ["06:00-06:00 UTC"], ["25:00-06:00 UTC"], table=TABLE),
    *each("windows", ["22:00-06:00 Europe/Berlim"], ["22:00-06:00 Mon-Fry UTC"], table=TABLE),
    *each("windows", ["22:00-06:00 ../../etc/passwd"], ["22:00-06:00 localtime"], table=TABLE),
    *each("windows", ["22:00-06:00 UTC\0"], ["x" * 2_000], ["22:00-06:00 UTC"] * 21, table=TABLE),
    *each("healthy_for", 0, -1, 1_801, "300", None, True, [], NAN, HUGE, table=TABLE),
    *each("transform", "", " ", "\n", None, 5, ["a"], {}, "x" * 500_000, table=TABLE),
    *each("transform", "../x", "/etc/passwd", "os.path", "a/b", "add updated", table=TABLE),
    *each("transform", "add_updated_at.py", "Add_Updated_At", "\ud800", "None", table=TABLE),
    *each("transform", "\u0430dd_updated_at", "add_updated_at\n", table=TABLE),
    *each("params", None, "a=b", "{}", [], 5, True, table=TABLE),
    *each(
        "params",
        {"a": "x" * 500_000},
        {"a": NAN},
        {"a": [INFINITY]},
        nested(33),
        nested(2_000),
        table=TABLE,
    ),
    *each("backup", "always", "", None, "AUTO", "auto ", "none", True, [], table=TABLE),
    *each("migration_id", "None", "null", "none", "a b", "", " ", "m" * 66, 5, table=TABLE),
    *each("migration_id", "m\n", "a/b", "m.1", "\u043c-1", [], True, table=TABLE),
]
FOLLOW_UP = [
    {},
    *each("migration_id", None, "", "None", "null", "a b", "a/b", "m" * 66, 5, True, "m\n", []),
    *each("migration_id", "never-was"),
    *({"migration_id": "m-1", name: 1} for name in ("table", "segments", "dry_run", "migrationId")),
    *each("max_quarantined", -1, 1.5, None, NAN, migration_id="m-1"),
    *each("prewarm_wcu", 0, 1.0, HUGE, migration_id="m-1"),
    *each("prewarm", "true", 1, None, migration_id="m-1"),
    *each("write_units_per_second", -1, "9", NAN, BEYOND, migration_id="m-1"),
    *each("max_concurrency", 0, 5.0, migration_id="m-1"),
]
MANY = [
    {},
    *each("tables", None, [], "orders", {}, [5], [None], ["ab"], ["orders"] * 101),
    *each("tables", ["orders", "orders"], [{}], [{"segments": 1}]),
    *({"tables": [{"table": "orders", name: 1}]} for name in ("segment", "prewarm", "transform")),
    *each("max_parallel_tables", 0, 1.0, "3", None, 101, tables=["orders"]),
    *({"tables": ["orders"], name: True} for name in ("table", "dry_run", "stop_on_fail")),
]
CASES = [
    *(("ddb_migration", "plan", conf) for conf in MIGRATION),
    *(
        (f"ddb_migration_{verb}", "prewarm", conf)
        for verb in ("undo", "replay")
        for conf in FOLLOW_UP
    ),
    *(("ddb_migration_many", "plan", conf) for conf in MANY),
]


def refused_by_rest(fields: Mapping[str, Param] | ParamsDict, conf: dict[str, Any]) -> str:
    """Validate as the trigger endpoint does: a DAG's params against their JSON schemas."""
    params = copy.deepcopy(fields if isinstance(fields, ParamsDict) else ParamsDict(fields))
    try:
        params.update(conf)
        params.validate()
    except (ParamValidationError, RecursionError) as exc:
        return str(exc)
    return ""


def wrong_field(fields: Mapping[str, Any], conf: dict[str, Any]) -> str:
    """Return the field that is wrong: the last one, or the required one, which comes first."""
    return next(reversed(conf), next(iter(fields)))
