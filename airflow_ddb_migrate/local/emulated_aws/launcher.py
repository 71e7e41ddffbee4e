"""Starts ministack behind a gate, and fills two gaps.

ministack 1.5.33 ignores ``MaxConcurrencyPath`` and ``ToleratedFailurePercentagePath`` of a
Distributed Map. The shim resolves both from the map's input, as AWS does, and caps the concurrency
at ``DDB_MIGRATE_LOCAL_CONCURRENCY``, so that a laptop does not run 100 Lambdas at once. It has no
auto scaling, which moto adds. Nothing else in the emulator is changed, and the state machine is the
one that runs on AWS.
"""

import os
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from airflow_ddb_migrate.local.emulated_aws.autoscaling import WithAutoScaling
from airflow_ddb_migrate.local.emulated_aws.gate import Gate

_CAP = int(os.environ.get("DDB_MIGRATE_LOCAL_CONCURRENCY", "4"))
_PATHS = ("MaxConcurrency", "ToleratedFailurePercentage")
_run_distributed_map = stepfunctions._run_distributed_map  # noqa: SLF001 # the shim wraps this


def _with_paths(  # noqa: PLR0913  # the emulator's signature
    state: dict[str, Any], raw: Any, effective: Any, iterator: Any, execution: Any, ctx: Any
) -> Any:
    state = dict(state)
    for name in _PATHS:
        path = state.pop(f"{name}Path", None)
        if path:
            state[name] = stepfunctions._resolve_path_or_ctx(path, effective, ctx)  # noqa: SLF001
    state["MaxConcurrency"] = min(int(state.get("MaxConcurrency") or _CAP), _CAP)
    return _run_distributed_map(state, raw, effective, iterator, execution, ctx)


def _is_issued(access_key: str) -> bool:
    """Return whether the emulator issued this access key id to a user or a role's session."""
    from ministack.core.iam_evaluator import find_iam_access_key_account
    from ministack.services import sts

    return access_key in sts._sessions or bool(find_iam_access_key_account(access_key))  # noqa: SLF001


def main() -> None:
    """Run ministack with the shim behind the gate; the key is ``AWS_ACCESS_KEY_ID``."""
    app.app = Gate(WithAutoScaling(app.app), os.environ["AWS_ACCESS_KEY_ID"], _is_issued)
    if os.environ.get("DDB_MIGRATE_LOCAL_SHIM", "1") != "0":
        stepfunctions._run_distributed_map = _with_paths  # noqa: SLF001
    app.main()


if __name__ == "__main__":
    main()
