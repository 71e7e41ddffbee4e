"""The files a user writes: one module, one transform.

A transform may return ``SKIP`` to leave an item alone or ``DELETE`` to delete it.
"""

from typing import Final


class _Answer:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


SKIP: Final = _Answer("SKIP")
DELETE: Final = _Answer("DELETE")
