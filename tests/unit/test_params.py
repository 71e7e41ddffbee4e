"""The trigger forms: what is seen first, in which sections the rest is, and what is refused."""

import re
from itertools import groupby
from typing import Any

import pytest
from airflow.sdk import Param
from airflow_ddb_migrate.form.many import many_fields
from airflow_ddb_migrate.form.one import migration_fields
from airflow_ddb_migrate.params import about_params, many_params, migration_params

FORMS = {
    "migration": migration_params(),
    "undo": about_params("undo"),
    "replay": about_params("replay"),
    "many": many_params(),
}
FIRST = {
    "migration": ["table", "segments", "transform", "params", "dry_run", "prewarm"],
    "undo": ["migration_id", "prewarm"],
    "replay": ["migration_id", "prewarm"],
    "many": ["tables", "transform", "params", "prewarm", "approve", "max_cost_usd"],
}
MOST_FIRST, MOST_SECTIONS = 6, 6
FIELDS = [(form, name) for form, params in FORMS.items() for name in params]


def section(param: Param) -> str:
    return str(param.schema.get("section", ""))


def value_of(param: Param) -> Any:
    return param.value if param.has_value else None


def is_required(param: Param) -> bool:
    return not param.has_value and "null" not in param.schema["type"]


def spelled(value: object) -> str:
    """Write a default as a description does; of None it says what happens instead."""
    match value:
        case bool():
            return "on" if value else "off"
        case int() | float():
            return f"{value:,g}"
        case None:
            return ""
    return str(value)


@pytest.mark.parametrize("form", FORMS)
def test_a_few_fields_are_seen_first(form: str) -> None:
    """In an order of use; Airflow draws what has no section before all sections."""
    first = [name for name, param in FORMS[form].items() if not section(param)]

    assert FIRST[form] == first == list(FORMS[form])[: len(first)]
    assert len(first) <= MOST_FIRST


@pytest.mark.parametrize("form", FORMS)
def test_sections_are_few_and_in_one_piece(form: str) -> None:
    """Airflow draws a section where its first field stands."""
    sections = [name for name, _ in groupby(FORMS[form].values(), key=section) if name]

    assert 0 < len(sections) <= MOST_SECTIONS
    assert sorted(set(sections)) == sorted(sections)


def test_sections_of_a_migration() -> None:
    """In the order of the run, and of the example DAG's tasks."""
    sections = [name for name, _ in groupby(migration_params().values(), key=section) if name]

    assert ["Look first", "Safety", "Speed", "Capacity", "Afterwards", "Continue"] == sections


@pytest.mark.parametrize(("form", "name"), FIELDS)
def test_help_is_one_sentence_that_says_the_default(form: str, name: str) -> None:
    """Or that the field is required."""
    param = FORMS[form][name]
    description = param.description or ""

    assert ["."] == re.findall(r"[.!?](?=\s|$)", description)
    if is_required(param):
        assert description.endswith(" (required).")
    else:
        default = re.fullmatch(r".+ \(default: (.+)\)\.", description)
        assert default
        assert default[1] == (spelled(value_of(param)) or default[1])


@pytest.mark.parametrize(("form", "name"), FIELDS)
def test_a_field_accepts_its_default(form: str, name: str) -> None:
    """Only a required field has none."""
    param = FORMS[form][name]

    if is_required(param):
        assert name in {"table", "tables", "migration_id"}
    else:
        assert value_of(param) == param.resolve()


def test_every_field_has_a_place() -> None:
    """A field that no section names would be missing from its form."""
    assert {*migration_fields()} == {*migration_params()}
    assert {*many_fields()} == {*many_params()}


def test_a_form_is_made_anew() -> None:
    """A run leaves its values in its DAG's Params."""
    once, again = migration_params(), migration_params()

    assert [] == [name for name in once if once[name] is again[name]]


class TestMany:
    """The form of a DAG that migrates many tables."""

    def test_fields(self) -> None:
        """Those of one migration without the steps that such a DAG lacks, and three of its own."""
        lacks = {
            "table",
            "migration_id",
            "dry_run",
            "sample_segments",
            "canary_lanes",
            "canary_approve",
        }
        own = {"tables", "max_parallel_tables", "stop_on_failure"}

        assert {*migration_params()} - lacks | own == {*many_params()}

    def test_defaults(self) -> None:
        """Three tables at a time, and a failure leaves the others alone."""
        params = many_params()

        assert (3, False) == (
            params["max_parallel_tables"].value,
            params["stop_on_failure"].value,
        )

    @pytest.mark.parametrize(
        "tables",
        [
            ["orders"],
            ["orders", {"table": "flights"}],
            [
                {
                    "table": "orders",
                    "segments": 100,
                    "transform": "add_updated_at",
                    "params": {"attribute": "changed"},
                    "read_units_per_second": 0,
                    "write_units_per_second": 12.5,
                    "max_concurrency": 10_000,
                }
            ],
            [f"table_{number}" for number in range(100)],
        ],
        ids=["a name", "a name and an object", "all fields", "a hundred"],
    )
    def test_accepts(self, tables: list[object]) -> None:
        """Names, and objects with what is a table's own."""
        assert tables == many_params()["tables"].resolve(tables)

    @pytest.mark.parametrize(
        "tables",
        [
            [],
            "orders",
            {"table": "orders"},
            [5],
            [None],
            [["orders"]],
            ["a"],
            ["arn:aws:dynamodb:eu-west-1:1:table/orders"],
            [{}],
            [{"segments": 100}],
            [{"table": "a"}],
            [{"table": None}],
            [{"table": "orders", "segments": 0}],
            [{"table": "orders", "segments": "100"}],
            [{"table": "orders", "transform": ""}],
            [{"table": "orders", "params": []}],
            [{"table": "orders", "read_units_per_second": -1}],
            [{"table": "orders", "write_units_per_second": "1"}],
            [{"table": "orders", "max_concurrency": 10_001}],
            [{"table": "orders", "dry_run": True}],
            [{"table": "orders", "segmets": 100}],
            [f"table_{number}" for number in range(101)],
        ],
        ids=lambda tables: str(tables)[:50],
    )
    def test_refuses(self, tables: object) -> None:
        """A run of it is refused when it is triggered, before any table is touched."""
        assert None is many_params()["tables"].resolve(tables, suppress_exception=True)

    @pytest.mark.parametrize("count", [0, 101, 1.5, "3"])
    def test_refuses_tables_at_a_time(self, count: object) -> None:
        """1 to 100, a whole number."""
        param = many_params()["max_parallel_tables"]
        assert None is param.resolve(count, suppress_exception=True)
