"""What the deployed transform would do to a few items: the response of the Lambda's ``sample``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleResult:
    """Counts and sizes; never a value of an item.

    - ``bytes``: the size of the items seen.
    - ``write_units``: what their changes would cost in the table.
    - ``logged_bytes``: about what the undo log would keep of them.
    - ``attributes`` and ``errors``: numbers of items by name.
    - ``largest_key_share``: the share of the most frequent partition key.
    - ``pages``: the number of segments of ``total_segments`` whose first page was read; in
      ``cut_pages`` of them the segment has more items.
    - ``is_whole``: the sample has all items of the table.
    """

    seen: int = 0
    bytes: int = 0
    changed: int = 0
    deleted: int = 0
    skipped: int = 0
    unchanged: int = 0
    write_units: int = 0
    larger_step: int = 0
    logged_bytes: int = 0
    attributes: Mapping[str, int] = field(default_factory=dict)
    type_changes: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    largest_key_share: float = 0.0
    pages: int = 0
    cut_pages: int = 0
    total_segments: int = 1
    is_whole: bool = False
    check_fixed_point: bool = True

    @property
    def writes(self) -> int:
        return self.changed + self.deleted

    @property
    def failed(self) -> int:
        return sum(self.errors.values())

    @property
    def is_dense(self) -> bool:
        """Whether most segments have more items than were seen, so that their number is unknown."""
        return 2 * self.cut_pages > self.pages

    @property
    def at_least(self) -> int:
        """The least number of items in the table, if all segments are like those of the sample."""
        if self.is_whole or not self.pages:
            return self.seen
        return round(self.seen * self.total_segments / self.pages)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read the Lambda's response; unknown fields are left out."""
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})
