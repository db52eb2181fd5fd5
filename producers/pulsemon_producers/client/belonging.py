"""What belongs to one process: a client, its instruments, whatever was made of them."""

from typing import Any, NoReturn, Self


class Belonging:
    """Copies are itself, and there is no way for it into another process.

    Who copies a structure in which a client is, as ``copy.deepcopy`` and ``dataclasses.asdict`` do, wants the same
    client. Who pickles one would have its values, its thread and its place among the processes twice: TypeError.
    """

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"{self!r} was not pickled: it belongs to the process that made it, and nothing of it has changed. Make a "
            "client in each process, as at the top of a module that they import, and ask it for instruments by name; a "
            "child that is forked has its parent's client already, begun anew."
        )
