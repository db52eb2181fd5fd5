"""The batch at hand, as all series in it see it."""

from typing import NamedTuple


class Moment(NamedTuple):
    """``at_ms`` is the event time of the samples, ``elapsed_ms`` the partition's. ``late``: the host was cut off."""

    at_ms: int
    offset: int
    elapsed_ms: int
    late: bool
    producer_id: str
    sequence: int
