"""What the engine has proven: asked of the Lambda, kept in the ledger, said in words."""

import json
from typing import Any

import pytest
from airflow_ddb_migrate.aws.preflight.engine_proof import EngineProof, check_engine, known_proof
from airflow_ddb_migrate.core.errors import AccessDeniedError, AwsRequestError
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF
from tests.support.factories import client_error
from tests.support.worlds.site_world import SiteWorld

PROVEN = {"fast": True, "unproven": [], "differences": [], "repeated_key": "", "checked_at": 1.0}


def check(world: SiteWorld) -> EngineProof:
    return check_engine(world.site.clients, world.site.stack)


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (
            EngineProof(fast=True, unproven=(), differences=()),
            "Writer: conditional batches; the self-check found no difference to single requests.",
        ),
        (
            EngineProof(fast=True, unproven=("delete", "remove"), differences=("a: b", "c: d")),
            "Writer: conditional batches; single requests for delete, remove, which differ here "
            "(a: b; c: d).",
        ),
        (
            EngineProof(fast=False, unproven=(), differences=tuple("1234567")),
            "Writer: single conditional requests (batches are not proven here: 1; 2; 3; 4; 5).",
        ),
        (
            EngineProof(fast=False, unproven=(), differences=()),
            "Writer: single conditional requests (batches are not proven here: no self-check is "
            "on record).",
        ),
        (
            EngineProof(fast=True, unproven=(), differences=(), runtime="Lambda: Python 3."),
            "Writer: conditional batches; the self-check found no difference to single requests.\n"
            "Lambda: Python 3.",
        ),
    ],
    ids=["proven", "in part", "not", "unknown", "with its runtime"],
)
def test_words(proof: EngineProof, expected: str) -> None:
    """Which writer migrations use, and why not the fast one."""
    assert expected == proof.in_words()


def test_the_lambda_is_asked_to_check(world: SiteWorld) -> None:
    """The deployed version, which is the one that will write."""
    world.lambda_.answer = {**PROVEN, "unproven": ["delete"], "differences": ["gone: APPLIED"]}

    expected = EngineProof(fast=True, unproven=("delete",), differences=("gone: APPLIED",))
    assert expected == check(world)
    assert [{"action": "self-check"}] == world.lambda_.invoked


def test_the_lambda_says_what_it_runs_on(world: SiteWorld) -> None:
    """Which shortcuts past its botocore it takes, or why not."""
    runtime = {"python": "3.12.1", "botocore": "1.34.145", "protocol": "json"}
    world.lambda_.answer = {**PROVEN, "runtime": {**runtime, "shortcuts": {"reading pages": "x"}}}

    said = check(world).in_words().splitlines()

    assert "Lambda: Python 3.12.1, botocore 1.34.145, DynamoDB protocol json." in said[1]
    assert "reading pages (x)" in said[1]


def test_an_error_in_the_lambda_says_what_happens_until_then(world: SiteWorld) -> None:
    """Migrations go on, by single requests."""
    world.lambda_.answer = {"errorType": "KeyError", "errorMessage": "'BUCKET'"}
    world.lambda_.function_error = "Unhandled"

    with pytest.raises(AwsRequestError) as caught:
        check(world)

    arn = world.site.stack.function_arn
    assert (
        f"The Lambda {arn} could not run the self-check: {world.lambda_.answer}. Migrations use "
        "single conditional requests until ddb-migrate self-check succeeds."
    ) == str(caught.value)


def test_a_missing_permission_is_named(world: SiteWorld) -> None:
    """As everywhere: action and resource."""

    def refuse(**arguments: Any) -> None:
        raise client_error("AccessDeniedException")

    world.site.clients.lambda_ = type("Lambda", (), {"invoke": staticmethod(refuse)})()

    with pytest.raises(AccessDeniedError, match=r"lambda:InvokeFunction on arn:aws:lambda"):
        check(world)


@pytest.mark.parametrize("kept", [None, "{}"])
def test_nothing_on_record_proves_nothing(world: SiteWorld, kept: str | None) -> None:
    """A stack that was never checked uses the reference writer."""
    if kept:
        world.site.ledger.keep(ENGINE_PROOF, kept)

    assert EngineProof(fast=False, unproven=(), differences=()) == known_proof(world.site.ledger)


def test_the_last_result_is_on_record(world: SiteWorld) -> None:
    """As the Lambda keeps it; a later check takes its place."""
    for fast in (False, True):
        world.site.ledger.keep(ENGINE_PROOF, json.dumps({**PROVEN, "fast": fast}))

    assert EngineProof(fast=True, unproven=(), differences=()) == known_proof(world.site.ledger)
