import pytest
from pulsemon_schemas.partitioner import murmur2, partition_for


# From the tests of Kafka's own clients; they write the hash as a signed number.
@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_the_one_of_kafka(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFFFFFF


def test_partitions_are_used_evenly() -> None:
    counts = [0] * 12
    for number in range(12_000):
        counts[partition_for(f"server-{number:06d}".encode(), 12)] += 1

    assert min(counts) > 900
    assert max(counts) < 1100
