"""Pages of a quarantine: the items that another migration quarantined, as they are now."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.aws.services.bucket import QUARANTINE, Bucket
from airflow_ddb_migrate.core.items.binary import unwired
from airflow_ddb_migrate.core.items.sizes import item_bytes
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.limits import READ_UNIT_BYTES, SCAN_PAGE_BYTES, SCAN_PAGE_ITEMS
from ddb_transform.contract.keys import identity
from ddb_transform.failures import FatalError
from ddb_transform.objects.object_names import folder_of
from ddb_transform.pages import Page, Position
from ddb_transform.sources.paced_reads import Answer, PacedReads


@dataclass(frozen=True, slots=True)
class _Object:
    """The keys of a quarantine object that are in no earlier object."""

    path: str
    keys: Sequence[TypedItem]
    is_last: bool


@dataclass(slots=True)
class QuarantineSource:
    """Reads the items of a lane's quarantine, oldest object first, each item once.

    ``bucket`` is the part of the migration that quarantined them. A key may be in several objects,
    since the page of a killed worker is repeated; it counts in the first. The cursor has the
    current object, and how many of its keys are settled. Positions only move forward.
    """

    dynamodb: Any
    table_name: str
    bucket: Bucket
    lane: int
    reads: PacedReads
    _paths: list[str] = field(default_factory=list, init=False)
    _next: int = field(default=0, init=False)
    _seen: set[str] = field(default_factory=set, init=False)
    _open: _Object | None = field(default=None, init=False)

    def page(self, position: Position, most_items: int = SCAN_PAGE_ITEMS) -> Page:
        """Read the next items: at most as many, and as many bytes, as a page of a scan has.

        :raises ClientError: see PacedReads.
        :raises FatalError: the lane's quarantine no longer exists.
        """
        found, settled = self._opened(position)
        if found is None:
            return Page((), None)
        items, missing, units = self._read(found.keys[settled : settled + most_items])
        following = _following(position, found, settled + len(items) + len(missing))
        return Page(items, following, units, missing=missing)

    def _opened(self, position: Position) -> tuple[_Object | None, int]:
        """Return the first object with unsettled keys, and how many of its keys are settled."""
        self._paths = self._paths or self._listed(_object_of(position))
        while self._open is None or _is_behind(position, self._open):
            if self._next == len(self._paths):
                return None, 0
            self._open = self._loaded(self._paths[self._next])
            self._next += 1
        return self._open, _settled(position, self._open)

    def _listed(self, wanted: str) -> list[str]:
        """Return the paths of the lane's objects; the current one must be among them."""
        paths = list(self.bucket.paths(folder_of(QUARANTINE, self.lane)))
        if (wanted or not paths) and wanted not in paths:
            raise self._gone()
        return paths

    def _loaded(self, path: str) -> _Object:
        new: dict[str, TypedItem] = {}
        for row in self.bucket.get(path):
            key = unwired(row["key"])
            name = identity(key)
            if name not in self._seen:
                new[name] = key
        self._seen.update(new)
        return _Object(path, list(new.values()), path == self._paths[-1])

    def _gone(self) -> FatalError:
        return FatalError(
            "QuarantineExpired",
            f"The quarantine of migration {self.bucket.migration_id}, segment {self.lane}, is no "
            "longer in the stack's bucket, where objects expire (deploy --undo-retention-days). "
            "Start a new migration: it changes only what is left.",
        )

    def _read(self, keys: Sequence[TypedItem]) -> tuple[list[TypedItem], list[TypedItem], float]:
        """Return items, keys of missing ones, and units, for as many keys as fit a page."""
        items: list[TypedItem] = []
        missing: list[TypedItem] = []
        units, page_bytes = 0.0, 0
        for key in keys:
            answer, cost = self._get(key)
            units += cost
            if "Item" not in answer:
                missing.append(key)
                continue
            items.append(answer["Item"])
            page_bytes += item_bytes(answer["Item"])
            if page_bytes >= SCAN_PAGE_BYTES:
                break
        return items, missing, units

    def _get(self, key: TypedItem) -> tuple[Answer, float]:
        return self.reads.read(
            lambda: self.dynamodb.get_item(
                TableName=self.table_name,
                Key=key,
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            ),
            _read_units,
        )


def _is_behind(position: Position, one: _Object) -> bool:
    """Return whether all keys of an object are settled."""
    wanted = _object_of(position)
    return one.path < wanted or (one.path == wanted and _settled(position, one) >= len(one.keys))


def _settled(position: Position, one: _Object) -> int:
    is_in_it = _object_of(position) == one.path
    return int(position.cursor["settled"]["N"]) if is_in_it else 0


def _object_of(position: Position) -> str:
    return str(position.cursor.get("object", {}).get("S", ""))


def _following(position: Position, one: _Object, settled: int) -> Position | None:
    """Return the position after so many keys of an object; None after the last of all."""
    if one.is_last and settled >= len(one.keys):
        return None
    cursor = {"object": {"S": one.path}, "settled": {"N": str(settled)}}
    return Position(position.segment, cursor)


def _read_units(answer: Answer) -> float:
    """Return the units of one consistent read; a missing item costs one."""
    return max(1.0, math.ceil(item_bytes(answer.get("Item", {})) / READ_UNIT_BYTES))
