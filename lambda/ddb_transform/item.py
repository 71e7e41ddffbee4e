"""An item as a transform sees it: a dict of Python values, decoded attribute by attribute.

An *attribute* is a top-level attribute. It is decoded when the transform touches it and no other,
so what a transform leaves alone is never decoded, encoded or written. Every look at an attribute
is remembered, also the look that found nothing: it is the condition of the write.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

from airflow_ddb_migrate.core.records import TypedItem, TypedValue
from boto3.dynamodb.types import TypeDeserializer

_DESERIALIZE = TypeDeserializer().deserialize


class Item(MutableMapping[str, Any]):
    """The attributes of one item. ``typed`` is never changed.

    Walking over the names (``for name in item``, ``len(item)``) looks at every attribute that is
    there; an attribute that live traffic adds meanwhile cannot be part of the condition.
    """

    __slots__ = ("_decoded", "_removed", "_seen", "_typed")

    def __init__(self, typed: TypedItem) -> None:
        self._typed = typed
        self._decoded: dict[str, Any] = {}
        self._removed: set[str] = set()
        self._seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._seen.add(name)
        if name in self._decoded:
            return self._decoded[name]
        if name in self._removed or name not in self._typed:
            raise KeyError(name)
        return self._decoded.setdefault(name, _DESERIALIZE(self._typed[name]))

    def __setitem__(self, name: str, value: Any) -> None:
        self._seen.add(name)
        self._removed.discard(name)
        self._decoded[name] = value

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._decoded.pop(name, None)
        self._removed.add(name)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        self._seen.add(name)
        return name in self._decoded or (name in self._typed and name not in self._removed)

    def __iter__(self) -> Iterator[str]:
        names = self._names()
        self._seen.update(names)
        return iter(names)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"Item(attributes={sorted(self._names())})"  # names only: values never reach a log

    @property
    def seen(self) -> frozenset[str]:
        """Names the transform looked at, there or not."""
        return frozenset(self._seen)

    @property
    def touched(self) -> dict[str, Any]:
        """Decoded values by name, as the transform left them."""
        return dict(self._decoded)

    @property
    def removed(self) -> frozenset[str]:
        return frozenset(self._removed)

    @property
    def original_names(self) -> frozenset[str]:
        """Names of the attributes as they were read. Not a look of the transform's."""
        return frozenset(self._typed)

    def original(self, name: str) -> TypedValue | None:
        """Return the attribute as it was read, exactly; None when it was not there."""
        return self._typed.get(name)

    def _names(self) -> list[str]:
        kept = [name for name in self._typed if name not in self._removed]
        return kept + [name for name in self._decoded if name not in self._typed]
