"""What each status of a stack comes to, for both commands: a new one of AWS's fails here."""

from collections.abc import Callable

import boto3
import pytest
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.deployment.stack_status import (
    advice_after,
    require_deletable,
    require_deployable,
)

GOES_ON = ""
# Status: what deploy says of it, what destroy says of it.
EXPECTED = {
    "CREATE_IN_PROGRESS": ("it is being created", "it is being created"),
    "CREATE_FAILED": ("ddb-migrate destroy --stack-name s", GOES_ON),
    "CREATE_COMPLETE": (GOES_ON, GOES_ON),
    "ROLLBACK_IN_PROGRESS": ("a first deployment failed and is being", "is being rolled back"),
    "ROLLBACK_FAILED": ("ddb-migrate destroy --stack-name s", GOES_ON),
    "ROLLBACK_COMPLETE": (GOES_ON, GOES_ON),
    "DELETE_IN_PROGRESS": ("it is being deleted", GOES_ON),
    "DELETE_FAILED": ("could not be deleted.*ddb-migrate destroy --stack-name s", GOES_ON),
    "DELETE_COMPLETE": (GOES_ON, GOES_ON),
    "UPDATE_IN_PROGRESS": ("it is being updated", "it is being updated"),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": (
        "replaced resources are being deleted",
        "being deleted",
    ),
    "UPDATE_COMPLETE": (GOES_ON, GOES_ON),
    "UPDATE_FAILED": ("aws cloudformation rollback-stack --stack-name s", GOES_ON),
    "UPDATE_ROLLBACK_IN_PROGRESS": ("failed and is being rolled back", "is being rolled back"),
    "UPDATE_ROLLBACK_FAILED": ("continue-update-rollback --stack-name s", GOES_ON),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": ("was rolled back", "was rolled back"),
    "UPDATE_ROLLBACK_COMPLETE": (GOES_ON, GOES_ON),
    "REVIEW_IN_PROGRESS": (GOES_ON, GOES_ON),
    "IMPORT_IN_PROGRESS": ("are being imported", "are being imported"),
    "IMPORT_COMPLETE": (GOES_ON, GOES_ON),
    "IMPORT_ROLLBACK_IN_PROGRESS": ("an import of resources failed and is", "import of resources"),
    "IMPORT_ROLLBACK_FAILED": ("continue-update-rollback --stack-name s", GOES_ON),
    "IMPORT_ROLLBACK_COMPLETE": (GOES_ON, GOES_ON),
}
BOTH = ((require_deployable, "changed"), (require_deletable, "deleted"))


def test_every_status_that_cloudformation_knows_is_here() -> None:
    """By the service model of botocore."""
    model = boto3.client("cloudformation", region_name="us-east-1").meta.service_model

    assert set(model.shape_for("StackStatus").enum) == EXPECTED.keys()


@pytest.mark.parametrize("status", EXPECTED)
def test_a_status_is_gone_on_from_or_explained(status: str) -> None:
    """With its meaning, that nothing was done, and a command."""
    for (require, done), words in zip(BOTH, EXPECTED[status], strict=True):
        said = _refusal(require, status)
        if words == GOES_ON:
            assert "" == said
            continue
        assert said.startswith(f"Stack s is {status}: ")
        assert f". Nothing was {done}. " in said
        assert "--stack-name s" in said
        with pytest.raises(DeployError, match=words):
            require("s", status)


def test_a_status_of_later_is_no_reason_to_change_anything() -> None:
    """AWS adds some now and then."""
    assert "this version does not know that status" in _refusal(require_deployable, "X_COMPLETE")
    assert "" != _refusal(require_deletable, "X_IN_PROGRESS")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("DELETE_FAILED", "run again: ddb-migrate destroy --stack-name s"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name s"),
        ("ROLLBACK_COMPLETE", "Fix that and deploy again."),
        ("UPDATE_ROLLBACK_COMPLETE", "Fix that and deploy again."),
    ],
)
def test_the_end_of_an_operation_says_what_to_do(status: str, words: str) -> None:
    assert words in advice_after("s", status)


def _refusal(require: Callable[[str, str], None], status: str) -> str:
    try:
        require("s", status)
    except DeployError as error:
        return str(error)
    return ""
