"""Pages of an undo log, newest first."""

from dataclasses import dataclass, field

from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.limits import SCAN_PAGE_ITEMS
from ddb_transform.objects import undo_log
from ddb_transform.pages import Page, Position


@dataclass(slots=True)
class UndoSource:
    """Reads the undo log of a lane, newest object first. The cursor has the last settled one."""

    bucket: Bucket
    lane: int
    _stems: list[tuple[str, bool]] = field(default_factory=list, init=False)

    def page(self, position: Position, most_items: int = SCAN_PAGE_ITEMS) -> Page:  # noqa: ARG002
        """Return all records of one object, however many; their keys are distinct."""
        self._stems = self._stems or undo_log.stems(self.bucket, self.lane)
        last = position.cursor.get("object", {}).get("S", "")
        left = [pair for pair in self._stems if not last or pair[0] < last]
        if not left:
            return Page((), None)
        stem, has_void = left[-1]
        rows = undo_log.records(self.bucket, stem, has_void=has_void)
        following = Position(position.segment, {"object": {"S": stem}})
        return Page([undo_log.reverse(row) for row in rows], following if len(left) > 1 else None)
