"""What must have been done before a start, by the ledger alone."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.preflight.approvals import (
    note_answer,
    note_question,
    noted_approval,
    open_question,
)
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.approval import Approval, params_hash
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import ApprovalError, TransformError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.notes import BACKUP, PLAN
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import part_name
from tests.support.factories import MIGRATION
from tests.support.worlds.site_world import OTHER, SiteWorld

RUN, LATER, AT = "DAG d, run r", "DAG later, run l", "2031-01-01T00:00:00+00:00"
APPROVE = AuthorRules.of({"require": ["approve"]})


def plan(world: SiteWorld, **changes: Any) -> None:
    fields = {
        "transform": "add_updated_at",
        "transform_hash": "hash-1",
        "params_hash": params_hash({}),
        **changes,
    }
    text = ", ".join(f'"{name}": "{value}"' for name, value in fields.items())
    world.site.ledger.note(MIGRATION, PLAN, f"{{{text}}}")


def approve(world: SiteWorld, step: RequiredStep = RequiredStep.APPROVE, **changes: Any) -> None:
    """Let Ann ask and Bob approve."""
    question = Approval(step=step, run=RUN, asked_at=AT, requested_by="ann", two_people=True)
    asked = note_question(world.site, replace(question, **changes))
    note_answer(world.site, replace(asked, answer="approved", by="bob", by_id="bob", at=AT))


def start(world: SiteWorld, **changes: Any) -> Any:
    return world.start(**{"started_by": RUN, "limits": APPROVE, **changes})


def refused(world: SiteWorld, **changes: Any) -> str:
    before = dict(world.stepfunctions.executions)
    with pytest.raises((ApprovalError, TransformError)) as failed:
        start(world, **changes)
    assert before == world.stepfunctions.executions
    return str(failed.value)


@pytest.mark.parametrize(
    ("noted", "what"),
    [('{"require": ["audit"]}', "the step audit"), ('{"max_rows": 5}', "the rule max_rows")],
)
def test_what_this_version_does_not_know_starts_nothing(
    world: SiteWorld, noted: str, what: str
) -> None:
    """A later version noted it in the record; whether it is kept to is unknown here."""
    says = refused(world, limits=AuthorRules.from_json(noted))

    assert f"requires {what}, which this version does not know" in says


def test_what_was_approved_starts(world: SiteWorld) -> None:
    plan(world)
    approve(world)

    assert 1 == start(world).attempt


@pytest.mark.parametrize(
    "asking",
    [{"limits": APPROVE}, {"limits": AuthorRules(), "asked": ("approve",)}],
    ids=["the author", "the run"],
)
def test_without_a_note_nothing_starts(world: SiteWorld, asking: dict[str, Any]) -> None:
    """Whatever state a task was set to."""
    plan(world)

    assert "is not approved (approve): nobody was asked" in refused(world, **asking)


def test_a_plan_that_changed_is_asked_about_again(world: SiteWorld) -> None:
    plan(world)
    approve(world)
    plan(world, write_units_per_second="4000")

    assert "Clear the task of the step approve" in refused(world)
    approve(world)
    start(world)


def test_code_that_changed_is_planned_and_asked_about_again(world: SiteWorld) -> None:
    """Also where segments were migrated by the old code already."""
    plan(world)
    approve(world)
    start(world)
    world.lane(0)
    world.end(1, ExecutionStatus.FAILED)
    world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}

    words = refused(world)

    assert "bob approved transform hash-1 at" in words
    assert "hash-2 is deployed" in words
    assert 2 == start(world, limits=replace(APPROVE, allow_changed_transform=True)).attempt


@pytest.mark.parametrize(
    "changes", [{"params": {"older_than": "9999-12-31"}}, {"transform": "full_name"}]
)
def test_the_approved_parameters_are_the_ones_that_run(world: SiteWorld, changes: Any) -> None:
    """A result of the plan that somebody changed in Airflow is no way round."""
    plan(world)
    approve(world)
    world.site = world.site_for(MIGRATION, transforms=("add_updated_at", "full_name"))

    assert "the plan is for transform 'add_updated_at'" in refused(world, **changes)


def test_another_run_needs_an_approval_of_its_own(world: SiteWorld) -> None:
    plan(world)
    approve(world)

    assert "is for DAG d, run r, not for DAG d, run s" in refused(world, started_by="DAG d, run s")


def test_an_answer_counts_for_the_run_that_asked(world: SiteWorld) -> None:
    """Another one that asks about the same migration in between does not get it."""
    plan(world)
    approve(world, run="DAG d, run s")

    with pytest.raises(ApprovalError, match="DAG d, run s asked at"):
        open_question(world.site, RequiredStep.APPROVE, RUN)


def test_asking_again_takes_the_approval_back(world: SiteWorld) -> None:
    plan(world)
    approve(world)
    question = Approval(step=RequiredStep.APPROVE, run=RUN, asked_at=AT, two_people=True)
    note_question(world.site, question)

    assert "has not been answered" in refused(world)


def test_without_a_plan_there_is_nothing_to_approve(world: SiteWorld) -> None:
    with pytest.raises(ApprovalError, match="has no plan"):
        approve(world)
    assert noted_approval(world.site, RequiredStep.APPROVE) is None


def test_a_pass_without_writes_needs_no_approval(world: SiteWorld) -> None:
    world.start(started_by=RUN, limits=APPROVE, mode=Mode.DRY_RUN)


@pytest.mark.parametrize("step", ["backup", "dry_run", "canary"])
def test_a_step_that_is_missing(world: SiteWorld, step: str) -> None:
    words = refused(world, limits=AuthorRules.of({"require": [step]}))

    assert f"requires the step {step}, but the ledger has none" in words


def test_a_backup_that_is_none_does_not_count(world: SiteWorld) -> None:
    rules = AuthorRules.of({"require": ["backup"]})
    known = '"policy": "skip", "words": "", "arn": "", "name": ""'
    world.site.ledger.note(MIGRATION, BACKUP, f'{{"kind": "NONE", {known}}}')
    refused(world, limits=rules)
    world.site.ledger.note(MIGRATION, BACKUP, f'{{"kind": "PITR", {known}}}')

    start(world, limits=rules)


def test_a_dry_run_of_the_same_code_counts(world: SiteWorld) -> None:
    rules = AuthorRules.of({"require": ["dry_run"]})
    look = world.site_for(part_name(MIGRATION, "dry"))
    world.start(look, started_by=RUN, mode=Mode.DRY_RUN, of=MIGRATION)
    refused(world, limits=rules)
    look.ledger.attempt_ended(look.migration_id, 1, result=Outcome.SUCCEEDED, now=1)
    world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}
    refused(world, limits=rules)
    world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-1"}

    start(world, limits=rules)


def test_a_canary_and_its_approval(world: SiteWorld) -> None:
    """The rest needs both; a canary of all segments is none."""
    rules = AuthorRules.of({"require": ["canary_approve"]})
    plan(world)
    refused(world, limits=rules, sample_lanes=4)
    start(world, limits=rules, sample_lanes=1)
    (lane,) = world.site.ledger.latest_attempt(MIGRATION).scope
    world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)
    world.site.ledger.attempt_ended(MIGRATION, 1, result=Outcome.SUCCEEDED, now=1)

    assert "not approved (canary_approve)" in refused(world, limits=rules)
    approve(world, RequiredStep.CANARY_APPROVE)
    assert 2 == start(world, limits=rules).attempt


def migrated(world: SiteWorld) -> Site:
    """Let a migration end that needed an approval; returns where it can be undone or replayed."""
    plan(world)
    approve(world)
    start(world)
    for lane in range(4):
        world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)
    world.clock.advance(10_000)
    world.site.bucket.put(f"{QUARANTINE}/0/1", [{}])
    return world.site_for(OTHER)


def approve_about(site: Site) -> Approval:
    """Let somebody ask what is to be done about the migration, and Bob approve."""
    question = Approval(step=RequiredStep.APPROVE, run=LATER, asked_at=AT, two_people=True)
    asked = note_question(site, question, of=MIGRATION)
    note_answer(site, replace(asked, answer="approved", by="bob", at=AT))
    return asked


def test_an_undo_needs_the_approval_that_the_migration_needed(world: SiteWorld) -> None:
    """From a DAG without rules, and no more than that."""
    site = migrated(world)
    undo = {"mode": Mode.UNDO, "of": MIGRATION, "started_by": LATER}

    with pytest.raises(ApprovalError, match="nobody was asked"):
        world.start(site, **undo)
    asked = approve_about(site)
    world.start(site, **undo)
    assert "hash-1" == asked.transform_hash


UNUSABLE = [
    {"ok": False, "error": "ValueError: broken", "error_class": "TransformError"},
    {"ok": False, "error": "bind it by deploy", "error_class": "NotBoundError"},
]


@pytest.mark.parametrize("said", UNUSABLE, ids=["broken", "unbound"])
def test_an_undo_is_approved_without_a_usable_transform(world: SiteWorld, said: Any) -> None:
    """A bad transform is what it undoes: nobody has to deploy or bind it again for that."""
    site = migrated(world)
    good = world.lambda_.answer
    world.lambda_.answer = lambda event: said if event["transform"] else good

    asked = approve_about(site)

    assert "" == asked.transform_hash
    undo = {"mode": Mode.UNDO, "of": MIGRATION, "started_by": LATER}
    assert 1 == world.start(site, **undo).attempt


@pytest.mark.parametrize("said", UNUSABLE, ids=["broken", "unbound"])
def test_a_replay_is_not_approved_without_a_usable_transform(world: SiteWorld, said: Any) -> None:
    """What is deployed between question and start is what nobody has approved."""
    site = migrated(world)
    replay = {"mode": Mode.REPLAY, "of": MIGRATION, "started_by": LATER, "transform": ""}
    good, world.lambda_.answer = world.lambda_.answer, said
    approve_about(site)
    world.lambda_.answer = good

    with pytest.raises(
        ApprovalError, match=r"no usable transform was known.*Clear the task of the step"
    ):
        world.start(site, **replay)
    approve_about(site)
    assert 1 == world.start(site, **replay).attempt
