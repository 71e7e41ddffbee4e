"""Two people on a real Airflow, each signed in with a token of their own."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.aws.preflight.approvals import noted_approval
from airflow_ddb_migrate.core.approval.approval import Approval
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import MigrationError
from tests.e2e.test_airflow import items, loaded
from tests.support.worlds.airflow_site import ADMIN, OTHER_ADMIN, AirflowSite, DagRun

DAG, TABLE, ITEMS = "two_people", "agreed", 60


def as_user(run: DagRun, name: str) -> DagRun:
    """Return the same run for another user, who signs in."""
    airflow = replace(run.site.airflow, user=name, _token="")
    return replace(run, site=replace(run.site, airflow=airflow))


def approval(run: DagRun) -> Approval:
    noted = noted_approval(run.migration(TABLE), RequiredStep.APPROVE)
    assert noted is not None
    return noted


@pytest.mark.parametrize(
    "conf",
    [
        {"table": "payroll", "transform": "delete_by_predicate"},
        {"table": TABLE, "transform": "delete_by_predicate"},
        {"table": TABLE, "approve": False},
        {"table": TABLE, "max_cost_usd": 6},
        {"table": TABLE, "max_cost_usd": None},
    ],
    ids=str,
)
def test_a_configuration_beyond_the_rules_gets_no_run(airflow: AirflowSite, conf) -> None:
    """Airflow's REST refuses it, in words that name the field."""
    with pytest.raises(MigrationError, match="Invalid input for param "):
        airflow.trigger(conf, DAG)


def test_the_requester_alone_starts_nothing_and_another_person_does(airflow: AirflowSite) -> None:
    """Neither by an answer nor by marking the task; then somebody else approves."""
    before = loaded(airflow, TABLE, ITEMS)
    run = airflow.trigger({"table": TABLE, "segments": 2}, DAG)
    question = run.question("approve")["body"]

    run.answer("approve", "Approve")
    own = run.finish(), run.tasks(), approval(run)
    run.clear("approve")
    run.question("approve")
    run.mark("approve", "success")
    marked = run.finish(), run.tasks(), approval(run)
    untouched = items(airflow, TABLE)
    run.clear("approve")
    as_user(run, OTHER_ADMIN).answer("approve", "Approve")
    state, after, noted = run.finish(), items(airflow, TABLE), approval(run)

    assert question.startswith(f"**`{ADMIN}` asked for this. Someone else must approve it.**")
    assert ("failed", "failed", "upstream_failed") == (
        own[0],
        own[1]["approve"],
        own[1]["start"],
    )
    assert (ADMIN, ADMIN, "approved by the requester") == (
        own[2].requested_by,
        own[2].by,
        own[2].answer,
    )
    assert ("failed", "success", "failed") == (marked[0], marked[1]["approve"], marked[1]["start"])
    assert "" == marked[2].answer
    assert before == untouched
    assert ("success", OTHER_ADMIN, "approved") == (state, noted.by, noted.answer)
    assert [] == [key for key, item in after.items() if "updatedAt" not in item]
    site = run.migration(TABLE)
    record = site.ledger.required_migration(site.migration_id)
    assert AuthorRules.of(
        {
            "require": ["approve"],
            "tables": [TABLE],
            "transforms": ["add_updated_at"],
            "max_cost_usd": 5,
        }
    ) == AuthorRules.from_json(record.limits)
