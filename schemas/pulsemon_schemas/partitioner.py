"""Which partition a key belongs to: murmur2, as Kafka's Java clients and librdkafka's ``murmur2_random`` compute it."""

import functools

SEED = 0x9747B28C
MULTIPLIER = 0x5BD1E995
MASK = 0xFFFFFFFF
CACHED_KEYS = 65_536


def murmur2(key: bytes) -> int:
    """The 32 bit hash of a key, unsigned."""
    length = len(key)
    whole = length - length % 4
    result = SEED ^ length
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * MULTIPLIER & MASK
        word = (word ^ word >> 24) * MULTIPLIER & MASK
        result = (result * MULTIPLIER & MASK) ^ word
    if tail := key[whole:]:
        result = (result ^ int.from_bytes(tail, "little")) * MULTIPLIER & MASK
    result = (result ^ result >> 13) * MULTIPLIER & MASK
    return result ^ result >> 15


@functools.lru_cache(maxsize=CACHED_KEYS)
def partition_for(key: bytes, partition_count: int) -> int:
    """The partition of a key that is not empty. (Producers spread empty keys at random.)"""
    return (murmur2(key) & 0x7FFFFFFF) % partition_count
