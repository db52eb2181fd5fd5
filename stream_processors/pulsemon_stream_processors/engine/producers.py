"""Which batches of a server were seen, so that what is delivered again changes nothing."""

FORGET_MS = 72 * 3600 * 1000
MAX_PRODUCERS = 512
"""More are only kept by a service that restarts all the time; then the oldest is forgotten early."""


class Producers:
    """The last sequence of each producer, and the partition's calendar time at which it came."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last: dict[str, tuple[int, int]] = {}

    def is_new(self, producer_id: str, sequence: int, clock_ms: int) -> bool:
        """Whether a batch was not seen before; if so it is seen now."""
        known = self.last.get(producer_id)
        if known is not None and clock_ms - known[1] < FORGET_MS:
            if sequence <= known[0]:
                return False
            self.last[producer_id] = (sequence, clock_ms)
            return True
        self.last.pop(producer_id, None)
        self._forget(clock_ms)
        self.last[producer_id] = (sequence, clock_ms)
        return True

    def _forget(self, clock_ms: int) -> None:
        old = [producer_id for producer_id, (_, seen_ms) in self.last.items() if clock_ms - seen_ms >= FORGET_MS]
        for producer_id in old:
            del self.last[producer_id]
        if len(self.last) >= MAX_PRODUCERS:
            del self.last[min(self.last, key=lambda producer_id: (self.last[producer_id][1], producer_id))]
