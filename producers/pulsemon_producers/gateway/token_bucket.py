"""How much a key may send: a bucket that fills at a steady rate. Pure: the time comes from the caller."""

import math
from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """``per_second`` tokens flow in until there are ``capacity``. What was taken may lie below zero: a debt."""

    per_second: float
    capacity: float
    level: float
    at_seconds: float

    def refill(self, now_seconds: float) -> None:
        """Lets in what has come since the last call."""
        passed = max(0.0, now_seconds - self.at_seconds)
        self.level = min(self.capacity, self.level + passed * self.per_second)
        self.at_seconds = max(self.at_seconds, now_seconds)

    @property
    def wait_seconds(self) -> int:
        """Until something may be taken again, in whole seconds; 0 for now."""
        return math.ceil(max(0.0, 1.0 - self.level) / self.per_second)

    def take(self, tokens: float) -> None:
        """Takes that many, also more than there are."""
        self.level -= tokens


class Buckets:
    """A bucket for each key that sends."""

    def __init__(self, per_second: float, capacity: float) -> None:
        self._per_second = per_second
        self._capacity = capacity
        self._buckets: dict[str, TokenBucket] = {}
        self.policy = f'"samples";q={capacity:.0f};w={math.ceil(capacity / per_second)}'
        """The value of the header RateLimit-Policy."""

    def of(self, key_id: str, now_seconds: float) -> TokenBucket:
        """The bucket of a key as it is now."""
        bucket = self._buckets.get(key_id)
        if bucket is None:
            bucket = TokenBucket(self._per_second, self._capacity, self._capacity, now_seconds)
            self._buckets[key_id] = bucket
        bucket.refill(now_seconds)
        return bucket

    @staticmethod
    def state(bucket: TokenBucket) -> str:
        """The value of the header RateLimit: what is left, and seconds until there is something if nothing is."""
        return f'"samples";r={max(0, math.floor(bucket.level))};t={bucket.wait_seconds}'
