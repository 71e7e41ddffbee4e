"""Words of the ledger: those of this version, and those that only a later version knows."""

from enum import StrEnum
from typing import TypeVar

Word = TypeVar("Word", bound=StrEnum)


def word_of(kind: type[Word], text: str) -> Word:
    """Return the member with this text, or a value that shows the text and equals no member.

    Code that decides has to treat what it does not know with care: it is in no set of members.

    :raises ValueError: the text is empty, so a record lacks it.
    """
    try:
        return kind(text)
    except ValueError:
        if not text:
            raise
    other = str.__new__(kind, text)
    other._name_ = other._value_ = text
    return other
