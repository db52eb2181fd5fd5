"""A batch on its way into the log."""

from typing import NamedTuple


class Outgoing(NamedTuple):
    """A framed record with its place; ``items`` are the places in the body that it was made of."""

    key: bytes
    value: bytes
    partition: int
    samples: int
    items: tuple[int, ...]
