"""What the walker read of a metric batch."""

import struct
from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple


class BatchHead(NamedTuple):
    """A metric batch whose values still lie in its bytes. A tuple, because one is made for each record that is read.

    ``signed_bytes`` is how much of the record a signature covers; ``packed`` has the values from ``values_offset``.
    """

    server_id: str
    source: str
    producer_id: str
    sequence: int
    previous_producer_id: str
    previous_sequence: int
    recorded_at_ms: int
    sent_at_ms: int
    sample_count: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    dropped: Mapping[str, int]
    signature: str
    signed_bytes: int
    values_offset: int
    packed: bytes

    def values(self) -> tuple[float, ...]:
        """The values, unpacked at each call."""
        return struct.unpack_from(f"<{self.sample_count}d", self.packed, self.values_offset)

    def non_finite_count(self) -> int:
        """How many values are NaN or infinite, counted at each call."""
        return self.sample_count - sum(map(isfinite, self.values()))
