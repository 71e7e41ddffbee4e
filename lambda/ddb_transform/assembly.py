"""Collects what one slice works with, by the mode of its migration.

Modules that only some modes need are imported there: a cold start compiles all that it imports.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.bindings import Bindings
from airflow_ddb_migrate.core.execution.messages import WorkRequest
from airflow_ddb_migrate.core.ledger.records import LaneRow, MigrationRecord
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform.contract.binding import bound_transform, require_table
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.guard import Guard
from ddb_transform.modes.migrate import Migrating, Work
from ddb_transform.objects.object_names import Place
from ddb_transform.objects.quarantine import Quarantine
from ddb_transform.objects.undo_log import UndoLog, unsettled
from ddb_transform.pages import Source
from ddb_transform.patience import Patience
from ddb_transform.sources.paced_reads import PacedReads
from ddb_transform.sources.scan import ScanSource
from ddb_transform.table_identity import SameTable
from ddb_transform.worker import Tools
from ddb_transform.writers.dispatch import Dispatcher
from ddb_transform.writers.partiql import PartiqlWriter
from ddb_transform.writers.proof import UNPROVEN, Proof
from ddb_transform.writers.read_item import read_item
from ddb_transform.writers.reference import ReferenceWriter


@dataclass(eq=False, repr=False)
class Kit:
    """What a worker needs. ``dynamodb`` is the table's client, which does not retry.

    ``bucket`` is this migration's part of the stack's bucket; ``bindings`` are the deployed ones.
    """

    request: WorkRequest
    record: MigrationRecord
    guard: Guard
    dynamodb: Any
    bucket: Bucket
    threads: ThreadPoolExecutor
    proof: Proof
    bindings: Bindings = field(default_factory=Bindings)
    patience: Patience = field(default_factory=Patience)

    def check(self) -> None:
        """Load the transform before a lane is taken.

        :raises NotBoundError: it was not bound to the table when the stack was deployed.
        :raises TransformError: it cannot be loaded.
        """
        if self.record.mode is Mode.UNDO:
            require_table(self.bindings, self.record.table_name)
        else:
            assert self.transform

    def __call__(self, row: LaneRow) -> Tools:
        """Return the tools of a slice of the lane with this row.

        :raises FatalError: the table was deleted or recreated since the migration started.
        """
        place, same_table = Place.of(row), SameTable(self.dynamodb, self.record)
        same_table.check()
        if self.record.mode is not Mode.UNDO:
            self.transform = replace(self.transform, index_keys=same_table.index_keys)
        return Tools(self._source(), self._work(row, place), self.patience, same_table.check)

    @cached_property
    def transform(self) -> Transform:
        record = self.record
        context = Context(
            migration_id=record.context_id or record.migration_id,
            started_at=record.started_at_iso,
            params=json.loads(record.params),
            key_names=record.key_names,
        )
        return bound_transform(self.bindings, record.table_name, record.transform, context)

    def _source(self) -> Source:
        record, lane = self.record, self.request.segment
        former = self.bucket.of(record.of)
        if record.mode is Mode.UNDO:
            from ddb_transform.sources.undo import UndoSource

            return UndoSource(former, lane)
        reads = PacedReads(self.guard.pacers.read, self.patience)
        if record.mode is Mode.REPLAY:
            from ddb_transform.sources.quarantine import QuarantineSource

            return QuarantineSource(self.dynamodb, record.table_name, former, lane, reads)
        scan_filter = self.transform.filter
        arguments = scan_filter.arguments() if scan_filter else {}
        return ScanSource(self.dynamodb, self.request, reads, arguments)

    def _work(self, row: LaneRow, place: Place) -> Work:
        makers: dict[Mode, Callable[[LaneRow, Place], Work]] = {
            Mode.MIGRATE: self._migrating,
            Mode.DRY_RUN: self._looking,
            Mode.VERIFY: self._looking,
            Mode.UNDO: self._undoing,
            Mode.REPLAY: self._migrating,
        }
        return makers[self.record.mode](row, place)

    def _migrating(self, row: LaneRow, place: Place) -> Work:
        table = self.record.table_name
        return Migrating(
            self.transform,
            self._dispatcher(),
            UndoLog(self.bucket, place),
            self._quarantine(place),
            lambda key: read_item(self.dynamodb, table, key),
            unsettled(self.bucket, row),
            sees_missing=self.record.mode is Mode.REPLAY,
        )

    def _looking(self, row: LaneRow, place: Place) -> Work:
        from airflow_ddb_migrate.core.inspection.findings import Findings
        from ddb_transform.modes.inspection import Looking

        return Looking(
            transform=self.transform,
            bucket=self.bucket,
            place=place,
            verify=self.record.mode is Mode.VERIFY,
            show_values=self.record.show_values,
            findings=Findings.from_json(row.findings),
        )

    def _undoing(self, row: LaneRow, place: Place) -> Work:  # noqa: ARG002  # one shape for all
        from ddb_transform.modes.undo import Undoing

        return Undoing(self._dispatcher(), self._quarantine(place), self.bucket, place)

    def _dispatcher(self) -> Dispatcher:
        record = self.record
        return Dispatcher(
            fast=PartiqlWriter(self.dynamodb, record.table_name, record.key_names),
            reference=ReferenceWriter(self.dynamodb, record.table_name),
            # How batches behave there is not documented.
            proof=UNPROVEN if record.is_multi_region_strong else self.proof,
            pacer=self.guard.pacers.write,
            threads=self.threads,
            patience=self.patience,
        )

    def _quarantine(self, place: Place) -> Quarantine:
        return Quarantine(self.bucket, place, self.guard.sharing, self.record)
