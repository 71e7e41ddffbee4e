"""The placeholder in an item's storage for the value of an attribute that was not read."""

from typing import Any, Final, NoReturn

from airflow_ddb_migrate.core.errors import ItemError

# Not empty once the placeholder was used: the transform may catch the exception.
USED: Final[list[str]] = []


UNREAD_CLASS: Final = "UnreadAttribute"  # error class of such items


class UnreadAttribute:
    """Raises ItemError for any use, and adds to ``USED``."""

    __slots__ = ()

    def _refuse(self, *_: object) -> NoReturn:
        USED.append("")
        raise refused_unread()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    __class__ = property(_refuse)  # isinstance reads it
    __repr__ = __str__ = __format__ = __bytes__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _refuse
    __int__ = __float__ = __index__ = __add__ = __radd__ = __mul__ = __rmul__ = _refuse
    __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __call__ = _refuse
    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse


UNREAD: Final[Any] = UnreadAttribute()


def refused_unread() -> ItemError:
    """Return the error of an item whose methods were bypassed."""
    return ItemError(
        "The transform passed the item to code that bypasses a dict's methods, as some C "
        "libraries do. Pass a plain copy: dict(item).",
        UNREAD_CLASS,
    )
