"""The stack's bucket: JSON lines, compressed, under ``migrations/<migration id>/``.

Values of items, if a person asked for them, are separate, under ``values/<migration id>/`` and the
same path as the object that they belong to. Items are typed; a binary value is ``{"B":
"<base64>"}``.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_ddb_migrate.core.items.binary import base64_text

Row = dict[str, Any]

UNDO = "undo"
QUARANTINE = "quarantine"
DIFF = "diff"

ROOTS = ("migrations", "values")  # of everything that migrations leave
_MIGRATIONS, _VALUES = ROOTS

_LEVEL = 1  # compression level: most of the gain for a fraction of the CPU


@dataclass(frozen=True, slots=True)
class Bucket:
    """One migration's part of the bucket. ``s3`` is a boto3 client."""

    s3: Any
    name: str
    migration_id: str
    root: str = _MIGRATIONS

    @property
    def values(self) -> "Bucket":
        """Return the part of the bucket that has the migration's values."""
        return replace(self, root=_VALUES)

    def put(self, path: str, rows: Iterable[Mapping[str, Any]]) -> str:
        """Write rows as one object; return its path."""
        text = "\n".join(map(_line, rows))
        body = gzip.compress(text.encode(), _LEVEL, mtime=0)
        self.s3.put_object(Bucket=self.name, Key=self.key(path), Body=body)
        return path

    def put_json(self, path: str, document: Mapping[str, Any]) -> str:
        """Write one JSON object, indented and not compressed; return its path."""
        body = json.dumps(document, indent=2).encode()
        self.s3.put_object(
            Bucket=self.name, Key=self.key(path), Body=body, ContentType="application/json"
        )
        return path

    def get(self, path: str) -> list[Row]:
        """Return the rows of an object."""
        body = self.s3.get_object(Bucket=self.name, Key=self.key(path))["Body"].read()
        return [json.loads(line) for line in gzip.decompress(body).decode().splitlines()]

    def paths(self, folder: str, *, after: str = "") -> Iterator[str]:
        """Yield the paths in a folder in ascending order, from behind ``after`` on."""
        root = self.key("")
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=self.key(folder), StartAfter=self.key(after or folder)
        )
        for page in pages:
            for row in page.get("Contents", ()):
                yield row["Key"].removeprefix(root)

    def lanes(self, folder: str) -> set[int]:
        """Return the lanes that have objects in a folder whose paths are ``<folder>/<lane>/…``."""
        return {int(path.split("/")[1]) for path in self.paths(f"{folder}/")}

    def of(self, migration_id: str) -> "Bucket":
        """Return another migration's part of the bucket."""
        return replace(self, migration_id=migration_id)

    def uri(self, path: str = "") -> str:
        """Return the S3 URI of an object or a folder."""
        return f"s3://{self.name}/{self.key(path)}"

    def key(self, path: str) -> str:
        """Return the key of an object or a folder."""
        return f"{self.root}/{self.migration_id}/{path}"


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, default=base64_text, separators=(",", ":"))
