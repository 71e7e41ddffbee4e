"""What stands in an item's storage for the value of an attribute that was not read."""

from typing import Any, Final, NoReturn

from airflow_ddb_migrate.core.errors import ItemError

# Something was done with it since the list was cleared: the transform may catch the refusal.
USED: Final[list[str]] = []


UNREAD_CLASS: Final = "UnreadAttribute"  # of the errors of such items


class UnreadAttribute:
    """Refuses whatever is done with it, and adds to ``USED``."""

    __slots__ = ()

    def _refuse(self, *_: object) -> NoReturn:
        USED.append("")
        raise refused_unread()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    __class__ = property(_refuse)  # isinstance asks for it
    __repr__ = __str__ = __format__ = __bytes__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _refuse
    __int__ = __float__ = __index__ = __add__ = __radd__ = __mul__ = __rmul__ = _refuse
    __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __call__ = _refuse
    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse


UNREAD: Final[Any] = UnreadAttribute()


def refused_unread() -> ItemError:
    """Return the error of an item that was read around a dict's methods."""
    return ItemError(
        "The transform gave the item to code that reads a dict's storage and not its methods "
        "(some libraries in C do). Give it a plain copy: dict(item).",
        UNREAD_CLASS,
    )
