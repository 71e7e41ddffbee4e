"""Which of the user's transforms a stack has. They are dropped only by name."""

import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.bindings import Bindings, bindings_of
from airflow_ddb_migrate.core.errors import DeployError, InvalidInputError, MigrationError
from airflow_ddb_migrate.deployment.packaging.bundle import our_transform_files, sha256_of
from airflow_ddb_migrate.deployment.packaging.deployed_part import (
    UserPart,
    read_bindings,
    read_part,
)


@dataclass(frozen=True, slots=True)
class DeployedTransforms:
    """The user's transforms in a stack, and the bindings of its tables.

    ``part``: their files; None if unknown, as ``bindings`` are then.
    """

    names: frozenset[str] = frozenset()
    part: UserPart | None = None
    bindings: Bindings | None = field(default_factory=Bindings)


def deployed_transforms(
    clients: Clients, outputs: Mapping[str, str], *, has_folder: bool, say: Callable[[str], None]
) -> DeployedTransforms:
    """Read the user's part of the deployed zip, which must have the deployed hash.

    :param outputs: the stack's outputs; empty if it does not exist.
    :param has_folder: --transforms was given: then the names are enough.
    :raises DeployError: the zip cannot be read, or is not the deployed one.
    """
    if not outputs.get("CodeHash"):
        return DeployedTransforms()
    try:
        content = _zip(clients.s3, outputs)
        part, bindings = read_part(content, our_transform_files()), read_bindings(content)
    except (MigrationError, zipfile.BadZipFile) as exc:
        names = own_transforms(outputs)
        if not has_folder and names:
            raise DeployError(
                f"The deployed transforms {', '.join(names)} cannot be kept: {exc} Nothing was "
                "changed. Give the folder that has them: --transforms DIR"
            ) from exc
        say(f"The deployed zip was not checked: {exc}")
        return DeployedTransforms(frozenset(names), bindings=None)
    if bindings is None:
        say(_UNBOUND)
        bindings = bindings_of(filter(None, outputs.get("Tables", "").split(",")))
    return DeployedTransforms(frozenset(part.files.transforms), part, bindings)


_UNBOUND = (
    "This stack was deployed before tables were bound to transforms. Now each of its tables is "
    "bound to every transform that does not delete. A transform that deletes has to be bound by "
    "its name: --table TABLE:delete_by_predicate"
)


def own_transforms(outputs: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of a stack's transforms that are not part of this package."""
    names = set(filter(None, outputs.get("Transforms", "").split(",")))
    return tuple(sorted(names - _shipped()))


def _zip(s3: Any, outputs: Mapping[str, str]) -> bytes:
    bucket, key = outputs["Bucket"], f"code/{outputs['CodeHash']}.zip"
    with aws_call("s3:GetObject", f"s3://{bucket}/{key}"):
        content = bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    if sha256_of(content) != outputs.get("CodeSha256"):
        raise DeployError(
            f"s3://{bucket}/{key} has SHA-256 {sha256_of(content)}; the deployed code has "
            f"{outputs.get('CodeSha256') or 'none on record'}."
        )
    return content


def _shipped() -> set[str]:
    names = (name.removeprefix("transforms/") for name in our_transform_files())
    return {name.removesuffix(".py") for name in names if not name.startswith("_")}


def judge_dropped(
    deployed: DeployedTransforms, drop: Collection[str], say: Callable[[str], None]
) -> None:
    """Print which transforms cannot be dropped because the stack does not have them.

    :raises InvalidInputError: one of them is part of this package.
    """
    for name in sorted(set(drop) - deployed.names):
        _require_not_shipped(name)
        say(f"--drop-transform {name}: the stack does not have this, so nothing is dropped.")


def kept_part(deployed: DeployedTransforms, drop: Collection[str]) -> UserPart:
    """Return the deployed transforms that a deployment without --transforms ships again."""
    return (deployed.part or UserPart()).without(drop)


def require_none_lost(
    deployed: DeployedTransforms, own: Collection[str], drop: Collection[str]
) -> None:
    """Raise InvalidInputError if a folder lacks transforms, or has some that are to be dropped.

    :param own: the user's transforms that are about to be deployed.
    """
    if both := sorted(set(own) & set(drop)):
        raise InvalidInputError(
            f"--drop-transform names {', '.join(both)}, but the folder of --transforms has it. "
            "Remove the file, or do not drop it."
        )
    if lost := sorted(deployed.names - set(own) - set(drop)):
        options = " ".join(f"--drop-transform {name}" for name in lost)
        raise InvalidInputError(
            "The folder of --transforms lacks these of your deployed transforms: "
            f"{', '.join(lost)}. Nothing was changed. Put them into the folder, or drop them by "
            f"name: {options}"
        )


def _require_not_shipped(name: str) -> None:
    if name in _shipped():
        raise InvalidInputError(
            f"--drop-transform {name}: this transform is part of the package and cannot be "
            "dropped. Only your own transforms can."
        )
