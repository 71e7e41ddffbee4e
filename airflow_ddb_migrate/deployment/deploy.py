"""Deploy the stack: bundle, upload, change set, wait."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.preflight.engine_proof import check_engine
from airflow_ddb_migrate.aws.services.function import (
    check_code,
    describe_transform,
    function_role,
)
from airflow_ddb_migrate.aws.services.stack import (
    Stack,
    describe_stack,
    find_stack,
    stack_outputs,
    stack_parameters,
)
from airflow_ddb_migrate.aws.services.stack_identity import our_stack
from airflow_ddb_migrate.core.bindings import Bindings, bindings_of
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.core.names import validate_stack_name
from airflow_ddb_migrate.core.version import __version__
from airflow_ddb_migrate.deployment.changeset import Say, StackChange
from airflow_ddb_migrate.deployment.first_check import first_check
from airflow_ddb_migrate.deployment.keeping.bucket_policy import renew_policy
from airflow_ddb_migrate.deployment.keeping.in_use import (
    require_tables_free,
    require_transforms_unused,
)
from airflow_ddb_migrate.deployment.keeping.kept_data import (
    KeptData,
    find_kept,
    missing_of,
    note_bucket,
)
from airflow_ddb_migrate.deployment.keeping.table_set import (
    bindings_after,
    bindings_before,
    deployed_options,
)
from airflow_ddb_migrate.deployment.keeping.transform_set import (
    DeployedTransforms,
    deployed_transforms,
    judge_dropped,
    kept_part,
    require_none_lost,
)
from airflow_ddb_migrate.deployment.packaging import bundle as bundles
from airflow_ddb_migrate.deployment.packaging.bundle import Bundle
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime, lambda_runtime
from airflow_ddb_migrate.deployment.packaging.transform_check import check_transforms
from airflow_ddb_migrate.deployment.rendering import StackPlace, find_place
from airflow_ddb_migrate.deployment.role_policies import bucket_policy
from airflow_ddb_migrate.deployment.settings.keys import require_key_of
from airflow_ddb_migrate.deployment.settings.roles import require_unused_roles
from airflow_ddb_migrate.deployment.settings.settings import (
    NOTHING_ASKED,
    AskedSettings,
    StackSettings,
)
from airflow_ddb_migrate.deployment.sizes import require_fitting
from airflow_ddb_migrate.deployment.stack_status import ABSENT, EMPTY, require_deployable
from airflow_ddb_migrate.deployment.template import code_parameters, definition, stack_template
from airflow_ddb_migrate.deployment.upload import Uploader


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment. Tables are added to those of the existing stack.

    ``tables`` are in the form of ``--table``: ``orders`` is bound to every transform that does not
    delete, ``orders:full_name,other`` only to those two; ``*`` is every table. Without
    ``transforms_dir``, the user's deployed transforms stay. ``drop_tables`` and ``drop_transforms``
    are removed by name. ``republish``: publish a new version of the Lambda, even of code that was
    published before.
    """

    clients: Clients
    stack_name: str
    tables: Sequence[str] = ()
    drop_tables: Sequence[str] = ()
    transforms_dir: Path | None = None
    drop_transforms: Sequence[str] = ()
    say: Say = print
    poll_seconds: float = 3.0
    runtime: Runtime | None = None  # the template's by default
    republish: bool = False
    asked: AskedSettings = NOTHING_ASKED
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def deploy(self) -> Stack:
        """Deploy the stack; a second time changes nothing.

        :raises MigrationError: the input, the transforms, the permissions or the stack are wrong;
            the message says what. The stack stays as it was.
        """
        validate_stack_name(self.stack_name)
        for given, option in ((self.tables, "--table"), (self.drop_tables, "--drop-table")):
            bindings_of(given, option)
        before = our_stack(self.clients.cloudformation, self.stack_name) or {}
        require_deployable(self.stack_name, before.get("StackStatus", ""))
        settings = self._settings(before)
        kept = self._kept(before)
        require_key_of(kept.ledger, self.clients, settings)
        bundle = self._bundle(self.runtime or lambda_runtime(settings.parameters["Architecture"]))
        for name in bundle.replaced:
            self.say(f"Your transform {name} replaces the packaged one.")
        checked = check_transforms(bundle)
        is_other = bundle.code_hash != self._output("CodeHash")
        unnamed = bundle.unnamed(checked.deleting) if is_other else ""
        for line in (*bundle.notes, checked.unchecked, unnamed):
            if line:
                self.say(line)
        self._tell_difference("Transforms", bundle.transforms)
        parameters = {
            **self._parameters(bundle),
            **kept.parameters,
            **settings.parameters,
        }
        version = bundle.code_hash + parameters["Republished"].strip("-") + settings.version
        template = stack_template(version, names_roles=settings.names_roles)
        require_fitting(template, parameters, self._place)
        self._upload(parameters, bundle, bucket=self._bucket(kept, settings))
        is_new = self._change(settings).apply(template, parameters)
        if not is_new:
            self.say(f"Stack {self.stack_name}: nothing to change.")
        stack = find_stack(self.clients.cloudformation, self.stack_name)
        self._take_up(kept, stack, parameters)
        self._check_code(stack, bundle)
        self._check_engine(stack, is_new=is_new)
        if checked.unchecked:
            self._check_transforms(stack)
        return stack

    def _take_up(self, kept: KeptData, stack: Stack, parameters: Mapping[str, str]) -> None:
        """Update the ledger and bucket that a former stack left, before anything is called."""
        if kept.ledger:
            note_bucket(self.clients.dynamodb, KeptData(kept.ledger, stack.bucket))
        if not kept.bucket:
            return
        role = function_role(self.clients.lambda_, stack.function_arn)
        wanted = bucket_policy(parameters, self._place, bucket=kept.bucket, worker_role=role)
        if renew_policy(self.clients.s3, kept.bucket, wanted):
            self.say(f"Bucket {kept.bucket}: its policy now allows this stack's worker.")

    def _check_code(self, stack: Stack, bundle: Bundle) -> None:
        """Compare the deployed code with the code that was built here, before its first use."""
        for function in (stack.function_arn, f"{self.stack_name}-restore"):
            unknown = check_code(self.clients.lambda_, function, bundle.sha256)
            if unknown:
                self.say(unknown)

    def _check_engine(self, stack: Stack, *, is_new: bool) -> None:
        first_check(
            lambda: check_engine(self.clients, stack),
            self.say,
            is_new=is_new,
            clock=self.clock,
            sleep=self.sleep,
        )

    def _check_transforms(self, stack: Stack) -> None:
        """Let Lambda import what could not be imported here; raises TransformError if it fails."""
        for name in stack.transforms:
            describe_transform(self.clients.lambda_, stack.function_arn, name)

    def _settings(self, stack: Mapping[str, Any]) -> StackSettings:
        """Return the stack's settings, changed as requested.

        :raises DeployError: a role that executions use would be deleted.
        """
        settings = self.asked.over(stack, self._place)
        if stack and settings.replaces_roles(stack):
            require_unused_roles(self.clients, stack)
        for line in settings.differences(stack) if stack else ():
            self.say(line)
        return settings

    def _change(self, settings: StackSettings) -> StackChange:
        return StackChange(
            self.clients.cloudformation,
            self.stack_name,
            self.say,
            self.poll_seconds,
            settings,
        )

    def _bindings(self, deployed: DeployedTransforms) -> Bindings:
        """Return the stack's new bindings; a table that is still needed is not dropped."""
        tables = self._listed("Tables")
        before = bindings_before(
            deployed.bindings, tables, self.tables, self.drop_tables, self._options
        )
        after = bindings_after(
            before, self.tables, self.drop_tables, self.say, gone=self.drop_transforms
        )
        if set(tables) - set(after.tables):
            require_tables_free(
                self.clients, self._output("LedgerTable"), after=after.tables, clock=Clock()
            )
        return after

    def _options(self) -> str:
        """Return the options that repeat the deployed bindings."""
        return deployed_options(self.clients, stack_outputs(self._stack()), self.drop_tables)

    def _bundle(self, runtime: Runtime) -> Bundle:
        """Make the zip, with the folder's transforms, or without a folder the deployed ones."""
        has_folder = self.transforms_dir is not None
        outputs = stack_outputs(self._stack())
        deployed = deployed_transforms(self.clients, outputs, has_folder=has_folder, say=self.say)
        judge_dropped(deployed, self.drop_transforms, self.say)
        kept = None if has_folder else kept_part(deployed, self.drop_transforms)
        bindings = self._bindings(deployed)
        bundle = bundles.build(self.transforms_dir, runtime, kept, bindings)
        require_none_lost(deployed, bundle.own, self.drop_transforms)
        dropped = deployed.names - set(bundle.own)
        require_transforms_unused(self.clients, outputs.get("LedgerTable", ""), dropped)
        return bundle

    def _tell_difference(self, what: str, now: Sequence[str]) -> None:
        """Print what the deployment removes and adds."""
        before = self._listed(what)
        if before and set(now) != set(before):
            self.say(f"{what}: {', '.join(before)} -> {', '.join(now)}")

    def _listed(self, output: str) -> tuple[str, ...]:
        return tuple(filter(None, self._output(output).split(",")))

    def _kept(self, before: Mapping[str, Any]) -> KeptData:
        """Return what exists of a former stack, or what this stack was created with.

        :raises DeployError: the stack's own ledger or bucket was deleted.
        """
        if before.get("StackStatus", "") in ABSENT | {EMPTY}:
            kept = find_kept(self.clients, self.stack_name)
            if kept:
                self.say(f"Using what a former stack of this name left: {kept}")
            return kept
        outputs, given = stack_outputs(before), stack_parameters(before)
        data = KeptData(outputs.get("LedgerTable", ""), outputs.get("Bucket", ""))
        if gone := missing_of(self.clients, data):
            raise DeployError(
                f"The {gone} of stack {self.stack_name} was deleted, with its content. Nothing "
                "was changed. Create the stack again, which keeps what is left: ddb-migrate "
                f"destroy --stack-name {self.stack_name}, then, with --transforms DIR if you have "
                "transforms of your own, and with the other options that it had: ddb-migrate "
                f"deploy --stack-name {self.stack_name} {self._options()}"
            )
        return KeptData(given.get("KeptLedger", ""), given.get("KeptBucket", ""))

    def _bucket(self, kept: KeptData, settings: StackSettings) -> str:
        """Return the stack's bucket; the first deployment creates the stack with it alone."""
        bucket = self._output("Bucket") or kept.bucket
        if not bucket:
            parameters = {
                "PackageVersion": __version__,
                **kept.parameters,
                **settings.parameters,
            }
            template = stack_template("", names_roles=settings.names_roles)
            self._change(settings).apply(template, parameters)
            bucket = self._output("Bucket")
        return bucket

    def _output(self, key: str) -> str:
        return stack_outputs(self._stack()).get(key, "")

    @property
    def _place(self) -> StackPlace:
        return find_place(self.clients, self.stack_name)

    def _stack(self) -> Mapping[str, Any]:
        return describe_stack(self.clients.cloudformation, self.stack_name) or {}

    def _upload(self, parameters: Mapping[str, str], bundle: Bundle, *, bucket: str) -> None:
        upload = Uploader(self.clients.s3, bucket, self.say)
        upload(parameters["CodeKey"], bundle.content)
        upload(parameters["DefinitionKey"], definition())

    def _parameters(self, bundle: Bundle) -> dict[str, str]:
        return {
            **code_parameters(bundle),
            "TableArns": ",".join(map(self._place.table_arn, bundle.bindings.tables)),
            "Republished": self._republished(bundle.code_hash),
        }

    def _republished(self, code_hash: str) -> str:
        """Return what distinguishes versions of the same code. It stays until the code changes."""
        if self.republish:
            return time.strftime("-%Y%m%d%H%M%S", time.gmtime())
        is_same = self._output("CodeHash") == code_hash
        return stack_parameters(self._stack()).get("Republished", "") if is_same else ""
