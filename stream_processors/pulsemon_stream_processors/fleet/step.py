"""The moment at which the fleet engine judges: all events of one time are applied."""

from typing import NamedTuple


class Step(NamedTuple):
    """``partition`` and ``offset`` name the metrics record behind the last of the events; ``elapsed_ms`` only runs
    while partitions tell their time, and ``hole_ms`` is where it last did not.
    """

    clock_ms: int
    elapsed_ms: int
    hole_ms: int
    partition: int
    offset: int
    control_offset: int
