"""What stands in an item's storage for the value of an attribute that was not read."""

from typing import Final, NoReturn

from airflow_ddb_migrate.core.errors import ItemError


class UnreadAttribute:
    """Refuses whatever is done with it.

    ``was_used`` stays set until ``forget`` is called: the transform may catch the refusal.
    """

    __slots__ = ()
    was_used = False

    @classmethod
    def forget(cls) -> None:
        cls.was_used = False

    @classmethod
    def refusal(cls) -> ItemError:
        return ItemError(
            "The transform gave the item to code that reads a dict's storage and not its methods "
            "(some libraries in C do). Give it a plain copy: dict(item).",
            "UnreadAttribute",
        )

    def _refuse(self, *_: object) -> NoReturn:
        UnreadAttribute.was_used = True
        raise self.refusal()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    __class__ = property(_refuse)  # isinstance asks for it
    __repr__ = __str__ = __format__ = __bytes__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _refuse
    __int__ = __float__ = __index__ = __add__ = __radd__ = __mul__ = __rmul__ = _refuse
    __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __call__ = _refuse
    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse


UNREAD: Final = UnreadAttribute()
