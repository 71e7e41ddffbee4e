"""The input for CloudFormation: the template, the state machine's definition, and parameters."""

import re

from airflow_ddb_migrate import resources
from airflow_ddb_migrate.core.version import __version__
from airflow_ddb_migrate.deployment.packaging.bundle import Bundle, short_hash


def stack_template(version: str, *, names_roles: bool = False) -> str:
    """Return the template, with a new logical id of the Lambda version for what to publish.

    CloudFormation requires CAPABILITY_NAMED_IAM if a role can have a name, used or not.
    """
    text = (resources.folder("deploy") / "template.yaml").read_text()
    text = re.sub(r"\bFunctionVersion\b(?!Arn)", f"FunctionVersion{version}", text)
    return text if names_roles else re.sub(r"(?m)^ +RoleName: .*\n", "", text)


def definition() -> bytes:
    """Return the state machine's definition with its placeholders."""
    return (resources.folder("deploy") / "state_machine.asl.json").read_bytes()


def code_parameters(bundle: Bundle) -> dict[str, str]:
    """Return the parameters that are the same in every account."""
    return {
        "CodeKey": f"code/{bundle.code_hash}.zip",
        "CodeHash": bundle.code_hash,
        "CodeSha256": bundle.sha256,
        "DefinitionKey": f"code/{short_hash({'': definition()})}.asl.json",
        "Tables": ",".join(bundle.bindings.tables),
        "Transforms": ",".join(bundle.transforms),
        "PackageVersion": __version__,
    }
