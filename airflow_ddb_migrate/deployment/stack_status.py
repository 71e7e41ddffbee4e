"""The meaning of a stack's status: what it allows, and what to do if a stack is stuck."""

from typing import Final

from airflow_ddb_migrate.core.errors import DeployError

USABLE: Final = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",  # the last update failed, and everything is as it was before
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
# No stack, or a stack whose first change set was never executed.
ABSENT: Final = frozenset({"", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"})
# A first deployment failed and was rolled back: CloudFormation can only delete such a stack.
EMPTY: Final = "ROLLBACK_COMPLETE"

_DESTROY = "Run: ddb-migrate destroy --stack-name {name}, and then deploy again."
_ENDED_BADLY: Final = {
    "CREATE_FAILED": ("a first deployment failed, and its resources were left", _DESTROY),
    "ROLLBACK_FAILED": (
        "a first deployment failed, and not all of its resources could be deleted",
        _DESTROY,
    ),
    "DELETE_FAILED": (
        "a resource of it could not be deleted; its events say which one and why",
        f"Fix that. {_DESTROY}",
    ),
    "UPDATE_FAILED": (
        "an update failed, and its changes were left",
        "Roll it back: aws cloudformation rollback-stack --stack-name {name}. Then deploy again.",
    ),
    "UPDATE_ROLLBACK_FAILED": (
        "an update failed and could not be rolled back completely; its events say what and why",
        "Fix that, then: aws cloudformation continue-update-rollback --stack-name {name} (with "
        "--resources-to-skip for what cannot be fixed). Then deploy again.",
    ),
    "IMPORT_ROLLBACK_FAILED": (
        "an import of resources failed and could not be rolled back; its events say why",
        "Fix that, then: aws cloudformation continue-update-rollback --stack-name {name}. Then "
        "deploy again.",
    ),
}
_WAIT = (
    "Wait until that is over, then try again. To see its progress: aws cloudformation "
    "describe-stack-events --stack-name {name}"
)
_AT_WORK: Final = {
    "CREATE_IN_PROGRESS": "it is being created",
    "ROLLBACK_IN_PROGRESS": "a first deployment failed and is being rolled back",
    "DELETE_IN_PROGRESS": "it is being deleted",
    "UPDATE_IN_PROGRESS": "it is being updated",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": (
        "an update is done, and replaced resources are being deleted"
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": "an update failed and is being rolled back",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": (
        "an update failed and was rolled back, and its new resources are being deleted"
    ),
    "IMPORT_IN_PROGRESS": "resources are being imported into it",
    "IMPORT_ROLLBACK_IN_PROGRESS": "an import of resources failed and is being rolled back",
}


def require_deployable(stack_name: str, status: str) -> None:
    """Raise DeployError if a deployment would be refused, or a change is running."""
    if status not in USABLE | ABSENT | {EMPTY}:
        raise _refusal(stack_name, status, "changed")


def require_deletable(stack_name: str, status: str) -> None:
    """Raise DeployError if another change is running; a deletion can be repeated."""
    if status.endswith("_IN_PROGRESS") and status not in ABSENT | {"DELETE_IN_PROGRESS"}:
        raise _refusal(stack_name, status, "deleted")


def advice_after(stack_name: str, status: str) -> str:
    """Return what to do after an operation that ended with this status."""
    if status == "DELETE_FAILED":
        return f"Fix that, and run again: ddb-migrate destroy --stack-name {stack_name}"
    if status in _ENDED_BADLY:
        return _ENDED_BADLY[status][1].format(name=stack_name)
    return "Fix that and deploy again."


def meaning_and_advice(stack_name: str, status: str) -> tuple[str, str]:
    """Return what a status means in which a stack cannot be changed, and what to do."""
    meaning, todo = _ENDED_BADLY.get(status) or (
        _AT_WORK.get(status, "this version does not know that status"),
        _WAIT,
    )
    return meaning, todo.format(name=stack_name)


def _refusal(stack_name: str, status: str, done: str) -> DeployError:
    meaning, todo = meaning_and_advice(stack_name, status)
    return DeployError(f"Stack {stack_name} is {status}: {meaning}. Nothing was {done}. {todo}")
