"""A bundle that another tool deploys: with boto3 alone, as CDK, Terraform or a pipeline would."""

import json
from pathlib import Path
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import find_stack
from airflow_ddb_migrate.aws.services.stack_identity import our_stack
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.deployment.destroy import Removal
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator

STACK, BUCKET = "by-others", "artifacts-of-others"


def _rows(file: Path) -> list[dict[str, Any]]:
    return list(json.loads(file.read_text()))


def test_a_stack_that_another_tool_made_of_a_bundle_is_usable(
    emulator: Emulator, clients: Clients, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """Airflow finds it, the self-check passes, and ddb-migrate knows it for its own."""
    folder = tmp_path / "bundle"
    command = ["bundle", "--output", str(folder), "--stack-name", STACK, "--table", "orders"]
    assert 0 == main.main([*command, "--code-bucket", BUCKET])
    clients.s3.create_bucket(Bucket=BUCKET)
    for path in (folder / "code").iterdir():
        clients.s3.put_object(Bucket=BUCKET, Key=f"code/{path.name}", Body=path.read_bytes())

    clients.cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=(folder / "template.yaml").read_text(),
        Parameters=_rows(folder / "parameters.json"),
        Tags=_rows(folder / "tags.json"),
        Capabilities=["CAPABILITY_IAM"],
    )
    clients.cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    stack = find_stack(clients.cloudformation, STACK)
    assert (("orders",), True) == (stack.tables, stack.allows("orders"))
    assert stack.bucket not in {"", BUCKET}  # migrations have one of their own
    assert our_stack(clients.cloudformation, STACK)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    assert 0 == main.main(["self-check", "--stack-name", STACK])
    assert "found no difference to single requests" in capsys.readouterr().out

    removal = Removal(clients=clients, stack_name=STACK, say=lambda _: None, poll_seconds=0.1)
    assert removal.destroy(delete_data=True)
