"""Files for deployment by CDK, Terraform or a pipeline. Makes no request to AWS.

The same input gives the same bytes. The template does not depend on an account: it makes the ARNs
of the tables itself.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.bindings import bindings_of
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.names import validate_stack_name
from airflow_ddb_migrate.deployment.changeset import Say
from airflow_ddb_migrate.deployment.packaging import bundle as bundles
from airflow_ddb_migrate.deployment.packaging.bundle import Bundle
from airflow_ddb_migrate.deployment.packaging.runtime import lambda_runtime
from airflow_ddb_migrate.deployment.packaging.transform_check import check_transforms
from airflow_ddb_migrate.deployment.settings.settings import (
    NOTHING_ASKED,
    AskedSettings,
    StackSettings,
)
from airflow_ddb_migrate.deployment.sizes import require_fitting
from airflow_ddb_migrate.deployment.template import code_parameters, definition, stack_template

CHECKSUMS: Final = "SHA256SUMS"
_BODY_BYTES: Final = 51_200  # CloudFormation's limit of a template in a request
_PARAMETER: Final = r"(?m)^  {}:\n(?: {{4}}.*\n)+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """The files to write. ``code_bucket``: the bucket that will have ``code/``, if known.

    ``tables``: see ``Deployment``.
    """

    folder: Path
    stack_name: str
    tables: Sequence[str]
    transforms_dir: Path | None = None
    code_bucket: str = ""
    asked: AskedSettings = NOTHING_ASKED
    say: Say = print

    def write(self) -> list[str]:
        """Write the files; return their paths within the folder.

        Files of an earlier bundle are replaced.

        :raises InvalidInputError: the input is not valid; nothing was written.
        """
        self._check()
        place = self.asked.place(self.stack_name)
        settings = self.asked.over({}, place)
        bundle = self._bundle(settings.parameters["Architecture"])
        given = code_parameters(bundle)
        parameters = {**given, **settings.parameters}
        if not settings.names_roles:
            del parameters["RolePrefix"]
        if self.code_bucket:
            parameters["CodeBucket"] = self.code_bucket
        template = _of_any_account(bundle.code_hash, settings, bundle.bindings.tables)
        require_fitting(template, parameters, place)
        files = {
            given["CodeKey"]: bundle.content,
            given["DefinitionKey"]: definition(),
            "template.yaml": template.encode(),
            "parameters.json": _json_rows("ParameterKey", "ParameterValue", parameters),
            "tags.json": _json_rows("Key", "Value", {**settings.tags, TAG: self.stack_name}),
        }
        _replace(self.folder, files)
        return [*files, CHECKSUMS]

    def _bundle(self, architecture: str) -> Bundle:
        bindings = bindings_of(self.tables)
        runtime = lambda_runtime(architecture)
        bundle = bundles.build(self.transforms_dir, runtime, bindings=bindings)
        checked = check_transforms(bundle)
        for line in (*bundle.notes, checked.unchecked, bundle.unnamed(checked.deleting)):
            if line:
                self.say(line)
        return bundle

    def _check(self) -> None:
        validate_stack_name(self.stack_name)
        if not self.tables:
            raise InvalidInputError(
                "Which tables may be migrated? Name each with --table TABLE, or allow every table "
                "of the account with --all-tables."
            )
        bindings_of(self.tables)
        _require_own(self.folder)


def _of_any_account(code_hash: str, settings: StackSettings, tables: Sequence[str]) -> str:
    """Return the template with the tables in it instead of a parameter with their ARNs."""
    template = stack_template(code_hash + settings.version, names_roles=settings.names_roles)
    arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table"
    arns = ", ".join(f'!Sub "{arn}/{table}"' for table in tables)
    text = _without("TableArns", template).replace("!Ref TableArns", f"[{arns}]")
    text = text if settings.names_roles else _without("RolePrefix", text)
    if (size := len(text.encode())) > _BODY_BYTES:
        raise InvalidInputError(
            f"{len(tables)} tables make a template of {size:,} bytes; CloudFormation allows "
            f"{_BODY_BYTES:,}. Name fewer tables, or allow every table with --all-tables. Nothing "
            "was written."
        )
    return text


def _without(parameter: str, template: str) -> str:
    return re.sub(_PARAMETER.format(parameter), "", template)


def _json_rows(key: str, value: str, rows: Mapping[str, str]) -> bytes:
    """Return rows in the form in which CloudFormation's command line reads them from a file."""
    found = [{key: name, value: rows[name]} for name in sorted(rows)]
    return (json.dumps(found, indent=2) + "\n").encode()


def _require_own(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError(
            f"--output is {folder}, which is not a folder. Nothing was written."
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CHECKSUMS).is_file():
        raise InvalidInputError(
            f"--output {folder} has files that are not from an earlier bundle. Nothing was "
            "written. Give a new or empty folder."
        )


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files and their checksums; remove the files of an earlier bundle."""
    for name in _listed(folder):
        if name not in files:
            (folder / name).unlink(missing_ok=True)
    lines = []
    for name in sorted(files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
        lines.append(f"{sha256(files[name]).hexdigest()}  {name}\n")
    (folder / CHECKSUMS).write_text("".join(lines))


def _listed(folder: Path) -> list[str]:
    """Return the files that an earlier bundle's checksums name, within the folder."""
    sums = folder / CHECKSUMS
    lines = sums.read_text().splitlines() if sums.is_file() else []
    names = [line.partition("  ")[2] for line in lines]
    return [name for name in names if re.fullmatch(r"(code/)?\w[\w.-]*", name)]
